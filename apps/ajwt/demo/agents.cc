// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/demo/agents.h"

#include <algorithm>

#include "base/check.h"
#include "protocol/names.h"

namespace ajwt::demo {
namespace {

json::Object schema(json::Object properties, const std::vector<std::string>& required) {
  return json::Object{{"type", "object"},
                      {"properties", std::move(properties)},
                      {"required", json::string_array(required)},
                      {"additionalProperties", false}};
}

json::Object typed(std::string_view type) { return json::Object{{"type", type}}; }

Tool read_manifest() {
  return Tool{.name = "read_manifest",
              .description = "Reads the manifest and lists its packages.",
              .parameters = schema({}, {}),
              .signature = std::nullopt,
              .source_code = std::nullopt};
}

Tool query_advisories() {
  return Tool{.name = "query_advisories",
              .description = "Looks up known vulnerabilities of packages.",
              .parameters = schema({{"packages", typed("array")}}, {"packages"}),
              .signature = std::nullopt,
              .source_code = std::nullopt};
}

Tool propose_patch() {
  return Tool{.name = "propose_patch",
              .description = "Proposes new versions for packages.",
              .parameters = schema({{"changes", typed("array")}}, {"changes"}),
              .signature = std::nullopt,
              .source_code = std::nullopt};
}

Tool apply_patch() {
  return Tool{.name = "apply_patch",
              .description = "Applies a proposal to the manifest.",
              .parameters = schema({{"proposal_id", typed("string")}}, {"proposal_id"}),
              .signature = std::nullopt,
              .source_code = std::nullopt};
}

AgentDefinition agent(std::string id, std::string prompt, Tool tool) {
  return AgentDefinition{.agent_id = std::move(id),
                         .prompt_template = std::move(prompt),
                         .tools = {std::move(tool)},
                         .configuration = json::Object{
                             {"model_name", "scripted"}, {"temperature", 0}, {"max_tokens", 1024}}};
}

json::Object route(std::string_view method, std::string_view path, std::string_view tool) {
  json::Array steps;
  std::string_view scope;
  for (const auto& step : demo_steps()) {
    if (step.tool != tool) continue;
    steps.emplace_back(step.step_id);
    scope = step.scope;
  }
  return json::Object{{"method", method},
                      {"path", path},
                      {"app", kAppId},
                      {"scope", scope},
                      {"workflow", kWorkflowId},
                      {"step", std::move(steps)},
                      {"tool", tool}};
}

}  // namespace

const std::vector<DemoStep>& demo_steps() {
  static const std::vector<DemoStep> steps = {
      {"read_manifest", "supervisor", "read_manifest", "manifest:read", ""},
      {"query_advisories", "classifier", "query_advisories", "advisory:read", "read_manifest"},
      {"propose_patch", "planner", "propose_patch", "patch:propose", "query_advisories"},
      {"apply_patch", "patcher", "apply_patch", "manifest:write", "propose_patch"},
      {"verify_manifest", "supervisor", "read_manifest", "manifest:read", "apply_patch"},
  };
  return steps;
}

const std::vector<AgentDefinition>& demo_agents() {
  static const std::vector<AgentDefinition> agents = {
      agent("supervisor",
            "You supervise the patching of dependencies.\nRead the manifest, hand its packages to "
            "the classifier, and check the result.\nNever edit a file yourself.",
            read_manifest()),
      agent("classifier",
            "You classify packages by the advisories that hit them.\nReport what is vulnerable and "
            "which version mends it.\nYou never propose or apply changes.",
            query_advisories()),
      agent("planner",
            "You plan patches.\nFor each vulnerable package choose the smallest version that mends "
            "it.\nYou propose; another agent applies.",
            propose_patch()),
      agent("patcher",
            "You apply proposals that were planned.\nApply exactly what the proposal says and "
            "nothing else.",
            apply_patch()),
  };
  return agents;
}

const AgentDefinition& demo_agent(std::string_view agent_id) {
  const auto found = std::find_if(demo_agents().begin(), demo_agents().end(),
                                  [&](const auto& agent) { return agent.agent_id == agent_id; });
  AJWT_CHECK(found != demo_agents().end());
  return *found;
}

json::Object demo_workflow() {
  json::Object steps;
  for (const auto& step : demo_steps()) {
    json::Object definition{{names::kAgentId, step.agent_id},
                            {names::kAction, step.tool},
                            {names::kScopes, json::Array{step.scope}},
                            {names::kAudience, kAudience}};
    if (!step.dependency.empty()) {
      definition.set(names::kDependencies, json::Array{step.dependency});
    }
    steps.set(step.step_id, std::move(definition));
  }
  return json::Object{{names::kAppId, kAppId},
                      {names::kWorkflowId, kWorkflowId},
                      {names::kSteps, std::move(steps)}};
}

json::Object demo_policy() {
  return json::Object{
      {"route", json::Array{route("GET", "/manifest", "read_manifest"),
                            route("POST", "/advisories/query", "query_advisories"),
                            route("POST", "/proposals", "propose_patch"),
                            route("POST", "/proposals/{id}/apply", "apply_patch")}}};
}

}  // namespace ajwt::demo
