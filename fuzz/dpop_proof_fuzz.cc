// SPDX-License-Identifier: Apache-2.0
//
// DPoP proofs: any bytes, edits of a real proof, and any claims under a right signature. A proof
// that is taken says, claim by claim, what the request is; and it is taken for no other request.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "crypto/hash.h"
#include "fuzz/support/choices.h"
#include "fuzz/support/edits.h"
#include "fuzz/support/must.h"
#include "jose/base64url.h"
#include "jose/jws.h"
#include "json/parse.h"
#include "protocol/nonce.h"
#include "protocol/proof.h"
#include "tests/support/test_keys.h"

namespace ajwt {
namespace {

constexpr Instant kNow = from_unix(1'800'000'000);
constexpr std::string_view kMethod = "POST";
constexpr std::string_view kUri = "https://api.example/manifests/web";
constexpr std::string_view kBody = R"({"package":"left-pad"})";
constexpr std::string_view kQuery = "dry=1";
constexpr std::string_view kToken = "eyJ.eyJ.c2ln";

const crypto::PrivateKey& agent_key() {
  static const crypto::PrivateKey key = testing::ed25519_key(2);
  return key;
}

const NonceIssuer& nonces() {
  static const NonceIssuer issuer(crypto::sha256("the nonces of this target"), Seconds(300));
  return issuer;
}

ProofFacts facts() {
  return ProofFacts{.method = kMethod,
                    .uri = kUri,
                    .now = kNow,
                    .nonces = &nonces(),
                    .access_token = kToken,
                    .binding = ProofFacts::Binding::kBound,
                    .body = as_bytes(kBody),
                    .query = kQuery};
}

const std::string& honest_proof() {
  static const std::string nonce = nonces().issue(kNow);
  static const std::string proof =
      fuzz::must(build_dpop_proof(agent_key(), ProofClaims{.method = kMethod,
                                                           .uri = kUri,
                                                           .jti = "AAAAAAAAAAAAAAAAAAAAAA",
                                                           .now = kNow,
                                                           .nonce = nonce,
                                                           .access_token = kToken,
                                                           .body = as_bytes(kBody),
                                                           .query = kQuery}));
  return proof;
}

std::string hash_of(std::string_view text) { return jose::encode_base64url(crypto::sha256(text)); }

bool says(const json::Object& claims, std::string_view name, std::string_view text) {
  const json::Value* value = claims.find(name);
  return value != nullptr && value->find_string() != nullptr && value->as_string() == text;
}

// check_claims reads the claims once more, without the code under test.
void check_claims(const json::Object& claims, const VerifiedProof& proof) {
  AJWT_CHECK(says(claims, "htm", kMethod));
  AJWT_CHECK(says(claims, "ath", hash_of(kToken)));
  AJWT_CHECK(says(claims, "bd", hash_of(kBody)));
  AJWT_CHECK(says(claims, "qd", hash_of(kQuery)));
  AJWT_CHECK(says(claims, "jti", proof.jti()));
  const json::Value* htu = claims.find("htu");
  AJWT_CHECK(htu != nullptr && htu->find_string() != nullptr);
  const auto normalized = normalize_htu(htu->as_string());
  AJWT_CHECK(normalized && *normalized == kUri);
  const json::Value* iat = claims.find("iat");
  AJWT_CHECK(iat != nullptr && iat->find_integer() != nullptr);
  const Instant made = from_unix(iat->as_integer());
  AJWT_CHECK(made >= kNow - kProofWindow && made <= kNow + kProofSkew);
  // Remembered for as long as it could be taken again.
  AJWT_CHECK(proof.remember_until() >= made + kProofWindow);
  const json::Value* nonce = claims.find("nonce");
  AJWT_CHECK(nonce != nullptr && nonces().check(nonce->as_string(), kNow));
}

// with_nonce puts the nonce, which no input could guess, in the place of the word NONCE.
std::string with_nonce(std::string_view text) {
  constexpr std::string_view kWord = "NONCE";
  std::string out(text);
  const std::size_t at = out.find(kWord);
  if (at != std::string::npos) out.replace(at, kWord.size(), nonces().issue(kNow));
  return out;
}

void check_signed(std::string_view input) {
  const std::string payload = with_nonce(input);
  const auto proof = jose::sign_jws(payload, agent_key(),
                                    {.typ = "dpop+jwt", .embedded = jose::EmbeddedKey::kRequired});
  if (!proof) return;
  const auto verified = verify_dpop_proof(*proof, facts(), jose::AlgorithmSet::all());
  const auto claims = json::parse_object(payload);
  if (!verified) return;
  AJWT_CHECK(claims.has_value());
  AJWT_CHECK(verified->key() == agent_key().public_key());
  check_claims(*claims, *verified);
}

void check_proof(std::string_view proof) {
  const auto verified = verify_dpop_proof(proof, facts(), jose::AlgorithmSet::all());
  // Under a key of its own a proof may say anything; the agent's key signed one alone.
  if (verified && verified->key() == agent_key().public_key()) AJWT_CHECK(proof == honest_proof());
  if (proof == honest_proof()) AJWT_CHECK(verified.has_value());
  AJWT_CHECK(!verify_agent_proof(proof,
                                 AgentProofFacts{.method = kMethod,
                                                 .uri = kUri,
                                                 .now = kNow,
                                                 .nonces = &nonces(),
                                                 .body_without_proofs = as_bytes(kBody),
                                                 .beside_jkt = "other"},
                                 jose::AlgorithmSet::all()));
}

// Of a URI, one form, which is its own form.
void check_uri(std::string_view uri) {
  const auto once = normalize_htu(uri);
  if (!once) return;
  const auto twice = normalize_htu(*once);
  AJWT_CHECK(twice && *twice == *once);
  AJWT_CHECK(once->find_first_of("?#@ \r\n") == std::string::npos ||
             once->find('@') > once->find('/', 8));
}

void check_nonce(std::string_view nonce) {
  if (nonces().check(nonce, kNow)) AJWT_CHECK(nonce == nonces().issue(kNow));
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ajwt;  // NOLINT(google-build-using-namespace)
  fuzz::Choices choices(data, size);
  switch (choices.index(5)) {
    case 0:
      check_proof(choices.rest());
      break;
    case 1:
      check_proof(fuzz::edited(honest_proof(), choices));
      break;
    case 2:
      check_signed(choices.rest());
      break;
    case 3:
      check_uri(choices.rest());
      break;
    case 4:
      check_nonce(choices.rest());
      break;
  }
  return 0;
}
