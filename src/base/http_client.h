// SPDX-License-Identifier: Apache-2.0
//
// The port through which shim, guard and commands make HTTP requests.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/http_message.h"
#include "base/result.h"

namespace ajwt {

// HttpCall is one outgoing request. `url` is absolute.
struct HttpCall {
  std::string method;
  std::string url;
  HttpHeaders headers;
  std::string body;
  Seconds timeout = Seconds(10);
};

// HttpClient sends requests; safe for concurrent use. Redirects are not followed: an answer that
// redirects is returned as it is.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // send returns the whole response. Refuses k_network_failed (with the cause in the detail) when
  // there is none, k_limit_exceeded when it is larger than the client allows.
  virtual Result<HttpResponse> send(const HttpCall& call) = 0;
};

}  // namespace ajwt
