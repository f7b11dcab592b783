// SPDX-License-Identifier: Apache-2.0
#include "gateway/guard_endpoints.h"

#include <set>
#include <utility>
#include <vector>

#include "http/error_response.h"
#include "jose/algorithm.h"
#include "json/value.h"
#include "json/write.h"
#include "protocol/readiness.h"

namespace ajwt::gateway {
namespace {

constexpr std::string_view kOwn = "/-";
constexpr std::string_view kLive = "/health/live";
constexpr std::string_view kReady = "/health/ready";
constexpr std::string_view kScrape = "/metrics";
constexpr std::string_view kMetricsPath = "/-/metrics";

bool is_below(std::string_view path, std::string_view root) {
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

HttpResponse answer(std::string_view type, std::string body) {
  HttpResponse response{.status = 200, .headers = {}, .body = std::move(body)};
  response.headers.add("Content-Type", std::string(type));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

bool is_read(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

HttpResponse refuse_method() {
  HttpResponse response = http::write_error_response(refuse(Code::k_method_refused));
  response.headers.add("Allow", "GET, HEAD");
  return response;
}

// RFC 9728 2.
std::string write_metadata(const GuardOptions& options, std::string_view public_url) {
  std::vector<std::string> algorithms;
  for (const std::string_view name : jose::AlgorithmSet::all().names()) {
    algorithms.emplace_back(name);
  }
  std::set<std::string> scopes;
  for (const guard::Route& route : options.policy.routes()) {
    scopes.insert(route.scopes.begin(), route.scopes.end());
  }
  const json::Object metadata{
      {"resource", public_url},
      {"authorization_servers", json::string_array({options.issuer})},
      {"scopes_supported", json::string_array({scopes.begin(), scopes.end()})},
      {"bearer_methods_supported", json::string_array({"header"})},
      {"dpop_signing_alg_values_supported", json::string_array(algorithms)},
      {"dpop_bound_access_tokens_required", true},
  };
  return json::write(metadata);
}

}  // namespace

bool is_guard_path(std::string_view path) {
  return is_below(path, kOwn) || is_below(path, kMetadataPath);
}

GuardEndpoints::GuardEndpoints(const GuardOptions& options, const http::JwksSource& keys,
                               const http::Metrics& metrics)
    : options_(options), keys_(keys), metrics_(metrics) {}

void GuardEndpoints::open(std::string_view public_url) {
  metadata_ = write_metadata(options_, public_url);
  open_.store(true, std::memory_order_release);
}

// ready tells operators why there are no keys: by the reason's name, which is nobody's secret.
HttpResponse GuardEndpoints::ready() const {
  std::vector<ComponentState> components{{.name = "keys"}};
  if (keys_.keys() == nullptr) {
    components[0].down = Code::k_keys_unavailable;
    if (const auto cause = keys_.last_error()) components[0].cause = cause->code();
  }
  const bool stopping = stopping_.load(std::memory_order_acquire);
  json::Object body = write_readiness(components);
  if (stopping) body.set("status", "stopping");
  HttpResponse response = answer("application/json", json::write(body));
  if (stopping || components[0].down) {
    response.status = 503;
    response.headers.add("Retry-After", "1");
  }
  return response;
}

HttpResponse GuardEndpoints::metadata() const {
  if (open_.load(std::memory_order_acquire)) return answer("application/json", metadata_);
  return http::write_error_response(refuse(Code::k_keys_unavailable));
}

std::optional<HttpResponse> GuardEndpoints::handle(const HttpRequest& request) const {
  if (!is_guard_path(request.path)) return std::nullopt;
  if (request.path == kMetadataPath) {
    return is_read(request) ? metadata() : refuse_method();
  }
  const bool hidden = request.path == kMetricsPath && options_.metrics == MetricsEndpoint::kHidden;
  if (options_.management || hidden || !request.path.starts_with(kOwn)) {
    return http::write_error_response(refuse(Code::k_not_found));
  }
  return answer_operators(request, std::string_view(request.path).substr(kOwn.size()));
}

HttpResponse GuardEndpoints::handle_management(const HttpRequest& request) const {
  return answer_operators(request, request.path);
}

HttpResponse GuardEndpoints::answer_operators(const HttpRequest& request,
                                              std::string_view path) const {
  if (path != kLive && path != kReady && path != kScrape) {
    return http::write_error_response(refuse(Code::k_not_found));
  }
  if (!is_read(request)) return refuse_method();
  if (path == kLive) return answer("application/json", R"({"status":"live"})");
  if (path == kReady) return ready();
  return answer(http::Metrics::kContentType, metrics_.write());
}

}  // namespace ajwt::gateway
