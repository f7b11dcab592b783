// SPDX-License-Identifier: Apache-2.0
//
// What a guard answers itself: health, metrics, and where tokens for it come from.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/http_message.h"
#include "gateway/guard_options.h"
#include "http/jwks_source.h"
#include "http/metrics.h"

namespace ajwt::gateway {

// is_guard_path tells whether a path, or a policy's template, belongs to the guard itself: "/-" and
// what is below it, "/.well-known/oauth-protected-resource" and what is below it.
bool is_guard_path(std::string_view path);

// GuardEndpoints answers requests for the guard's own paths. Safe for concurrent use; what it is
// given outlives it.
class GuardEndpoints {
 public:
  GuardEndpoints(const GuardOptions& options, const http::JwksSource& keys,
                 const http::Metrics& metrics);

  // handle returns the answer, or nothing for a path that is not the guard's own.
  std::optional<HttpResponse> handle(const HttpRequest& request) const;

 private:
  HttpResponse ready() const;

  const http::JwksSource& keys_;
  const http::Metrics& metrics_;
  const MetricsEndpoint metrics_endpoint_;
  const std::string metadata_;
};

}  // namespace ajwt::gateway
