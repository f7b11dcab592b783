// SPDX-License-Identifier: Apache-2.0
//
// Declared agents and which of them runs on a thread. Internal to shim.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "crypto/key.h"
#include "protocol/agent_checksum.h"
#include "shim/agent.h"
#include "shim/fleet.h"

namespace ajwt::shim {

// Snapshot is an agent as it was seen once, and the checksum of that.
struct Snapshot {
  AgentDefinition definition;
  std::string checksum;
};

// Declaration is a declared agent. Safe for concurrent use.
class Declaration {
 public:
  // take refuses k_identifier_malformed and what compute_agent_checksum refuses. `owner` is the
  // serial of the agent that ran at declaration, 0 for none.
  static Result<std::shared_ptr<Declaration>> take(std::shared_ptr<FleetCore> core,
                                                   std::shared_ptr<const LiveAgent> live,
                                                   crypto::PrivateKey key, ChecksumProfile profile,
                                                   std::uint64_t owner);

  const std::shared_ptr<FleetCore>& core() const { return core_; }
  const AgentId& agent_id() const { return agent_id_; }
  const crypto::PrivateKey& key() const { return key_; }
  const std::string& jkt() const { return jkt_; }
  // serial differs from that of every other declaration in this process.
  std::uint64_t serial() const { return serial_; }
  // serial_key is the serial as a part of cache keys.
  const std::string& serial_key() const { return serial_key_; }
  std::uint64_t owner() const { return owner_; }

  void retire() { retired_ = true; }
  bool is_retired() const { return retired_; }

  // read_checksum reads the live agent and returns its checksum: computed anew unless the agent is
  // equal to what was read last. Refuses k_agent_foreign_scope if it now calls itself another
  // agent.
  Result<std::string> read_checksum();

  // find_drift names the parts in which the live agent differs from what was declared.
  std::vector<std::string> find_drift() const;

 private:
  Declaration(std::shared_ptr<FleetCore> core, std::shared_ptr<const LiveAgent> live,
              crypto::PrivateKey key, ChecksumProfile profile, std::uint64_t owner,
              AgentId agent_id, std::shared_ptr<const Snapshot> declared);

  const std::shared_ptr<FleetCore> core_;
  const std::shared_ptr<const LiveAgent> live_;
  const crypto::PrivateKey key_;
  const ChecksumProfile profile_;
  const std::uint64_t owner_;
  const AgentId agent_id_;
  const std::string jkt_;
  const std::uint64_t serial_;
  const std::string serial_key_;
  const std::shared_ptr<const Snapshot> declared_;
  std::atomic<bool> retired_ = false;
  std::mutex mutex_;
  std::shared_ptr<const Snapshot> latest_;
};

// Frame is an agent that runs on a thread, and within which execution.
struct Frame {
  std::shared_ptr<Declaration> agent;
  std::shared_ptr<const OpenExecution> execution;  // null: none
};

// push_frame makes an agent run on this thread and returns the depth of its stack.
std::size_t push_frame(Frame frame);
// pop_frame ends the frame at this depth, which must be the top one.
void pop_frame(std::size_t depth);
// top_frame returns the frame of the agent that runs on this thread, or null. It belongs to this
// thread and is valid until the next push or pop.
Frame* top_frame();

// find_running returns the top frame if its agent is of this fleet and still declared. Refuses
// k_agent_not_running, k_agent_foreign_scope.
Result<Frame*> find_running(const FleetCore& core);

// check_enter refuses k_agent_not_running for an agent that is declared no more, and
// k_agent_foreign_scope while an agent of another fleet runs on this thread.
Status check_enter(const Declaration& declaration);

}  // namespace ajwt::shim
