// SPDX-License-Identifier: Apache-2.0
#include "gateway/guard_endpoints.h"

#include <set>
#include <utility>
#include <vector>

#include "http/error_response.h"
#include "jose/algorithm.h"
#include "json/value.h"
#include "json/write.h"

namespace ajwt::gateway {
namespace {

constexpr std::string_view kOwn = "/-";
constexpr std::string_view kLive = "/-/health/live";
constexpr std::string_view kReady = "/-/health/ready";
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
  if (keys_.keys() != nullptr) return answer("application/json", R"({"status":"ready"})");
  const Error missing = refuse(Code::k_keys_unavailable);
  HttpResponse response = http::write_error_response(missing);
  json::Object body{{"status", "waiting"}, {"reason", missing.reason().name}};
  if (const auto cause = keys_.last_error()) body.append("cause", cause->reason().name);
  response.body = json::write(body);
  return response;
}

HttpResponse GuardEndpoints::metadata() const {
  if (open_.load(std::memory_order_acquire)) return answer("application/json", metadata_);
  return http::write_error_response(refuse(Code::k_keys_unavailable));
}

std::optional<HttpResponse> GuardEndpoints::handle(const HttpRequest& request) const {
  if (!is_guard_path(request.path)) return std::nullopt;
  const bool is_known =
      request.path == kLive || request.path == kReady || request.path == kMetadataPath ||
      (request.path == kMetricsPath && options_.metrics == MetricsEndpoint::kServed);
  if (!is_known) return http::write_error_response(refuse(Code::k_not_found));
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse response = http::write_error_response(refuse(Code::k_method_refused));
    response.headers.add("Allow", "GET, HEAD");
    return response;
  }
  if (request.path == kLive) return answer("application/json", R"({"status":"live"})");
  if (request.path == kReady) return ready();
  if (request.path == kMetricsPath) return answer(http::Metrics::kContentType, metrics_.write());
  return metadata();
}

}  // namespace ajwt::gateway
