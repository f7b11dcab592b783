// SPDX-License-Identifier: Apache-2.0
//
// The 40 agents of strict-checksum.json, made by tests/vectors/generate-strict-checksum.mjs from
// the protocol's text: the digest of every part, and the checksum by text and by digests alone.
#include <cstddef>
#include <map>
#include <string>

#include "json/parse.h"
#include "protocol/agent_checksum.h"
#include "protocol/strict_checksum.h"
#include "tests/vectors_test/vector_file.h"

namespace ajwt::testing {
namespace {

constexpr std::size_t kStrictVectors = 40;

json::Array load_strict_vectors() {
  const auto file =
      json::parse(load_own_vector_text("strict-checksum.json"), json::Limits{1024 * 1024, 64});
  EXPECT_THAT(file, IsOk());
  return file ? file->as_array() : json::Array();
}

TEST(StrictChecksumVectors, AllHaveTheirDigestsAndChecksum) {
  const json::Array vectors = load_strict_vectors();
  for (const json::Value& value : vectors) {
    const json::Object& vector = value.as_object();
    const std::string& name = member(vector, "name").as_string();
    const std::string& checksum = member(vector, "checksum").as_string();
    const auto agent = parse_agent_components(member(vector, "agent_components").as_object());
    ASSERT_THAT(agent, IsOk()) << name;
    const auto hashes = parse_component_hashes(member(vector, "component_hashes").as_object());
    ASSERT_THAT(hashes, IsOk()) << name;

    EXPECT_THAT(compute_component_digests(*agent), IsOkAndHolds(*hashes)) << name;
    EXPECT_THAT(compute_agent_checksum(*agent, ChecksumProfile::kStrictSha256),
                IsOkAndHolds(checksum))
        << name;
    EXPECT_THAT(strict_checksum(agent->agent_id, *hashes), IsOkAndHolds(checksum)) << name;
  }
  EXPECT_EQ(vectors.size(), kStrictVectors);
}

TEST(StrictChecksumVectors, AreAllDifferentButForThoseThatSayOtherwise) {
  std::map<std::string, std::string> seen;  // checksum -> name
  for (const json::Value& value : load_strict_vectors()) {
    const json::Object& vector = value.as_object();
    const std::string& name = member(vector, "name").as_string();
    const auto [at, added] = seen.try_emplace(member(vector, "checksum").as_string(), name);
    const json::Value* same_as = vector.find("same_as");
    EXPECT_EQ(added, same_as == nullptr) << name;
    if (same_as != nullptr) {
      EXPECT_EQ(at->second, same_as->as_string());
    }
  }
}

// What the draft's normalisation takes for one prompt are different agents here.
TEST(StrictChecksumVectors, TellApartWhatSha256TakesForOne) {
  std::map<std::string, std::string> strict;
  std::map<std::string, std::string> draft;
  for (const json::Value& value : load_strict_vectors()) {
    const json::Object& vector = value.as_object();
    const std::string& name = member(vector, "name").as_string();
    const auto agent = parse_agent_components(member(vector, "agent_components").as_object());
    ASSERT_THAT(agent, IsOk()) << name;
    strict[name] = member(vector, "checksum").as_string();
    const auto sha256 = compute_agent_checksum(*agent, ChecksumProfile::kSha256);
    if (sha256) draft[name] = *sha256;
  }
  for (const char* name :
       {"CRLF", "a blank line", "a line end at the end", "white space around a line"}) {
    EXPECT_EQ(draft.at(name), draft.at("a plain prompt")) << name;
    EXPECT_NE(strict.at(name), strict.at("a plain prompt")) << name;
  }
}

}  // namespace
}  // namespace ajwt::testing
