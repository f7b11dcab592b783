// SPDX-License-Identifier: Apache-2.0
//
// Tool calls: token, body, report.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "crypto/random.h"
#include "protocol/names.h"
#include "protocol/proof.h"
#include "protocol/uri.h"
#include "shim/fleet.h"
#include "shim/internal/declaration.h"
#include "shim/internal/fleet_core.h"
#include "shim/internal/transport.h"

namespace ajwt::shim {
namespace {

constexpr std::string_view kTokenRefused = "invalid_token";

std::string_view query_of(std::string_view url) {
  url = url.substr(0, url.find('#'));
  const std::size_t mark = url.find('?');
  return mark == url.npos ? std::string_view() : url.substr(mark + 1);
}

// build_request adds token, proof and trace to a request. What the caller wrote as tracestate is
// its own and goes along.
Result<HttpCall> build_request(const HttpCall& call, const crypto::PrivateKey& key,
                               const HeldToken& token, const TraceParent& trace, Instant now,
                               const std::optional<std::string>& nonce) {
  const std::string jti = crypto::random_token(names::kJtiBytes);
  const std::string_view query = query_of(call.url);
  ProofClaims claims{.method = call.method,
                     .uri = call.url,
                     .jti = jti,
                     .now = now,
                     .nonce = std::nullopt,
                     .access_token = token.token.reveal(),
                     .body = std::nullopt,
                     .query = std::nullopt,
                     .agent_checksum = std::nullopt,
                     .agent_id = std::nullopt,
                     .beside_jkt = std::nullopt};
  if (nonce) claims.nonce = *nonce;
  if (!call.body.empty()) claims.body = as_bytes(call.body);
  if (!query.empty()) claims.query = query;
  AJWT_ASSIGN(std::string proof, build_dpop_proof(key, claims));
  HttpCall request = call;
  request.headers.set(names::kAuthorization,
                      std::string(names::kDpop) + " " + std::string(token.token.reveal()));
  request.headers.set(names::kDpopHeader, std::move(proof));
  request.headers.set(kTraceParentField, write_traceparent(trace));
  return request;
}

bool is_success(const Result<HttpResponse>& outcome) {
  return outcome && outcome->status >= 200 && outcome->status <= 299;
}

// Ending is the time in which a step is reported. When it is over, whatever came of the report, the
// step's tokens go, since the next call of this step is another use, and who waits for it may
// enter.
class Ending {
 public:
  Ending(FleetCore& core, const std::string& key) : core_(core), key_(key) {}
  ~Ending() {
    core_.tokens().evict_all(key_);
    core_.steps().ended(key_);
  }
  Ending(const Ending&) = delete;
  Ending& operator=(const Ending&) = delete;

 private:
  FleetCore& core_;
  const std::string& key_;
};

// LostReport is a report that did not arrive: of all calls within a step, by the last of them.
struct LostReport {
  std::string_view outcome;
  Error error;
};

// StepUse is one call's part in a step, from before its token to after its report. Destroyed
// without `end`, by an exception of the body, it reports the step as failed.
class StepUse {
 public:
  StepUse(FleetCore& core, const TokenRequest& request)
      : core_(core),
        request_(request),
        key_(FleetCore::step_key(*request.agent, request.execution.get(), request.call.step)) {
    if (request_.call.step) core_.steps().enter(key_);
  }
  ~StepUse() {
    if (ended_) return;
    try {
      (void)end(outcome_if_thrown_);
    } catch (...) {
      // The body's own exception is on its way and says more than this one could.
    }
  }
  StepUse(const StepUse&) = delete;
  StepUse& operator=(const StepUse&) = delete;

  void begun() { outcome_if_thrown_ = CallOutcome::kFailed; }

  // end leaves the step and, if this was the last call within it, reports how it ended. Returns the
  // report if it was lost.
  std::optional<LostReport> end(CallOutcome outcome) {
    ended_ = true;
    if (!request_.call.step) return std::nullopt;
    const auto all = core_.steps().leave(key_, outcome);
    if (!all) return std::nullopt;
    const Ending ending(core_, key_);
    const bool done = *all == CallOutcome::kDone;
    const Status reported =
        core_.report(*request_.agent, request_.execution->execution_id, *request_.call.step,
                     done ? StepOutcome::kDone : StepOutcome::kFailed, request_.call.trace);
    if (reported) return std::nullopt;
    return LostReport{.outcome = done ? "done" : "failed", .error = reported.error()};
  }

 private:
  FleetCore& core_;
  const TokenRequest& request_;
  const std::string key_;
  CallOutcome outcome_if_thrown_ = CallOutcome::kNotBegun;
  bool ended_ = false;
};

// report_failed is the refusal of a call whose tool answered.
Error report_failed(const LostReport& lost, const StepId& step) {
  return Error(lost.error.code(), "The tool was called, but its step " + step.str() +
                                      " could not be reported " + std::string(lost.outcome) + ". " +
                                      lost.error.message())
      .with_detail(lost.error.detail())
      .with_items(lost.error.items());
}

// add_lost_report says beside a refusal that a report was lost, too. It may be one of other calls
// within the step, which were over before this one and cannot tell.
Error add_lost_report(const Error& error, const LostReport& lost, const StepId& step) {
  std::string message = error.message();
  if (!message.empty()) message += ' ';
  message += "The step " + step.str() + " could not be reported " + std::string(lost.outcome) +
             ": " + lost.error.describe();
  return Error(error.code(), std::move(message))
      .with_detail(error.detail())
      .with_items(error.items());
}

Result<TokenRequest> plan(const Frame& frame, const ToolCall& tool_call) {
  if (tool_call.scopes.empty()) {
    return refuse(Code::k_scope_malformed, "At least one scope is needed.");
  }
  AJWT_TRY(check_scopes(tool_call.scopes));
  AJWT_TRY(check_audience(tool_call.audience));
  if (tool_call.step && frame.execution == nullptr) {
    return refuse(Code::k_execution_unknown,
                  "A step needs an execution: open or join one while the agent runs.");
  }
  Scopes sorted = tool_call.scopes;
  std::sort(sorted.begin(), sorted.end());
  TokenRequest request{.agent = frame.agent,
                       .execution = tool_call.step ? frame.execution : nullptr,
                       .call = tool_call,
                       .scope_key = join_scopes(sorted)};
  if (!request.call.trace) {
    request.call.trace = new_trace(crypto::random_bytes(kSpanRandomBytes));
  }
  return request;
}

}  // namespace

// Plan is what a session may do, settled before the body runs.
struct ToolSession::Plan {
  FleetCore& core;
  const TokenRequest& request;
  std::string origin;  // the only one to which the token is shown
};

ToolSession::ToolSession(std::unique_ptr<const Plan> plan) : plan_(std::move(plan)) {}
ToolSession::~ToolSession() = default;

Result<HttpResponse> ToolSession::send(const HttpCall& call) const {
  FleetCore& core = plan_->core;
  const Declaration& agent = *plan_->request.agent;
  AJWT_ASSIGN(const Frame* frame, find_running(core));
  // A session that leaked into another agent's code must not act for its own (P9).
  if (frame->agent.get() != &agent) {
    return refuse(Code::k_agent_foreign_scope,
                  "The session belongs to " + agent.agent_id().str() + ".");
  }
  AJWT_ASSIGN(const std::string origin, origin_of(call.url));
  if (origin != plan_->origin) {
    return refuse(Code::k_audience_mismatch, "The request goes to " + origin +
                                                 ", but the token is for " + plan_->origin + ".");
  }
  AJWT_ASSIGN(const KeyedToken keyed, core.get_token(plan_->request));
  AJWT_ASSIGN(HttpResponse response, exchange(core.http(), core.nonces(), Server::kResource, origin,
                                              [&](const std::optional<std::string>& nonce) {
                                                return build_request(call, agent.key(),
                                                                     *keyed.token,
                                                                     *plan_->request.call.trace,
                                                                     core.clock().now(), nonce);
                                              }));
  if (has_error(response, Server::kResource, kTokenRefused)) {
    core.tokens().evict(keyed.key, keyed.token);
  }
  return response;
}

Result<HttpResponse> Fleet::call_tool(const ToolCall& tool_call, const ToolBody& body) {
  AJWT_ASSIGN(const Frame* frame, find_running(*core_));
  AJWT_ASSIGN(const TokenRequest request, plan(*frame, tool_call));
  const std::string& reached_at =
      tool_call.reached_at.empty() ? tool_call.audience : tool_call.reached_at;
  AJWT_ASSIGN(std::string origin, origin_of(reached_at));
  AJWT_TRY(check_transport("Where the tool is reached", reached_at, core_->plain_http()));
  // The body may enter other agents, which moves frames; from here on only `request` counts.
  const std::shared_ptr<FleetCore> core = core_;
  StepUse use(*core, request);
  if (auto token = core->get_token(request); !token) {
    const auto lost = use.end(CallOutcome::kNotBegun);
    if (lost) return add_lost_report(token.error(), *lost, *tool_call.step);
    return std::move(token).error();
  }
  use.begun();
  const ToolSession session(std::make_unique<const ToolSession::Plan>(
      ToolSession::Plan{.core = *core, .request = request, .origin = std::move(origin)}));
  Result<HttpResponse> outcome = body(session);
  const auto lost = use.end(is_success(outcome) ? CallOutcome::kDone : CallOutcome::kFailed);
  if (!lost) return outcome;
  if (!outcome) return add_lost_report(outcome.error(), *lost, *tool_call.step);
  return report_failed(*lost, *tool_call.step);
}

Result<HttpResponse> Fleet::call_tool(const ToolCall& tool_call, const HttpCall& request) {
  return call_tool(tool_call, [&](const ToolSession& session) { return session.send(request); });
}

}  // namespace ajwt::shim
