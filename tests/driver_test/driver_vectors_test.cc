// SPDX-License-Identifier: Apache-2.0
//
// Foreign suites through the driver, as a harness in another language would run them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "json/write.h"
#include "tests/driver_test/run_driver.h"

namespace ajwt::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kVectors = fs::path(AJWT_VECTORS_DIR) / "third_party";

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

json::Value read_json(const fs::path& path) {
  auto value = json::parse(read_text(path), json::Limits{16 * 1024 * 1024, 64});
  EXPECT_TRUE(value.has_value()) << path;
  return value ? *std::move(value) : json::Value();
}

// base64_of is written here once more, so that the test does not rest on what it tests.
std::string base64_of(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group <<= 8;
      if (i + k < bytes.size()) group |= static_cast<unsigned char>(bytes[i + k]);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k > bytes.size() ? '=' : kDigits[(group >> (18 - 6 * k)) & 0x3f];
    }
  }
  return text;
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(DriverVectors, JsonTestSuiteIsJudgedAsItsFileNamesSay) {
  std::vector<fs::path> files = files_in(kVectors / "json-test-suite");
  std::erase_if(files, [](const fs::path& path) { return path.extension() != ".json"; });
  ASSERT_EQ(files.size(), 318u);
  std::vector<std::string> requests;
  for (const fs::path& file : files) {
    requests.push_back(
        json::write(json::Object{{"op", "json.parse"}, {"in", base64_of(read_text(file))}}));
  }
  const auto answers = run_requests(requests);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string name = files[i].filename();
    const bool duplicated = name.starts_with("y_object_duplicated_key");
    if (name.starts_with("y_") && !duplicated) {
      EXPECT_TRUE(is_ok(answers[i])) << name << " " << text_in(answers[i], "err");
    } else if (name.starts_with("n_") || duplicated) {
      EXPECT_FALSE(is_ok(answers[i])) << name;
      EXPECT_NE(text_in(answers[i], "err"), "") << name;
    }
  }
}

TEST(DriverVectors, CanonicalFormsAreThoseOfRfc8785) {
  const auto files = files_in(kVectors / "jcs" / "input");
  ASSERT_EQ(files.size(), 6u);
  std::vector<std::string> requests;
  for (const fs::path& file : files) {
    requests.push_back(
        json::write(json::Object{{"op", "jcs"}, {"in", base64_of(read_text(file))}}));
  }
  const auto answers = run_requests(requests);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto expected = read_text(kVectors / "jcs" / "output" / files[i].filename());
    EXPECT_EQ(text_in(answers[i], "out"), base64_of(expected)) << files[i];
  }
}

TEST(DriverVectors, AgentChecksumsAreThoseOfTheVectors) {
  const json::Value file = read_json(kVectors / "agent-checksum.json");
  std::vector<std::string> requests;
  std::vector<json::Object> expected;
  for (const json::Value& vector : file.as_array()) {
    for (const char* profile : {"sha256", "reference"}) {
      const json::Value* checksum = vector.as_object().find(profile);
      if (checksum == nullptr) continue;
      requests.push_back(json::write(
          json::Object{{"op", "checksum"},
                       {"profile", profile},
                       {"agent_components", *vector.as_object().find("agent_components")}}));
      expected.push_back({{"ok", true},
                          {"checksum", *checksum},
                          {"normalized_prompt", *vector.as_object().find("normalized_prompt")}});
    }
  }
  EXPECT_EQ(expected.size(), 186u);
  EXPECT_EQ(run_requests(requests), expected);
}

TEST(DriverVectors, StrictChecksumsAreThoseOfTheVectors) {
  const json::Value file = read_json(kVectors.parent_path() / "strict-checksum.json");
  std::vector<std::string> requests;
  std::vector<json::Value> expected;
  for (const json::Value& vector : file.as_array()) {
    requests.push_back(json::write(
        json::Object{{"op", "checksum"},
                     {"profile", "strict-sha256"},
                     {"agent_components", *vector.as_object().find("agent_components")}}));
    expected.push_back(*vector.as_object().find("checksum"));
  }
  const auto answers = run_requests(requests);
  ASSERT_EQ(answers.size(), 40u);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const json::Value* checksum = answers[i].find("checksum");
    ASSERT_NE(checksum, nullptr) << i;
    EXPECT_EQ(*checksum, expected[i]) << i;
  }
}

TEST(DriverVectors, WycheproofTokensAreAcceptedWhereTheyShould) {
  const json::Value file = read_json(kVectors / "wycheproof" / "json_web_signature_test.json");
  std::vector<std::string> requests;
  std::vector<std::int64_t> labels;
  for (const json::Value& group : file.as_object().find("testGroups")->as_array()) {
    const json::Value* key = group.as_object().find("public");
    if (key == nullptr) key = group.as_object().find("private");
    for (const json::Value& test : group.as_object().find("tests")->as_array()) {
      requests.push_back(json::write(json::Object{
          {"op", "jws.verify"}, {"jws", *test.as_object().find("jws")}, {"jwk", *key}}));
      labels.push_back(test.as_object().find("tcId")->as_integer());
    }
  }
  const auto answers = run_requests(requests);
  ASSERT_EQ(answers.size(), 401u);
  std::set<std::int64_t> accepted;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (is_ok(answers[i])) {
      accepted.insert(labels[i]);
    } else {
      EXPECT_NE(text_in(answers[i], "err"), "") << labels[i];
    }
  }
  EXPECT_EQ(accepted, (std::set<std::int64_t>{18, 33, 259, 260, 261, 262, 263, 272, 273, 274, 275,
                                              287, 288, 345, 349, 378}));
}

TEST(DriverVectors, WycheproofEd25519SignaturesAreJudgedAsTheyShould) {
  const json::Value file = read_json(kVectors / "wycheproof" / "ed25519_test.json");
  std::vector<std::string> requests;
  std::vector<bool> expected;
  for (const json::Value& group : file.as_object().find("testGroups")->as_array()) {
    for (const json::Value& test : group.as_object().find("tests")->as_array()) {
      for (const char* form : {"jwk", "der"}) {
        const bool is_jwk = std::string_view(form) == "jwk";
        requests.push_back(json::write(
            json::Object{{"op", "sig.verify"},
                         {"alg", "EdDSA"},
                         {form, *group.as_object().find(is_jwk ? "publicKeyJwk" : "publicKeyDer")},
                         {"msg", *test.as_object().find("msg")},
                         {"sig", *test.as_object().find("sig")}}));
        expected.push_back(test.as_object().find("result")->as_string() == "valid");
      }
    }
  }
  const auto answers = run_requests(requests);
  ASSERT_EQ(answers.size(), 302u);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    EXPECT_EQ(is_ok(answers[i]), expected[i]) << requests[i];
    if (!expected[i]) {
      EXPECT_EQ(text_in(answers[i], "err"), "jws_signature_invalid") << requests[i];
    }
  }
}

}  // namespace
}  // namespace ajwt::testing
