// SPDX-License-Identifier: Apache-2.0
#include "jose/jws.h"

#include <utility>

#include "jose/base64url.h"
#include "jose/names.h"
#include "json/parse.h"
#include "json/write.h"

namespace ajwt::jose {
namespace {

// What a header may take, before anything is known of who sent it.
constexpr json::Limits kHeaderLimits{4 * 1024, 4};
constexpr std::size_t kMaxEncodedHeader = (kHeaderLimits.max_bytes * 4 + 2) / 3;
constexpr std::string_view kMediaTypePrefix = "application/";

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signing_input;  // header.payload
};

// split takes exactly two dots: a JWE has four, and what follows a third dot is signed by nobody.
Result<Parts> split(std::string_view token) {
  const std::size_t first = token.find('.');
  if (first == std::string_view::npos) return refuse(Code::k_jws_malformed);
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos) return refuse(Code::k_jws_malformed);
  if (token.find('.', second + 1) != std::string_view::npos) return refuse(Code::k_jws_malformed);
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
               token.substr(second + 1), token.substr(0, second)};
}

Result<Bytes> decode(std::string_view part) {
  auto bytes = decode_base64url(part);
  if (!bytes) return refuse(Code::k_jws_malformed);
  return bytes;
}

Result<json::Object> parse_header_object(std::string_view part) {
  if (part.empty()) return refuse(Code::k_jws_malformed);
  if (part.size() > kMaxEncodedHeader) return refuse(Code::k_jws_too_large);
  AJWT_ASSIGN(const Bytes bytes, decode(part));
  auto object = json::parse_object(as_text(bytes), kHeaderLimits);
  if (!object) {
    return refuse(Code::k_jws_malformed)
        .with_detail("header: " + std::string(object.error().reason().name));
  }
  return object;
}

Error header_refused(std::string_view parameter) {
  return refuse(Code::k_jws_header_refused, std::string(parameter));
}

Result<std::optional<std::string>> find_header_text(const json::Object& header,
                                                    std::string_view parameter) {
  const json::Value* value = header.find(parameter);
  if (value == nullptr) return std::optional<std::string>();
  const std::string* text = value->find_string();
  if (text == nullptr) return header_refused(parameter);
  return std::optional(*text);
}

// check_parameters refuses the parameters that would change how the rest is to be understood.
Status check_parameters(const json::Object& header) {
  // RFC 7515 4.1.11: who does not understand an extension must refuse, and we know none. An empty
  // or malformed list is refused all the same.
  if (header.contains(names::kCrit)) return refuse(Code::k_jws_critical_unknown);
  // b64 makes the payload other bytes than those we would read (RFC 7797). jku and x5u let the
  // sender choose where keys come from, and make us fetch it (RFC 8725 3.10); x5c brings them.
  for (const auto parameter : {names::kB64, names::kJku, names::kX5u, names::kX5c}) {
    if (header.contains(parameter)) return header_refused(parameter);
  }
  for (const auto parameter : {names::kCty, names::kX5t, names::kX5tS256}) {
    AJWT_TRY(find_header_text(header, parameter));
  }
  return ok();
}

Result<Algorithm> get_algorithm(const json::Object& header) {
  AJWT_ASSIGN(const auto text, find_header_text(header, names::kAlg));
  const auto algorithm = text ? find_algorithm(*text) : std::nullopt;
  // "none" and the HMACs end here: nothing below this line knows such an algorithm.
  if (!algorithm) return refuse(Code::k_jws_algorithm_refused);
  return *algorithm;
}

Result<std::optional<Jwk>> parse_embedded_key(const json::Object& header, EmbeddedKey embedded) {
  const json::Value* value = header.find(names::kJwk);
  switch (embedded) {
    case EmbeddedKey::kRefused:
      // A verifier that took the key from the token would accept anyone's signature.
      if (value != nullptr) return header_refused(names::kJwk);
      return std::optional<Jwk>();
    case EmbeddedKey::kRequired:
      break;
  }
  const json::Object* object = value == nullptr ? nullptr : value->find_object();
  if (object == nullptr) return header_refused(names::kJwk);
  AJWT_ASSIGN(Jwk jwk, parse_jwk(*object));
  return std::optional(std::move(jwk));
}

// normalise_typ makes the spellings that RFC 7515 4.1.9 holds to be equal the same text.
std::string normalise_typ(std::string typ) {
  for (char& c : typ) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (typ.starts_with(kMediaTypePrefix)) typ.erase(0, kMediaTypePrefix.size());
  return typ;
}

Result<JwsHeader> parse_header(std::string_view part, EmbeddedKey embedded) {
  AJWT_ASSIGN(const json::Object object, parse_header_object(part));
  AJWT_TRY(check_parameters(object));
  AJWT_ASSIGN(const Algorithm algorithm, get_algorithm(object));
  AJWT_ASSIGN(auto typ, find_header_text(object, names::kTyp));
  AJWT_ASSIGN(auto kid, find_header_text(object, names::kKid));
  AJWT_ASSIGN(auto jwk, parse_embedded_key(object, embedded));
  if (typ) typ = normalise_typ(*std::move(typ));
  return JwsHeader{algorithm, std::move(typ), std::move(kid), std::move(jwk)};
}

}  // namespace

UnverifiedJws::UnverifiedJws(JwsHeader header, std::string signing_input, Bytes payload,
                             Bytes signature)
    : header_(std::move(header)),
      signing_input_(std::move(signing_input)),
      payload_(std::move(payload)),
      signature_(std::move(signature)) {}

Result<UnverifiedJws> UnverifiedJws::parse(std::string_view token, std::size_t max_bytes,
                                           EmbeddedKey embedded) {
  if (token.size() > max_bytes) return refuse(Code::k_jws_too_large);
  AJWT_ASSIGN(const Parts parts, split(token));
  AJWT_ASSIGN(JwsHeader header, parse_header(parts.header, embedded));
  AJWT_ASSIGN(Bytes payload, decode(parts.payload));
  AJWT_ASSIGN(Bytes signature, decode(parts.signature));
  if (signature.empty()) return refuse(Code::k_jws_malformed);
  return UnverifiedJws(std::move(header), std::string(parts.signing_input), std::move(payload),
                       std::move(signature));
}

VerifiedJws::VerifiedJws(JwsHeader header, Bytes payload)
    : header_(std::move(header)), payload_(std::move(payload)) {}

Result<VerifiedJws> VerifiedJws::verify(UnverifiedJws jws, const Jwk& key,
                                        const AlgorithmSet& accepted) {
  const Algorithm algorithm = jws.header_.alg;
  const crypto::Scheme scheme = scheme_of(algorithm);
  // The header only states what the caller and the key must agree to: a sender who could choose
  // would choose the algorithm that is easiest to forge (RFC 8725 2.1).
  if (!accepted.contains(algorithm) || !crypto::fits(key.key.kind(), scheme) ||
      (key.alg && *key.alg != algorithm)) {
    return refuse(Code::k_jws_algorithm_refused);
  }
  AJWT_TRY(key.key.verify(scheme, as_bytes(jws.signing_input_), jws.signature_));
  return VerifiedJws(std::move(jws.header_), std::move(jws.payload_));
}

Result<std::string> sign_jws(std::string_view payload, const crypto::PrivateKey& key,
                             const SignJwsOptions& options, std::optional<Algorithm> algorithm) {
  const Algorithm alg = algorithm.value_or(default_algorithm(key.kind()));
  json::Object header;
  header.append(names::kAlg, name(alg));
  if (!options.typ.empty()) header.append(names::kTyp, options.typ);
  if (options.kid) header.append(names::kKid, *options.kid);
  switch (options.embedded) {
    case EmbeddedKey::kRefused:
      break;
    case EmbeddedKey::kRequired:
      header.append(names::kJwk, to_json(key.public_key()));
      break;
  }
  std::string token = encode_base64url(json::write(header));
  token += '.';
  token += encode_base64url(payload);
  AJWT_ASSIGN(const Bytes signature, key.sign(scheme_of(alg), as_bytes(token)));
  token += '.';
  token += encode_base64url(signature);
  return token;
}

}  // namespace ajwt::jose
