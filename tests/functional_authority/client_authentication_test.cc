// SPDX-License-Identifier: Apache-2.0
//
// Who the client is: secrets, assertions and tokens, and everything that is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "crypto/hash.h"
#include "jose/jws.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/names.h"
#include "protocol/proof.h"
#include "tests/support/authority_fixture.h"
#include "tests/support/expect_reason.h"
#include "tests/support/test_keys.h"

namespace ajwt {
namespace {

using testing::AssertionChanges;
using testing::AuthorityFixture;
using testing::body_of;
using testing::ed25519_key;
using testing::expect_reason;
using testing::ProofChanges;
using testing::TestClient;
using testing::TestToken;
using testing::text_of;

class ClientAuthentication : public ::testing::Test {
 protected:
  AuthorityFixture fixture;

  static HttpRequest token_request(std::string scope = "generate:intent-token") {
    return AuthorityFixture::form(
        "/oauth/token", {{"grant_type", "client_credentials"}, {"scope", std::move(scope)}});
  }
  HttpResponse by_assertion(const AssertionChanges& changes, const TestClient& client) {
    HttpRequest request = token_request();
    fixture.authenticate(request, client, changes);
    fixture.prove(request, ed25519_key(50));
    return fixture.handle(request);
  }
  HttpResponse by_assertion(const AssertionChanges& changes) {
    return by_assertion(changes, fixture.fleet_with_key());
  }
  HttpResponse by_secret(std::string_view client_id, std::string_view secret) {
    HttpRequest request = token_request();
    AuthorityFixture::authenticate_basic(request, client_id, secret);
    fixture.prove(request, ed25519_key(50));
    return fixture.handle(request);
  }
};

TEST_F(ClientAuthentication, TakesASecret) {
  EXPECT_EQ(by_secret(fixture.fleet().client_id, *fixture.fleet().secret).status, 200);
}

TEST_F(ClientAuthentication, TakesAnAssertion) {
  EXPECT_EQ(by_assertion({}).status, 200);
  EXPECT_EQ(by_assertion({.typ = "JWT"}).status, 200);
}

TEST_F(ClientAuthentication, TellsAnUnknownClientFromAWrongSecretByNothing) {
  const auto wrong = by_secret(fixture.fleet().client_id, "wrong");
  const auto unknown = by_secret("nobody", "wrong");
  const auto other_method = by_secret(fixture.fleet_with_key().client_id, "wrong");
  for (const auto* response : {&wrong, &unknown, &other_method}) {
    expect_reason(*response, 401, "client_unauthenticated");
    EXPECT_EQ(text_of(*response, "error"), "invalid_client");
    EXPECT_EQ(text_of(*response, "error_description"), text_of(wrong, "error_description"));
    EXPECT_EQ(response->headers.find("WWW-Authenticate"), "Basic realm=\"ajwt\"");
    EXPECT_FALSE(body_of(*response).contains("hint"));
  }
}

TEST_F(ClientAuthentication, TellsAnUnknownAssertionFromAWrongOneByNothing) {
  TestClient stranger = fixture.fleet_with_key();
  stranger.key = ed25519_key(77);
  const auto wrong = by_assertion({}, stranger);
  stranger.client_id = "nobody";
  const auto unknown = by_assertion({}, stranger);
  expect_reason(wrong, 401, "client_unauthenticated");
  expect_reason(unknown, 401, "client_unauthenticated");
  EXPECT_EQ(text_of(wrong, "error_description"), text_of(unknown, "error_description"));
}

TEST_F(ClientAuthentication, RefusesTheSameAssertionTwice) {
  EXPECT_EQ(by_assertion({.jti = "once"}).status, 200);
  const auto second = by_assertion({.jti = "once"});
  expect_reason(second, 401, "client_assertion_replayed");
  EXPECT_EQ(text_of(second, "error"), "invalid_client");
}

TEST_F(ClientAuthentication, RemembersAnAssertionThroughARestart) {
  EXPECT_EQ(by_assertion({.jti = "once"}).status, 200);
  fixture.restart();
  expect_reason(by_assertion({.jti = "once"}), 401, "client_assertion_replayed");
}

TEST_F(ClientAuthentication, DoesNotUseUpAnAssertionWhenTheProofIsRefused) {
  HttpRequest request = token_request();
  fixture.authenticate(request, fixture.fleet_with_key());
  HttpRequest with_nonce = request;
  fixture.prove(request, ed25519_key(50), {.nonce = ""});
  expect_reason(fixture.handle(request), 400, "proof_nonce_missing");
  fixture.prove(with_nonce, ed25519_key(50));
  EXPECT_EQ(fixture.handle(with_nonce).status, 200);
}

TEST_F(ClientAuthentication, RefusesAnAssertionWithWrongClaims) {
  const json::Value both(json::string_array({std::string(testing::kTestIssuer)}));
  const std::vector<AssertionChanges> wrong{
      {.iss = "acme-fleet"},
      {.aud = json::Value("https://other.example")},
      {.aud = json::Value(std::string(testing::kTestIssuer) + "/oauth/token")},
      {.aud = both},
      {.jti = ""},
      {.jti = std::string(257, 'x')},
      {.lifetime = Seconds(0)},
      {.lifetime = Seconds(-10)},
      {.lifetime = Seconds(361)},
      {.typ = "dpop+jwt"},
      {.typ = "at+jwt"},
      {.typ = "agent-proof+jwt"},
  };
  for (const auto& changes : wrong) {
    expect_reason(by_assertion(changes), 401, "client_unauthenticated");
  }
}

TEST_F(ClientAuthentication, RefusesAnAssertionBesideAnotherClientId) {
  HttpRequest request = token_request();
  request.body += "&client_id=acme-fleet";
  fixture.authenticate(request, fixture.fleet_with_key());
  fixture.prove(request, ed25519_key(50));
  expect_reason(fixture.handle(request), 401, "client_unauthenticated");
}

TEST_F(ClientAuthentication, RefusesAnotherAssertionType) {
  HttpRequest request = token_request();
  request.body += "&client_assertion=x&client_assertion_type=saml";
  fixture.prove(request, ed25519_key(50));
  expect_reason(fixture.handle(request), 400, "parameter_malformed");
}

TEST_F(ClientAuthentication, RefusesTwoWaysAtOnce) {
  HttpRequest request = token_request();
  fixture.authenticate(request, fixture.fleet_with_key());
  AuthorityFixture::authenticate_basic(request, fixture.fleet().client_id, *fixture.fleet().secret);
  fixture.prove(request, ed25519_key(50));
  expect_reason(fixture.handle(request), 400, "client_credentials_doubled");

  HttpRequest twice = token_request();
  fixture.authenticate(twice, fixture.fleet());
  twice.headers.add("Authorization", std::string(*twice.headers.find("Authorization")));
  fixture.prove(twice, ed25519_key(50));
  expect_reason(fixture.handle(twice), 400, "client_credentials_doubled");
}

TEST_F(ClientAuthentication, RefusesASecretInTheBody) {
  HttpRequest request = token_request();
  request.body += "&client_id=acme-fleet&client_secret=" + *fixture.fleet().secret;
  fixture.prove(request, ed25519_key(50));
  expect_reason(fixture.handle(request), 401, "client_unauthenticated");
}

TEST_F(ClientAuthentication, RefusesMalformedBasicCredentials) {
  for (const auto* value : {"Basic", "Basic ", "Basic ====", "Basic YQ==", "Basic YTpi-_==",
                            "Basic JToleg==", "Digest x", ""}) {
    HttpRequest request = token_request();
    request.headers.add("Authorization", value);
    fixture.prove(request, ed25519_key(50));
    expect_reason(fixture.handle(request), 401, "client_unauthenticated");
  }
}

TEST_F(ClientAuthentication, RefusesADisabledClientAndItsTokens) {
  const TestToken token = fixture.token(fixture.fleet(), names::kScopeMint);
  ASSERT_EQ(fixture.call(token, "GET", "/intent/executions").status, 200);
  const TestToken administration = fixture.token(fixture.administrator(), "admin:apps");
  ASSERT_EQ(fixture.call(administration, "POST", "/admin/clients/acme-fleet/disable").status, 200);
  expect_reason(by_secret(fixture.fleet().client_id, *fixture.fleet().secret), 401,
                "client_unauthenticated");
  const auto by_token = fixture.call(token, "GET", "/intent/executions");
  expect_reason(by_token, 401, "token_client_refused");
  EXPECT_EQ(text_of(by_token, "error"), "invalid_token");
}

TEST_F(ClientAuthentication, LimitsFailuresOfAnAddressAndLetsTheRightSecretIn) {
  HttpRequest wrong = token_request();
  AuthorityFixture::authenticate_basic(wrong, "acme-fleet", "wrong");
  int limited = 0;
  for (int i = 0; i < 520; ++i) {
    if (fixture.handle(wrong).status == 429) ++limited;
  }
  EXPECT_EQ(limited, 20);
  EXPECT_EQ(by_secret(fixture.fleet().client_id, *fixture.fleet().secret).status, 200);
}

// --- client_credentials

TEST_F(ClientAuthentication, GrantsWhatTheClientHoldsAndNothingElse) {
  HttpRequest request = token_request("generate:intent-token register:intent");
  fixture.authenticate(request, fixture.fleet());
  fixture.prove(request, ed25519_key(50));
  const auto response = fixture.handle(request);
  expect_reason(response, 400, "scope_exceeds_ceiling");
  EXPECT_EQ(text_of(response, "error"), "invalid_scope");
}

TEST_F(ClientAuthentication, RefusesAMissingScopeAndAnotherAudience) {
  HttpRequest none = AuthorityFixture::form("/oauth/token", {{"grant_type", "client_credentials"}});
  fixture.authenticate(none, fixture.fleet());
  fixture.prove(none, ed25519_key(50));
  expect_reason(fixture.handle(none), 400, "scope_malformed");

  for (const auto* name : {"audience", "resource"}) {
    HttpRequest other = token_request();
    other.body += "&" + std::string(name) + "=https%3A%2F%2Fother.example";
    fixture.authenticate(other, fixture.fleet());
    fixture.prove(other, ed25519_key(50));
    const auto response = fixture.handle(other);
    expect_reason(response, 400, "audience_exceeds_ceiling");
    EXPECT_EQ(text_of(response, "error"), "invalid_target");
  }
}

TEST_F(ClientAuthentication, TakesAPlainProofAndStillNeedsOne) {
  HttpRequest plain = token_request();
  fixture.authenticate(plain, fixture.fleet());
  HttpRequest none = plain;
  fixture.prove(plain, ed25519_key(50), {.binding = ProofChanges::Binding::kNone});
  EXPECT_EQ(fixture.handle(plain).status, 200);
  expect_reason(fixture.handle(none), 400, "proof_missing");
  expect_reason(fixture.handle(plain), 400, "proof_replayed");
}

TEST_F(ClientAuthentication, WritesDownEveryTokenBeforeItLeaves) {
  const auto before = fixture.store().list_audit(0, 1000, AppId::trusted("acme"))->size();
  (void)fixture.token(fixture.fleet(), names::kScopeMint);
  const auto leaves = fixture.store().list_audit(0, 1000, AppId::trusted("acme"));
  ASSERT_EQ(leaves->size(), before + 1);
  const auto entry = json::parse_object(leaves->back().bytes);
  EXPECT_EQ(entry->find("operation")->as_string(), "client_credentials");
  EXPECT_EQ(entry->find("outcome")->as_string(), "allowed");
}

// --- tokens

TEST_F(ClientAuthentication, NeedsATokenWhereOnlyATokenIsTaken) {
  HttpRequest none = AuthorityFixture::get("/admin/apps");
  expect_reason(fixture.handle(none), 401, "token_required");
  HttpRequest basic = none;
  fixture.authenticate(basic, fixture.fleet());
  fixture.prove(basic, ed25519_key(50));
  expect_reason(fixture.handle(basic), 401, "token_required");
  HttpRequest bearer = none;
  const TestToken token = fixture.token(fixture.administrator(), "admin:apps");
  fixture.present(bearer, token);
  bearer.headers.set("Authorization", "Bearer " + token.access_token);
  expect_reason(fixture.handle(bearer), 401, "token_scheme_refused");
}

TEST_F(ClientAuthentication, RefusesASplicedToken) {
  const TestToken administration = fixture.token(fixture.administrator(), "admin:apps");
  const TestToken other = fixture.token(fixture.fleet(), names::kScopeMint);
  HttpRequest foreign_key = AuthorityFixture::get("/admin/apps");
  fixture.present(foreign_key, TestToken{administration.access_token, other.key});
  expect_reason(fixture.handle(foreign_key), 401, "proof_key_mismatch");

  HttpRequest foreign_hash = AuthorityFixture::get("/admin/apps");
  fixture.present(foreign_hash, administration, {.access_token = other.access_token});
  expect_reason(fixture.handle(foreign_hash), 401, "proof_token_mismatch");
}

TEST_F(ClientAuthentication, RefusesAStolenTokenWithoutAProof) {
  const TestToken token = fixture.token(fixture.administrator(), "admin:apps");
  HttpRequest request = AuthorityFixture::get("/admin/apps");
  request.headers.set("Authorization", "DPoP " + token.access_token);
  expect_reason(fixture.handle(request), 401, "proof_missing");
}

TEST_F(ClientAuthentication, RefusesAnExpiredTokenAlsoFromTheCache) {
  const TestToken token = fixture.token(fixture.administrator(), "admin:apps");
  ASSERT_EQ(fixture.call(token, "GET", "/admin/apps").status, 200);
  fixture.clock().advance(Seconds(600));
  expect_reason(fixture.call(token, "GET", "/admin/apps"), 401, "token_expired");
}

TEST_F(ClientAuthentication, RefusesAnIntentToken) {
  const auto spec = fixture.mint_spec(fixture.planner(), fixture.open_execution());
  const auto minted = fixture.mint(spec, testing::MintDoor::kJson, fixture.planner());
  ASSERT_EQ(minted.status, 200);
  const TestToken token{text_of(minted, "access_token"), fixture.planner().key};
  expect_reason(fixture.call(token, "GET", "/intent/executions"), 401, "audience_mismatch");
}

TEST_F(ClientAuthentication, NeedsTheScopeOfTheRoute) {
  const TestToken token = fixture.token(fixture.fleet(), names::kScopeMint);
  const auto response = fixture.call(token, "GET", "/admin/apps");
  expect_reason(response, 403, "token_insufficient_scope");
  EXPECT_NE(response.headers.find("WWW-Authenticate")->find("scope=\"admin:apps\""),
            std::string_view::npos);
}

TEST_F(ClientAuthentication, BindsTheQuery) {
  const TestToken token = fixture.token(fixture.administrator(), "admin:audit");
  HttpRequest request = AuthorityFixture::get("/admin/audit", "limit=1");
  fixture.present(request, token);
  HttpRequest changed = request;
  changed.query = "limit=1000";
  expect_reason(fixture.handle(changed), 401, "proof_query_mismatch");
  EXPECT_EQ(fixture.handle(request).status, 200);
}

// --- minting by token, with the agent's key beside it

class KeyProofs : public ClientAuthentication {
 protected:
  TestToken token = fixture.token(fixture.fleet(), names::kScopeMint);

  HttpRequest request() {
    return AuthorityFixture::mint_request(
        fixture.mint_spec(fixture.planner(), fixture.open_execution()), testing::MintDoor::kJson);
  }
  ProofChanges with_checksum() { return {.agent_checksum = fixture.planner().checksum}; }
  HttpResponse send(HttpRequest mint) {
    fixture.present(mint, token);
    return fixture.handle(mint);
  }
};

TEST_F(KeyProofs, MintForTheAgentWhoseKeyProvesItself) {
  HttpRequest mint = request();
  fixture.add_key_proof(mint, fixture.planner().key, token.key, with_checksum());
  const auto response = send(mint);
  EXPECT_EQ(response.status, 200) << response.body;
}

TEST_F(KeyProofs, AreNeededWithAToken) { expect_reason(send(request()), 401, "key_proof_missing"); }

TEST_F(KeyProofs, MustBeTheAgentsOwn) {
  HttpRequest mint = request();
  fixture.add_key_proof(mint, fixture.patcher().key, token.key, with_checksum());
  expect_reason(send(mint), 401, "agent_key_unknown");
}

TEST_F(KeyProofs, MustStandBesideThisTokensKey) {
  HttpRequest mint = request();
  fixture.add_key_proof(mint, fixture.planner().key, fixture.patcher().key, with_checksum());
  expect_reason(send(mint), 401, "proof_key_mismatch");
}

TEST_F(KeyProofs, MustBindThisBody) {
  HttpRequest mint = request();
  ProofChanges changes = with_checksum();
  changes.body = "{}";
  fixture.add_key_proof(mint, fixture.planner().key, token.key, changes);
  expect_reason(send(mint), 401, "proof_body_mismatch");
}

TEST_F(KeyProofs, MustCarryANonce) {
  HttpRequest mint = request();
  ProofChanges changes = with_checksum();
  changes.nonce = "";
  fixture.add_key_proof(mint, fixture.planner().key, token.key, changes);
  expect_reason(send(mint), 401, "proof_nonce_missing");
}

TEST_F(KeyProofs, AreUsedOnce) {
  HttpRequest mint = request();
  fixture.add_key_proof(mint, fixture.planner().key, token.key, with_checksum());
  HttpRequest again = mint;
  ASSERT_EQ(send(mint).status, 200);
  expect_reason(send(again), 401, "proof_replayed");
}

TEST_F(KeyProofs, AreOneAtAMint) {
  HttpRequest mint = request();
  fixture.add_key_proof(mint, fixture.planner().key, token.key, with_checksum());
  fixture.add_key_proof(mint, fixture.patcher().key, token.key, with_checksum());
  expect_reason(send(mint), 401, "proof_duplicated");
}

TEST_F(KeyProofs, AreNoDpopProofs) {
  HttpRequest mint = request();
  json::Object body = *json::parse_object(mint.body);
  HttpRequest other = mint;
  fixture.prove(other, fixture.planner().key, with_checksum());
  body.set("key_proofs", json::string_array({std::string(*other.headers.find("DPoP"))}));
  mint.body = json::write(json::Value(body));
  expect_reason(send(mint), 401, "proof_type_refused");
}

}  // namespace
}  // namespace ajwt
