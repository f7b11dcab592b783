// SPDX-License-Identifier: Apache-2.0
//
// DPoP nonces as a client keeps them (RFC 9449 8, 9): the newest that each server gave. Internal to
// shim.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/http_client.h"
#include "base/result.h"

namespace ajwt::shim {

// origin_of returns scheme, host and port of an http or https URI, lowercased, the port always
// given: "http://127.0.0.1:8710". Refuses k_value_malformed for another URI.
Result<std::string> origin_of(std::string_view uri);

// NonceBook holds the newest nonce of each origin, of at most 256 of them. Safe for concurrent use.
class NonceBook {
 public:
  std::optional<std::string> find(const std::string& origin) const;
  // remember keeps the response's DPoP-Nonce, if it has a well-formed one, and returns it.
  std::optional<std::string> remember(const std::string& origin, const HttpResponse& response);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> nonces_;
};

// Server says where a demand for a nonce stands: an authorization server writes it in its JSON
// body (RFC 9449 8), a resource server in WWW-Authenticate (RFC 9449 9).
enum class Server { kAuthorization, kResource };

// has_error tells whether an answer refuses the request with this OAuth error: a resource's by 401
// and a DPoP challenge of WWW-Authenticate, an authorization server's by that or the body of a 400
// or 401.
bool has_error(const HttpResponse& response, Server server, std::string_view error);

// BuildCall makes the request with a fresh proof; called again, with the nonce that the server asks
// for, if it asks for one.
using BuildCall = std::function<Result<HttpCall>(const std::optional<std::string>& nonce)>;

// exchange sends what `build` makes and, if the server answers that it wants another nonce, sends
// once more: a request refused for its nonce was not carried out.
Result<HttpResponse> exchange(HttpClient& http, NonceBook& nonces, Server server,
                              const std::string& origin, const BuildCall& build);

}  // namespace ajwt::shim
