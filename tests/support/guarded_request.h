// SPDX-License-Identifier: Apache-2.0
//
// A request that a guard accepts, from keys to facts, made by the product's own builders. Tests of
// refusals change one thing of it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/key.h"
#include "guard/policy.h"
#include "guard/verifier.h"
#include "jose/jwk.h"
#include "jose/jws.h"
#include "json/write.h"
#include "protocol/access_token.h"
#include "protocol/nonce.h"
#include "protocol/proof.h"

namespace ajwt::testing {

inline constexpr Instant kNow = from_unix(1'800'000'000);
inline constexpr std::string_view kIssuer = "https://authority.example";
inline constexpr std::string_view kAudience = "https://api.example";

// key_of returns the Ed25519 key whose seed is `number` repeated.
inline crypto::PrivateKey key_of(std::uint8_t number) {
  Digest seed{};
  seed.fill(number);
  return *crypto::PrivateKey::from_ed25519_seed(seed);
}

inline Digest digest_of(std::uint8_t number) {
  Digest digest{};
  digest.fill(number);
  return digest;
}

// keys_of returns a set of these keys, each under its thumbprint.
inline std::shared_ptr<const jose::KeySet> keys_of(const std::vector<crypto::PrivateKey>& keys) {
  std::vector<jose::Jwk> jwks;
  for (const crypto::PrivateKey& key : keys) {
    jwks.push_back(jose::Jwk{.key = key.public_key(),
                             .kid = jose::thumbprint(key.public_key()),
                             .alg = jose::default_algorithm(key.kind())});
  }
  return std::make_shared<const jose::KeySet>(std::move(jwks));
}

// intent_claims returns the claims of an intent token for `agent`'s key: the patcher's, at the step
// apply_patch.
inline AccessToken intent_claims(const crypto::PrivateKey& agent, Instant now = kNow) {
  const std::string sub = "agent:patchet:patcher";
  return AccessToken{
      .iss = std::string(kIssuer),
      .aud = std::string(kAudience),
      .sub = sub,
      .client_id = AppId::trusted("patchet"),
      .iat = now,
      .nbf = now,
      .exp = now + Seconds(300),
      .jti = "9bd1c2a0f3e44c55b7a1d7f3d6b1a001",
      .scope = {"manifest:read", "manifest:write"},
      .cnf_jkt = jose::thumbprint(agent.public_key()),
      .sub_profile = "agent",
      .intent =
          IntentClaims{.step = IntentClaims::Step{.workflow_id = WorkflowId::trusted("patch"),
                                                  .workflow_version = 1,
                                                  .workflow_step = StepId::trusted("apply"),
                                                  .execution_id = ExecutionId::trusted("exec_01")},
                       .executed_by = sub,
                       .initiated_by = "app:patchet",
                       .delegators = {"agent:patchet:planner", "agent:patchet:supervisor"},
                       .delegation_chain = "0123456789abcdef",
                       .step_sequence_hash = "0123456789abcdef",
                       .delegation_digest = jose::thumbprint(agent.public_key()),
                       .step_sequence_digest = jose::thumbprint(agent.public_key())},
      .agent_proof = AgentProofClaims{.registration_id = RegistrationId::trusted("reg_01"),
                                      .agent_checksum = std::nullopt},
      .tool = "apply_patch"};
}

// plain_claims returns the claims of an application's own token, bound to `key`.
inline AccessToken plain_claims(const crypto::PrivateKey& key, Instant now = kNow) {
  AccessToken token = intent_claims(key, now);
  token.sub = "app:patchet";
  token.sub_profile.reset();
  token.intent.reset();
  token.agent_proof.reset();
  token.tool.reset();
  return token;
}

// sign_token signs claims under the key's thumbprint as kid.
inline std::string sign_token(const AccessToken& claims, const crypto::PrivateKey& authority) {
  auto token = issue_access_token(claims, authority, jose::thumbprint(authority.public_key()));
  EXPECT_TRUE(token.has_value());
  return token.value_or(std::string());
}

// sign_claims signs any claims in the way of the authority, for those that issue_access_token
// would not write.
inline std::string sign_claims(const json::Object& claims, const crypto::PrivateKey& authority,
                               std::string_view typ = "at+jwt") {
  auto token = jose::sign_jws(json::write(claims), authority,
                              {.typ = typ, .kid = jose::thumbprint(authority.public_key())});
  EXPECT_TRUE(token.has_value());
  return token.value_or(std::string());
}

// intent_route returns the route that intent_claims is for.
inline guard::Route intent_route() {
  return guard::Route{.method = "POST",
                      .path = "/manifests/{name}",
                      .apps = {AppId::trusted("patchet")},
                      .scopes = {"manifest:write"},
                      .token = guard::TokenKind::kIntent,
                      .workflow = WorkflowId::trusted("patch"),
                      .steps = {StepId::trusted("apply")},
                      .tool = "apply_patch",
                      .proof = guard::ProofBinding::kBound};
}

// plain_route returns a route that takes an application's own token.
inline guard::Route plain_route() {
  return guard::Route{.method = "POST",
                      .path = "/manifests/{name}",
                      .apps = {AppId::trusted("patchet")},
                      .scopes = {"manifest:write"},
                      .token = guard::TokenKind::kPlain,
                      .workflow = std::nullopt,
                      .steps = {},
                      .tool = std::nullopt,
                      .proof = guard::ProofBinding::kBound};
}

// GuardedRequest is a request as a client would make it: change a member, then ask for `proof()`
// and `facts()`. What the proof says and what the request is are apart where a test needs it.
struct GuardedRequest {
  crypto::PrivateKey agent = key_of(2);
  std::string token;
  std::string method = "POST";
  std::string uri = "https://api.example/manifests/web";
  std::string query = "dry=1";
  std::string body = R"({"package":"left-pad"})";
  std::string jti = "AAAAAAAAAAAAAAAAAAAAAA";
  std::optional<std::string> nonce;
  Instant made_at = kNow;
  std::string authorization;  // filled by `seal`
  std::string dpop;

  // proof_claims returns what an honest client signs for this request.
  ProofClaims proof_claims() const {
    ProofClaims claims{.method = method,
                       .uri = uri,
                       .jti = jti,
                       .now = made_at,
                       .nonce = std::nullopt,
                       .access_token = token,
                       .body = std::nullopt,
                       .query = std::nullopt,
                       .agent_checksum = std::nullopt,
                       .agent_id = std::nullopt,
                       .beside_jkt = std::nullopt};
    if (nonce) claims.nonce = *nonce;
    if (!body.empty()) claims.body = as_bytes(body);
    if (!query.empty()) claims.query = query;
    return claims;
  }

  // seal makes the header fields, with a proof over the request as it now is.
  void seal() { seal_with(proof_claims()); }
  void seal_with(const ProofClaims& claims) {
    auto proof = build_dpop_proof(agent, claims);
    ASSERT_TRUE(proof.has_value());
    dpop = *std::move(proof);
    authorization = "DPoP " + token;
  }

  // facts views this request.
  guard::RequestFacts facts() const {
    return guard::RequestFacts{.method = method,
                               .uri = uri,
                               .query = query,
                               .authorization = {authorization},
                               .dpop = {dpop},
                               .body = as_bytes(body)};
  }
};

}  // namespace ajwt::testing
