// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include "authority/mint/mint.h"
#include "json/members.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

// as_parameter turns a JSON reader's refusal into the token endpoint's word for it.
Error as_parameter(const Error& error) {
  if (error.code() == Code::k_json_missing_member) {
    return refuse(Code::k_parameter_missing, error.message());
  }
  if (error.code() == Code::k_json_wrong_type) {
    return refuse(Code::k_parameter_malformed, error.message());
  }
  return error;
}

Result<std::string> parse_audience(json::Members& members) {
  const json::Value* value = members.find_any(names::kAudience);
  if (value == nullptr) return refuse(Code::k_parameter_missing, std::string(names::kAudience));
  // An array, even of one, is another token than the one that the checks below would judge.
  if (value->find_array() != nullptr) return refuse(Code::k_audience_not_single);
  if (value->find_string() == nullptr) {
    return refuse(Code::k_parameter_malformed, std::string(names::kAudience));
  }
  AJWT_TRY(check_audience(value->as_string()));
  return value->as_string();
}

Result<Scopes> parse_requested_scopes(json::Members& members) {
  AJWT_ASSIGN(Scopes scopes, members.get_strings(names::kRequestedScopes));
  if (scopes.empty()) {
    return refuse(Code::k_parameter_malformed, "requested_scopes must name at least one scope.");
  }
  AJWT_TRY(check_scopes(scopes));
  return scopes;
}

struct Ids {
  std::optional<std::string> workflow_id;
  std::optional<std::string> workflow_step;
  std::optional<std::string> execution_id;
  std::optional<bool> workflow_enabled;
};

// parse_within decides whether the request is within a workflow. `workflow_enabled` never decides
// it (threats T8: "deploy without review" by workflow_enabled=false); it may only agree.
Result<std::optional<MintRequest::Within>> parse_within(const Ids& ids) {
  const bool named = ids.workflow_id || ids.workflow_step || ids.execution_id;
  if (!named) {
    if (ids.workflow_enabled.value_or(false)) {
      return refuse(Code::k_parameter_missing,
                    "workflow_enabled is true, so workflow_id is required.");
    }
    return std::optional<MintRequest::Within>();
  }
  if (!ids.workflow_enabled.value_or(true)) {
    return refuse(Code::k_parameter_malformed,
                  "workflow_enabled is false but a workflow, step or execution is named.");
  }
  if (!ids.workflow_id) return refuse(Code::k_parameter_missing, std::string(names::kWorkflowId));
  if (!ids.workflow_step) {
    return refuse(Code::k_parameter_missing, std::string(names::kWorkflowStep));
  }
  if (!ids.execution_id) {
    return refuse(Code::k_parameter_missing,
                  "execution_id: open one with POST /intent/executions.");
  }
  AJWT_ASSIGN(auto workflow_id, WorkflowId::parse(*ids.workflow_id));
  AJWT_ASSIGN(auto step_id, StepId::parse(*ids.workflow_step));
  AJWT_ASSIGN(auto execution_id, ExecutionId::parse(*ids.execution_id));
  return std::optional<MintRequest::Within>(
      MintRequest::Within{std::move(workflow_id), std::move(step_id), std::move(execution_id)});
}

Status parse_delegation_context(json::Members& members, MintRequest& request) {
  AJWT_ASSIGN(const json::Object* context, members.find_object(names::kDelegationContext));
  if (context == nullptr) return ok();
  json::Members claims(*context);
  AJWT_ASSIGN(request.claimed_chain, claims.find_strings(names::kChain));
  AJWT_ASSIGN(request.claimed_completed_steps, claims.find_strings(names::kCompletedSteps));
  return claims.check_no_others();
}

Result<MintRequest> parse(const json::Object& body) {
  json::Members members(body);
  (void)members.find_any(names::kGrantType);  // looked at before
  AJWT_ASSIGN(const std::string agent, members.get_string(names::kAgentId));
  AJWT_ASSIGN(auto agent_id, AgentId::parse(agent));
  AJWT_ASSIGN(std::string checksum, members.get_string(names::kComputedChecksum));
  if (!profile_of(checksum)) {
    return refuse(Code::k_parameter_malformed,
                  "computed_checksum must be \"strict-sha256:\" or \"sha256:\" and 64 lowercase "
                  "hexadecimal digits.");
  }
  AJWT_ASSIGN(Scopes scopes, parse_requested_scopes(members));
  AJWT_ASSIGN(std::string audience, parse_audience(members));
  AJWT_ASSIGN(auto tool, members.find_string(names::kTool));
  if (tool && (tool->empty() || tool->size() > 256)) {
    return refuse(Code::k_parameter_malformed, std::string(names::kTool));
  }

  Ids ids;
  AJWT_ASSIGN(ids.workflow_id, members.find_string(names::kWorkflowId));
  AJWT_ASSIGN(ids.workflow_step, members.find_string(names::kWorkflowStep));
  AJWT_ASSIGN(ids.execution_id, members.find_string(names::kExecutionId));
  AJWT_ASSIGN(ids.workflow_enabled, members.find_boolean(names::kWorkflowEnabled));
  AJWT_ASSIGN(auto within, parse_within(ids));

  MintRequest request{.agent_id = std::move(agent_id),
                      .computed_checksum = std::move(checksum),
                      .requested_scopes = std::move(scopes),
                      .audience = std::move(audience),
                      .tool = std::move(tool),
                      .within = std::move(within),
                      .claimed_chain = std::nullopt,
                      .claimed_completed_steps = std::nullopt};
  AJWT_TRY(parse_delegation_context(members, request));
  AJWT_TRY(members.check_no_others());
  return request;
}

}  // namespace

Result<MintRequest> parse_mint_request(const json::Object& body) {
  auto request = parse(body);
  if (!request) return as_parameter(request.error());
  return request;
}

}  // namespace ajwt::authority
