// SPDX-License-Identifier: Apache-2.0
//
// The settings of `ajwt guard`, from a checked file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/toml.h"
#include "guard/policy.h"
#include "guard/replay_cache.h"
#include "http/jwks_source.h"
#include "http/listen_address.h"
#include "http/metrics.h"
#include "http/reverse_proxy.h"

namespace ajwt::gateway {

// GuardForm says how requests reach the guard: it forwards them itself (gateway/proxy_form.h), or
// it is asked about them by an nginx that does (gateway/auth_request_form.h).
enum class GuardForm { kProxy, kAuthRequest };

// MetricsEndpoint says whether /-/metrics is answered at the guarded address.
enum class MetricsEndpoint { kServed, kHidden };

// ClearText says where plain HTTP may be listened for: on loopback alone, or anywhere because
// something before the guard ends TLS.
enum class ClearText { kOnLoopback, kBehindTlsProxy };

// GuardOptions is everything that a guard server needs; `parse_guard_options` makes it from a file,
// programs that embed a guard fill it in themselves.
struct GuardOptions {
  GuardForm form = GuardForm::kProxy;
  std::string issuer = {};    // of the tokens
  std::string audience = {};  // of the tokens: this resource's identifier
  // How clients address the guard, or the nginx before it: "https://api.example", no path. Proofs
  // are for URLs below it. Empty, with kProxy alone: http://<address>:<port> as listened on.
  std::string public_url = {};
  guard::Policy policy;
  // Where to listen, and with kProxy the service behind.
  http::ReverseProxyOptions proxy = {};
  ClearText clear_text = ClearText::kOnLoopback;
  http::JwksSourceOptions keys = {};  // where the issuer's keys are
  std::string ca_file = {};           // for fetching them; empty: the system's authorities
  Seconds skew{60};
  Seconds nonce_lifetime{300};
  std::size_t token_cache_capacity = 10'000;
  guard::ReplayCacheOptions replays = {};
  MetricsEndpoint metrics = MetricsEndpoint::kServed;
  std::string version = {};  // of the program, for ajwt_build_info
  // Where health and metrics are answered instead of at the guarded address, as /health/live,
  // /health/ready and /metrics. With TLS as `proxy` has it, except on loopback.
  std::optional<http::ListenAddress> management = std::nullopt;
  // Where spans go: for the program, which makes them of what a DecisionObserver is told.
  std::string otlp_endpoint = {};
  std::vector<http::MetricSource> more_metrics = {};  // of the program, beside the guard's own
  // Fields that every forwarded request carries, instead of the client's of that name: by a secret
  // among them the service tells the guard from whoever else reaches it. Not read from a file yet.
  std::vector<std::pair<std::string, std::string>> upstream_headers = {};
};

// parse_guard_options reads
//
//   form = "proxy"                             or "auth_request": asked by nginx
//   issuer = "https://authority.example"       required
//   audience = "https://api.example"           default: public_url
//   public_url = "https://api.example"         required
//   listen = "127.0.0.1:8443"                  required
//   upstream = "http://127.0.0.1:3000"         required, with form "proxy" alone
//   jwks_uri = "..."                           default: issuer + "/.well-known/jwks.json"
//   tls = "proxy"                              something before the guard ends TLS
//   tls = { certificate = "a.pem", key = "b.pem" }
//   ca_file = "ca.pem"                         trusted for jwks_uri instead of the system's
//   skew = 60                                  seconds, 0 to 300
//   token_cache = 10000                        verified tokens kept
//   replay_capacity = 1000000                  proofs remembered
//   replay_capacity_per_key = 50000
//   metrics = true                             answer /-/metrics
//   management_listen = "127.0.0.1:9090"       health and metrics there, and not at /-/
//   otlp_endpoint = "http://127.0.0.1:4318"    spans to a collector
//   [[route]]                                  guard::Policy::parse
//
// Refuses k_configuration_refused with place and cause: unknown keys (with the one that was
// probably meant), missing and malformed ones, routes at the guard's own paths (is_guard_path),
// a `listen` or `management_listen` beyond loopback without `tls`, keys over plain HTTP from beyond
// loopback. What a form cannot see it cannot judge: with form "auth_request" also an `upstream`, a
// route that does not name a level of proof without the body ("head", "rfc9449"), and a `max_body`;
// with form "proxy" a route of level "head".
Result<GuardOptions> parse_guard_options(const config::Document& document);

// default_jwks_uri returns where an authority of ours publishes its keys.
std::string default_jwks_uri(std::string_view issuer);

// check_guard_options applies the same rules to options that a program filled in: URLs, routes,
// listening in the clear, fetching keys in the clear. Refuses k_configuration_refused; the error's
// items hold one JSON pointer to the setting.
Status check_guard_options(const GuardOptions& options);

}  // namespace ajwt::gateway
