// SPDX-License-Identifier: Apache-2.0
//
// JWKs and JWK sets: what is taken is a public key, has one canonical form and one thumbprint, and
// comes back from that form as the same key.

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "fuzz/support/choices.h"
#include "jose/jwk.h"
#include "json/parse.h"

namespace ajwt {
namespace {

void check_public(const json::Object& jwk) {
  for (const std::string_view secret : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
    AJWT_CHECK(!jwk.contains(secret));
  }
}

void check_key(const json::Object& object) {
  const auto jwk = jose::parse_jwk(object);
  if (!jwk) return;
  check_public(object);
  if (jwk->alg) AJWT_CHECK(crypto::fits(jwk->key.kind(), jose::scheme_of(*jwk->alg)));
  const auto again = jose::parse_jwk(jose::to_json(jwk->key));
  AJWT_CHECK(again && again->key == jwk->key);
  AJWT_CHECK(jose::thumbprint(again->key) == jose::thumbprint(jwk->key));
  if (jwk->key.kind() != crypto::KeyKind::kEd25519) {
    const auto from_pem = crypto::PublicKey::from_pem(jwk->key.to_pem());
    AJWT_CHECK(from_pem && *from_pem == jwk->key);
  }
}

void check_set(const json::Object& object) {
  const auto set = jose::parse_jwks(object, 16);
  if (!set) return;
  AJWT_CHECK(set->keys().size() <= 16);
  for (const auto& jwk : set->keys()) AJWT_CHECK(jwk.kid.has_value());
  for (const auto algorithm : {jose::Algorithm::kEdDSA, jose::Algorithm::kES256,
                               jose::Algorithm::kRS256, jose::Algorithm::kPS256}) {
    for (const auto& jwk : set->keys()) {
      const auto found = set->find(*jwk.kid, algorithm);
      if (!found) continue;
      AJWT_CHECK(crypto::fits(found->key.kind(), jose::scheme_of(algorithm)));
      AJWT_CHECK(!found->alg || *found->alg == algorithm);
    }
  }
  const auto again = jose::parse_jwks(jose::write_jwks(*set), 16);
  AJWT_CHECK(again && again->keys().size() == set->keys().size());
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto object = ajwt::json::parse_object(ajwt::fuzz::text_of(data, size));
  if (!object) return 0;
  ajwt::check_key(*object);
  ajwt::check_set(*object);
  return 0;
}
