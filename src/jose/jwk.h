// SPDX-License-Identifier: Apache-2.0
//
// Public keys as JSON Web Keys (RFC 7517, RFC 7518 6, RFC 8037), thumbprints and sets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/key.h"
#include "jose/algorithm.h"
#include "json/value.h"

namespace ajwt::jose {

// Jwk is a public key and what its JWK said of its use. The algorithms that it may verify are
// those that fit its kind and, if `alg` was given, that one alone.
struct Jwk {
  crypto::PublicKey key;
  std::optional<std::string> kid = std::nullopt;
  std::optional<Algorithm> alg = std::nullopt;
};

// parse_jwk reads a public JWK. Refuses k_jwk_malformed (a member that is missing or of the wrong
// type, base64url, coordinates of another length, numbers with leading zero bytes, no point of the
// curve), k_jwk_unsupported (kty, crv, an unknown `alg` or one that does not fit them, a `use`
// other than "sig", `key_ops` without "verify"), k_jwk_too_small, and k_jwk_has_private_part for
// any private or symmetric member, before it looks at anything else. Members that it does not know
// are ignored (RFC 7517 4).
Result<Jwk> parse_jwk(const json::Object& jwk);

// to_json returns the required members only, sorted: the object whose hash is the thumbprint.
json::Object to_json(const crypto::PublicKey& key);

// thumbprint returns the RFC 7638 SHA-256 thumbprint, base64url.
std::string thumbprint(const crypto::PublicKey& key);

// KeySet is an immutable JWK set (RFC 7517 5) in which a pair (kid, alg) selects one key.
class KeySet {
 public:
  explicit KeySet(std::vector<Jwk> keys) : keys_(std::move(keys)) {}

  // find refuses k_key_unknown unless exactly one key has this kid and can verify this algorithm.
  // There is no fall-back to "the only key".
  Result<Jwk> find(std::string_view kid, Algorithm alg) const;
  const std::vector<Jwk>& keys() const { return keys_; }

 private:
  std::vector<Jwk> keys_;
};

// parse_jwks reads a JWK set of at most `max_keys` keys. Keys that parse_jwk refuses and keys
// without kid are left out, as RFC 7517 5 asks; k_jwks_malformed for anything that is not a set,
// for too many keys (usable or not), for a key with private parts, and for two usable keys with
// the same kid and algorithm.
Result<KeySet> parse_jwks(const json::Object& jwks, std::size_t max_keys = 64);

// write_jwks returns {"keys":[...]} with kid, alg and use of each.
json::Object write_jwks(const KeySet& keys);

}  // namespace ajwt::jose
