// SPDX-License-Identifier: Apache-2.0
#include "authority/oauth/refusal.h"

#include <gtest/gtest.h>

#include <string>

#include "authority/oauth/remedies.h"
#include "json/parse.h"
#include "tests/support/matchers.h"

namespace ajwt::authority {
namespace {

RefusalFacts facts(Door door = Door::kResource) {
  return RefusalFacts{.issuer = "https://as.example",
                      .decision_id = "dec_1",
                      .door = door,
                      .hints = HintVisibility::kHidden};
}

json::Object body_of(const HttpResponse& response) { return *json::parse_object(response.body); }

TEST(Refusal, HasTheReasonsStatusAndWords) {
  const auto response = refuse_response(refuse(Code::k_workflow_required), facts());
  EXPECT_EQ(response.status, 403);
  const auto body = body_of(response);
  EXPECT_EQ(body.find("error")->as_string(), "workflow_step_unauthorized");
  EXPECT_EQ(body.find("reason")->as_string(), "workflow_required");
  EXPECT_EQ(body.find("error_uri")->as_string(), "https://as.example/e/workflow_required");
  EXPECT_EQ(body.find("decision_id")->as_string(), "dec_1");
  EXPECT_FALSE(body.contains("hint"));
}

TEST(Refusal, ShowsAHintOnlyToThoseWhoMaySeeIt) {
  auto shown = facts();
  shown.hints = HintVisibility::kShown;
  const auto body = body_of(refuse_response(refuse(Code::k_workflow_required), shown));
  ASSERT_TRUE(body.contains("hint"));
  EXPECT_EQ(body.find("hint")->as_string(), remedy_for(Code::k_workflow_required));
}

TEST(Refusal, OfAProofIs400AtTheTokenEndpointAnd401Elsewhere) {
  for (const auto code : {Code::k_proof_replayed, Code::k_proof_nonce_missing}) {
    const auto at_token = refuse_response(refuse(code), facts(Door::kTokenEndpoint));
    EXPECT_EQ(at_token.status, 400);
    EXPECT_FALSE(at_token.headers.find("WWW-Authenticate").has_value());
    const auto elsewhere = refuse_response(refuse(code), facts());
    EXPECT_EQ(elsewhere.status, 401);
    EXPECT_TRUE(elsewhere.headers.find("WWW-Authenticate")->starts_with("DPoP algs="));
  }
}

TEST(Refusal, Of401HasAChallengeAtEveryDoor) {
  for (const Door door : {Door::kTokenEndpoint, Door::kResource}) {
    for (const Reason& reason : all_reasons()) {
      const auto response = refuse_response(refuse(reason.code), facts(door));
      const auto challenge = response.headers.find("WWW-Authenticate");
      if (response.status == 401) {
        ASSERT_TRUE(challenge.has_value()) << reason.name;
        const bool client = reason.oauth_error == "invalid_client";
        EXPECT_TRUE(challenge->starts_with(client ? "Basic realm=" : "DPoP algs=")) << reason.name;
      } else {
        EXPECT_EQ(challenge.has_value(), reason.code == Code::k_token_insufficient_scope)
            << reason.name;
      }
    }
  }
}

TEST(Refusal, DescribesWhatWasSentInTheCharactersAndTheLengthThatOAuthAllows) {
  const std::string sent =
      "a\"b\\c\nd\x01"
      "e\xc3\xa9" +
      std::string(20'000, 'x');
  const auto body = body_of(refuse_response(refuse(Code::k_parameter_malformed, sent), facts()));
  const std::string& text = body.find("error_description")->as_string();
  EXPECT_NE(text.find("a'b'c'd'e''xxx"), std::string::npos) << text;
  EXPECT_LT(text.size(), 600U);
  EXPECT_TRUE(text.ends_with("..."));
}

TEST(Refusal, NamesTheScopeThatATokenLacks) {
  const auto response =
      refuse_response(refuse(Code::k_token_insufficient_scope).with_items({"admin:apps"}), facts());
  EXPECT_EQ(response.status, 403);
  EXPECT_NE(response.headers.find("WWW-Authenticate")->find("scope=\"admin:apps\""),
            std::string_view::npos);
}

TEST(Refusal, TellsNoErrorCodeToWhoPresentedNothing) {
  const auto response = refuse_response(refuse(Code::k_token_required), facts());
  EXPECT_EQ(response.headers.find("WWW-Authenticate")->find("error="), std::string_view::npos);
}

TEST(Refusal, LetsNothingBreakOutOfAChallenge) {
  const auto response = refuse_response(
      refuse(Code::k_proof_malformed, "x\", realm=\"evil\r\nSet-Cookie: a=b\\"), facts());
  const std::string challenge(*response.headers.find("WWW-Authenticate"));
  EXPECT_EQ(challenge.find("realm=\""), std::string::npos);
  EXPECT_EQ(challenge.find('\r'), std::string::npos);
  EXPECT_EQ(challenge.find('\n'), std::string::npos);
  EXPECT_EQ(challenge.find('\\'), std::string::npos);
}

TEST(Refusal, ListsTheMissingSteps) {
  const auto body = body_of(refuse_response(
      refuse(Code::k_step_predecessors_missing).with_items({"plan", "review"}), facts()));
  ASSERT_TRUE(body.contains("missing_steps"));
  EXPECT_EQ(*body.find("missing_steps"), json::Value(json::string_array({"plan", "review"})));
}

TEST(Refusal, SaysWhenToComeBack) {
  EXPECT_EQ(refuse_response(refuse(Code::k_rate_limited).with_items({"17"}), facts())
                .headers.find("Retry-After"),
            "17");
  EXPECT_EQ(refuse_response(refuse(Code::k_store_unavailable), facts()).headers.find("Retry-After"),
            "1");
}

TEST(Refusal, ListsTheAllowedMethods) {
  const auto response =
      refuse_response(refuse(Code::k_method_refused).with_items({"GET", "PATCH"}), facts());
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.find("Allow"), "GET, PATCH");
}

TEST(Refusal, OfOurOwnWorldTellsNothingOfIt) {
  const auto response = refuse_response(
      refuse(Code::k_store_damaged, "/var/lib/ajwt.db").with_detail("page 3"), facts());
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("/var/lib"), std::string::npos);
  EXPECT_EQ(response.body.find("page 3"), std::string::npos);
}

TEST(Refusal, NeverShowsADetail) {
  for (const auto& reason : all_reasons()) {
    const auto response =
        refuse_response(Error(reason.code).with_detail("for the log alone"), facts());
    EXPECT_EQ(response.body.find("for the log"), std::string::npos) << reason.name;
    EXPECT_GE(response.status, 400) << reason.name;
  }
}

}  // namespace
}  // namespace ajwt::authority
