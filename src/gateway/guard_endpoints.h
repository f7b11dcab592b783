// SPDX-License-Identifier: Apache-2.0
//
// What a guard answers itself: health, metrics, and where tokens for it come from.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "base/http_message.h"
#include "gateway/guard_options.h"
#include "http/jwks_source.h"
#include "http/metrics.h"

namespace ajwt::gateway {

// kMetadataPath is where a guard describes itself (RFC 9728 3).
inline constexpr std::string_view kMetadataPath = "/.well-known/oauth-protected-resource";

// is_guard_path tells whether a path, or a policy's template, belongs to the guard itself: "/-" and
// what is below it, "/.well-known/oauth-protected-resource" and what is below it.
bool is_guard_path(std::string_view path);

// GuardEndpoints answers requests for the guard's own paths. Its metadata name the public URL as
// the resource: a client takes them only if they name what it derived their address from (RFC 9728
// 3.3). The audience of tokens stays the one that is configured; where the two differ, clients must
// be told of it in another way.
//
// Safe for concurrent use; what it is
// given outlives it.
class GuardEndpoints {
 public:
  GuardEndpoints(const GuardOptions& options, const http::JwksSource& keys,
                 const http::Metrics& metrics);

  // open sets the URL by which clients address the guard; until then there are no metadata. Called
  // once.
  void open(std::string_view public_url);

  // handle returns the answer, or nothing for a path that is not the guard's own. Health and
  // metrics are not found here if there is a management address.
  std::optional<HttpResponse> handle(const HttpRequest& request) const;

  // handle_management answers at the management address: /health/live, /health/ready, /metrics.
  HttpResponse handle_management(const HttpRequest& request) const;

  // begin_stop makes the guard not ready from now on, so that nobody sends it new requests.
  void begin_stop() { stopping_.store(true, std::memory_order_release); }

 private:
  HttpResponse ready() const;
  HttpResponse metadata() const;
  HttpResponse answer_operators(const HttpRequest& request, std::string_view path) const;

  const GuardOptions& options_;
  const http::JwksSource& keys_;
  const http::Metrics& metrics_;
  std::string metadata_;
  std::atomic<bool> open_{false};
  std::atomic<bool> stopping_{false};
};

}  // namespace ajwt::gateway
