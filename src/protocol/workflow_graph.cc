// SPDX-License-Identifier: Apache-2.0
#include "protocol/workflow_graph.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ajwt {
namespace {

// Edges holds, for each step by its place in sequence, the places of those that wait for it.
using Edges = std::vector<std::vector<std::size_t>>;
using Places = std::unordered_map<std::string_view, std::size_t>;

Error about(Code code, const WorkflowStep& step) {
  return refuse(code, "Step " + step.step_id.str() + ".");
}

// find_stuck returns the first step that stays behind when steps are taken whose predecessors are
// all taken (Kahn's algorithm): one on a cycle, or one that waits for a cycle.
std::optional<std::size_t> find_stuck(const Edges& edges) {
  std::vector<std::size_t> waiting(edges.size(), 0);
  for (const auto& targets : edges) {
    for (const std::size_t target : targets) ++waiting[target];
  }
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (waiting[i] == 0) free.push_back(i);
  }
  while (!free.empty()) {
    const std::size_t taken = free.back();
    free.pop_back();
    for (const std::size_t target : edges[taken]) {
      if (--waiting[target] == 0) free.push_back(target);
    }
  }
  const auto stuck = std::find_if(waiting.begin(), waiting.end(),
                                  [](std::size_t predecessors) { return predecessors > 0; });
  if (stuck == waiting.end()) return std::nullopt;
  return static_cast<std::size_t>(stuck - waiting.begin());
}

Places places_of(const Workflow& workflow) {
  Places places;
  for (std::size_t i = 0; i < workflow.steps.size(); ++i) {
    places.emplace(workflow.steps[i].step_id.str(), i);
  }
  return places;
}

Result<Edges> dependency_edges(const Workflow& workflow) {
  const Places places = places_of(workflow);
  Edges edges(workflow.steps.size());
  for (std::size_t i = 0; i < workflow.steps.size(); ++i) {
    for (const StepId& dependency : workflow.steps[i].dependencies) {
      const auto place = places.find(dependency.str());
      if (place == places.end()) {
        return about(Code::k_workflow_dependency_unknown, workflow.steps[i]);
      }
      edges[place->second].push_back(i);
    }
  }
  return edges;
}

// add_sequence_edges adds what the sequence asks for: every earlier required step, and the nearest
// earlier gate of a step that requires approval.
void add_sequence_edges(const Workflow& workflow, Edges& edges) {
  std::optional<std::size_t> gate;
  for (std::size_t i = 0; i < workflow.steps.size(); ++i) {
    const WorkflowStep& step = workflow.steps[i];
    if (step.requires_approval && gate) edges[*gate].push_back(i);
    if (step.approval_gate) gate = i;
    if (!step.required) continue;
    for (std::size_t later = i + 1; later < workflow.steps.size(); ++later) {
      edges[i].push_back(later);
    }
  }
}

}  // namespace

Status check_workflow_graph(const Workflow& workflow) {
  AJWT_ASSIGN(Edges edges, dependency_edges(workflow));
  if (const auto stuck = find_stuck(edges)) {
    return about(Code::k_workflow_cyclic, workflow.steps[*stuck]);
  }
  for (const WorkflowStep& step : workflow.steps) {
    if (step.requires_approval && workflow.gate_before(step) == nullptr) {
      return about(Code::k_workflow_gate_missing, step);
    }
  }
  add_sequence_edges(workflow, edges);
  if (const auto stuck = find_stuck(edges)) {
    return about(Code::k_workflow_step_unreachable, workflow.steps[*stuck]);
  }
  return ok();
}

}  // namespace ajwt
