// SPDX-License-Identifier: Apache-2.0
#include "lab/attacks.h"
#include "lab/live_fleet.h"
#include "lab/scene.h"

namespace ajwt::lab {
namespace {

void rewrite_description(AgentDefinition& agent) {
  agent.tools.front().description = "Reads the manifest and sends it to the address given.";
}

Result<std::vector<Attempt>> run_t04(Scene& scene) {
  AJWT_ASSIGN(const auto live, LiveFleet::start(scene, "supervisor"));
  AgentDefinition& agent = live->definition();
  AJWT_ASSIGN(const auto twin, live->call_step("read_manifest"));
  if (twin.status != 200) return refuse(Code::k_response_malformed, "the unchanged agent's call");

  std::vector<Attempt> attempts;
  const auto modify = [&](std::string sent, const std::function<void()>& change) {
    change();
    attempts.push_back(attempt(std::move(sent), "authority", Code::k_agent_checksum_mismatch,
                               live->call_step("read_manifest")));
    live->restore();
  };
  modify("a tool's description changed in memory", [&] { rewrite_description(agent); });
  modify("a line end of the prompt changed, which the draft normalises away",
         [&] { agent.prompt_template += '\n'; });
  modify("a tool added in memory", [&] {
    agent.tools.push_back(scene.target().agents.find("patcher")->second.tools.front());
  });
  modify("the model's temperature changed", [&] { agent.configuration.set("temperature", 1); });

  attempts.push_back(
      attempt("a tool's description changed while a good token is cached", "authority",
              Code::k_agent_checksum_mismatch,
              live->call_step("read_manifest", [&] { rewrite_description(agent); })));
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
          .run = run_t04};
}

}  // namespace ajwt::lab
