// SPDX-License-Identifier: Apache-2.0
#include "lab/attacks.h"
#include "lab/scene.h"
#include "protocol/names.h"

namespace ajwt::lab {
namespace {

// A workflow of one step alone, in which `agent_id` may do at once what the target's workflow
// allows in that step.
json::Object one_step(const Scene& scene, const std::string& workflow_id,
                      const std::string& step_id, const std::string& agent_id) {
  const Target& target = scene.target();
  const StepSpec& spec = scene.step(step_id);
  const json::Object step{{names::kAgentId, agent_id},
                          {names::kAction, spec.tool},
                          {names::kScopes, json::Array{spec.scope}},
                          {names::kAudience, target.audience}};
  return json::Object{{names::kAppId, target.app_id},
                      {names::kWorkflowId, workflow_id},
                      {names::kSteps, json::Object{{step_id, step}}}};
}

Result<std::vector<Attempt>> run_t06(Scene& scene) {
  const Target& target = scene.target();
  AJWT_ASSIGN(const auto execution, scene.open_execution());
  AJWT_ASSIGN(const auto token, scene.take("read_manifest", execution));
  AJWT_TRY(scene.call_step("read_manifest", token));
  // Within everyone's grant, by who may register: what is refused below is not workflows as such.
  AJWT_ASSIGN(const auto twin, scene.register_workflow(
                                   one_step(scene, "manifest-check", "read_manifest", "supervisor"),
                                   target.registrar));
  AJWT_TRY(expect_allowed(twin, "a workflow registered by the registrar"));

  std::vector<Attempt> attempts;
  AJWT_ASSIGN(const auto by_fleet,
              scene.register_workflow(one_step(scene, target.workflow_id, "apply_patch", "patcher"),
                                      target.fleet));
  attempts.push_back(attempt("a workflow without planning, registered by the fleet itself",
                             "authority", Code::k_client_unauthorized, by_fleet));
  AJWT_ASSIGN(const auto beyond,
              scene.register_workflow(one_step(scene, "quick-fix", "apply_patch", "classifier"),
                                      target.registrar));
  attempts.push_back(attempt("a workflow that gives the classifier the patcher's tool", "authority",
                             Code::k_workflow_exceeds_grant, beyond));
  MintParts other = scene.mint_parts("read_manifest", execution);
  other.workflow_id = "quick-fix";
  AJWT_ASSIGN(const auto swapped, scene.mint(other));
  attempts.push_back(attempt("another workflow's name in a running execution", "authority",
                             Code::k_execution_workflow_differs, swapped));
  return attempts;
}

}  // namespace

Attack t06_workflow_tampering() {
  return {.id = "T6",
          .name = "t06-workflow-tampering",
          .title = "Workflow definition tampering",
          .story =
              "An agent registers a workflow that lets it skip the others. Who may mint can never "
              "register, grants are frozen, and a running execution keeps its version.",
          .run = run_t06};
}

}  // namespace ajwt::lab
