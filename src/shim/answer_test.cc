// SPDX-License-Identifier: Apache-2.0
#include "shim/answer.h"

#include <string>
#include <vector>

#include "json/parse.h"
#include "tests/support/matchers.h"

namespace ajwt::shim {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

HttpResponse response(int status, std::string body) {
  return {.status = status, .headers = {}, .body = std::move(body)};
}

Result<HeldToken> read(std::string_view text) {
  return read_token(*json::parse(text), {"a", "b"}, from_unix(1000));
}

TEST(ReadRefusal, PrefersTheReasonToTheOauthError) {
  EXPECT_EQ(read_refusal(response(401, R"({"error":"unknown_agent","reason":"agent_revoked"})"), {})
                .code(),
            Code::k_agent_revoked);
  EXPECT_EQ(
      read_refusal(response(401, R"({"error":"unknown_agent","reason":"new_one"})"), {}).code(),
      Code::k_agent_unknown);
  EXPECT_EQ(read_refusal(response(401, R"({"error":"invalid_client"})"), {}).code(),
            Code::k_client_unauthenticated);
}

TEST(ReadRefusal, KnowsEveryOauthErrorOfTheReasonTable) {
  for (const Reason& reason : all_reasons()) {
    if (reason.oauth_error.empty() || reason.code == Code::k_agent_not_running) continue;
    const std::string body = R"({"error":")" + std::string(reason.oauth_error) + R"("})";
    const Code code = read_refusal(response(reason.http_status, body), {}).code();
    if (reason.oauth_error == "access_denied") continue;  // the shim's own word, never the wire's
    EXPECT_EQ(reason_of(code).oauth_error, reason.oauth_error) << reason.name;
    EXPECT_NE(code, Code::k_response_malformed) << reason.name;
  }
}

TEST(ReadRefusal, TakesNonsenseForAMalformedAnswer) {
  for (const std::string body : {"", "<html>", "[]", "{}", R"({"error":7})", R"({"error":"odd"})",
                                 R"({"error":"invalid_request","error":"invalid_client"})"}) {
    EXPECT_EQ(read_refusal(response(400, body), {}).code(), Code::k_response_malformed) << body;
  }
}

TEST(ReadRefusal, KeepsOutOfItemsWhatIsNoStep) {
  const Error error = read_refusal(
      response(403, R"({"error":"workflow_step_unauthorized","reason":"step_predecessors_missing",)"
                    R"("missing_steps":["plan",7,"with space",{}]})"),
      {});
  EXPECT_THAT(error.items(), ::testing::ElementsAre("plan"));
}

TEST(ReadRefusal, KeepsHiddenTextsOutOfItemsAndDetails) {
  std::vector<Secret> hidden;
  hidden.emplace_back("s3cr3t");
  const Error error = read_refusal(
      response(403, R"({"reason":"step_predecessors_missing","error_description":"s3cr3t",)"
                    R"("missing_steps":["plan","an-s3cr3t"],"decision_id":"dec-s3cr3t"})"),
      hidden);
  EXPECT_THAT(error.items(), ::testing::ElementsAre("plan"));
  EXPECT_THAT(error.describe(), Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(error.detail(), Not(HasSubstr("s3cr3t")));
}

TEST(ReadAnswer, RefusesWhatIsNeitherAnswerNorError) {
  for (const int status : {100, 199, 301, 302, 307, 399, 600, 0}) {
    EXPECT_THAT(read_answer(response(status, "{}"), {}), RefusedWith(Code::k_response_malformed))
        << status;
  }
  EXPECT_THAT(read_answer(response(200, "{"), {}), RefusedWith(Code::k_response_malformed));
  EXPECT_THAT(read_answer(response(200, R"({"a":1,"a":2})"), {}),
              RefusedWith(Code::k_response_malformed));
  EXPECT_THAT(read_answer(response(204, {}), {}), IsOk());
}

TEST(ReadToken, TakesADpopTokenAndCountsItsLifeFromTheRequest) {
  const auto token = read(R"({"access_token":"t","token_type":"dpop","expires_in":100})");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->expires_at, from_unix(1100));
  EXPECT_EQ(token->renew_at, from_unix(1080));
  EXPECT_TRUE(read(R"({"access_token":"t","token_type":"DPoP","expires_in":1,"scope":"b a"})"));
}

TEST(ReadToken, RefusesEverythingElse) {
  const std::string long_token(8193, 'a');
  for (const std::string& text :
       {std::string(R"([])"), std::string(R"({"token_type":"DPoP","expires_in":100})"),
        // A bearer token is no lesser form of a bound one.
        std::string(R"({"access_token":"t","token_type":"Bearer","expires_in":100})"),
        std::string(R"({"access_token":"t","expires_in":100})"),
        std::string(R"({"access_token":"","token_type":"DPoP","expires_in":100})"),
        // Would become two header fields.
        std::string(R"({"access_token":"a\r\nX: b","token_type":"DPoP","expires_in":100})"),
        std::string(R"({"access_token":"a b","token_type":"DPoP","expires_in":100})"),
        R"({"access_token":")" + long_token + R"(","token_type":"DPoP","expires_in":100})",
        std::string(R"({"access_token":"t","token_type":"DPoP"})"),
        std::string(R"({"access_token":"t","token_type":"DPoP","expires_in":"100"})"),
        std::string(R"({"access_token":"t","token_type":"DPoP","expires_in":0})"),
        std::string(R"({"access_token":"t","token_type":"DPoP","expires_in":86401})"),
        std::string(R"({"access_token":"t","token_type":"DPoP","expires_in":1,"scope":"a"})"),
        std::string(R"({"access_token":"t","token_type":"DPoP","expires_in":1,"scope":"a b c"})"),
        std::string(R"({"access_token":"t","token_type":"DPoP","expires_in":1,"scope":"a  b"})")}) {
    const auto token = read(text);
    ASSERT_FALSE(token) << text;
    EXPECT_EQ(token.error().code(), Code::k_response_malformed) << text;
  }
}

TEST(SafeText, ShowsWordsAndHidesWhatCouldBeAToken) {
  const std::string token(129, 'x');
  std::vector<Secret> secrets;
  secrets.emplace_back("hunter2");
  EXPECT_EQ(safe_text("scope a:b is \"odd\"", {}), "scope a:b is \"odd\"");
  EXPECT_THAT(safe_text("got " + token + ".", {}), Not(HasSubstr("xxx")));
  EXPECT_EQ(safe_text("line\r\nbreak\x1b[31m\xff", {}), "line??break?[31m?");
  EXPECT_THAT(safe_text("your secret is hunter2!", secrets), IsEmpty());
  EXPECT_LE(safe_text(std::string(100'000, ' '), {}).size(), 1128U);
}

}  // namespace
}  // namespace ajwt::shim
