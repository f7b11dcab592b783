// SPDX-License-Identifier: Apache-2.0
#include "base/reason.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace ajwt {
namespace {

TEST(Reasons, HaveNamesAndNumbersOfTheirOwn) {
  std::set<std::string_view> names;
  std::set<Code> codes;
  for (const auto& reason : all_reasons()) {
    EXPECT_TRUE(names.insert(reason.name).second) << reason.name;
    EXPECT_TRUE(codes.insert(reason.code).second) << reason.name;
  }
  EXPECT_GT(names.size(), 100U);
}

TEST(Reasons, AreFoundByCodeAndByName) {
  for (const auto& reason : all_reasons()) {
    EXPECT_EQ(reason_of(reason.code).name, reason.name);
    const auto found = find_reason(reason.name);
    ASSERT_TRUE(found.has_value()) << reason.name;
    EXPECT_EQ(found->code, reason.code);
  }
  EXPECT_FALSE(find_reason("no_such_reason").has_value());
  EXPECT_FALSE(find_reason("").has_value());
  EXPECT_FALSE(find_reason("JSON_MALFORMED").has_value());
}

TEST(Reasons, HaveNamesThatFitAMetricLabelAndAnAnchor) {
  for (const auto& reason : all_reasons()) {
    EXPECT_FALSE(reason.name.empty());
    EXPECT_TRUE(std::all_of(reason.name.begin(), reason.name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    })) << reason.name;
  }
}

// RFC 6749 5.2: characters of error_description, and of error.
TEST(Reasons, HaveSentencesAndErrorsThatMayGoOnTheWire) {
  const auto allowed = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  for (const auto& reason : all_reasons()) {
    EXPECT_TRUE(std::all_of(reason.sentence.begin(), reason.sentence.end(), allowed))
        << reason.name;
    EXPECT_TRUE(reason.sentence.ends_with('.')) << reason.name;
    EXPECT_TRUE(std::all_of(reason.oauth_error.begin(), reason.oauth_error.end(), allowed))
        << reason.name;
  }
}

TEST(Reasons, GiveRefusals4xxAndFailures5xx) {
  for (const auto& reason : all_reasons()) {
    EXPECT_GE(reason.http_status, 400) << reason.name;
    EXPECT_LT(reason.http_status, 600) << reason.name;
    if (reason.klass == ReasonClass::kFailure) {
      EXPECT_GE(reason.http_status, 500) << reason.name;
    } else if (reason.code != Code::k_configuration_refused) {
      // A configuration is refused at the start, before there is anyone to answer.
      EXPECT_LT(reason.http_status, 500) << reason.name;
    }
  }
}

// A caller must not learn from the answer whether an agent exists (threats T1, protocol 5).
TEST(Reasons, TellAnUnknownAndARevokedAgentAlike) {
  const Reason& unknown = reason_of(Code::k_agent_unknown);
  const Reason& revoked = reason_of(Code::k_agent_revoked);
  EXPECT_EQ(unknown.oauth_error, revoked.oauth_error);
  EXPECT_EQ(unknown.http_status, revoked.http_status);
  EXPECT_EQ(unknown.sentence, revoked.sentence);
}

}  // namespace
}  // namespace ajwt
