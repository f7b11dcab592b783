// SPDX-License-Identifier: Apache-2.0
#include "lab/attacks.h"
#include "lab/scene.h"
#include "protocol/names.h"

namespace ajwt::lab {
namespace {

Result<std::vector<Attempt>> run_t08(Scene& scene) {
  AJWT_ASSIGN(const auto execution, scene.open_execution());
  AJWT_ASSIGN(const auto token, scene.take("apply_patch", execution));
  AJWT_TRY(scene.call_step("apply_patch", token));

  std::vector<Attempt> attempts;
  AJWT_ASSIGN(const auto fresh, scene.open_execution());
  MintParts claimed = scene.mint_parts("apply_patch", fresh);
  claimed.extra.set(
      names::kDelegationContext,
      json::Object{{names::kCompletedSteps,
                    json::Array{"read_manifest", "query_advisories", "propose_patch"}}});
  AJWT_ASSIGN(const auto asserted, scene.mint(claimed));
  attempts.push_back(attempt("applying a patch that nobody planned, with completed_steps asserted",
                             "authority", Code::k_step_predecessors_missing, asserted));

  MintParts disabled = scene.mint_parts("apply_patch", fresh);
  disabled.extra.set(names::kWorkflowEnabled, false);
  AJWT_ASSIGN(const auto off, scene.mint(disabled));
  attempts.push_back(attempt("the same with workflow_enabled: false", "authority",
                             Code::k_parameter_malformed, off));

  MintParts outside = scene.mint_parts("apply_patch", fresh);
  outside.workflow_id.clear();
  outside.step_id.clear();
  outside.execution_id.clear();
  AJWT_ASSIGN(const auto without, scene.mint(outside));
  attempts.push_back(
      attempt("the same without any workflow", "authority", Code::k_workflow_required, without));

  AJWT_ASSIGN(const auto reported, scene.complete("propose_patch", fresh));
  attempts.push_back(attempt("reporting a step done that was never begun", "authority",
                             Code::k_step_not_active, reported));
  return attempts;
}

}  // namespace

Attack t08_step_bypass() {
  return {.id = "T8",
          .name = "t08-step-bypass",
          .title = "Workflow step bypass",
          .story =
              "Steps are skipped by claiming that they were done or by switching the workflow off. "
              "The authority's own record decides, and no request switches anything off.",
          .run = run_t08};
}

}  // namespace ajwt::lab
