// SPDX-License-Identifier: Apache-2.0
//
// The live agent: what the shim reads anew whenever it needs a token.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "protocol/agent_definition.h"

namespace ajwt::shim {

// LiveAgent tells what an agent is right now: the prompt template, tools and configuration that it
// really runs with. The shim asks before every request and never trusts an earlier answer, so a
// prompt or tool that was changed after the start is presented as changed, and refused by the
// authority (threats T4).
class LiveAgent {
 public:
  virtual ~LiveAgent() = default;
  // definition returns the agent as it runs now. Called from any thread, often: it must be safe for
  // concurrent use and should do no more than copy. Its agent_id never changes.
  virtual AgentDefinition definition() const = 0;
};

// FunctionAgent is a LiveAgent made of a function.
class FunctionAgent final : public LiveAgent {
 public:
  explicit FunctionAgent(std::function<AgentDefinition()> read) : read_(std::move(read)) {}
  AgentDefinition definition() const override { return read_(); }

 private:
  std::function<AgentDefinition()> read_;
};

// live_agent makes a LiveAgent of a function, which must be safe for concurrent use.
inline std::shared_ptr<const LiveAgent> live_agent(std::function<AgentDefinition()> read) {
  return std::make_shared<FunctionAgent>(std::move(read));
}

}  // namespace ajwt::shim
