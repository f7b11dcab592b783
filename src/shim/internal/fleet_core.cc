// SPDX-License-Identifier: Apache-2.0
#include "shim/internal/fleet_core.h"

#include <utility>
#include <vector>

#include "protocol/names.h"

namespace ajwt::shim {
namespace {

constexpr std::string_view kMintPath = "/intent/token";
constexpr std::string_view kExecutionPrefix = "/intent/executions/";
constexpr std::string_view kDone = "done";
constexpr std::string_view kFailed = "failed";

json::Object mint_body(const TokenRequest& request, const std::string& checksum) {
  json::Object body{{names::kGrantType, names::kAgentChecksumGrant},
                    {names::kAgentId, request.agent->agent_id().str()},
                    {names::kComputedChecksum, checksum},
                    {names::kRequestedScopes, json::string_array(request.call.scopes)},
                    {names::kAudience, request.call.audience},
                    {names::kTool, request.call.tool}};
  if (request.call.step) {
    body.append(names::kWorkflowId, request.execution->workflow_id.str());
    body.append(names::kWorkflowStep, request.call.step->str());
    body.append(names::kExecutionId, request.execution->execution_id.str());
  }
  return body;
}

// with_drift adds to a checksum refusal which parts changed, by name: what they were or are is the
// agent's secret (P10).
Error with_drift(const Error& error, const Declaration& agent) {
  const std::vector<std::string> parts = agent.find_drift();
  std::string message = error.message();
  if (!message.empty()) message += ' ';
  if (parts.empty()) {
    message += agent.agent_id().str() + " runs as it was declared, which is not as registered.";
  } else {
    message += "Changed in " + agent.agent_id().str() + " since it was declared:";
    for (const std::string& part : parts) message += ' ' + part;
    message += '.';
  }
  return Error(error.code(), std::move(message)).with_detail(error.detail()).with_items(parts);
}

}  // namespace

std::string token_key(const std::string& step_key, std::string_view jkt, std::string_view checksum,
                      const ToolCall& call, std::string_view scope_key) {
  return step_key + cache_key({jkt, checksum, call.tool, call.audience, scope_key});
}

Status FleetCore::add(const std::shared_ptr<Declaration>& declaration) {
  const std::lock_guard lock(mutex_);
  const auto [entry, added] = declared_.try_emplace(declaration->agent_id(), declaration);
  if (!added) return refuse(Code::k_agent_declared_twice, declaration->agent_id().str());
  return ok();
}

void FleetCore::remove(const std::shared_ptr<Declaration>& declaration) {
  declaration->retire();
  tokens_.evict_all(cache_key({declaration->serial_key()}));
  const std::lock_guard lock(mutex_);
  declared_.erase(declaration->agent_id());
}

std::string FleetCore::step_key(const Declaration& agent, const OpenExecution* execution,
                                const std::optional<StepId>& step) {
  if (execution == nullptr || !step) return cache_key({agent.serial_key(), "", ""});
  return cache_key({agent.serial_key(), execution->execution_id.str(), step->str()});
}

Result<KeyedToken> FleetCore::get_token(const TokenRequest& request) {
  AJWT_ASSIGN(const std::string checksum, request.agent->read_checksum());
  KeyedToken keyed{
      .key = token_key(step_key(*request.agent, request.execution.get(), request.call.step),
                       request.agent->jkt(), checksum, request.call, request.scope_key),
      .token = nullptr};
  auto token = tokens_.get(keyed.key, [&] { return mint(request, checksum); });
  if (!token && token.error().code() == Code::k_agent_checksum_mismatch) {
    return with_drift(token.error(), *request.agent);
  }
  AJWT_ASSIGN(keyed.token, std::move(token));
  // It went while the token was on its way: `remove` has missed this one.
  if (request.agent->is_retired()) {
    tokens_.evict(keyed.key, keyed.token);
    return refuse(Code::k_agent_not_running,
                  request.agent->agent_id().str() + " is declared no more.");
  }
  return keyed;
}

Result<HeldToken> FleetCore::mint(const TokenRequest& request, const std::string& checksum) {
  const Instant sent_at = clock_.now();
  // Again is no more than once: a mint for a step that the same key holds is a renewal.
  const AuthorityCall call{.method = "POST",
                           .path = std::string(kMintPath),
                           .body = mint_body(request, checksum),
                           .repeat = Repeat::kSafe,
                           .trace = request.call.trace};
  AJWT_ASSIGN(const json::Value answer, ask(call, *request.agent, checksum));
  return read_token(answer, request.call.scopes, sent_at);
}

Result<json::Value> FleetCore::ask(const AuthorityCall& call, const Declaration& agent,
                                   const std::optional<std::string>& checksum) {
  const AgentIdentity identity{
      .agent_id = agent.agent_id(), .key = agent.key(), .agent_checksum = checksum};
  // A secret costs the request nothing. An assertion would cost a signature and, at the authority,
  // a durable row each time, so a client with a key uses its access token.
  if (authority_->authenticates_by_secret()) return authority_->call_as_agent(call, identity);
  return authority_->call_with_agent(call, {std::string(names::kScopeMint)}, identity);
}

Result<json::Value> FleetCore::read(const AuthorityCall& call) {
  return authority_->call(call, {std::string(names::kScopeMint)});
}

Status FleetCore::report(const Declaration& agent, const ExecutionId& execution, const StepId& step,
                         StepOutcome outcome, const std::optional<TraceParent>& trace) {
  const std::string_view word = outcome == StepOutcome::kDone ? kDone : kFailed;
  const AuthorityCall call{
      .method = "POST",
      .path =
          std::string(kExecutionPrefix) + execution.str() + "/steps/" + step.str() + "/complete",
      .body = json::Object{{names::kAgentId, agent.agent_id().str()}, {names::kOutcome, word}},
      .repeat = Repeat::kSafe,
      .trace = trace};
  AJWT_TRY(ask(call, agent, std::nullopt));
  return ok();
}

}  // namespace ajwt::shim
