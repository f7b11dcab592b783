// SPDX-License-Identifier: Apache-2.0
//
// Client authentication: private_key_jwt (RFC 7523 2.2, 3) and client_secret_basic (RFC 6749
// 2.3.1). Nothing else: no secret in a body, and never two ways at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "authority/ports.h"
#include "authority/records.h"
#include "base/clock.h"
#include "base/http_message.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/key.h"
#include "jose/algorithm.h"

namespace ajwt::authority {

// What a request presents, not yet judged.
struct NoCredentials {};
struct BasicCredentials {
  std::string client_id;
  Secret secret;
};
struct ClientAssertion {
  std::string jwt;
  std::optional<std::string> client_id;  // beside it in the body; must agree (RFC 7521 4.2)
};
struct PresentedToken {
  std::string token;
};
using Credentials = std::variant<NoCredentials, BasicCredentials, ClientAssertion, PresentedToken>;

// BodyCredentials is what the body of a request has of the members that authenticate.
struct BodyCredentials {
  std::optional<std::string> client_id;
  std::optional<std::string> client_assertion;
  std::optional<std::string> client_assertion_type;
  bool has_client_secret = false;
};

// read_credentials finds the one way in which the request authenticates. Refuses
// k_client_credentials_doubled for two, k_client_unauthenticated for a malformed one or a secret
// in the body, k_token_scheme_refused for a bearer token.
Result<Credentials> read_credentials(const HttpHeaders& headers, const BodyCredentials& body);

// AuthenticatedClient is proof that the client is who it says. The assertion, if there was one, is
// not used up yet: `consume` is the caller's to call once the rest of the request is proven.
class AuthenticatedClient {
 public:
  const Client& client() const { return client_; }

 private:
  friend class ClientAuthenticator;
  AuthenticatedClient(Client client, std::string jti, Instant until)
      : client_(std::move(client)), jti_(std::move(jti)), until_(until) {}
  Client client_;
  std::string jti_;  // empty: no assertion
  Instant until_;
};

// ClientAuthenticator is safe for concurrent use.
class ClientAuthenticator {
 public:
  // create draws the keys that unknown clients are compared with. `store` outlives it.
  static Result<ClientAuthenticator> create(ClientStore& store, std::string issuer, Seconds skew);

  // authenticate refuses k_client_unauthenticated, in the same words and at the same cost for an
  // unknown client, a disabled one, a wrong secret and a wrong signature (protocol 7). An assertion
  // whose signature is right and whose claims are not is told which claim.
  Result<AuthenticatedClient> authenticate(const BasicCredentials& credentials) const;
  Result<AuthenticatedClient> authenticate(const ClientAssertion& assertion, Instant now) const;

  // consume uses up the assertion; refuses k_client_assertion_replayed.
  Status consume(const AuthenticatedClient& client, Instant now) const;

 private:
  ClientAuthenticator(ClientStore& store, std::string issuer, Seconds skew,
                      crypto::PublicKey ed25519, crypto::PublicKey p256, crypto::PublicKey rsa)
      : store_(store),
        issuer_(std::move(issuer)),
        skew_(skew),
        ed25519_(std::move(ed25519)),
        p256_(std::move(p256)),
        rsa_(std::move(rsa)) {}
  const crypto::PublicKey& nobodys_key(jose::Algorithm algorithm) const;

  ClientStore& store_;
  std::string issuer_;
  Seconds skew_;
  // Nobody holds the private parts: what they verify is refused, at a real verification's cost.
  crypto::PublicKey ed25519_;
  crypto::PublicKey p256_;
  crypto::PublicKey rsa_;
};

}  // namespace ajwt::authority
