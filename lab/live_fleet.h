// SPDX-License-Identifier: Apache-2.0
//
// LiveFleet: the target's own fleet with one agent that runs under the shim, and whose definition
// somebody can change in memory while it runs.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/http_message.h"
#include "base/result.h"
#include "lab/attack.h"
#include "lab/scene.h"
#include "protocol/agent_definition.h"
#include "shim/fleet.h"

namespace ajwt::lab {

// LiveFleet is for one thread: the agent runs on the one that called start.
class LiveFleet {
 public:
  // start declares the agent as it is registered and makes it run.
  static Result<std::unique_ptr<LiveFleet>> start(Scene& scene, std::string_view agent_id);

  // definition is what the agent is made of right now.
  AgentDefinition& definition() { return *definition_; }
  // restore makes the agent what is registered again.
  void restore() { *definition_ = registered_; }

  // call_step makes the honest call of a step in a new execution of its own. `meanwhile`, if given,
  // happens after a first call and before a second one under the same, cached token. Refuses what
  // the shim and the authority refuse; any answer is returned.
  Result<HttpResponse> call_step(std::string_view step_id,
                                 const std::function<void()>& meanwhile = nullptr);

 private:
  LiveFleet(Scene& scene, AgentDefinition registered, std::unique_ptr<shim::Fleet> fleet);

  Scene& scene_;
  const AgentDefinition registered_;
  const std::shared_ptr<AgentDefinition> definition_;
  const std::unique_ptr<shim::Fleet> fleet_;
  std::optional<shim::DeclaredAgent> agent_;
  std::optional<shim::Running> running_;  // the last: it ends before its agent goes
};

// attempt compares what the shim said with what must have refused it.
Attempt attempt(std::string sent, std::string refused_by, Code expected,
                const Result<HttpResponse>& outcome);

}  // namespace ajwt::lab
