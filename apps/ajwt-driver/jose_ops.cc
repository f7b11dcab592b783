// SPDX-License-Identifier: Apache-2.0
//
// Signatures and keys.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "apps/ajwt-driver/driver.h"
#include "apps/ajwt-driver/ops.h"
#include "jose/base64url.h"
#include "jose/jws.h"

namespace ajwt::driver {
namespace {

// get_accepted returns the caller's list as far as it speaks of the header's algorithm: a set that
// holds it, or one that holds nothing.
Result<jose::AlgorithmSet> get_accepted(json::Members& request, jose::Algorithm header_alg) {
  AJWT_ASSIGN(const auto names, request.find_strings("algs"));
  if (!names) return jose::AlgorithmSet::all();
  const bool listed = std::any_of(names->begin(), names->end(), [&](const std::string& name) {
    return jose::find_algorithm(name) == header_alg;
  });
  if (listed) return jose::AlgorithmSet({header_alg});
  return jose::AlgorithmSet({});
}

Result<jose::Jwk> select_key(json::Members& request, const jose::JwsHeader& header) {
  AJWT_ASSIGN(const json::Object* jwk, request.find_object("jwk"));
  AJWT_ASSIGN(const json::Object* jwks, request.find_object("jwks"));
  if (jwk != nullptr && jwks != nullptr) return refuse(Code::k_parameter_duplicated);
  if (jwk != nullptr) return jose::parse_jwk(*jwk);
  if (jwks == nullptr) return refuse(Code::k_parameter_missing);
  AJWT_ASSIGN(const jose::KeySet keys, jose::parse_jwks(*jwks));
  if (!header.kid) return refuse(Code::k_key_unknown);
  return keys.find(*header.kid, header.alg);
}

Result<Bytes> get_hex(json::Members& request, std::string_view name) {
  AJWT_ASSIGN(const std::string text, request.get_string(name));
  auto bytes = parse_hex(text);
  if (!bytes) return refuse(Code::k_value_malformed);
  return *std::move(bytes);
}

Result<jose::Jwk> get_key(json::Members& request) {
  AJWT_ASSIGN(const json::Object* jwk, request.find_object("jwk"));
  if (jwk != nullptr) return jose::parse_jwk(*jwk);
  AJWT_ASSIGN(const Bytes der, get_hex(request, "der"));
  AJWT_ASSIGN(crypto::PublicKey key, crypto::PublicKey::from_der(der));
  return jose::Jwk{std::move(key), std::nullopt, std::nullopt};
}

}  // namespace

Result<json::Object> verify_jws(json::Members& request) {
  AJWT_ASSIGN(const std::string token, request.get_string("jws"));
  AJWT_ASSIGN(auto unverified, jose::UnverifiedJws::parse(token, kMaxLineBytes));
  AJWT_ASSIGN(const auto accepted, get_accepted(request, unverified.header().alg));
  AJWT_ASSIGN(const jose::Jwk key, select_key(request, unverified.header()));
  AJWT_ASSIGN(const auto verified, jose::VerifiedJws::verify(std::move(unverified), key, accepted));
  return json::Object{{"payload", jose::encode_base64url(verified.payload())}};
}

Result<json::Object> verify_signature(json::Members& request) {
  AJWT_ASSIGN(const std::string name, request.get_string("alg"));
  const auto algorithm = jose::find_algorithm(name);
  if (!algorithm) return refuse(Code::k_jws_algorithm_refused);
  AJWT_ASSIGN(const jose::Jwk jwk, get_key(request));
  if (jwk.alg && jwk.alg != algorithm) return refuse(Code::k_jws_algorithm_refused);
  AJWT_ASSIGN(const Bytes message, get_hex(request, "msg"));
  AJWT_ASSIGN(const Bytes signature, get_hex(request, "sig"));
  AJWT_TRY(jwk.key.verify(jose::scheme_of(*algorithm), message, signature));
  return json::Object();
}

Result<json::Object> thumbprint(json::Members& request) {
  AJWT_ASSIGN(const json::Object* object, request.get_object("jwk"));
  AJWT_ASSIGN(const jose::Jwk jwk, jose::parse_jwk(*object));
  const std::string text = jose::thumbprint(jwk.key);
  return json::Object{{"thumbprint", text}, {"out", text}};
}

}  // namespace ajwt::driver
