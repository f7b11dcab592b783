// SPDX-License-Identifier: Apache-2.0
#include "protocol/workflow.h"

#include <algorithm>

#include "protocol/names.h"

namespace ajwt {
namespace {

template <class T>
bool contains(const std::vector<T>& list, const T& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

json::Object write_step(const WorkflowStep& step) {
  json::Object object;
  object.append(names::kStepId, step.step_id.str());
  if (step.agent_id) object.append(names::kAgentId, step.agent_id->str());
  if (step.action) object.append(names::kAction, *step.action);
  object.append(names::kScopes, json::string_array(step.scopes));
  if (step.audience) object.append(names::kAudience, *step.audience);
  json::Array dependencies;
  for (const StepId& dependency : step.dependencies) dependencies.emplace_back(dependency.str());
  object.append(names::kDependencies, std::move(dependencies));
  object.append(names::kRequired, step.required);
  object.append(names::kApprovalGate, step.approval_gate);
  object.append(names::kRequiresApproval, step.requires_approval);
  object.append(names::kMaxUses, step.max_uses);
  return object;
}

}  // namespace

std::optional<Permission> WorkflowStep::permission() const {
  if (!audience || scopes.empty()) return std::nullopt;
  return Permission{*audience, action, scopes};
}

const WorkflowStep* Workflow::find(const StepId& step_id) const {
  const auto it = std::find_if(steps.begin(), steps.end(),
                               [&](const WorkflowStep& step) { return step.step_id == step_id; });
  return it == steps.end() ? nullptr : &*it;
}

std::vector<StepId> Workflow::predecessors(const WorkflowStep& step) const {
  std::vector<StepId> needed;
  bool earlier = true;
  for (const WorkflowStep& other : steps) {
    if (other.step_id == step.step_id) {
      earlier = false;
    } else if ((earlier && other.required) || contains(step.dependencies, other.step_id)) {
      needed.push_back(other.step_id);
    }
  }
  return needed;
}

const WorkflowStep* Workflow::gate_before(const WorkflowStep& step) const {
  const WorkflowStep* gate = nullptr;
  for (const WorkflowStep& other : steps) {
    if (other.step_id == step.step_id) break;
    if (other.approval_gate) gate = &other;
  }
  return gate;
}

json::Object to_json(const Workflow& workflow) {
  json::Array steps;
  steps.reserve(workflow.steps.size());
  for (const WorkflowStep& step : workflow.steps) steps.emplace_back(write_step(step));
  json::Object object;
  object.append(names::kWorkflowId, workflow.workflow_id.str());
  object.append(names::kSteps, std::move(steps));
  return object;
}

}  // namespace ajwt
