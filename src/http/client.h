// SPDX-License-Identifier: Apache-2.0
//
// The HTTP client on libcurl.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/http_client.h"

namespace ajwt::http {

// CurlClientOptions bound what a server may do to us.
struct CurlClientOptions {
  std::size_t max_response_bytes = 1024 * 1024;  // of the body; the header has 64 KiB
  std::chrono::milliseconds connect_timeout{5000};
  // A PEM file of certificate authorities to trust instead of the system's; empty = the system's.
  std::string ca_file;
};

// CurlClient sends requests with http or https, keeps connections open for the next ones, and
// verifies certificates and host names; there is no switch to leave that out. It follows no
// redirects and ignores proxies of the environment. Only GET and HEAD are ever sent a second time,
// when a kept connection turns out to be dead. Safe for concurrent use.
class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(CurlClientOptions options = {});
  ~CurlClient() override;
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  // send refuses, beside what HttpClient says, k_value_malformed for a call that cannot be sent: a
  // URL that is not absolute http(s) or that carries a user name, a method or field that is none.
  // The detail names scheme, host, port and path, never the query, a header or a body.
  Result<HttpResponse> send(const HttpCall& call) override;

 private:
  class Pool;
  CurlClientOptions options_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace ajwt::http
