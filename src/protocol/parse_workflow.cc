// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <utility>

#include "json/members.h"
#include "protocol/names.h"
#include "protocol/workflow.h"
#include "protocol/workflow_graph.h"

namespace ajwt {
namespace {

constexpr std::size_t kMaxSteps = 512;
constexpr std::size_t kMaxActionLength = 256;
constexpr std::int64_t kMaxUses = 1000;
constexpr std::string_view kCompletionAgent = "agent";
constexpr std::string_view kCompletionResource = "resource";

// Parts of protocol 4.1 that narrow a step. Passing them over would widen it.
constexpr std::string_view kNotJudged[] = {names::kConstraints, names::kMaxCalls, names::kTimeoutS};

Error malformed(const StepId& step_id, std::string_view what) {
  return refuse(Code::k_workflow_malformed, "Step " + step_id.str() + ": " + std::string(what));
}

Result<bool> get_flag(json::Members& members, std::string_view name, bool otherwise) {
  AJWT_ASSIGN(const auto flag, members.find_boolean(name));
  return flag.value_or(otherwise);
}

Result<std::vector<StepId>> get_dependencies(json::Members& members, const StepId& step_id) {
  AJWT_ASSIGN(const auto texts, members.find_strings(names::kDependencies));
  std::vector<StepId> dependencies;
  if (!texts) return dependencies;
  if (texts->size() > kMaxSteps) return refuse(Code::k_limit_exceeded, "Dependencies of a step.");
  for (const std::string& text : *texts) {
    AJWT_ASSIGN(StepId dependency, StepId::parse(text));
    if (std::find(dependencies.begin(), dependencies.end(), dependency) != dependencies.end()) {
      return malformed(step_id, "a dependency is named twice.");
    }
    dependencies.push_back(std::move(dependency));
  }
  return dependencies;
}

Result<bool> get_requires_approval(json::Members& members, const StepId& step_id) {
  const json::Value* value = members.find_any(names::kRequiresApproval);
  if (value == nullptr) return false;
  if (const bool* flag = value->find_boolean()) return *flag;
  if (value->find_string() != nullptr) {
    return refuse(Code::k_not_supported, "Member requires_approval as text.");
  }
  return malformed(step_id, "requires_approval must be a boolean.");
}

Status check_not_judged(json::Members& members) {
  for (const std::string_view name : kNotJudged) {
    if (members.find_any(name) != nullptr) {
      return refuse(Code::k_not_supported, "Member " + std::string(name) + ".");
    }
  }
  return ok();
}

Status check_completion(json::Members& members, const WorkflowStep& step) {
  AJWT_ASSIGN(const auto completion, members.find_string(names::kCompletion));
  if (!completion) return ok();
  if (*completion == kCompletionResource) {
    return refuse(Code::k_not_supported, "Member completion: resource.");
  }
  // A gate is passed by a person; an agent's word must not stand in for that.
  if (*completion != kCompletionAgent || step.approval_gate) {
    return malformed(step.step_id, "completion.");
  }
  return ok();
}

Status check_step(const WorkflowStep& step) {
  if (step.approval_gate) {
    if (step.agent_id || step.audience || !step.scopes.empty()) {
      return malformed(step.step_id, "an approval gate has no agent, audience or scopes.");
    }
  } else if (!step.agent_id) {
    return malformed(step.step_id, "a step that is no approval gate needs an agent_id.");
  }
  if (!step.scopes.empty() && !step.audience) {
    return malformed(step.step_id, "scopes need an audience.");
  }
  if (step.audience) AJWT_TRY(check_audience(*step.audience));
  if (step.action && (step.action->empty() || step.action->size() > kMaxActionLength)) {
    return malformed(step.step_id, "action.");
  }
  if (step.max_uses < 1 || step.max_uses > kMaxUses) {
    return malformed(step.step_id, "max_uses must be from 1 to 1000.");
  }
  return check_scopes(step.scopes);
}

Result<WorkflowStep> parse_step(StepId step_id, json::Members& members) {
  WorkflowStep step{.step_id = std::move(step_id)};
  AJWT_ASSIGN(const auto agent_id, members.find_string(names::kAgentId));
  if (agent_id) {
    AJWT_ASSIGN(step.agent_id, AgentId::parse(*agent_id));
  }
  AJWT_ASSIGN(step.action, members.find_string(names::kAction));
  AJWT_ASSIGN(auto scopes, members.find_strings(names::kScopes));
  if (scopes) step.scopes = *std::move(scopes);
  AJWT_ASSIGN(step.audience, members.find_string(names::kAudience));
  AJWT_ASSIGN(step.dependencies, get_dependencies(members, step.step_id));
  AJWT_ASSIGN(step.required, get_flag(members, names::kRequired, true));
  AJWT_ASSIGN(step.approval_gate, get_flag(members, names::kApprovalGate, false));
  AJWT_ASSIGN(step.requires_approval, get_requires_approval(members, step.step_id));
  AJWT_ASSIGN(const auto max_uses, members.find_integer(names::kMaxUses));
  step.max_uses = max_uses.value_or(1);
  AJWT_TRY(check_not_judged(members));
  AJWT_TRY(check_completion(members, step));
  AJWT_TRY(members.check_no_others());
  AJWT_TRY(check_step(step));
  return step;
}

// parse_listed_step reads one element of the array form, which carries its own step_id.
Result<WorkflowStep> parse_listed_step(const json::Value& value) {
  const json::Object* object = value.find_object();
  if (object == nullptr) return refuse(Code::k_workflow_malformed, "A step must be an object.");
  json::Members members(*object);
  AJWT_ASSIGN(const std::string text, members.get_string(names::kStepId));
  AJWT_ASSIGN(StepId step_id, StepId::parse(text));
  return parse_step(std::move(step_id), members);
}

// parse_named_step reads one member of the object form. A step_id beside the name must repeat it.
Result<WorkflowStep> parse_named_step(const json::Member& member) {
  AJWT_ASSIGN(StepId step_id, StepId::parse(member.name));
  const json::Object* object = member.value.find_object();
  if (object == nullptr) return malformed(step_id, "it must be an object.");
  json::Members members(*object);
  AJWT_ASSIGN(const auto repeated, members.find_string(names::kStepId));
  if (repeated && *repeated != step_id.str()) return malformed(step_id, "step_id differs.");
  return parse_step(std::move(step_id), members);
}

Status check_step_count(std::size_t count) {
  if (count == 0) return refuse(Code::k_workflow_malformed, "There are no steps.");
  if (count > kMaxSteps) return refuse(Code::k_limit_exceeded, "Steps of a workflow.");
  return ok();
}

Result<std::vector<WorkflowStep>> parse_steps(const json::Value& value) {
  std::vector<WorkflowStep> steps;
  if (const json::Object* object = value.find_object()) {
    AJWT_TRY(check_step_count(object->size()));
    for (const json::Member& member : object->members()) {
      AJWT_ASSIGN(WorkflowStep step, parse_named_step(member));
      steps.push_back(std::move(step));
    }
    return steps;
  }
  const json::Array* array = value.find_array();
  if (array == nullptr) {
    return refuse(Code::k_workflow_malformed, "Member steps must be an object or an array.");
  }
  AJWT_TRY(check_step_count(array->size()));
  for (const json::Value& element : *array) {
    AJWT_ASSIGN(WorkflowStep step, parse_listed_step(element));
    steps.push_back(std::move(step));
  }
  return steps;
}

Status check_distinct(const Workflow& workflow) {
  for (const WorkflowStep& step : workflow.steps) {
    if (workflow.find(step.step_id) != &step) return malformed(step.step_id, "it is given twice.");
  }
  return ok();
}

Result<Workflow> parse_workflow_members(json::Members& members) {
  AJWT_ASSIGN(const std::string text, members.get_string(names::kWorkflowId));
  AJWT_ASSIGN(WorkflowId workflow_id, WorkflowId::parse(text));
  const json::Value* value = members.find_any(names::kSteps);
  if (value == nullptr) return refuse(Code::k_workflow_malformed, "Member steps.");
  AJWT_TRY(members.check_no_others());
  AJWT_ASSIGN(auto steps, parse_steps(*value));
  Workflow workflow{std::move(workflow_id), std::move(steps)};
  AJWT_TRY(check_distinct(workflow));
  AJWT_TRY(check_workflow_graph(workflow));
  return workflow;
}

}  // namespace

Result<Workflow> parse_workflow(const json::Object& object) {
  json::Members members(object);
  auto workflow = parse_workflow_members(members);
  if (!workflow) return json::as_malformed(std::move(workflow).error(), Code::k_workflow_malformed);
  return workflow;
}

}  // namespace ajwt
