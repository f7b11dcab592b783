// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string_view>

#include "jose/jwk.h"
#include "protocol/proof.h"
#include "tests/support/matchers.h"
#include "tests/support/mutations.h"
#include "tests/support/test_keys.h"

namespace ajwt {
namespace {

using testing::ed25519_key;

constexpr Instant kSignedAt = from_unix(1'800'000'000);
constexpr std::string_view kUri = "https://api.example/orders";
constexpr std::string_view kBody = R"({"item":1})";

ProofClaims agent_claims(std::string_view beside) {
  return {.method = "POST",
          .uri = kUri,
          .jti = "jti-2",
          .now = kSignedAt,
          .body = as_bytes(kBody),
          .beside_jkt = beside};
}

AgentProofFacts agent_facts(std::string_view beside) {
  return {.method = "POST",
          .uri = kUri,
          .now = kSignedAt,
          .nonces = nullptr,
          .body_without_proofs = as_bytes(kBody),
          .beside_jkt = beside};
}

Result<VerifiedProof> verify_agent(std::string_view proof, const AgentProofFacts& facts) {
  return verify_agent_proof(proof, facts, jose::AlgorithmSet::all());
}

TEST(AgentProof, BesideItsKeyAndBodyIsAccepted) {
  const auto proof = build_agent_proof(ed25519_key(3), agent_claims("beside"));
  ASSERT_THAT(proof, IsOk());
  const auto verified = verify_agent(*proof, agent_facts("beside"));
  ASSERT_THAT(verified, IsOk());
  EXPECT_EQ(verified->jkt(), jose::thumbprint(ed25519_key(3).public_key()));
}

TEST(AgentProof, ChangedAnywhereIsRefused) {
  const auto proof = build_agent_proof(ed25519_key(3), agent_claims("beside"));
  ASSERT_THAT(proof, IsOk());
  int count = 0;
  testing::for_each_mutation(*proof, [&](std::string_view changed, auto what) {
    ++count;
    const auto verified = verify_agent(changed, agent_facts("beside"));
    ASSERT_FALSE(verified.has_value()) << what;
    EXPECT_EQ(verified.error().reason().oauth_error, "invalid_dpop_proof") << what;
  });
  EXPECT_GT(count, 5'000);
}

TEST(AgentProof, BesideAnotherKeyIsRefused) {
  const auto proof = build_agent_proof(ed25519_key(3), agent_claims("beside"));
  EXPECT_THAT(verify_agent(*proof, agent_facts("another")),
              RefusedWith(Code::k_proof_key_mismatch));
}

TEST(AgentProof, MustBindBodyAndKeyBeside) {
  ProofClaims without = agent_claims("beside");
  without.body = std::nullopt;
  auto proof = build_agent_proof(ed25519_key(3), without);
  EXPECT_THAT(verify_agent(*proof, agent_facts("beside")),
              RefusedWith(Code::k_proof_claim_missing));
  without = agent_claims("beside");
  without.beside_jkt = std::nullopt;
  proof = build_agent_proof(ed25519_key(3), without);
  EXPECT_THAT(verify_agent(*proof, agent_facts("beside")),
              RefusedWith(Code::k_proof_claim_missing));
}

TEST(AgentProof, ForAnotherRequestIsRefused) {
  const auto proof = build_agent_proof(ed25519_key(3), agent_claims("beside"));
  const NonceIssuer issuer(Digest{}, Seconds(300));
  AgentProofFacts request = agent_facts("beside");
  request.body_without_proofs = as_bytes("{}");
  EXPECT_THAT(verify_agent(*proof, request), RefusedWith(Code::k_proof_body_mismatch));
  request = agent_facts("beside");
  request.method = "PUT";
  EXPECT_THAT(verify_agent(*proof, request), RefusedWith(Code::k_proof_method_mismatch));
  request = agent_facts("beside");
  request.uri = "https://api.example/other";
  EXPECT_THAT(verify_agent(*proof, request), RefusedWith(Code::k_proof_uri_mismatch));
  request = agent_facts("beside");
  request.now = kSignedAt + Seconds(61);
  EXPECT_THAT(verify_agent(*proof, request), RefusedWith(Code::k_proof_time_refused));
  request = agent_facts("beside");
  request.nonces = &issuer;
  EXPECT_THAT(verify_agent(*proof, request), RefusedWith(Code::k_proof_nonce_missing));
}

TEST(AgentProof, AndDpopProofDoNotStandInForEachOther) {
  const auto agent_proof = build_agent_proof(ed25519_key(3), agent_claims("beside"));
  const ProofFacts request{.method = "POST",
                           .uri = kUri,
                           .now = kSignedAt,
                           .nonces = nullptr,
                           .binding = ProofFacts::Binding::kBound,
                           .body = as_bytes(kBody)};
  EXPECT_THAT(verify_dpop_proof(*agent_proof, request, jose::AlgorithmSet::all()),
              RefusedWith(Code::k_proof_type_refused));
  const auto dpop_proof = build_dpop_proof(ed25519_key(3), agent_claims("beside"));
  EXPECT_THAT(verify_agent(*dpop_proof, agent_facts("beside")),
              RefusedWith(Code::k_proof_type_refused));
}

}  // namespace
}  // namespace ajwt
