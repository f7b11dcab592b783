// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "authority/draft/mint.h"
#include "protocol/agent_checksum.h"
#include "protocol/draft_workflow.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

constexpr std::size_t kMaxDraftChain = 8;
constexpr std::size_t kMaxDraftSteps = 512;
constexpr std::size_t kMaxDraftScopes = 64;

Error missing_parameter(std::string_view name) {
  return refuse(Code::k_parameter_missing, std::string(name));
}
Error malformed_parameter(std::string_view name) {
  return refuse(Code::k_parameter_malformed, std::string(name));
}

Result<std::string> get_text(const json::Object& body, std::string_view name) {
  const json::Value* value = body.find(name);
  if (value == nullptr) return missing_parameter(name);
  if (value->find_string() == nullptr) return malformed_parameter(name);
  return value->as_string();
}

Result<std::string> get_checksum(const json::Object& body) {
  AJWT_ASSIGN(const std::string text, get_text(body, names::kComputedChecksum));
  const auto profile = profile_of(text);
  if (profile != ChecksumProfile::kSha256 && profile != ChecksumProfile::kReference) {
    return malformed_parameter(names::kComputedChecksum);
  }
  return std::string(checksum_digits(text));
}

Result<Scopes> get_scopes(const json::Object& body) {
  const json::Value* value = body.find(names::kRequestedScopes);
  if (value == nullptr) return missing_parameter(names::kRequestedScopes);
  const json::Array* array = value->find_array();
  if (array == nullptr || array->empty() || array->size() > kMaxDraftScopes) {
    return malformed_parameter(names::kRequestedScopes);
  }
  Scopes scopes;
  for (const json::Value& element : *array) {
    if (element.find_string() == nullptr) return malformed_parameter(names::kRequestedScopes);
    scopes.push_back(element.as_string());
  }
  AJWT_TRY(check_scopes(scopes));
  return scopes;
}

Result<std::string> get_audience(const json::Object& body) {
  const json::Value* value = body.find(names::kAudience);
  if (value != nullptr && value->find_array() != nullptr) {
    return refuse(Code::k_audience_not_single);
  }
  AJWT_ASSIGN(std::string audience, get_text(body, names::kAudience));
  AJWT_TRY(check_audience(audience));
  return audience;
}

Result<std::optional<std::string>> find_text_of(const json::Object& object, std::string_view name) {
  const json::Value* value = object.find(name);
  if (value == nullptr) return std::optional<std::string>();
  if (value->find_string() == nullptr) return malformed_parameter(name);
  return std::optional<std::string>(value->as_string());
}

Result<DraftMintRequest::Within> get_within(const json::Object& body) {
  AJWT_ASSIGN(const std::string workflow, get_text(body, names::kWorkflowId));
  AJWT_ASSIGN(auto workflow_id, WorkflowId::parse(workflow));
  const json::Value* step = body.find(names::kWorkflowStep);
  if (step == nullptr) return missing_parameter(names::kWorkflowStep);
  if (const json::Object* object = step->find_object()) {
    AJWT_ASSIGN(const std::string id, get_text(*object, names::kStepId));
    AJWT_ASSIGN(auto step_id, StepId::parse(id));
    AJWT_ASSIGN(auto agent, find_text_of(*object, names::kAgentId));
    AJWT_ASSIGN(auto tool, find_text_of(*object, names::kToolName));
    return DraftMintRequest::Within{std::move(workflow_id), std::move(step_id), std::move(agent),
                                    std::move(tool)};
  }
  AJWT_ASSIGN(const std::string id, get_text(body, names::kWorkflowStep));
  AJWT_ASSIGN(auto step_id, StepId::parse(id));
  return DraftMintRequest::Within{std::move(workflow_id), std::move(step_id), std::nullopt,
                                  std::nullopt};
}

// find_ids reads a list of delegation_context, whose elements are ids or objects that have one.
template <class Id>
Result<std::vector<Id>> find_ids(const json::Object& context, std::string_view name,
                                 std::string_view member, std::size_t most) {
  std::vector<Id> ids;
  const json::Value* value = context.find(name);
  if (value == nullptr) return ids;
  const json::Array* array = value->find_array();
  if (array == nullptr) return malformed_parameter(name);
  if (array->size() > most) return refuse(Code::k_limit_exceeded, std::string(name));
  for (const json::Value& element : *array) {
    const json::Object* object = element.find_object();
    const json::Value* text = object == nullptr ? &element : object->find(member);
    if (text == nullptr || text->find_string() == nullptr) return malformed_parameter(name);
    AJWT_ASSIGN(auto id, Id::parse(text->as_string()));
    ids.push_back(std::move(id));
  }
  return ids;
}

// find_within reads the step that the request names. A named step binds, whatever workflow_enabled
// says: where the two differ, nobody can tell what the client means (protocol 1, P8).
Result<std::optional<DraftMintRequest::Within>> find_within(const json::Object& body) {
  std::optional<DraftMintRequest::Within> within;
  const bool named = body.contains(names::kWorkflowId) || body.contains(names::kWorkflowStep);
  if (const json::Value* enabled = body.find(names::kWorkflowEnabled)) {
    if (enabled->find_boolean() == nullptr) return malformed_parameter(names::kWorkflowEnabled);
    if (enabled->as_boolean() && !named) return missing_parameter(names::kWorkflowStep);
    if (!enabled->as_boolean() && named) {
      return refuse(Code::k_parameter_malformed, "workflow_enabled is false beside a named step.");
    }
  }
  if (named) {
    AJWT_ASSIGN(within, get_within(body));
  }
  return within;
}

}  // namespace

Result<DraftMintRequest> parse_draft_mint(const json::Object& sent) {
  const json::Object body = without_nulls(sent);
  AJWT_ASSIGN(const std::string agent, get_text(body, names::kAgentId));
  AJWT_ASSIGN(auto agent_id, AgentId::parse(agent));
  AJWT_ASSIGN(auto checksum, get_checksum(body));
  AJWT_ASSIGN(auto scopes, get_scopes(body));
  AJWT_ASSIGN(auto audience, get_audience(body));
  AJWT_ASSIGN(auto within, find_within(body));
  std::vector<AgentId> chain;
  std::vector<StepId> steps;
  if (const json::Value* value = body.find(names::kDelegationContext)) {
    const json::Object* context = value->find_object();
    if (context == nullptr) return malformed_parameter(names::kDelegationContext);
    AJWT_ASSIGN(chain, find_ids<AgentId>(*context, names::kChain, names::kAgentId, kMaxDraftChain));
    AJWT_ASSIGN(steps,
                find_ids<StepId>(*context, names::kCompletedSteps, names::kStepId, kMaxDraftSteps));
  }
  if (!within && !steps.empty()) {
    return refuse(Code::k_parameter_malformed, "completed_steps without a workflow.");
  }
  return DraftMintRequest{.agent_id = std::move(agent_id),
                          .computed_checksum = std::move(checksum),
                          .requested_scopes = std::move(scopes),
                          .audience = std::move(audience),
                          .within = std::move(within),
                          .claimed_chain = std::move(chain),
                          .claimed_completed_steps = std::move(steps)};
}

}  // namespace ajwt::authority
