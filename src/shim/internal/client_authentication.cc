// SPDX-License-Identifier: Apache-2.0
#include "shim/internal/client_authentication.h"

#include "crypto/random.h"
#include "jose/base64.h"
#include "jose/jws.h"
#include "json/write.h"
#include "protocol/names.h"

namespace ajwt::shim {
namespace {

constexpr Seconds kAssertionLifetime{60};

// encode_basic makes what follows "Basic " (RFC 6749 2.3.1).
Secret encode_basic(const ClientId& client_id, const Secret& secret) {
  std::string pair = form_encode(client_id.str()) + ":" + form_encode(secret.reveal());
  Secret encoded(jose::encode_base64(pair));
  wipe(pair.data(), pair.size());
  return encoded;
}

Result<ClientAuthentication> assertion(const ClientId& client_id, const crypto::PrivateKey& key,
                                       const std::string& issuer, Instant now) {
  const json::Object claims{
      {names::kIss, client_id.str()}, {names::kSub, client_id.str()},
      {names::kAud, issuer},          {names::kJti, crypto::random_token(names::kJtiBytes)},
      {names::kIat, to_unix(now)},    {names::kExp, to_unix(now + kAssertionLifetime)}};
  AJWT_ASSIGN(std::string jws, jose::sign_jws(json::write(claims), key, {}));
  return ClientAuthentication{
      .authorization = {},
      .parameters = {
          {std::string(names::kClientAssertionType), std::string(names::kJwtBearerAssertion)},
          {std::string(names::kClientAssertion), std::move(jws)}}};
}

}  // namespace

std::string form_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
        c == '_' || c == '.') {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kHex[byte >> 4];
    encoded += kHex[byte & 15];
  }
  return encoded;
}

Result<ClientAuthentication> build_client_authentication(const ClientCredential& credential,
                                                         const std::string& issuer, Instant now) {
  if (const auto* secret = std::get_if<Secret>(&credential.authenticator)) {
    const Secret encoded = encode_basic(credential.client_id, *secret);
    return ClientAuthentication{
        .authorization = std::string(names::kBasic) + " " + std::string(encoded.reveal()),
        .parameters = {}};
  }
  return assertion(credential.client_id, std::get<crypto::PrivateKey>(credential.authenticator),
                   issuer, now);
}

std::vector<Secret> hidden_texts(const ClientCredential& credential) {
  std::vector<Secret> texts;
  if (const auto* secret = std::get_if<Secret>(&credential.authenticator)) {
    texts.push_back(secret->clone());
    texts.push_back(encode_basic(credential.client_id, *secret));
  }
  return texts;
}

}  // namespace ajwt::shim
