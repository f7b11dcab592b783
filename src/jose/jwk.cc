// SPDX-License-Identifier: Apache-2.0
#include "jose/jwk.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/check.h"
#include "crypto/hash.h"
#include "jose/base64url.h"
#include "jose/names.h"
#include "json/write.h"

namespace ajwt::jose {
namespace {

constexpr std::array kPrivateMembers{names::kD,  names::kP,  names::kQ,   names::kDp,
                                     names::kDq, names::kQi, names::kOth, names::kK};

// get_text returns a member that must be there and be a string.
Result<std::string_view> get_text(const json::Object& jwk, std::string_view member) {
  const json::Value* value = jwk.find(member);
  const std::string* text = value == nullptr ? nullptr : value->find_string();
  if (text == nullptr) return refuse(Code::k_jwk_malformed, std::string(member));
  return std::string_view(*text);
}

// find_text returns a member that may be absent but must be a string if it is there.
Result<std::optional<std::string_view>> find_text(const json::Object& jwk,
                                                  std::string_view member) {
  if (!jwk.contains(member)) return std::optional<std::string_view>();
  AJWT_ASSIGN(const std::string_view text, get_text(jwk, member));
  return std::optional(text);
}

Result<Bytes> get_bytes(const json::Object& jwk, std::string_view member) {
  AJWT_ASSIGN(const std::string_view text, get_text(jwk, member));
  auto bytes = decode_base64url(text);
  if (!bytes) return refuse(Code::k_jwk_malformed, std::string(member));
  return bytes;
}

Status check_curve(const json::Object& jwk, std::string_view curve) {
  AJWT_ASSIGN(const std::string_view given, get_text(jwk, names::kCrv));
  if (given != curve) return refuse(Code::k_jwk_unsupported, std::string(names::kCrv));
  return ok();
}

Result<crypto::PublicKey> parse_key(const json::Object& jwk) {
  AJWT_ASSIGN(const std::string_view kty, get_text(jwk, names::kKty));
  if (kty == names::kOkp) {
    AJWT_TRY(check_curve(jwk, names::kEd25519));
    AJWT_ASSIGN(const Bytes x, get_bytes(jwk, names::kX));
    return crypto::PublicKey::ed25519(x);
  }
  if (kty == names::kEc) {
    AJWT_TRY(check_curve(jwk, names::kP256));
    AJWT_ASSIGN(const Bytes x, get_bytes(jwk, names::kX));
    AJWT_ASSIGN(const Bytes y, get_bytes(jwk, names::kY));
    return crypto::PublicKey::p256(x, y);
  }
  if (kty == names::kRsa) {
    // crypto refuses leading zero bytes (RFC 7518 2: the minimum of bytes): a second spelling of
    // the same number would give one key two thumbprints.
    AJWT_ASSIGN(const Bytes n, get_bytes(jwk, names::kN));
    AJWT_ASSIGN(const Bytes e, get_bytes(jwk, names::kE));
    return crypto::PublicKey::rsa(n, e);
  }
  return refuse(Code::k_jwk_unsupported, std::string(names::kKty));
}

// check_use refuses keys that are not for verifying. A key that is published for encryption must
// not verify: its owner may be willing to decrypt for anyone, which for RSA is to sign.
Status check_use(const json::Object& jwk) {
  AJWT_ASSIGN(const auto use, find_text(jwk, names::kUse));
  if (use && *use != names::kSig) {
    return refuse(Code::k_jwk_unsupported, std::string(names::kUse));
  }
  const json::Value* value = jwk.find(names::kKeyOps);
  if (value == nullptr) return ok();
  const Error malformed = refuse(Code::k_jwk_malformed, std::string(names::kKeyOps));
  const json::Array* operations = value->find_array();
  if (operations == nullptr) return malformed;
  std::set<std::string_view> seen;
  for (const json::Value& operation : *operations) {
    const std::string* text = operation.find_string();
    // RFC 7517 4.3: duplicate operations must not be present.
    if (text == nullptr || !seen.insert(*text).second) return malformed;
  }
  if (!seen.contains(names::kVerify)) {
    return refuse(Code::k_jwk_unsupported, std::string(names::kKeyOps));
  }
  return ok();
}

Result<std::optional<Algorithm>> parse_algorithm(const json::Object& jwk, crypto::KeyKind kind) {
  AJWT_ASSIGN(const auto text, find_text(jwk, names::kAlg));
  if (!text) return std::optional<Algorithm>();
  const std::optional<Algorithm> algorithm = find_algorithm(*text);
  if (!algorithm || !crypto::fits(kind, scheme_of(*algorithm))) {
    return refuse(Code::k_jwk_unsupported, std::string(names::kAlg));
  }
  return algorithm;
}

// can_verify tells whether the key's kind and the JWK's own alg admit this algorithm.
bool can_verify(const Jwk& jwk, Algorithm algorithm) {
  return crypto::fits(jwk.key.kind(), scheme_of(algorithm)) && (!jwk.alg || *jwk.alg == algorithm);
}

// is_ambiguous tells whether some pair (kid, alg) would select both keys.
bool is_ambiguous(const Jwk& a, const Jwk& b) {
  if (a.kid != b.kid || a.key.kind() != b.key.kind()) return false;
  return !a.alg || !b.alg || *a.alg == *b.alg;
}

// required_members keeps the order that it is given, which is that of the thumbprint's input.
json::Object required_members(
    std::initializer_list<std::pair<std::string_view, std::string>> list) {
  json::Object object;
  for (const auto& [member, value] : list) object.append(member, value);
  return object;
}

}  // namespace

Result<Jwk> parse_jwk(const json::Object& jwk) {
  for (const std::string_view member : kPrivateMembers) {
    if (jwk.contains(member)) return refuse(Code::k_jwk_has_private_part);
  }
  AJWT_TRY(check_use(jwk));
  AJWT_ASSIGN(const auto kid, find_text(jwk, names::kKid));
  AJWT_ASSIGN(crypto::PublicKey key, parse_key(jwk));
  AJWT_ASSIGN(const auto algorithm, parse_algorithm(jwk, key.kind()));
  return Jwk{std::move(key), kid ? std::optional(std::string(*kid)) : std::nullopt, algorithm};
}

json::Object to_json(const crypto::PublicKey& key) {
  switch (key.kind()) {
    case crypto::KeyKind::kEd25519:
      return required_members({{names::kCrv, std::string(names::kEd25519)},
                               {names::kKty, std::string(names::kOkp)},
                               {names::kX, encode_base64url(key.x())}});
    case crypto::KeyKind::kP256:
      return required_members({{names::kCrv, std::string(names::kP256)},
                               {names::kKty, std::string(names::kEc)},
                               {names::kX, encode_base64url(key.x())},
                               {names::kY, encode_base64url(key.y())}});
    case crypto::KeyKind::kRsa:
      return required_members({{names::kE, encode_base64url(key.e())},
                               {names::kKty, std::string(names::kRsa)},
                               {names::kN, encode_base64url(key.n())}});
  }
  AJWT_CHECK(false);
}

std::string thumbprint(const crypto::PublicKey& key) {
  return encode_base64url(crypto::sha256(json::write(to_json(key))));
}

Result<Jwk> KeySet::find(std::string_view kid, Algorithm alg) const {
  const Jwk* found = nullptr;
  for (const Jwk& jwk : keys_) {
    if (!jwk.kid || *jwk.kid != kid || !can_verify(jwk, alg)) continue;
    // Two candidates: which one was meant is the attacker's choice, so neither is.
    if (found != nullptr) return refuse(Code::k_key_unknown);
    found = &jwk;
  }
  if (found == nullptr) return refuse(Code::k_key_unknown);
  return *found;
}

Result<KeySet> parse_jwks(const json::Object& jwks, std::size_t max_keys) {
  const json::Value* value = jwks.find(names::kKeys);
  const json::Array* array = value == nullptr ? nullptr : value->find_array();
  if (array == nullptr || array->size() > max_keys) return refuse(Code::k_jwks_malformed);
  std::vector<Jwk> keys;
  for (const json::Value& element : *array) {
    const json::Object* object = element.find_object();
    if (object == nullptr) return refuse(Code::k_jwks_malformed);
    auto jwk = parse_jwk(*object);
    if (!jwk) {
      // Whoever publishes a private or a shared key has lost it; no key beside it is trusted.
      if (jwk.error().code() == Code::k_jwk_has_private_part) {
        return refuse(Code::k_jwks_malformed).with_detail("a key has private parts");
      }
      continue;
    }
    if (!jwk->kid || jwk->kid->empty()) continue;
    const auto ambiguous = [&](const Jwk& other) { return is_ambiguous(*jwk, other); };
    if (std::any_of(keys.begin(), keys.end(), ambiguous)) {
      return refuse(Code::k_jwks_malformed).with_detail("two keys have the same kid and alg");
    }
    keys.push_back(*std::move(jwk));
  }
  return KeySet(std::move(keys));
}

json::Object write_jwks(const KeySet& keys) {
  json::Array array;
  for (const Jwk& jwk : keys.keys()) {
    json::Object object = to_json(jwk.key);
    if (jwk.kid) object.append(names::kKid, *jwk.kid);
    if (jwk.alg) object.append(names::kAlg, name(*jwk.alg));
    object.append(names::kUse, names::kSig);
    array.emplace_back(std::move(object));
  }
  json::Object result;
  result.append(names::kKeys, std::move(array));
  return result;
}

}  // namespace ajwt::jose
