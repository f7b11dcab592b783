// SPDX-License-Identifier: Apache-2.0
//
// Wycheproof's JSON Web Signature cases, with all four algorithms accepted. The file's own verdicts
// hold for libraries with more algorithms; what ajwt accepts of them is counted here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "jose/jws.h"
#include "tests/vectors_test/vector_file.h"

namespace ajwt::jose {
namespace {

using ::ajwt::testing::load_vectors;
using ::ajwt::testing::member;

// verify_case takes the one key of the case, whatever the token's kid: there is no set to choose
// from.
Result<VerifiedJws> verify_case(const json::Object& key, std::string_view token) {
  AJWT_ASSIGN(const Jwk jwk, parse_jwk(key));
  AJWT_ASSIGN(auto jws, UnverifiedJws::parse(token, 16 * 1024));
  return VerifiedJws::verify(std::move(jws), jwk, AlgorithmSet::all());
}

// Outcomes are the cases of the file as ajwt judges them.
struct Outcomes {
  std::map<std::string, int> accepted_by_algorithm;
  std::set<std::int64_t> accepted;
  std::set<std::int64_t> refused;
  std::set<std::int64_t> invalid_but_accepted;
};

Outcomes judge_all() {
  Outcomes outcomes;
  const json::Object file = load_vectors("wycheproof/json_web_signature_test.json");
  for (const json::Value& group_value : member(file, "testGroups").as_array()) {
    const json::Object& group = group_value.as_object();
    // HMAC groups have only a private key: to try it as a public one is the attack.
    const auto& key = member(group, group.contains("public") ? "public" : "private").as_object();
    for (const json::Value& test_value : member(group, "tests").as_array()) {
      const json::Object& test = test_value.as_object();
      const std::int64_t label = member(test, "tcId").as_integer();
      const auto jws = verify_case(key, member(test, "jws").as_string());
      if (!jws) {
        outcomes.refused.insert(label);
        continue;
      }
      outcomes.accepted.insert(label);
      ++outcomes.accepted_by_algorithm[std::string(name(jws->header().alg))];
      if (member(test, "result").as_string() != "valid") {
        outcomes.invalid_but_accepted.insert(label);
      }
    }
  }
  return outcomes;
}

TEST(WycheproofJws, AcceptsExactlyTheValidTokensOfOurAlgorithms) {
  const Outcomes outcomes = judge_all();
  EXPECT_THAT(outcomes.invalid_but_accepted, ::testing::IsEmpty());
  EXPECT_EQ(outcomes.accepted_by_algorithm,
            (std::map<std::string, int>{{"ES256", 2}, {"PS256", 6}, {"RS256", 8}}));
  EXPECT_EQ(outcomes.accepted, (std::set<std::int64_t>{18, 33, 259, 260, 261, 262, 263, 272, 273,
                                                       274, 275, 287, 288, 345, 349, 378}));
  EXPECT_EQ(outcomes.refused.size(), 385U);
}

TEST(WycheproofJws, RefusesTheContestedCases) {
  const Outcomes outcomes = judge_all();
  // Called valid there: a PS256 key with a PS384 token, an alg that does not exist, and characters
  // outside the alphabet of base64url.
  for (const std::int64_t label : {346, 347, 350, 351, 372, 373}) {
    EXPECT_TRUE(outcomes.refused.contains(label)) << label;
  }
}

}  // namespace
}  // namespace ajwt::jose
