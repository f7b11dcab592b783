// SPDX-License-Identifier: Apache-2.0
#include "gateway/guard_server.h"

#include <cmath>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "gateway/auth_request_form.h"
#include "gateway/guard_endpoints.h"
#include "gateway/guard_judge.h"
#include "gateway/proxy_form.h"
#include "guard/replay_cache.h"
#include "guard/verifier.h"
#include "http/client.h"
#include "http/error_response.h"
#include "http/jwks_source.h"
#include "http/listen_address.h"
#include "http/management.h"
#include "http/metrics.h"
#include "http/reverse_proxy.h"
#include "http/server.h"
#include "protocol/uri.h"

namespace ajwt::gateway {
namespace {

constexpr std::string_view kComponent = "guard";
constexpr std::string_view kVerify = "verify";
constexpr std::string_view kForward = "forward";
constexpr std::string_view kAbandoned = "abandoned";  // the client left before it was answered

// What a form counts: one that only judges forwards nothing.
std::vector<http::MetricOperation> operations_of(GuardForm form) {
  std::vector<http::MetricOperation> operations{{std::string(kComponent), std::string(kVerify)}};
  if (form == GuardForm::kProxy) {
    operations.push_back({std::string(kComponent), std::string(kForward)});
    operations.push_back({std::string(kComponent), std::string(kAbandoned)});
  }
  return operations;
}

double seconds_of(std::chrono::microseconds took) {
  return std::chrono::duration<double>(took).count();
}

}  // namespace

// Core owns the parts, in the order in which they need one another, and stands between the engine
// that listens and the form: the guard's own paths go one way, everything else the other.
class GuardServer::Core final : public http::ProxyJudge, public DecisionObserver {
 public:
  Core(GuardOptions options, DecisionObserver* observer)
      : options_(std::move(options)),
        observer_(observer),
        metrics_(operations_of(options_.form), options_.version),
        client_({.ca_file = options_.ca_file}),
        keys_(observed(options_.keys), client_, clock_),
        replays_(crypto::random_digest(), options_.replays),
        verifier_({.issuer = options_.issuer,
                   .audience = options_.audience,
                   .skew = options_.skew,
                   .token_cache_capacity = options_.token_cache_capacity},
                  NonceIssuer(crypto::random_digest(), options_.nonce_lifetime), replays_),
        endpoints_(options_, keys_, metrics_),
        judge_({.verifier = verifier_,
                .policy = options_.policy,
                .keys = keys_,
                .clock = clock_,
                .observer = *this}) {}

  Status start() {
    add_metrics();
    AJWT_TRY(start_management());
    AJWT_TRY(listen());
    if (options_.public_url.empty()) {
      options_.public_url = (options_.proxy.tls ? "https://" : "http://") +
                            http::host_of(options_.proxy.address) + ":" + std::to_string(port());
    }
    endpoints_.open(options_.public_url);
    judge_.open(options_.public_url);
    keys_.start();
    return ok();
  }

  http::ProxyDecision judge(const HttpRequest& head) override {
    if (auto own = endpoints_.handle(head)) return http::Answer{*std::move(own)};
    return add_upstream_headers(proxy_form_.judge(head));
  }

  http::ProxyDecision judge_with_body(const HttpRequest& whole) override {
    return add_upstream_headers(proxy_form_.judge_with_body(whole));
  }

  HttpResponse on_refused(const HttpRequest* head, const Error& error) override {
    return proxy_form_.on_refused(head, error);
  }

  void observe(const Decision& decision) override {
    count(kVerify, decision.refused, decision.took);
    if (observer_ != nullptr) observer_->observe(decision);
  }

  void observe_delivery(const Delivery& delivery) override {
    const bool abandoned = delivery.failed == Code::k_network_failed;
    count(abandoned ? kAbandoned : kForward, delivery.failed, delivery.took);
    if (observer_ != nullptr) observer_->observe_delivery(delivery);
  }

  std::uint16_t port() const { return proxy_ ? proxy_->port() : server_->port(); }
  const std::string& public_url() const { return options_.public_url; }
  bool is_ready() const { return keys_.keys() != nullptr; }
  std::uint16_t management_port() const { return management_ ? management_->port() : 0; }
  // The management address is the last to go, so that it can say so meanwhile.
  void stop() {
    endpoints_.begin_stop();
    if (proxy_) proxy_->stop();
    if (server_) server_->stop();
    if (management_) management_->stop();
  }

 private:
  Status listen() {
    switch (options_.form) {
      case GuardForm::kProxy: {
        AJWT_ASSIGN(proxy_, http::ReverseProxy::start(options_.proxy, *this));
        return ok();
      }
      case GuardForm::kAuthRequest: {
        http::ServerOptions options;
        const http::ListenOptions& listen = options_.proxy;
        static_cast<http::ListenOptions&>(options) = listen;
        options.max_body_bytes = 0;  // nothing that is asked here has one
        options.on_refused = [this](const Error& error) { return auth_request_.on_refused(error); };
        AJWT_ASSIGN(server_, http::Server::start(std::move(options), [this](const auto& request) {
                      return answer(request);
                    }));
        return ok();
      }
    }
    return refuse(Code::k_internal_error);
  }

  HttpResponse answer(const HttpRequest& request) {
    if (request.path == kAuthRequestPath) return auth_request_.handle(request);
    if (auto own = endpoints_.handle(request)) return *std::move(own);
    return http::write_error_response(refuse(Code::k_not_found));
  }

  Status start_management() {
    if (!options_.management) return ok();
    http::ServerOptions server = http::management_options(*options_.management);
    if (!is_loopback_host(http::host_of(server.address))) server.tls = options_.proxy.tls;
    AJWT_ASSIGN(management_,
                http::Server::start(std::move(server), [this](const HttpRequest& request) {
                  return endpoints_.handle_management(request);
                }));
    return ok();
  }

  void add_metrics() {
    using enum http::MetricKind;
    metrics_.add(
        {"ajwt_keys_age_seconds", "Time since the authority's keys were fetched.", kGauge, [this] {
           const auto age = keys_.age();
           return age ? static_cast<double>(age->count()) : std::nan("");
         }});
    metrics_.add({"ajwt_replay_entries", "Used proofs that are remembered.", kGauge,
                  [this] { return static_cast<double>(replays_.size()); }});
    metrics_.add({"ajwt_replay_capacity", "Used proofs that can be remembered.", kGauge,
                  [this] { return static_cast<double>(options_.replays.capacity); }});
    for (http::MetricSource& source : options_.more_metrics) metrics_.add(std::move(source));
  }

  http::JwksSourceOptions observed(http::JwksSourceOptions keys) const {
    if (observer_ != nullptr) {
      keys.on_turn = [this](const Status& fetched) { observer_->observe_keys(fetched); };
    }
    return keys;
  }

  void count(std::string_view operation, std::optional<Code> refused,
             std::chrono::microseconds took) {
    metrics_.count_decision(kComponent, operation, refused);
    metrics_.observe_seconds(kComponent, operation, seconds_of(took));
  }

  http::ProxyDecision add_upstream_headers(http::ProxyDecision decision) const {
    if (auto* forward = std::get_if<http::Forward>(&decision)) {
      const auto& headers = options_.upstream_headers;
      forward->set.insert(forward->set.end(), headers.begin(), headers.end());
    }
    return decision;
  }

  GuardOptions options_;
  DecisionObserver* const observer_;
  SystemClock clock_;
  http::Metrics metrics_;
  http::CurlClient client_;
  http::JwksSource keys_;
  guard::MemoryReplayCache replays_;
  guard::Verifier verifier_;
  GuardEndpoints endpoints_;
  GuardJudge judge_;
  ProxyForm proxy_form_{judge_};
  AuthRequestForm auth_request_{judge_};
  std::unique_ptr<http::Server> management_;
  // One of the two, and the last: their threads use all of the above.
  std::unique_ptr<http::ReverseProxy> proxy_;
  std::unique_ptr<http::Server> server_;
};

GuardServer::GuardServer(std::unique_ptr<Core> core) : core_(std::move(core)) {}
GuardServer::~GuardServer() = default;

Result<std::unique_ptr<GuardServer>> GuardServer::start(GuardOptions options,
                                                        DecisionObserver* observer) {
  AJWT_TRY(check_guard_options(options));
  AJWT_TRY(crypto::initialise());
  auto core = std::make_unique<Core>(std::move(options), observer);
  AJWT_TRY(core->start());
  return std::unique_ptr<GuardServer>(new GuardServer(std::move(core)));
}

std::uint16_t GuardServer::port() const { return core_->port(); }
const std::string& GuardServer::public_url() const { return core_->public_url(); }
std::uint16_t GuardServer::management_port() const { return core_->management_port(); }
bool GuardServer::is_ready() const { return core_->is_ready(); }
void GuardServer::stop() { core_->stop(); }

}  // namespace ajwt::gateway
