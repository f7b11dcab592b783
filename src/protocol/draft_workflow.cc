// SPDX-License-Identifier: Apache-2.0
#include "protocol/draft_workflow.h"

#include <map>
#include <string>
#include <utility>

#include "json/members.h"
#include "protocol/names.h"

namespace ajwt {
namespace {

constexpr std::string_view kExecutionMembers[] = {names::kMaxUses, names::kCompletion,
                                                  names::kAudience};

json::Value without_nulls_in(const json::Value& value) {
  if (const json::Object* object = value.find_object()) return without_nulls(*object);
  const json::Array* array = value.find_array();
  if (array == nullptr) return value;
  json::Array kept;
  kept.reserve(array->size());
  for (const json::Value& element : *array) kept.push_back(without_nulls_in(element));
  return kept;
}

// take_scopes removes a step's scopes, which parse_workflow takes only beside an audience.
Result<Scopes> take_scopes(json::Object& step) {
  AJWT_ASSIGN(auto scopes, json::Members(step).find_strings(names::kScopes));
  step.remove(names::kScopes);
  if (!scopes) return Scopes();
  AJWT_TRY(check_scopes(*scopes));
  return *std::move(scopes);
}

Status check_without_execution(const json::Object& step) {
  for (const std::string_view name : kExecutionMembers) {
    if (step.contains(name)) {
      return refuse(Code::k_not_supported, "Member " + std::string(name) + ".");
    }
  }
  return ok();
}

Status rename_agent(json::Object& step) {
  const json::Value* agent = step.find(names::kAgent);
  if (agent == nullptr) return ok();
  json::Value renamed = *agent;
  if (step.contains(names::kAgentId) && *step.find(names::kAgentId) != renamed) {
    return refuse(Code::k_workflow_malformed, "A step names two agents.");
  }
  step.remove(names::kAgent);
  step.set(names::kAgentId, std::move(renamed));
  return ok();
}

}  // namespace

json::Object without_nulls(const json::Object& object) {
  json::Object kept;
  for (const json::Member& member : object.members()) {
    if (!member.value.is_null()) kept.append(member.name, without_nulls_in(member.value));
  }
  return kept;
}

Result<Workflow> parse_draft_workflow(const json::Object& object) {
  json::Object definition = without_nulls(object);
  const json::Value* value = definition.find(names::kSteps);
  const json::Object* steps = value == nullptr ? nullptr : value->find_object();
  if (steps == nullptr) {
    return refuse(Code::k_workflow_malformed, "Member steps must be an object.");
  }
  std::map<std::string, Scopes, std::less<>> scopes;
  json::Object rewritten;
  for (const json::Member& member : steps->members()) {
    const json::Object* found = member.value.find_object();
    if (found == nullptr) return refuse(Code::k_workflow_malformed, "A step must be an object.");
    json::Object step = *found;
    AJWT_TRY(check_without_execution(step));
    AJWT_TRY(rename_agent(step));
    auto own = take_scopes(step);
    if (!own) return json::as_malformed(std::move(own).error(), Code::k_workflow_malformed);
    scopes.emplace(member.name, *std::move(own));
    rewritten.append(member.name, std::move(step));
  }
  definition.set(names::kSteps, std::move(rewritten));
  AJWT_ASSIGN(Workflow workflow, parse_workflow(definition));
  for (WorkflowStep& step : workflow.steps) step.scopes = std::move(scopes[step.step_id.str()]);
  return workflow;
}

}  // namespace ajwt
