// SPDX-License-Identifier: Apache-2.0
#include "authority/authority.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "authority/audit/audit_log.h"
#include "authority/draft/routes.h"
#include "authority/endpoints/request_body.h"
#include "authority/exchange.h"
#include "authority/keys/key_ring.h"
#include "authority/oauth/authenticate.h"
#include "authority/oauth/client_authentication.h"
#include "authority/oauth/rate_limiter.h"
#include "authority/oauth/refusal.h"
#include "authority/routes.h"
#include "crypto/random.h"
#include "guard/token_cache.h"
#include "json/utf8.h"
#include "protocol/names.h"
#include "protocol/uri.h"

namespace ajwt::authority {
namespace {

constexpr std::size_t kTokenCacheCapacity = 10'000;
constexpr std::size_t kMaxAuditedMessage = 512;
constexpr std::string_view kUnknownOperation = "unknown";
constexpr std::string_view kDecisionField = "X-Ajwt-Decision-Id";
constexpr std::string_view kKeysOperation = "advance_signing_keys";
// While the write lasts that lets another key sign, requests sign with the one before.
constexpr Seconds kUnderWay{5};
constexpr Seconds kShortestAnnouncement{4};  // a quarter of it is what keys may be cached
constexpr Seconds kLongestMaxAge{300};

// decision_without_request is one about which no request tells anything.
Decision decision_without_request(std::string_view decision_id, std::string_view operation,
                                  const Error& error, int status, const Span& span) {
  return Decision{.decision_id = decision_id,
                  .operation = operation,
                  .refused = error.code(),
                  .detail = error.detail(),
                  .client_id = {},
                  .subject = {},
                  .execution_id = {},
                  .workflow_id = {},
                  .workflow_step = {},
                  .microseconds = 0,
                  .method = {},
                  .route = {},
                  .status = status,
                  .span = span,
                  .unaudited = false};
}

Error wrong_option(std::string message) {
  return refuse(Code::k_configuration_refused, std::move(message));
}

Status check_options(const AuthorityOptions& options) {
  const auto issuer = parse_http_uri(options.issuer);
  if (!issuer || !issuer->path.empty() || issuer->query || issuer->fragment) {
    return wrong_option("issuer must be an http or https origin without path or trailing slash.");
  }
  const auto positive = {options.intent_token_lifetime, options.access_token_lifetime,
                         options.nonce_lifetime, options.execution_lifetime};
  if (std::any_of(positive.begin(), positive.end(), [](Seconds s) { return s < Seconds(1); }) ||
      options.skew < Seconds(0) || options.key_overlap < Seconds(0)) {
    return wrong_option("lifetimes must be at least one second.");
  }
  if (options.key_announce < kShortestAnnouncement) {
    return wrong_option("key_announce must be at least 4 seconds.");
  }
  if (options.signing_key_lifetime != Seconds(0) &&
      options.signing_key_lifetime <= options.key_announce) {
    return wrong_option("signing_key_lifetime must be 0 or longer than key_announce.");
  }
  if (options.execution_lifetime > options.execution_lifetime_max) {
    return wrong_option("execution_lifetime is above execution_lifetime_max.");
  }
  return ok();
}

// rules_of: a key that signs no more is published until the last token that it signed has expired
// everywhere.
KeyRules rules_of(const AuthorityOptions& options) {
  const Seconds longest = std::max(options.intent_token_lifetime, options.access_token_lifetime);
  return KeyRules{.announce = options.key_announce,
                  .retention = std::max(options.key_overlap, longest + options.skew + kUnderWay),
                  .lifetime = options.signing_key_lifetime};
}

bool has_register_or_admin_scope(const Scopes& scopes) {
  return std::any_of(scopes.begin(), scopes.end(), [](const auto& scope) {
    return scope.starts_with(names::kAdminScopePrefix) || scope.starts_with("register:");
  });
}

std::string_view tried_scheme(const HttpRequest& request) {
  const auto field = request.headers.find(names::kAuthorization);
  return field ? field->substr(0, field->find(' ')) : std::string_view();
}

RefusalFacts refusal_facts(const Exchange& exchange) {
  const auto& options = exchange.context().options;
  const bool shown = options.hints == HintRule::kEveryone ||
                     (exchange.identity && has_register_or_admin_scope(exchange.identity->scopes));
  // Who presents a token is answered as at a resource, wherever that is (RFC 9449 7.1, 9).
  const bool by_token = equal_ignoring_case(tried_scheme(exchange.request), names::kDpop);
  return RefusalFacts{.issuer = options.issuer,
                      .decision_id = exchange.decision_id,
                      .door = by_token ? Door::kResource : exchange.door,
                      .hints = shown ? HintVisibility::kShown : HintVisibility::kHidden};
}

Status take_of_address(const Exchange& exchange, Limit limit) {
  Context& context = exchange.context();
  if (context.options.address_limits == AddressLimits::kOff) return ok();
  return context.limits.take(limit, exchange.request.peer, exchange.now);
}

Status check_any_scope(const Caller& caller, const AnyScope& scopes) {
  std::string needed;
  for (const auto scope : scopes) {
    if (scope.empty()) continue;
    if (has_scope(caller.scopes(), scope)) return ok();
    needed += (needed.empty() ? "" : " ") + std::string(scope);
  }
  if (needed.empty()) return ok();
  // The first one is what an application's own client would hold.
  return caller.check_scope(scopes.front());
}

Result<HttpResponse> run(const Route& route, Exchange& exchange) {
  if (exchange.request.body.size() > route.max_body) {
    return route.max_body == 0 ? refuse(Code::k_parameter_malformed, "No body is expected.")
                               : refuse(Code::k_body_too_large);
  }
  if (const auto* handler = std::get_if<PublicHandler>(&route.handler)) {
    return (*handler)(exchange);
  }
  AJWT_ASSIGN(json::Object body, parse_json_body(exchange.request));
  const Accepts accepts =
      route.auth == Auth::kTokenOrDirect ? Accepts::kTokenOrDirect : Accepts::kToken;
  AJWT_ASSIGN(Authenticated caller,
              CallerAuthenticator::authenticate_json(exchange, std::move(body), accepts));
  AJWT_TRY(check_any_scope(caller.caller, route.scopes));
  return std::get<CallerHandler>(route.handler)(exchange, caller);
}

// find_route_at is find_route among the rows that this address has.
Result<RouteMatch> find_route_at(const HttpRequest& request, Surface surface) {
  AJWT_ASSIGN(RouteMatch match, find_route(request.method, request.path));
  const bool for_operators = match.route->auth == Auth::kOperators;
  const bool elsewhere =
      for_operators ? surface == Surface::kPublic : surface == Surface::kManagement;
  if (elsewhere) return refuse(Code::k_not_found);
  return match;
}

Result<HttpResponse> dispatch(Exchange& exchange, Surface surface) {
  auto match = find_route_at(exchange.request, surface);
  const Budgeted budgeted = match ? match->route->budgeted : Budgeted::kAddress;
  if (budgeted != Budgeted::kNone) AJWT_TRY(take_of_address(exchange, Limit::kAddress));
  // What draft-00 has is for clients, as the rows of clients are.
  if (surface != Surface::kManagement) {
    if (const DraftRoute* draft = find_draft_route(exchange)) {
      return run_draft_route(*draft, exchange);
    }
  }
  if (!match) return std::move(match).error();
  const Route& route = *match->route;
  exchange.operation = route.operation;
  exchange.route = route.path;
  exchange.budgeted = route.budgeted;
  exchange.door = route.auth == Auth::kByGrant ? Door::kTokenEndpoint : Door::kResource;
  exchange.parameters = std::move(match->parameters);
  return run(route, exchange);
}

// is_failed_authentication: what an unknown sender can repeat to guess or to flood.
bool is_failed_authentication(const Exchange& exchange, const Error& error) {
  const auto wire = error.reason().oauth_error;
  return !exchange.identity &&
         (wire == "invalid_client" || wire == "invalid_token" || wire == "invalid_dpop_proof");
}

// is_audited: refusals from the authenticated application on are entries (protocol 5.2). A request
// for a nonce is part of the protocol, and writing down what is over its budget would let a flood
// fill the disk; both are counted.
bool is_audited(const Exchange& exchange, const Error& error) {
  return exchange.identity && error.reason().klass == ReasonClass::kRefusal &&
         error.reason().oauth_error != "use_dpop_nonce" && error.code() != Code::k_rate_limited;
}

AuditEntry refusal_audit(const Exchange& exchange, const Error& error) {
  json::Object facts;
  const auto set = [&](std::string_view name, const std::string& text) {
    if (!text.empty()) facts.set(name, text);
  };
  set(names::kSub, exchange.trace.subject);
  set(names::kExecutionId, exchange.trace.execution_id);
  set(names::kWorkflowStep, exchange.trace.workflow_step);
  set(names::kJkt, exchange.proof_jkt);
  set(names::kErrorDescription, json::repair_utf8(error.message().substr(0, kMaxAuditedMessage)));
  return build_audit(exchange.identity->app_id, exchange.decision_id, exchange.operation,
                     Outcome{error.code(), exchange.identity->client_id, {}}, exchange.now, facts);
}

// settle_refusal writes down or counts a refusal; it returns the error to answer with.
Error settle_refusal(Exchange& exchange, Error error) {
  auto& context = exchange.context();
  if (is_audited(exchange, error)) {
    // A good secret with bad proofs would else write as many entries as it can send requests.
    if (!exchange.counted) {
      auto budget = context.limits.take(Limit::kClientFailures, exchange.identity->client_id.str(),
                                        exchange.now);
      if (!budget) return std::move(budget).error();
    }
    if (auto written = context.store.append_audit(refusal_audit(exchange, error)); !written) {
      // The answer stays no; that nobody wrote it down belongs into log and metrics.
      exchange.unaudited = true;
      return Error(error.code(), error.message())
          .with_items(error.items())
          .with_detail(error.detail() + "; not audited: " + written.error().describe());
    }
    return error;
  }
  if (is_failed_authentication(exchange, error)) {
    auto budget = take_of_address(exchange, Limit::kAddressFailures);
    if (!budget) return std::move(budget).error();
  }
  return error;
}

void add_common_headers(HttpResponse& response, const Context& context, Instant now,
                        const std::string& decision_id) {
  response.headers.set("X-Content-Type-Options", "nosniff");
  // What may be cached answers more than one request: it has no nonce and no decision's id.
  if (response.headers.find("Cache-Control")) return;
  response.headers.set(kDecisionField, decision_id);
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("Pragma", "no-cache");
  response.headers.add(names::kDpopNonce, context.nonces.issue(now));
}

// unread_span is a trace of its own: what could not be read does not name one.
Span unread_span() {
  return {.self = new_trace(crypto::random_bytes(kSpanRandomBytes)), .parent = std::nullopt};
}

}  // namespace

Seconds jwks_max_age(const AuthorityOptions& options) {
  return std::min(options.key_announce / 4, kLongestMaxAge);
}

// Parts is what lives as long as the authority. `context` refers to the members above it.
struct Authority::Parts {
  Parts(const AuthorityOptions& options, Store& store, crypto::SealingKey sealing_key,
        const Clock& clock, DecisionObserver& observer, std::unique_ptr<AuditLog> audit_log,
        std::unique_ptr<KeyRing> key_ring, ClientAuthenticator authenticator, MetricsText text)
      : replays(crypto::random_digest()),
        audit(std::move(audit_log)),
        keys(std::move(key_ring)),
        limits(options.rate_limits, crypto::random_digest()),
        clients(std::move(authenticator)),
        tokens(kTokenCacheCapacity),
        metrics(std::move(text)),
        context{.options = options,
                .store = store,
                .clock = clock,
                .observer = observer,
                .keys = *keys,
                .audit = *audit,
                .limits = limits,
                .replays = replays,
                .nonces = NonceIssuer(crypto::random_digest(), options.nonce_lifetime),
                .sealing_key = std::move(sealing_key)},
        services{context, clients, tokens, metrics} {}

  guard::MemoryReplayCache replays;
  std::unique_ptr<AuditLog> audit;
  std::unique_ptr<KeyRing> keys;
  RateLimiter limits;
  ClientAuthenticator clients;
  guard::TokenCache tokens;
  MetricsText metrics;
  Context context;
  Services services;
};

Authority::Authority(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Authority::~Authority() = default;

Result<std::unique_ptr<Authority>> Authority::create(const AuthorityOptions& options, Store& store,
                                                     crypto::SealingKey sealing_key,
                                                     const Clock& clock, DecisionObserver& observer,
                                                     std::function<std::string()> metrics) {
  AJWT_TRY(check_options(options));
  // The first: nothing is added to a log that is not the one that was signed.
  AJWT_ASSIGN(auto audit, AuditLog::open(store, options.issuer, clock));
  AJWT_ASSIGN(auto keys, KeyRing::load(store, rules_of(options), clock));
  AJWT_ASSIGN(auto clients, ClientAuthenticator::create(store, options.issuer, options.skew));
  return std::unique_ptr<Authority>(new Authority(std::make_unique<Parts>(
      options, store, std::move(sealing_key), clock, observer, std::move(audit), std::move(keys),
      std::move(clients), std::move(metrics))));
}

HttpResponse Authority::handle(const HttpRequest& request, Surface surface) {
  const auto began = std::chrono::steady_clock::now();
  Context& context = parts_->context;
  const Instant now = context.clock.now();
  Exchange exchange{.services = parts_->services,
                    .request = request,
                    .now = now,
                    .decision_id = make_decision_id(now),
                    .span = begin_span(request.headers, crypto::random_bytes(kSpanRandomBytes)),
                    .operation = std::string(kUnknownOperation),
                    .route = {},
                    .door = Door::kResource,
                    .budgeted = Budgeted::kNone,
                    .parameters = {},
                    .identity = std::nullopt,
                    .trace = {},
                    .proof_jkt = {},
                    .counted = false};
  // That of the keys fails is nothing to refuse this request for.
  if (const Status keys = context.keys.advance(); !keys) observe_keys(keys.error(), exchange.span);

  HttpResponse response = [&] {
    auto answer = dispatch(exchange, surface);
    if (answer) return *std::move(answer);
    exchange.refused = settle_refusal(exchange, std::move(answer).error());
    return refuse_response(*exchange.refused, refusal_facts(exchange));
  }();
  const auto& refused = exchange.refused;
  add_common_headers(response, context, now, exchange.decision_id);

  const auto took = std::chrono::steady_clock::now() - began;
  context.observer.on_decision(
      Decision{.decision_id = exchange.decision_id,
               .operation = exchange.operation,
               .refused = refused ? std::optional<Code>(refused->code()) : std::nullopt,
               .detail = refused ? std::string_view(refused->detail()) : std::string_view(),
               .client_id = exchange.identity ? exchange.identity->client_id.str() : std::string(),
               .subject = exchange.trace.subject,
               .execution_id = exchange.trace.execution_id,
               .workflow_id = exchange.trace.workflow_id,
               .workflow_step = exchange.trace.workflow_step,
               .microseconds = std::chrono::duration_cast<std::chrono::microseconds>(took).count(),
               .method = request.method,
               .route = exchange.route,
               .status = response.status,
               .span = exchange.span,
               .unaudited = exchange.unaudited});
  context.audit.keep_checkpoint();
  return response;
}

void Authority::observe_keys(const Error& error, const Span& span) {
  const std::string decision_id = make_decision_id(parts_->context.clock.now());
  parts_->context.observer.on_decision(
      decision_without_request(decision_id, kKeysOperation, error, 0, span));
}

HttpResponse Authority::refuse_unread(const Error& error) {
  Context& context = parts_->context;
  const Instant now = context.clock.now();
  const std::string decision_id = make_decision_id(now);
  HttpResponse response = refuse_response(error, RefusalFacts{.issuer = context.options.issuer,
                                                              .decision_id = decision_id,
                                                              .door = Door::kResource,
                                                              .hints = HintVisibility::kHidden});
  add_common_headers(response, context, now, decision_id);
  context.observer.on_decision(decision_without_request(decision_id, kUnknownOperation, error,
                                                        response.status, unread_span()));
  return response;
}

Usage Authority::usage() const {
  const Context& context = parts_->context;
  Seconds age{0};
  for (const SigningKey& key : context.keys.list()) {
    if (key.state == SigningKeyState::kActive) age = context.clock.now() - key.created_at;
  }
  return {.replay_entries = parts_->replays.size(),
          .replay_capacity = guard::ReplayCacheOptions().capacity,
          .signing_key_age = age};
}

std::vector<std::string> Authority::operations() {
  std::vector<std::string> names{std::string(kUnknownOperation), std::string(kKeysOperation),
                                 "client_credentials", "draft_client_credentials"};
  for (const auto& route : routes()) names.emplace_back(route.operation);
  for (const auto& route : draft_routes()) names.emplace_back(route.operation);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace ajwt::authority
