// SPDX-License-Identifier: Apache-2.0
#include "lab/attacks.h"
#include "lab/scene.h"
#include "protocol/names.h"

namespace ajwt::lab {
namespace {

Result<std::vector<Attempt>> run_t09(Scene& scene) {
  const Target& target = scene.target();
  AJWT_ASSIGN(const auto execution, scene.open_execution());
  AJWT_ASSIGN(const auto token, scene.take("read_manifest", execution));
  AJWT_TRY(scene.call_step("read_manifest", token));
  AJWT_ASSIGN(const auto twin, scene.client_credentials(
                                   target.fleet, std::string(names::kScopeMint), target.issuer));
  AJWT_TRY(expect_allowed(twin, "the fleet's client asks for its own scope"));

  AJWT_ASSIGN(const auto fresh, scene.open_execution());
  std::vector<Attempt> attempts;
  const auto inflate = [&](std::string sent, Code expected, const MintParts& parts) -> Status {
    AJWT_ASSIGN(const auto answer, scene.mint(parts));
    attempts.push_back(attempt(std::move(sent), "authority", expected, answer));
    return ok();
  };
  const MintParts honest = scene.mint_parts("read_manifest", fresh);

  MintParts other_step = honest;
  other_step.step_id = "apply_patch";
  other_step.tool = "apply_patch";
  other_step.scopes = {"manifest:write"};
  AJWT_TRY(
      inflate("the reader asks for the writer's step", Code::k_step_agent_differs, other_step));
  MintParts more = honest;
  more.scopes = {"manifest:read", "manifest:write"};
  AJWT_TRY(inflate("an extra scope in its own step", Code::k_scope_exceeds_ceiling, more));
  MintParts upper = honest;
  upper.scopes = {"Manifest:Read"};
  AJWT_TRY(inflate("the scope in another case", Code::k_scope_exceeds_ceiling, upper));
  MintParts authority = honest;
  authority.audience = target.issuer;
  authority.scopes = {std::string(names::kScopeAdminAgents)};
  AJWT_TRY(inflate("an administrative scope at the authority itself",
                   Code::k_audience_exceeds_ceiling, authority));
  MintParts both = honest;
  both.extra.set(names::kAudience, json::Array{target.audience, target.issuer});
  AJWT_TRY(inflate("two audiences in one token", Code::k_audience_not_single, both));

  AJWT_ASSIGN(
      const auto plain,
      scene.client_credentials(target.fleet, std::string(names::kScopeAdminAgents), target.issuer));
  attempts.push_back(attempt("the fleet's client asks for an administrative scope of its own",
                             "authority", Code::k_scope_exceeds_ceiling, plain));
  return attempts;
}

}  // namespace

Attack t09_scope_inflation() {
  return {.id = "T9",
          .name = "t09-scope-inflation",
          .title = "Scope inflation",
          .story =
              "An agent asks for more than its step needs. What is granted lies within every "
              "ceiling; what lies outside is refused and named, never silently narrowed.",
          .run = run_t09};
}

}  // namespace ajwt::lab
