// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "guard/verifier.h"
#include "json/parse.h"
#include "tests/support/guarded_request.h"
#include "tests/support/matchers.h"

namespace ajwt::guard {
namespace {

using testing::digest_of;
using testing::GuardedRequest;
using ::testing::HasSubstr;
using testing::intent_claims;
using testing::intent_route;
using testing::key_of;
using testing::keys_of;
using testing::kNow;
using ::testing::Not;
using testing::plain_claims;
using testing::plain_route;
using testing::sign_token;

constexpr std::string_view kNonce = "nonce-1";
constexpr std::string_view kDecision = "dec_01";

std::string field(const HttpResponse& response, std::string_view name) {
  const auto all = response.headers.all(name);
  EXPECT_LE(all.size(), 1U) << name;
  return all.empty() ? std::string() : std::string(all.front());
}

TEST(Challenge, AnswersARefusedTokenAsRfc6750AndRfc9449Say) {
  const HttpResponse response =
      challenge(refuse(Code::k_token_expired), nullptr, kNonce, kDecision);

  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(field(response, "WWW-Authenticate"),
            "DPoP error=\"invalid_token\", error_description=\"The token has expired.\", "
            "algs=\"EdDSA Ed25519 ES256 RS256 PS256\"");
  EXPECT_EQ(field(response, "DPoP-Nonce"), kNonce);
  EXPECT_EQ(field(response, "Content-Type"), "application/json");
  EXPECT_EQ(field(response, "Cache-Control"), "no-store");
  EXPECT_EQ(response.body,
            R"({"error":"invalid_token","error_description":"The token has expired.",)"
            R"("reason":"token_expired","decision_id":"dec_01"})");
}

TEST(Challenge, AsksForANonceByItsOwnError) {
  const HttpResponse response =
      challenge(refuse(Code::k_proof_nonce_missing), nullptr, kNonce, kDecision);

  EXPECT_EQ(response.status, 401);
  EXPECT_THAT(field(response, "WWW-Authenticate"), HasSubstr("DPoP error=\"use_dpop_nonce\""));
  EXPECT_EQ(field(response, "DPoP-Nonce"), kNonce);
}

TEST(Challenge, TellsNoErrorToARequestWithoutToken) {
  const HttpResponse response =
      challenge(refuse(Code::k_token_missing), nullptr, kNonce, kDecision);

  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(field(response, "WWW-Authenticate"), "DPoP algs=\"EdDSA Ed25519 ES256 RS256 PS256\"");
  EXPECT_THAT(response.body, Not(HasSubstr("\"error\":")));
  EXPECT_THAT(response.body, HasSubstr("\"reason\":\"token_missing\""));
}

TEST(Challenge, NamesTheScopeThatIsMissing) {
  Route route = intent_route();
  route.scopes = {"manifest:read", "manifest:write"};
  const HttpResponse response =
      challenge(refuse(Code::k_scope_insufficient), &route, kNonce, kDecision);

  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(field(response, "WWW-Authenticate"),
              HasSubstr("error=\"insufficient_scope\", error_description=\"The token lacks a scope "
                        "that this route needs.\", scope=\"manifest:read manifest:write\", algs="));
}

TEST(Challenge, HasNoChallengeWhereNoTokenWouldHelp) {
  for (const Code code : {Code::k_route_unknown, Code::k_token_duplicated, Code::k_keys_unavailable,
                          Code::k_replay_memory_full, Code::k_body_too_large}) {
    const HttpResponse response = challenge(refuse(code), nullptr, kNonce, kDecision);

    EXPECT_EQ(response.status, reason_of(code).http_status);
    EXPECT_EQ(field(response, "WWW-Authenticate"), "");
    EXPECT_EQ(field(response, "DPoP-Nonce"), kNonce);
  }
}

TEST(Challenge, SaysWhenToComeBack) {
  EXPECT_EQ(
      field(challenge(refuse(Code::k_keys_unavailable), nullptr, kNonce, kDecision), "Retry-After"),
      "1");
  EXPECT_EQ(
      field(challenge(refuse(Code::k_token_expired), nullptr, kNonce, kDecision), "Retry-After"),
      "");
}

TEST(Challenge, KeepsTextWithinItsQuotes) {
  const Error error =
      refuse(Code::k_step_refused, "a\", scope=\"admin\r\nSet-Cookie: x=1\\ \xc3\xa9 \x01");
  const HttpResponse response = challenge(error, nullptr, kNonce, "d\"ec\r\n");

  const std::string value = field(response, "WWW-Authenticate");
  for (const char c : value) EXPECT_TRUE(c >= ' ' && c <= '~') << static_cast<int>(c);
  EXPECT_THAT(value, HasSubstr("a?, scope=?admin??Set-Cookie: x=1? ?? ?\", algs="));
  const auto body = json::parse_object(response.body);
  ASSERT_THAT(body, IsOk());
  EXPECT_EQ(body->find("decision_id")->as_string(), "d\"ec\r\n");
}

TEST(Challenge, SendsNoNonceThatWouldBreakTheHeader) {
  EXPECT_EQ(
      field(challenge(refuse(Code::k_token_missing), nullptr, "a\r\nb", kDecision), "DPoP-Nonce"),
      "");
}

TEST(Challenge, TellsNoParticularsOfOurOwnFailures) {
  const Error error = refuse(Code::k_keys_unavailable, "10.0.0.1 did not answer");
  const HttpResponse response = challenge(error, nullptr, kNonce, kDecision);

  EXPECT_THAT(response.body, Not(HasSubstr("10.0.0.1")));
}

// --- Identity headers.

VerifiedRequest verified(const AccessToken& claims, const Route& route) {
  const crypto::PrivateKey authority = key_of(1);
  MemoryReplayCache replays(digest_of(7));
  NonceIssuer nonces(digest_of(8), Seconds(300));
  const Verifier verifier(
      {.issuer = std::string(testing::kIssuer), .audience = std::string(testing::kAudience)},
      nonces, replays);
  GuardedRequest request;
  request.nonce = nonces.issue(kNow);
  request.token = sign_token(claims, authority);
  request.seal();
  auto outcome = verifier.verify(request.facts(), route, keys_of({authority}), kNow);
  EXPECT_THAT(outcome, IsOk());
  return *std::move(outcome);
}

TEST(IdentityHeaders, TellTheServiceWhoActsAtWhichStep) {
  const HttpHeaders headers = identity_headers(verified(intent_claims(key_of(2)), intent_route()));

  EXPECT_EQ(headers.find("X-Agent-Subject"), "agent:patchet:patcher");
  EXPECT_EQ(headers.find("X-Agent-App"), "patchet");
  EXPECT_EQ(headers.find("X-Agent-Id"), "patcher");
  EXPECT_EQ(headers.find("X-Agent-Registration"), "reg_01");
  EXPECT_EQ(headers.find("X-Agent-Scope"), "manifest:read manifest:write");
  EXPECT_EQ(headers.find("X-Agent-Workflow"), "patch");
  EXPECT_EQ(headers.find("X-Agent-Workflow-Version"), "1");
  EXPECT_EQ(headers.find("X-Agent-Step"), "apply");
  EXPECT_EQ(headers.find("X-Agent-Execution"), "exec_01");
  EXPECT_EQ(headers.find("X-Agent-Tool"), "apply_patch");
  EXPECT_EQ(headers.find("X-Agent-Delegators"), "agent:patchet:planner,agent:patchet:supervisor");
  EXPECT_EQ(headers.find("X-Agent-Key"), jose::thumbprint(key_of(2).public_key()));
  EXPECT_EQ(headers.find("X-Agent-Token-Id"), intent_claims(key_of(2)).jti);
  EXPECT_EQ(headers.find("X-Agent-Initiated-By"), "app:patchet");
  for (const auto& [name, value] : headers.fields()) EXPECT_TRUE(is_identity_header(name)) << name;
}

TEST(IdentityHeaders, LeaveOutWhatAPlainTokenDoesNotHave) {
  const HttpHeaders headers = identity_headers(verified(plain_claims(key_of(2)), plain_route()));

  EXPECT_EQ(headers.find("X-Agent-Subject"), "app:patchet");
  for (const std::string_view name : {"X-Agent-Id", "X-Agent-Registration", "X-Agent-Workflow",
                                      "X-Agent-Step", "X-Agent-Tool", "X-Agent-Delegators"}) {
    EXPECT_EQ(headers.find(name), std::nullopt) << name;
  }
}

TEST(IdentityHeaders, EscapeWhatCouldEndAFieldOrAddADelegator) {
  AccessToken claims = intent_claims(key_of(2));
  claims.tool = "a\r\nX-Agent-Scope: admin %\"\\\xc3\xa9";
  claims.intent->delegators = {"a,b", "c"};
  Route route = intent_route();
  route.tool = claims.tool;
  const HttpHeaders headers = identity_headers(verified(claims, route));

  EXPECT_EQ(headers.find("X-Agent-Tool"), "a%0d%0aX-Agent-Scope:%20admin%20%25%22%5c%c3%a9");
  EXPECT_EQ(headers.find("X-Agent-Delegators"), "a%2cb,c");
}

TEST(IdentityHeaders, AreRecognisedInEverySpellingThatAServiceReadsAlike) {
  for (const std::string_view name :
       {"X-Agent-Subject", "x-agent-anything", "X_AGENT_SCOPE", "X-Agent_Step", "X-Ajwt-Mode",
        "x_ajwt_x", "X.Agent.App", "X!Ajwt~x", "Authorization", "authorization", "DPoP", "dpop",
        "DPOP"}) {
    EXPECT_TRUE(is_identity_header(name)) << name;
  }
  for (const std::string_view name : {"X-Agents", "X-Agent", "User-Agent", "DPoP-Nonce",
                                      "Authorization-Info", "Accept", "", "X-Ajw"}) {
    EXPECT_FALSE(is_identity_header(name)) << name;
  }
}

TEST(GuardsAnswerFields, AreWhatAClientWouldTakeForTheGuardsWord) {
  using Field = std::pair<std::string_view, std::string_view>;
  for (const auto& [name, value] :
       {Field("DPoP-Nonce", "n"), Field("dpop_nonce", "n"), Field("X-Ajwt-Decision-Id", "d"),
        Field("WWW-Authenticate", "DPoP"), Field("www-authenticate", "dpop algs=\"ES256\""),
        Field("WWW-Authenticate", "Basic realm=\"a\",\tDPoP error=\"use_dpop_nonce\""),
        Field("WWW-Authenticate", "Basic realm=\"a, DPoP error=\"x\"")}) {
    EXPECT_TRUE(is_guards_answer_field(name, value)) << name << ": " << value;
  }
  for (const auto& [name, value] :
       {Field("WWW-Authenticate", "Basic realm=\"a\""), Field("WWW-Authenticate", "DPoPx"),
        Field("DPoP", "x"), Field("X-Agent-App", "a"), Field("Link", "DPoP"), Field("", "")}) {
    EXPECT_FALSE(is_guards_answer_field(name, value)) << name << ": " << value;
  }
}

}  // namespace
}  // namespace ajwt::guard
