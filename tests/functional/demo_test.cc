// SPDX-License-Identifier: Apache-2.0
//
// The demo and the lab as `./run` shows them: a real `ajwt dev`, a fleet at work in it, and every
// attack on it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <sstream>

#include "apps/ajwt/demo/agents.h"
#include "apps/ajwt/demo/dev_info.h"
#include "http/client.h"
#include "json/parse.h"
#include "json/write.h"
#include "tests/functional/program.h"

namespace ajwt::functional {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const json::Object& object, std::string_view name) {
  const json::Value* value = object.find(name);
  return value != nullptr && value->find_string() != nullptr ? value->as_string() : "";
}

std::int64_t number_of(const json::Object& object, std::string_view name) {
  const json::Value* value = object.find(name);
  return value != nullptr && value->type() == json::Type::kInteger ? value->as_integer() : -1;
}

std::vector<json::Object> objects_of(const json::Object& object, std::string_view name) {
  std::vector<json::Object> objects;
  const json::Value* value = object.find(name);
  if (value == nullptr || value->find_array() == nullptr) return objects;
  for (const json::Value& item : value->as_array()) objects.push_back(item.as_object());
  return objects;
}

std::vector<std::string> each_of(const std::vector<json::Object>& objects, std::string_view name) {
  std::vector<std::string> texts;
  for (const json::Object& object : objects) texts.push_back(text_of(object, name));
  return texts;
}

// One system for all tests: they leave nothing behind that another would notice.
class DemoTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<ScratchFolder>();
    dev_ = std::make_unique<Background>(
        Call{.arguments = {"dev", "--data", folder_->path("dev"), "--port-base", "0"},
             .folder = folder_->path()});
    // dev.json is written when everything stands.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline &&
           !std::filesystem::exists(folder_->path("dev/dev.json"))) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const auto info = demo::load_dev_info(folder_->path("dev"));
    ASSERT_TRUE(info) << dev_->err();
    info_ = *info;
  }
  static void TearDownTestSuite() {
    EXPECT_EQ(dev_->signal(SIGTERM), 0) << dev_->err();
    dev_.reset();
    folder_.reset();
  }

  static json::Object demo(std::vector<std::string> words) {
    words.insert(words.begin(), "demo");
    words.insert(words.end(), {"--dev", folder_->path("dev"), "-o", "json"});
    const Outcome outcome = run({.arguments = std::move(words), .folder = folder_->path()});
    EXPECT_EQ(outcome.code, 0) << outcome.err << outcome.out;
    const auto answer = json::parse_object(outcome.out);
    EXPECT_TRUE(answer) << outcome.out;
    return answer.value_or(json::Object());
  }

  static Result<HttpResponse> get(const std::string& url, HttpHeaders headers) {
    http::CurlClient http;
    return http.send({.method = "GET", .url = url, .headers = std::move(headers), .body = ""});
  }

  static std::unique_ptr<ScratchFolder> folder_;
  static std::unique_ptr<Background> dev_;
  static demo::DevInfo info_;
};

std::unique_ptr<ScratchFolder> DemoTest::folder_;
std::unique_ptr<Background> DemoTest::dev_;
demo::DevInfo DemoTest::info_;

TEST_F(DemoTest, PatchesTheSampleManifest) {
  const json::Object result = demo({"run"});
  EXPECT_THAT(each_of(objects_of(result, "steps"), "step"),
              ElementsAre("read_manifest", "query_advisories", "propose_patch", "apply_patch",
                          "verify_manifest"));
  EXPECT_THAT(each_of(objects_of(result, "steps"), "agent"),
              ElementsAre("supervisor", "classifier", "planner", "patcher", "supervisor"));
  EXPECT_EQ(number_of(result, "changed"), 4);
  EXPECT_THAT(text_of(result, "diff"), HasSubstr("+    \"lodash\": \"^4.17.21\""));
  EXPECT_THAT(read_text(text_of(result, "file")), HasSubstr("\"minimist\": \"1.2.6\""));
}

TEST_F(DemoTest, PatchesADebianList) {
  const json::Object sample = demo({"run", "debian"});
  EXPECT_EQ(number_of(sample, "changed"), 2);
  EXPECT_THAT(text_of(sample, "diff"), HasSubstr("+curl 7.88.1-10+deb12u4"));

  const json::Object own = demo({"run", folder_->write("base.txt", "curl 7.88.1-10+deb12u3\n")});
  EXPECT_EQ(number_of(own, "changed"), 1);
  EXPECT_THAT(text_of(own, "file"), ::testing::EndsWith("/base.txt"));
}

TEST_F(DemoTest, LeavesAManifestWithNothingToMendAlone) {
  const std::string manifest = "{\"dependencies\": {\"lodash\": \"^4.17.21\"}}\n";
  const json::Object result = demo({"run", folder_->write("package.json", manifest)});
  EXPECT_EQ(number_of(result, "changed"), 0);
  EXPECT_EQ(text_of(result, "diff"), "");
  EXPECT_EQ(read_text(folder_->path("package.json")), manifest);
}

TEST_F(DemoTest, StopsEveryAttackForTheExpectedReason) {
  const json::Object result = demo({"attack", "--all"});
  const auto attacks = objects_of(result, "attacks");
  EXPECT_THAT(each_of(attacks, "id"),
              ElementsAre("T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T11", "T12"));
  std::int64_t attempts = 0;
  for (const json::Object& attack : attacks) {
    const auto tried = objects_of(attack, "attempts");
    EXPECT_FALSE(tried.empty()) << text_of(attack, "id");
    attempts += static_cast<std::int64_t>(tried.size());
    for (const json::Object& attempt : tried) {
      EXPECT_FALSE(text_of(attempt, "expected").empty());
      EXPECT_EQ(text_of(attempt, "got"), text_of(attempt, "expected"))
          << text_of(attack, "id") << ": " << text_of(attempt, "sent");
    }
  }
  EXPECT_EQ(number_of(result, "attempts"), attempts);
  EXPECT_EQ(number_of(result, "got_through"), 0);
  EXPECT_EQ(number_of(result, "failed"), 0);
}

// An attack that proves nothing is no success, and hides neither itself nor the others.
TEST_F(DemoTest, EndsWithEightWhenAnHonestTwinFails) {
  ScratchFolder other;
  json::Object dev = *json::parse_object(read_text(folder_->path("dev/dev.json")));
  dev.set("guard_url", info_.issuer);  // there is no such guard
  other.write("dev.json", json::write(json::Value(dev)));
  std::filesystem::permissions(other.path("dev.json"), std::filesystem::perms(0600));
  const Call call{.arguments = {"demo", "attack", "T2", "T1", "--dev", other.path(), "-o", "json"},
                  .folder = folder_->path()};
  const Outcome outcome = run(call);
  EXPECT_EQ(outcome.code, 8) << outcome.err;
  const auto result = json::parse_object(outcome.out);
  ASSERT_TRUE(result) << outcome.out;
  EXPECT_EQ(number_of(*result, "failed"), 1);
  const auto attacks = objects_of(*result, "attacks");
  EXPECT_THAT(each_of(attacks, "id"), ElementsAre("T2", "T1"));
  EXPECT_TRUE(attacks.at(0).contains("failure"));
  EXPECT_FALSE(objects_of(attacks.at(1), "attempts").empty());
}

TEST_F(DemoTest, LetsNobodyPastTheGuardToTheSampleApi) {
  HttpHeaders forged;
  forged.add("X-Agent-Subject", "agent:patch-fleet:supervisor");
  const auto direct = get(info_.api_url + "/manifest", forged);
  ASSERT_TRUE(direct);
  EXPECT_EQ(direct->status, 403);
  EXPECT_EQ(member_of(direct->body, "reason"), "client_unauthorized");
  const auto guarded = get(info_.guard_url + "/manifest", forged);
  ASSERT_TRUE(guarded);
  EXPECT_EQ(member_of(guarded->body, "reason"), "token_missing");
}

// key_text returns what is secret in a PEM file, without the lines around it.
std::string key_text(const std::string& file) {
  std::istringstream lines(read_text(file));
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("-----")) text += line;
  }
  return text;
}

TEST_F(DemoTest, WritesNoPromptTokenOrKeyIntoItsLog) {
  demo({"run"});
  demo({"attack", "--all"});
  const std::string log = read_text(info_.log_file);
  ASSERT_THAT(log, HasSubstr("agent:patch-fleet:patcher"));
  for (const AgentDefinition& agent : demo::demo_agents()) {
    std::istringstream prompt(agent.prompt_template);
    for (std::string line; std::getline(prompt, line);) EXPECT_THAT(log, Not(HasSubstr(line)));
    for (const Tool& tool : agent.tools) EXPECT_THAT(log, Not(HasSubstr(tool.description)));
  }
  EXPECT_THAT(log, Not(HasSubstr("eyJ"))) << "a token or proof";
  EXPECT_THAT(log, Not(HasSubstr("PRIVATE KEY")));
  EXPECT_THAT(log, Not(HasSubstr(info_.control)));
  std::vector<std::string> files{info_.client_key, info_.registrar_key, info_.admin_key};
  for (const auto& [agent, file] : info_.agent_keys) files.push_back(file);
  for (const std::string& file : files) {
    const std::string secret = key_text(file);
    ASSERT_GE(secret.size(), 40U) << file;
    EXPECT_THAT(log, Not(HasSubstr(secret.substr(24)))) << file;
  }
}

}  // namespace
}  // namespace ajwt::functional
