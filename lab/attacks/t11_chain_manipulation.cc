// SPDX-License-Identifier: Apache-2.0
#include "lab/attacks.h"
#include "lab/scene.h"
#include "protocol/names.h"

namespace ajwt::lab {
namespace {

MintParts with_chain(MintParts parts, json::Array chain) {
  parts.extra.set(names::kDelegationContext, json::Object{{names::kChain, std::move(chain)}});
  return parts;
}

// up_to_apply carries out what comes before apply_patch and returns the request for it.
Result<MintParts> up_to_apply(Scene& scene, const std::string& execution) {
  AJWT_ASSIGN(const auto token, scene.take("propose_patch", execution));
  AJWT_TRY(scene.call_step("propose_patch", token));
  AJWT_ASSIGN(const auto reported, scene.complete("propose_patch", execution));
  AJWT_TRY(expect_allowed(reported, "the honest report"));
  return scene.mint_parts("apply_patch", execution);
}

Result<std::vector<Attempt>> run_t11(Scene& scene) {
  AJWT_ASSIGN(const auto told, scene.open_execution());
  AJWT_ASSIGN(const auto before, up_to_apply(scene, told));
  AJWT_ASSIGN(const auto twin,
              scene.mint(with_chain(before, json::Array{"supervisor", "classifier", "planner"})));
  AJWT_TRY(expect_allowed(twin, "the true chain"));
  AJWT_TRY(scene.call_step("apply_patch", twin.member(names::kAccessToken)));

  AJWT_ASSIGN(const auto execution, scene.open_execution());
  AJWT_ASSIGN(const auto honest, up_to_apply(scene, execution));
  std::vector<Attempt> attempts;
  const auto manipulate = [&](std::string sent, Code expected, const MintParts& parts) -> Status {
    AJWT_ASSIGN(const auto answer, scene.mint(parts));
    attempts.push_back(attempt(std::move(sent), "authority", expected, answer));
    return ok();
  };
  AJWT_TRY(manipulate("a chain without the planner", Code::k_delegation_chain_differs,
                      with_chain(honest, json::Array{"supervisor", "classifier", "patcher"})));
  AJWT_TRY(manipulate("the links reordered", Code::k_delegation_chain_differs,
                      with_chain(honest, json::Array{"planner", "classifier", "supervisor"})));
  AJWT_TRY(manipulate("an id that carries the separator", Code::k_delegation_chain_differs,
                      with_chain(honest, json::Array{"supervisor|classifier", "planner"})));
  MintParts first = with_chain(scene.mint_parts("read_manifest", execution), json::Array{});
  first.agent_id = "patcher";
  first.checksum = scene.checksum_of("patcher");
  first.proof_key = scene.agent_key("patcher");
  AJWT_TRY(manipulate("the patcher claims the first step, with the empty chain of a beginning",
                      Code::k_step_agent_differs, first));
  return attempts;
}

}  // namespace

Attack t11_chain_manipulation() {
  return {.id = "T11",
          .name = "t11-chain-manipulation",
          .title = "Delegation chain manipulation",
          .story =
              "A claimed chain leaves out, reorders or renames who handed the work on. The chain "
              "in a token comes from the authority's record; a claim that differs is refused.",
          .run = run_t11};
}

}  // namespace ajwt::lab
