// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/resource_server.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "bench/load/setup.h"
#include "bench/must.h"
#include "crypto/random.h"
#include "gateway/guard_server.h"
#include "guard/policy.h"
#include "guard/replay_cache.h"
#include "guard/verifier.h"
#include "http/client.h"
#include "http/jwks_source.h"
#include "http/server.h"
#include "protocol/names.h"

namespace ajwt::bench {
namespace {

Digest random_digest() {
  Digest digest{};
  const Bytes bytes = crypto::random_bytes(digest.size());
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

guard::Policy policy() {
  json::Object route{{"method", "POST"},      {"path", "/proposals/{id}/apply"},
                     {"app", kRouteApp},      {"workflow", kRouteWorkflow},
                     {"step", kRouteStep},    {"tool", kRouteStep},
                     {"scope", kServiceScope}};
  json::Array routes;
  routes.emplace_back(std::move(route));
  return must(guard::Policy::parse(json::Object{{"route", std::move(routes)}}));
}

class ResourceServer {
 public:
  ResourceServer(const std::string& issuer, http::JwksSource& keys, std::size_t token_capacity)
      : policy_(policy()),
        keys_(keys),
        replays_(random_digest(), one_key_for_all()),
        verifier_({.issuer = issuer,
                   .audience = std::string(kAudience),
                   .token_cache_capacity = token_capacity},
                  NonceIssuer(random_digest(), Seconds(300)), replays_),
        server_(must(http::Server::start(
            {}, [this](const HttpRequest& request) { return handle(request); }))) {}

  std::uint16_t port() const { return server_->port(); }

 private:
  // One key makes all requests of a round; in use, this bounds what one agent can take up.
  static guard::ReplayCacheOptions one_key_for_all() {
    guard::ReplayCacheOptions options;
    options.capacity_per_key = options.capacity;
    return options;
  }

  HttpResponse handle(const HttpRequest& request) {
    const Instant now = clock_.now();
    const auto route = policy_.find(request.method, request.path);
    if (!route) return guard::challenge(route.error(), nullptr, "", "");
    const std::string uri = "http://127.0.0.1:" + std::to_string(server_->port()) + request.path;
    const auto verified =
        verifier_.verify({.method = request.method,
                          .uri = uri,
                          .query = request.query,
                          .authorization = request.headers.all(names::kAuthorization),
                          .dpop = request.headers.all(names::kDpopHeader),
                          .body = as_bytes(request.body)},
                         **route, keys_.keys(), now);
    if (!verified) {
      return guard::challenge(verified.error(), *route, verifier_.nonces().issue(now), "");
    }
    HttpResponse response{.status = 200, .headers = {}, .body = R"({"changed":1})"};
    response.headers.add("Content-Type", "application/json");
    return response;
  }

  SystemClock clock_;
  const guard::Policy policy_;
  http::JwksSource& keys_;
  guard::MemoryReplayCache replays_;
  guard::Verifier verifier_;
  std::unique_ptr<http::Server> server_;
};

class ResourceServers final : public Running {
 public:
  explicit ResourceServers(const std::string& issuer)
      : keys_({.url = gateway::default_jwks_uri(issuer)}, client_, clock_) {
    keys_.start();
    while (keys_.keys() == nullptr) usleep(1000);
    usual_ = std::make_unique<ResourceServer>(issuer, keys_, 10'000);
    forgetful_ = std::make_unique<ResourceServer>(issuer, keys_, 1);
  }

  // In the order of TokenMemory.
  std::vector<std::uint16_t> ports() const override { return {usual_->port(), forgetful_->port()}; }

 private:
  SystemClock clock_;
  http::CurlClient client_;
  http::JwksSource keys_;
  std::unique_ptr<ResourceServer> usual_;
  std::unique_ptr<ResourceServer> forgetful_;
};

}  // namespace

std::unique_ptr<Running> make_resource_servers(const std::string& authority_port) {
  return std::make_unique<ResourceServers>("http://127.0.0.1:" + authority_port);
}

}  // namespace ajwt::bench
