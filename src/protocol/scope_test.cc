// SPDX-License-Identifier: Apache-2.0
#include "protocol/scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.h"
#include "tests/support/matchers.h"

namespace ajwt {
namespace {

using ::testing::ElementsAre;

constexpr char kApi[] = "https://api.example";
constexpr char kOther[] = "https://other.example";

Result<Grant> grant_of(std::string_view text) {
  AJWT_ASSIGN(const json::Value value, json::parse(text));
  return parse_grant(value.as_array());
}

TEST(Scope, IsSplitAtSpacesAndJoinedAgain) {
  const auto scopes = parse_scope("read:a write:b !x~");
  ASSERT_THAT(scopes, IsOk());
  EXPECT_THAT(*scopes, ElementsAre("read:a", "write:b", "!x~"));
  EXPECT_EQ(join_scopes(*scopes), "read:a write:b !x~");
  EXPECT_TRUE(has_scope(*scopes, "write:b"));
  EXPECT_FALSE(has_scope(*scopes, "write"));
}

TEST(Scope, MalformedIsRefused) {
  for (const char* text : {"", " ", "a ", " a", "a  b", "a a", "a\tb", "a\nb", "a\"b", "a\\b",
                           "a\x7f", "caf\xc3\xa9"}) {
    EXPECT_THAT(parse_scope(text), RefusedWith(Code::k_scope_malformed)) << text;
  }
}

TEST(Scope, HasAtMost64TokensOf128Characters) {
  Scopes scopes;
  for (int i = 0; i < 64; ++i) scopes.push_back("s" + std::to_string(i));
  EXPECT_THAT(parse_scope(join_scopes(scopes)), IsOkAndHolds(scopes));
  scopes.emplace_back("one-more");
  EXPECT_THAT(parse_scope(join_scopes(scopes)), RefusedWith(Code::k_scope_malformed));
  EXPECT_THAT(check_scopes(scopes), RefusedWith(Code::k_scope_malformed));
  EXPECT_THAT(parse_scope(std::string(128, 's')), IsOk());
  EXPECT_THAT(parse_scope(std::string(129, 's')), RefusedWith(Code::k_scope_malformed));
}

TEST(Scope, ListMayBeEmptyButHoldsNoMalformedToken) {
  EXPECT_THAT(check_scopes({}), IsOk());
  EXPECT_THAT(check_scopes({""}), RefusedWith(Code::k_scope_malformed));
  EXPECT_THAT(check_scopes({"a b"}), RefusedWith(Code::k_scope_malformed));
  EXPECT_THAT(check_scopes({"a", "a"}), RefusedWith(Code::k_scope_malformed));
}

TEST(Audience, IsAnAbsoluteHttpUri) {
  for (const char* text : {"https://api.example", "http://127.0.0.1:8402/", "http://[::1]:1/x",
                           "https://api.example/v1?tenant=a%20b", "HTTPS://API.example"}) {
    EXPECT_THAT(check_audience(text), IsOk()) << text;
  }
}

TEST(Audience, OfAnyOtherFormIsRefused) {
  for (const char* text : {"",
                           "api",
                           "/api",
                           "//api.example",
                           "https:",
                           "https://",
                           "https:///x",
                           "ftp://api.example",
                           "urn:a:b",
                           "https://u@api.example",
                           "https://u:p@api.example",
                           "https://api.example#f",
                           "https://api.example/ x",
                           "https://api.example/\n",
                           "https://api.example/%zz",
                           "https://api.example/%4",
                           "https://api.example:x",
                           "https://api.example:123456",
                           "https://a%70i.example",
                           "https://[::1",
                           "https://[]",
                           "https://[::1]x",
                           "https://ex\x7f/",
                           "https://caf\xc3\xa9.example",
                           "https://api.example/\"",
                           "https://api.example/<>"}) {
    EXPECT_THAT(check_audience(text), RefusedWith(Code::k_parameter_malformed)) << text;
  }
  const std::string longest = "https://api.example/" + std::string(492, 'a');
  EXPECT_THAT(check_audience(longest), IsOk());
  EXPECT_THAT(check_audience(longest + "a"), RefusedWith(Code::k_parameter_malformed));
}

TEST(Grant, ReadsWhatItWrites) {
  const Grant grant = {{kApi, "patch", {"write:a"}}, {kOther, std::nullopt, {}}};
  EXPECT_THAT(parse_grant(to_json(grant)), IsOkAndHolds(grant));
}

TEST(Grant, MalformedIsRefused) {
  EXPECT_THAT(grant_of(R"([1])"), RefusedWith(Code::k_json_wrong_type));
  EXPECT_THAT(grant_of(R"([{"scopes":[]}])"), RefusedWith(Code::k_json_missing_member));
  EXPECT_THAT(grant_of(R"([{"audience":"https://a.example"}])"),
              RefusedWith(Code::k_json_missing_member));
  EXPECT_THAT(grant_of(R"([{"audience":"a","scopes":[]}])"),
              RefusedWith(Code::k_parameter_malformed));
  EXPECT_THAT(grant_of(R"([{"audience":"https://a.example","scopes":["a b"]}])"),
              RefusedWith(Code::k_scope_malformed));
  EXPECT_THAT(grant_of(R"([{"audience":"https://a.example","tool":"","scopes":[]}])"),
              RefusedWith(Code::k_parameter_malformed));
  EXPECT_THAT(grant_of(R"([{"audience":"https://a.example","scopes":[],"constraints":{}}])"),
              RefusedWith(Code::k_json_unknown_member));
}

TEST(Grant, HasAtMost256Entries) {
  Grant grant(256, Permission{kApi, std::nullopt, {"a"}});
  EXPECT_THAT(parse_grant(to_json(grant)), IsOk());
  grant.push_back(grant.front());
  EXPECT_THAT(parse_grant(to_json(grant)), RefusedWith(Code::k_limit_exceeded));
}

TEST(Ceiling, AllowsWhatOneTupleHolds) {
  const Grant ceiling = {{kApi, "patch", {"read", "write"}}, {kApi, std::nullopt, {"list"}}};
  EXPECT_THAT(check_within({kApi, "patch", {"write"}}, ceiling, "the grant"), IsOk());
  EXPECT_THAT(check_within({kApi, "patch", {}}, ceiling, "the grant"), IsOk());
  EXPECT_THAT(check_within({kApi, std::nullopt, {"list"}}, ceiling, "the grant"), IsOk());
}

TEST(Ceiling, AddsUpTheTuplesOfOneAudienceAndTool) {
  const Grant ceiling = {{kApi, "patch", {"read"}}, {kApi, "patch", {"write"}}};
  EXPECT_THAT(check_within({kApi, "patch", {"read", "write"}}, ceiling, "the grant"), IsOk());
}

TEST(Ceiling, NeverCarriesAScopeToAnotherAudienceOrTool) {
  const Grant ceiling = {{kApi, "patch", {"read"}},
                         {kOther, "patch", {"write"}},
                         {kApi, "look", {"write"}},
                         {kApi, std::nullopt, {"write"}}};
  const auto status = check_within({kApi, "patch", {"read", "write"}}, ceiling, "the grant");
  ASSERT_THAT(status, RefusedWith(Code::k_scope_exceeds_ceiling));
  EXPECT_THAT(status.error().items(), ElementsAre("write"));
  EXPECT_EQ(status.error().message(), "Scope write beyond the grant.");
}

TEST(Ceiling, OfOtherAudiencesOrToolsRefusesTheAudience) {
  const Grant ceiling = {{kApi, "patch", {"read"}}};
  for (const Permission& asked :
       {Permission{kOther, "patch", {"read"}}, Permission{kApi, "look", {"read"}},
        Permission{kApi, std::nullopt, {"read"}}}) {
    EXPECT_THAT(check_within(asked, ceiling, "the grant"),
                RefusedWith(Code::k_audience_exceeds_ceiling));
  }
}

TEST(Ceiling, ThatIsEmptyAllowsNothing) {
  EXPECT_THAT(check_within({kApi, std::nullopt, {}}, {}, "the grant"),
              RefusedWith(Code::k_audience_exceeds_ceiling));
}

}  // namespace
}  // namespace ajwt
