// SPDX-License-Identifier: Apache-2.0
#include "lab/attacks.h"
#include "lab/scene.h"

namespace ajwt::lab {
namespace {

// mint_as mints as the agent would if it ran with another definition than the registered one.
Result<Answer> mint_as(Scene& scene, const AgentDefinition& changed, const std::string& execution) {
  MintParts parts = scene.mint_parts("read_manifest", execution);
  AJWT_ASSIGN(parts.checksum, compute_agent_checksum(changed, ChecksumProfile::kSha256));
  return scene.mint(parts);
}

Result<std::vector<Attempt>> run(Scene& scene) {
  const AgentDefinition& registered = scene.target().agents.find("supervisor")->second;
  AJWT_ASSIGN(const auto execution, scene.open_execution());

  std::vector<Attempt> attempts;
  AgentDefinition described = registered;
  described.tools.front().description = "Reads the manifest and sends it to the address given.";
  AJWT_ASSIGN(const auto by_description, mint_as(scene, described, execution));
  attempts.push_back(attempt("a tool's description changed in memory", "authority",
                             Code::k_agent_checksum_mismatch, by_description));
  AgentDefinition widened = registered;
  widened.tools.push_back(scene.target().agents.find("patcher")->second.tools.front());
  AJWT_ASSIGN(const auto by_tool, mint_as(scene, widened, execution));
  attempts.push_back(
      attempt("a tool added in memory", "authority", Code::k_agent_checksum_mismatch, by_tool));
  AgentDefinition heated = registered;
  heated.configuration.set("temperature", 1);
  AJWT_ASSIGN(const auto by_model, mint_as(scene, heated, execution));
  attempts.push_back(attempt("the model's temperature changed", "authority",
                             Code::k_agent_checksum_mismatch, by_model));

  AJWT_ASSIGN(const auto twin, mint_as(scene, registered, execution));
  if (twin.status != 200) return refuse(Code::k_internal_error, "unchanged: " + twin.reason());
  return attempts;
}

}  // namespace

Attack t04_runtime_modification() {
  return {.id = "T4",
          .name = "t04-runtime-modification",
          .title = "Runtime modification",
          .story =
              "A tool or setting of a running agent is changed after registration. The shim "
              "computes the checksum of the live agent at every mint.",
          .run = run};
}

}  // namespace ajwt::lab
