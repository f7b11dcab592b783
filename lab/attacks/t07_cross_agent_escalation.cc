// SPDX-License-Identifier: Apache-2.0
#include "lab/attacks.h"
#include "lab/scene.h"

namespace ajwt::lab {
namespace {

Result<std::vector<Attempt>> run_t07(Scene& scene) {
  AJWT_ASSIGN(const auto execution, scene.open_execution());
  AJWT_ASSIGN(const auto token, scene.take("propose_patch", execution));
  AJWT_TRY(scene.call_step("propose_patch", token));

  std::vector<Attempt> attempts;
  AJWT_ASSIGN(const auto fresh, scene.open_execution());
  AJWT_ASSIGN(const auto alone, scene.mint(scene.mint_parts("apply_patch", fresh)));
  attempts.push_back(attempt("the patcher called without the planner", "authority",
                             Code::k_step_predecessors_missing, alone));

  MintParts as_patcher = scene.mint_parts("apply_patch", fresh);
  as_patcher.proof_key = scene.agent_key("classifier");
  AJWT_ASSIGN(const auto renamed, scene.mint(as_patcher));
  attempts.push_back(attempt("the classifier names the patcher as itself, with its own key",
                             "authority", Code::k_agent_key_unknown, renamed));

  CallParts call = scene.call_parts("apply_patch", token);
  AJWT_ASSIGN(call.proof, scene.prove(scene.agent_key("planner"), call));
  AJWT_ASSIGN(const auto misused, scene.call(call));
  attempts.push_back(attempt("the planner's token at the patcher's endpoint", "guard",
                             Code::k_scope_insufficient, misused));

  CallParts borrowed = scene.call_parts("propose_patch", token);
  AJWT_ASSIGN(borrowed.proof, scene.prove(scene.agent_key("classifier"), borrowed));
  AJWT_ASSIGN(const auto used, scene.call(borrowed));
  attempts.push_back(attempt("the planner's token in the classifier's hand", "guard",
                             Code::k_proof_key_mismatch, used));
  return attempts;
}

}  // namespace

Attack t07_cross_agent_escalation() {
  return {.id = "T7",
          .name = "t07-cross-agent-escalation",
          .title = "Cross-agent privilege escalation",
          .story =
              "A low-privilege agent uses a high-privilege one, its name or its token. Who calls "
              "is known from the key alone, what came before from the authority's record.",
          .run = run_t07};
}

}  // namespace ajwt::lab
