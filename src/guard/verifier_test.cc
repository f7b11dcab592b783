// SPDX-License-Identifier: Apache-2.0
//
// What the verifier says of tokens, and of the order of its checks.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "jose/base64url.h"
#include "tests/support/verifier_fixture.h"

namespace ajwt::guard {
namespace {

using testing::intent_claims;
using testing::intent_route;
using testing::key_of;
using testing::keys_of;
using testing::kNow;
using testing::plain_claims;
using testing::plain_route;
using testing::sign_claims;
using testing::sign_token;

TEST_F(VerifierTest, AcceptsAnHonestRequestAndTellsWhoItIs) {
  sealed();

  const auto verified = verify();

  ASSERT_THAT(verified, IsOk());
  EXPECT_EQ(verified->token()->sub, "agent:patchet:patcher");
  EXPECT_EQ(verified->token()->cnf_jkt, jose::thumbprint(agent.public_key()));
}

// --- One token, in the right scheme.

TEST_F(VerifierTest, RefusesARequestWithoutToken) {
  sealed();
  RequestFacts facts = request.facts();
  facts.authorization.clear();

  EXPECT_THAT(verify(facts), RefusedWith(Code::k_token_missing));
}

TEST_F(VerifierTest, RefusesASchemeWithoutAToken) {
  sealed();
  for (const std::string_view field : {"DPoP", "DPoP "}) {
    RequestFacts facts = request.facts();
    facts.authorization = {field};
    EXPECT_THAT(verify(facts), RefusedWith(Code::k_token_missing)) << field;
  }
}

TEST_F(VerifierTest, RefusesEverySchemeButDpop) {
  sealed();
  for (const std::string scheme : {"Bearer ", "bearer ", "Basic ", "DPoPx ", " DPoP ", ""}) {
    RequestFacts facts = request.facts();
    const std::string field = scheme + request.token;
    facts.authorization = {field};
    EXPECT_THAT(verify(facts), RefusedWith(Code::k_token_scheme_refused)) << scheme;
  }
}

TEST_F(VerifierTest, TakesTheSchemeInAnyCase) {
  sealed();
  request.authorization = "dpop " + request.token;

  EXPECT_THAT(verify(), IsOk());
}

TEST_F(VerifierTest, RefusesTwoAuthorizationFields) {
  sealed();
  RequestFacts facts = request.facts();
  facts.authorization.push_back(facts.authorization.front());
  EXPECT_THAT(verify(facts), RefusedWith(Code::k_token_duplicated));

  facts.authorization.back() = "Bearer other";
  EXPECT_THAT(verify(facts), RefusedWith(Code::k_token_duplicated));
}

TEST_F(VerifierTest, RefusesATokenInTheQuery) {
  for (const std::string_view query :
       {"access_token=x", "a=b&access_token=x", "access%5Ftoken=x", "a;access_token"}) {
    request.query = query;
    sealed();
    EXPECT_THAT(verify(), RefusedWith(Code::k_token_duplicated)) << query;

    RequestFacts facts = request.facts();
    facts.authorization.clear();
    EXPECT_THAT(verify(facts), RefusedWith(Code::k_token_scheme_refused)) << query;
  }
}

TEST_F(VerifierTest, RefusesTwoTokensInOneField) {
  sealed();
  for (const std::string_view separator : {", DPoP ", ",", " ", ", Bearer "}) {
    RequestFacts facts = request.facts();
    const std::string field = request.authorization + std::string(separator) + request.token;
    facts.authorization = {field};
    EXPECT_THAT(verify(facts), RefusedWith(Code::k_jws_malformed)) << separator;
  }
}

// --- The token.

TEST_F(VerifierTest, RefusesATokenOfAnotherIssuerOrAudience) {
  AccessToken claims = intent_claims(agent);
  claims.iss = "https://other.example";
  sealed(sign_token(claims, authority));
  EXPECT_THAT(verify(), RefusedWith(Code::k_issuer_mismatch));

  for (const std::string audience : {"https://other.example", "https://api.example/",
                                     "https://API.example", "https://authority.example"}) {
    claims = intent_claims(agent);
    claims.aud = audience;
    sealed(sign_token(claims, authority));
    EXPECT_THAT(verify(), RefusedWith(Code::k_audience_mismatch)) << audience;
  }
}

TEST_F(VerifierTest, RefusesAListOfAudiences) {
  json::Object claims = to_json(intent_claims(agent));
  claims.set("aud", json::string_array({std::string(testing::kAudience)}));
  sealed(sign_claims(claims, authority));

  EXPECT_THAT(verify(), RefusedWith(Code::k_audience_mismatch));
}

TEST_F(VerifierTest, RefusesOtherObjectsThatTheAuthoritySigned) {
  for (const std::string_view typ : {"JWT", "dpop+jwt", "agent-proof+jwt", "receipt+jwt", ""}) {
    sealed(sign_claims(to_json(intent_claims(agent)), authority, typ));
    EXPECT_THAT(verify(), RefusedWith(Code::k_jws_type_refused)) << typ;
  }
}

TEST_F(VerifierTest, RefusesATokenWithoutSignature) {
  const std::string header = jose::encode_base64url(
      R"({"alg":"none","typ":"at+jwt","kid":")" + jose::thumbprint(authority.public_key()) + "\"}");
  const std::string payload = jose::encode_base64url(json::write(to_json(intent_claims(agent))));
  sealed(header + "." + payload + ".");
  EXPECT_THAT(verify(), RefusedWith(Code::k_jws_algorithm_refused));

  sealed(header + "." + payload + ".AAAA");
  EXPECT_THAT(verify(), RefusedWith(Code::k_jws_algorithm_refused));
}

TEST_F(VerifierTest, RefusesATokenOfAKeyThatIsNotInTheSet) {
  sealed(sign_token(intent_claims(agent), stranger));

  EXPECT_THAT(verify(), RefusedWith(Code::k_key_unknown));
}

TEST_F(VerifierTest, RefusesAForgedTokenUnderAKnownKid) {
  const auto token =
      issue_access_token(intent_claims(agent), stranger, jose::thumbprint(authority.public_key()));
  ASSERT_THAT(token, IsOk());
  sealed(*token);

  EXPECT_THAT(verify(), RefusedWith(Code::k_jws_signature_invalid));
}

TEST_F(VerifierTest, RefusesATokenAboveTheLimit) {
  sealed(std::string(kMaxTokenBytes + 1, 'A'));

  EXPECT_THAT(verify(), RefusedWith(Code::k_jws_too_large));
}

TEST_F(VerifierTest, FailsClosedWithoutKeys) {
  sealed();

  EXPECT_THAT(verifier.verify(request.facts(), route, nullptr, kNow),
              RefusedWith(Code::k_keys_unavailable));
}

TEST_F(VerifierTest, RefusesATokenThatIsNotBoundToAKey) {
  json::Object claims = to_json(intent_claims(agent));
  claims.remove("cnf");
  sealed(sign_claims(claims, authority));

  EXPECT_THAT(verify(), RefusedWith(Code::k_confirmation_missing));
}

TEST_F(VerifierTest, RefusesWhatTheTokenConstrainsAndTheRouteCannotJudge) {
  json::Object claims = to_json(intent_claims(agent));
  json::Object details{{"type", "agent_tool"}, {"tool", "apply_patch"}};
  details.set("constraints", json::Object{{"package", json::Object{{"const", "left-pad"}}}});
  claims.set("authorization_details", json::Array{details});
  sealed(sign_claims(claims, authority));

  EXPECT_THAT(verify(), RefusedWith(Code::k_constraints_refused));
}

// --- Times, and the cache of verified tokens.

TEST_F(VerifierTest, RefusesATokenFromTheSecondOfItsExpiryOn) {
  AccessToken claims = intent_claims(agent);
  claims.exp = kNow;
  sealed(sign_token(claims, authority));
  EXPECT_THAT(verify(), RefusedWith(Code::k_token_expired));

  claims.exp = kNow + Seconds(1);
  sealed(sign_token(claims, authority));
  EXPECT_THAT(verify(), IsOk());
}

TEST_F(VerifierTest, AppliesSkewToTheBeginningOfATokenAlone) {
  AccessToken claims = intent_claims(agent);
  claims.nbf = claims.iat = kNow + Seconds(60);
  sealed(sign_token(claims, authority));
  EXPECT_THAT(verify(), IsOk());

  claims.nbf = kNow + Seconds(61);
  sealed(sign_token(claims, authority));
  EXPECT_THAT(verify(), RefusedWith(Code::k_token_not_yet_valid));

  claims.nbf = kNow;
  claims.iat = kNow + Seconds(61);
  sealed(sign_token(claims, authority));
  EXPECT_THAT(verify(), RefusedWith(Code::k_token_from_future));
}

TEST_F(VerifierTest, RefusesAKnownTokenOnceItHasExpired) {
  AccessToken claims = intent_claims(agent);
  claims.exp = kNow + Seconds(10);
  sealed(sign_token(claims, authority));
  ASSERT_THAT(verify(), IsOk());

  request.jti = "later";
  request.made_at = kNow + Seconds(10);
  request.seal();
  EXPECT_THAT(verify(kNow + Seconds(10)), RefusedWith(Code::k_token_expired));
}

TEST_F(VerifierTest, RefusesAKnownTokenOnceItsKeyIsWithdrawn) {
  sealed();
  ASSERT_THAT(verify(), IsOk());

  keys = keys_of({stranger});
  request.jti = "later";
  request.seal();
  EXPECT_THAT(verify(), RefusedWith(Code::k_key_unknown));
}

TEST_F(VerifierTest, AcceptsAKnownTokenWithANewSetThatHasItsKeyStill) {
  sealed();
  ASSERT_THAT(verify(), IsOk());

  keys = keys_of({stranger, authority});
  request.jti = "later";
  request.seal();
  EXPECT_THAT(verify(), IsOk());
}

TEST_F(VerifierTest, RefusesAKnownTokenOnARouteThatItIsNotFor) {
  sealed();
  ASSERT_THAT(verify(), IsOk());

  request.jti = "later";
  request.seal();
  route.tool = "other";
  EXPECT_THAT(verify(), RefusedWith(Code::k_tool_refused));
}

TEST_F(VerifierTest, AsksForAProofOfAKnownTokenToo) {
  sealed();
  ASSERT_THAT(verify(), IsOk());

  RequestFacts facts = request.facts();
  facts.dpop.clear();
  EXPECT_THAT(verify(facts), RefusedWith(Code::k_proof_missing));
}

// --- The order, where it decides which reason a client sees.

TEST_F(VerifierTest, RefusesAPlainTokenBeforeItLooksForAProof) {
  sealed(sign_token(plain_claims(agent), authority));
  RequestFacts facts = request.facts();
  facts.dpop.clear();

  EXPECT_THAT(verify(facts), RefusedWith(Code::k_intent_missing));
}

TEST_F(VerifierTest, TellsNothingOfTheRouteToAThiefWithoutTheKey) {
  request.agent = stranger;
  sealed();
  route.tool = "other";

  EXPECT_THAT(verify(), RefusedWith(Code::k_proof_key_mismatch));
}

TEST_F(VerifierTest, AcceptsAPlainTokenOnAPlainRoute) {
  route = plain_route();
  sealed(sign_token(plain_claims(agent), authority));

  EXPECT_THAT(verify(), IsOk());
}

}  // namespace
}  // namespace ajwt::guard
