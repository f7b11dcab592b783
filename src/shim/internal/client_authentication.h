// SPDX-License-Identifier: Apache-2.0
//
// How a client says who it is within a request. Internal to shim.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "shim/authority_client.h"

namespace ajwt::shim {

// form_encode encodes one name or value of application/x-www-form-urlencoded.
std::string form_encode(std::string_view text);

// ClientAuthentication is what a request carries: a header field's value, or parameters.
struct ClientAuthentication {
  std::string authorization;  // empty: none
  std::vector<std::pair<std::string, std::string>> parameters;
};

// build_client_authentication makes client_secret_basic (RFC 6749 2.3.1) or a fresh private_key_jwt
// assertion (RFC 7523 3) for the issuer as sole audience, good for one minute and once.
Result<ClientAuthentication> build_client_authentication(const ClientCredential& credential,
                                                         const std::string& issuer, Instant now);

// hidden_texts returns the client's secret, if it has one, as it is and as it stands in a request.
std::vector<Secret> hidden_texts(const ClientCredential& credential);

}  // namespace ajwt::shim
