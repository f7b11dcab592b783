// SPDX-License-Identifier: Apache-2.0
//
// Workflows: immutable, versioned DAGs of steps (draft 4.7.2, 6.3; protocol 4.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "json/value.h"
#include "protocol/scope.h"

namespace ajwt {

// WorkflowStep is one step. A step with approval_gate has no agent and is passed by a person.
struct WorkflowStep {
  StepId step_id;
  std::optional<AgentId> agent_id = {};
  std::optional<std::string> action = {};  // the tool
  Scopes scopes = {};
  std::optional<std::string> audience = {};  // required if there are scopes
  std::vector<StepId> dependencies = {};
  bool required = true;
  bool approval_gate = false;
  bool requires_approval = false;  // draft's meaning: the nearest gate before it was passed
  std::int64_t max_uses = 1;       // how often it may be begun in one execution
  friend bool operator==(const WorkflowStep&, const WorkflowStep&) = default;

  // permission returns what the step allows, or nothing for a step without audience.
  std::optional<Permission> permission() const;
};

// Workflow is a definition without its version, which the authority gives at registration.
struct Workflow {
  WorkflowId workflow_id;
  std::vector<WorkflowStep> steps;  // in sequence
  friend bool operator==(const Workflow&, const Workflow&) = default;

  // find returns the step or null.
  const WorkflowStep* find(const StepId& step_id) const;
  // predecessors returns, in sequence, what must be done before `step`: its dependencies and every
  // earlier required step (protocol 4.1).
  std::vector<StepId> predecessors(const WorkflowStep& step) const;
  // gate_before returns the nearest approval gate before `step` in sequence, or null.
  const WorkflowStep* gate_before(const WorkflowStep& step) const;
};

// parse_workflow reads {"workflow_id","steps"} with steps as an object (insertion order is the
// sequence, draft 6.3.3) or an array (with step_id). Refuses k_workflow_malformed (also: no steps,
// a step without agent that is no gate, scopes without audience, a gate with agent or scopes, a
// step twice, max_uses outside 1..1000), k_limit_exceeded (512 steps), k_workflow_cyclic,
// k_workflow_dependency_unknown, k_workflow_gate_missing, k_workflow_step_unreachable,
// k_json_unknown_member, and k_not_supported for what protocol 4.1 has and this version does not
// judge (constraints, max_calls, timeout_s, completion "resource", requires_approval as text).
Result<Workflow> parse_workflow(const json::Object& workflow);
json::Object to_json(const Workflow& workflow);

}  // namespace ajwt
