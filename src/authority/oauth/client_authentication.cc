// SPDX-License-Identifier: Apache-2.0
#include "authority/oauth/client_authentication.h"

#include <array>
#include <cstdint>
#include <utility>

#include "authority/oauth/form.h"
#include "base/bytes.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "jose/base64.h"
#include "jose/jws.h"
#include "jose/peek.h"
#include "json/parse.h"
#include "protocol/access_token.h"
#include "protocol/claims.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

// RFC 7523 3: how far ahead an assertion may end. A long-lived one is a password.
constexpr Seconds kLongestAssertion{300};
constexpr std::size_t kMaxAssertionBytes = 4096;
constexpr std::size_t kMaxJtiBytes = 256;
constexpr std::size_t kRsaBytes = 256;
constexpr std::array<std::uint8_t, 3> kRsaExponent{1, 0, 1};

Error unauthenticated(std::string detail) {
  return refuse(Code::k_client_unauthenticated).with_detail(std::move(detail));
}

Result<Credentials> read_basic(std::string_view encoded) {
  auto decoded = jose::decode_base64(encoded);
  if (!decoded) return unauthenticated("Basic credentials are no base64");
  const Secret pair{std::string(as_text(*decoded))};
  wipe(decoded->data(), decoded->size());
  const std::size_t colon = pair.reveal().find(':');
  if (colon == std::string_view::npos) return unauthenticated("Basic credentials have no colon");
  // RFC 6749 2.3.1: both parts are form-encoded before they are joined.
  auto client_id = decode_percent(pair.reveal().substr(0, colon), PlusSign::kSpace);
  auto secret = decode_percent(pair.reveal().substr(colon + 1), PlusSign::kSpace);
  if (!client_id || !secret) return unauthenticated("Basic credentials are not form-encoded");
  return Credentials(BasicCredentials{*std::move(client_id), Secret(*std::move(secret))});
}

// read_authorization reads the Authorization field, if there is one.
Result<Credentials> read_authorization(const HttpHeaders& headers) {
  const auto fields = headers.all(names::kAuthorization);
  if (fields.empty()) return Credentials(NoCredentials{});
  if (fields.size() > 1) return refuse(Code::k_client_credentials_doubled);
  const std::string_view field = fields.front();
  const std::size_t space = field.find(' ');
  const std::string_view scheme = field.substr(0, space);
  const std::string_view value =
      space == std::string_view::npos ? std::string_view() : field.substr(space + 1);
  if (equal_ignoring_case(scheme, names::kBasic)) return read_basic(value);
  // A bearer token would be good in any hand (threats T2: downgrade at the same endpoint).
  if (equal_ignoring_case(scheme, names::kBearer)) return refuse(Code::k_token_scheme_refused);
  if (equal_ignoring_case(scheme, names::kDpop)) {
    return Credentials(PresentedToken{std::string(value)});
  }
  return unauthenticated("unknown authentication scheme");
}

// peek_subject reads which client an assertion claims to be, before its signature is verified, and
// only to find the key that must verify it.
Result<ClientId> peek_subject(std::string_view jwt) {
  const auto payload = jose::peek_payload(jwt, kMaxAssertionBytes);
  if (!payload) {
    return unauthenticated(payload.error().code() == Code::k_jws_malformed
                               ? "assertion is no compact JWS"
                               : "assertion has no claims");
  }
  const std::string* text = payload->find_string(names::kSub);
  if (text == nullptr) return unauthenticated("assertion has no sub");
  auto client_id = ClientId::parse(*text);
  if (!client_id) return unauthenticated("assertion's sub is no client_id");
  return client_id;
}

bool is_assertion_type(const std::optional<std::string>& typ) {
  return !typ || *typ == "jwt" || *typ == "client-authentication+jwt";
}

struct AssertionClaims {
  std::string jti;
  Instant exp;
};

Error wrong_claim(std::string_view what) {
  return refuse(Code::k_client_unauthenticated, "The client assertion: " + std::string(what) + ".");
}

// check_assertion judges claims whose signature was verified (RFC 7523 3).
Result<AssertionClaims> check_assertion(ByteView payload, const Client& client,
                                        std::string_view issuer, Seconds skew, Instant now) {
  AJWT_ASSIGN(const json::Object object,
              json::parse_object(as_text(payload), {.max_bytes = kMaxAssertionBytes}));
  const Claims claims(object, Code::k_client_unauthenticated, Code::k_client_unauthenticated);
  AJWT_ASSIGN(const auto iss, claims.get_text(names::kIss));
  AJWT_ASSIGN(const auto sub, claims.get_text(names::kSub));
  if (iss != client.client_id.str() || sub != client.client_id.str()) {
    return wrong_claim("iss and sub must be the client_id");
  }
  // The issuer alone: an assertion for another server, or for several, could be replayed by one of
  // them here (protocol 7).
  AJWT_ASSIGN(const auto aud, claims.get_text(names::kAud));
  if (aud != issuer) return wrong_claim("aud must be the issuer, as a string");
  AJWT_ASSIGN(const Instant exp, claims.get_time(names::kExp));
  if (exp <= now) return wrong_claim("it has expired");
  if (exp > now + kLongestAssertion + skew) return wrong_claim("exp is more than 300 s ahead");
  for (const auto time : {names::kNbf, names::kIat}) {
    if (!claims.contains(time)) continue;
    AJWT_ASSIGN(const Instant at, claims.get_time(time));
    if (at > now + skew) return wrong_claim("it is from the future");
  }
  AJWT_ASSIGN(const auto jti, claims.get_text(names::kJti));
  if (jti.size() > kMaxJtiBytes) return wrong_claim("jti is too long");
  return AssertionClaims{std::string(jti), exp};
}

}  // namespace

Result<Credentials> read_credentials(const HttpHeaders& headers, const BodyCredentials& body) {
  AJWT_ASSIGN(Credentials from_header, read_authorization(headers));
  const bool in_header = !std::holds_alternative<NoCredentials>(from_header);
  const bool has_assertion = body.client_assertion || body.client_assertion_type;
  if ((in_header && (has_assertion || body.has_client_secret)) ||
      (has_assertion && body.has_client_secret)) {
    return refuse(Code::k_client_credentials_doubled);
  }
  if (body.has_client_secret) {
    return refuse(Code::k_client_unauthenticated,
                  "A secret in the body is refused: use client_secret_basic.");
  }
  if (has_assertion) {
    if (!body.client_assertion) {
      return refuse(Code::k_parameter_missing, std::string(names::kClientAssertion));
    }
    if (body.client_assertion_type != names::kJwtBearerAssertion) {
      return refuse(Code::k_parameter_malformed, "client_assertion_type must be " +
                                                     std::string(names::kJwtBearerAssertion) + ".");
    }
    return Credentials(ClientAssertion{*body.client_assertion, body.client_id});
  }
  const auto* basic = std::get_if<BasicCredentials>(&from_header);
  if (basic != nullptr && body.client_id && *body.client_id != basic->client_id) {
    return refuse(Code::k_client_unauthenticated, "client_id differs from the credentials.");
  }
  return from_header;
}

Result<ClientAuthenticator> ClientAuthenticator::create(ClientStore& store, std::string issuer,
                                                        Seconds skew) {
  AJWT_ASSIGN(const auto ed25519, crypto::PrivateKey::generate(crypto::KeyKind::kEd25519));
  AJWT_ASSIGN(const auto p256, crypto::PrivateKey::generate(crypto::KeyKind::kP256));
  // Any odd number of the right length is a modulus that costs what a real one costs.
  Bytes modulus = crypto::random_bytes(kRsaBytes);
  modulus.front() |= 0x80U;
  modulus.back() |= 1U;
  AJWT_ASSIGN(const auto rsa, crypto::PublicKey::rsa(modulus, kRsaExponent));
  return ClientAuthenticator(store, std::move(issuer), skew, ed25519.public_key(),
                             p256.public_key(), rsa);
}

const crypto::PublicKey& ClientAuthenticator::nobodys_key(jose::Algorithm algorithm) const {
  switch (algorithm) {
    case jose::Algorithm::kEdDSA:
      return ed25519_;
    case jose::Algorithm::kES256:
      return p256_;
    case jose::Algorithm::kRS256:
    case jose::Algorithm::kPS256:
      return rsa_;
  }
  return ed25519_;
}

Result<AuthenticatedClient> ClientAuthenticator::authenticate(
    const BasicCredentials& credentials) const {
  std::optional<Client> client;
  if (const auto client_id = ClientId::parse(credentials.client_id)) {
    AJWT_ASSIGN(client, store_.find_client(*client_id));
  }
  const Digest given = crypto::sha256(credentials.secret.reveal());
  const Digest expected = client && client->secret_sha256 ? *client->secret_sha256 : Digest{};
  const bool equal = equal_constant_time(ByteView(given), ByteView(expected));
  if (!client) return unauthenticated("unknown client");
  if (client->auth != ClientAuth::kClientSecretBasic || !client->secret_sha256) {
    return unauthenticated("the client authenticates otherwise");
  }
  if (!equal) return unauthenticated("wrong secret");
  if (client->disabled) return unauthenticated("disabled client");
  return AuthenticatedClient(*std::move(client), std::string(), Instant());
}

Result<AuthenticatedClient> ClientAuthenticator::authenticate(const ClientAssertion& assertion,
                                                              Instant now) const {
  auto jws = jose::UnverifiedJws::parse(assertion.jwt, kMaxAssertionBytes);
  if (!jws) return unauthenticated("assertion: " + std::string(jws.error().reason().name));
  // A token, a proof or any other object that the client signed is no assertion (protocol 6.4).
  if (!is_assertion_type(jws->header().typ)) return unauthenticated("assertion has another typ");
  AJWT_ASSIGN(const ClientId client_id, peek_subject(assertion.jwt));
  AJWT_ASSIGN(auto client, store_.find_client(client_id));

  // A key that cannot have made the signature is refused before anything is verified, which would
  // tell a client that exists from one that does not (protocol 7).
  const bool has_key = client && client->auth == ClientAuth::kPrivateKeyJwt && client->public_key &&
                       crypto::fits(client->public_key->kind(), jose::scheme_of(jws->header().alg));
  const crypto::PublicKey& key = has_key ? *client->public_key : nobodys_key(jws->header().alg);
  auto verified =
      jose::VerifiedJws::verify(*std::move(jws), jose::Jwk{.key = key}, jose::AlgorithmSet::all());
  if (!client) return unauthenticated("unknown client");
  if (!has_key) return unauthenticated("the client authenticates otherwise");
  if (!verified) {
    return unauthenticated("assertion: " + std::string(verified.error().reason().name));
  }
  if (client->disabled) return unauthenticated("disabled client");
  AJWT_ASSIGN(AssertionClaims claims,
              check_assertion(verified->payload(), *client, issuer_, skew_, now));
  if (assertion.client_id && *assertion.client_id != client->client_id.str()) {
    return wrong_claim("client_id beside it differs");
  }
  return AuthenticatedClient(*std::move(client), std::move(claims.jti), claims.exp);
}

Status ClientAuthenticator::consume(const AuthenticatedClient& client, Instant now) const {
  if (client.jti_.empty()) return ok();
  AJWT_ASSIGN(const bool first,
              store_.remember_assertion(client.client_.client_id, client.jti_, client.until_, now));
  if (!first) return refuse(Code::k_client_assertion_replayed);
  return ok();
}

}  // namespace ajwt::authority
