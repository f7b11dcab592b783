// SPDX-License-Identifier: Apache-2.0
#include "shim/internal/declaration.h"

#include <utility>

#include "base/check.h"
#include "jose/jwk.h"
#include "protocol/component_drift.h"
#include "protocol/strict_checksum.h"

namespace ajwt::shim {
namespace {

std::uint64_t next_serial() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

// The agents that run on this thread, the innermost last.
std::vector<Frame>& frames() {
  thread_local std::vector<Frame> stack;
  return stack;
}

}  // namespace

Declaration::Declaration(std::shared_ptr<FleetCore> core, std::shared_ptr<const LiveAgent> live,
                         crypto::PrivateKey key, ChecksumProfile profile, std::uint64_t owner,
                         AgentId agent_id, std::shared_ptr<const Snapshot> declared)
    : core_(std::move(core)),
      live_(std::move(live)),
      key_(std::move(key)),
      profile_(profile),
      owner_(owner),
      agent_id_(std::move(agent_id)),
      jkt_(jose::thumbprint(key_.public_key())),
      serial_(next_serial()),
      serial_key_(std::to_string(serial_)),
      declared_(std::move(declared)),
      latest_(declared_) {}

Result<std::shared_ptr<Declaration>> Declaration::take(std::shared_ptr<FleetCore> core,
                                                       std::shared_ptr<const LiveAgent> live,
                                                       crypto::PrivateKey key,
                                                       ChecksumProfile profile,
                                                       std::uint64_t owner) {
  Snapshot snapshot{.definition = live->definition(), .checksum = {}};
  AJWT_ASSIGN(AgentId agent_id, AgentId::parse(snapshot.definition.agent_id));
  AJWT_ASSIGN(snapshot.checksum, compute_agent_checksum(snapshot.definition, profile));
  return std::shared_ptr<Declaration>(
      new Declaration(std::move(core), std::move(live), std::move(key), profile, owner,
                      std::move(agent_id), std::make_shared<const Snapshot>(std::move(snapshot))));
}

Result<std::string> Declaration::read_checksum() {
  AgentDefinition now = live_->definition();
  // One agent's key must never vouch for another agent's id (threats T7).
  if (now.agent_id != agent_id_.str()) {
    return refuse(Code::k_agent_foreign_scope, "The live agent's agent_id differs from " +
                                                   agent_id_.str() + ", which was declared.");
  }
  std::shared_ptr<const Snapshot> latest;
  {
    const std::lock_guard lock(mutex_);
    latest = latest_;
  }
  if (latest->definition == now) return latest->checksum;
  Snapshot snapshot{.definition = std::move(now), .checksum = {}};
  AJWT_ASSIGN(snapshot.checksum, compute_agent_checksum(snapshot.definition, profile_));
  std::string checksum = snapshot.checksum;
  const std::lock_guard lock(mutex_);
  latest_ = std::make_shared<const Snapshot>(std::move(snapshot));
  return checksum;
}

std::vector<std::string> Declaration::find_drift() const {
  // Parts that have no digest have no checksum either: there is no drift to name then.
  const auto before = compute_component_digests(declared_->definition);
  const auto now = compute_component_digests(live_->definition());
  std::vector<std::string> parts;
  if (!before || !now) return parts;
  for (const ComponentDrift& each : compare_components(*before, *now)) {
    if (each.drift != Drift::kSame) parts.push_back(describe(each.component));
  }
  return parts;
}

std::size_t push_frame(Frame frame) {
  frames().push_back(std::move(frame));
  return frames().size();
}

void pop_frame(std::size_t depth) {
  AJWT_CHECK(depth == frames().size());
  frames().pop_back();
}

Frame* top_frame() { return frames().empty() ? nullptr : &frames().back(); }

Result<Frame*> find_running(const FleetCore& core) {
  Frame* frame = top_frame();
  if (frame == nullptr) return refuse(Code::k_agent_not_running);
  if (frame->agent->core().get() != &core) {
    return refuse(Code::k_agent_foreign_scope, "An agent of another fleet is running.");
  }
  if (frame->agent->is_retired()) {
    return refuse(Code::k_agent_not_running,
                  frame->agent->agent_id().str() + " is declared no more.");
  }
  return frame;
}

Status check_enter(const Declaration& declaration) {
  if (declaration.is_retired()) {
    return refuse(Code::k_agent_not_running,
                  declaration.agent_id().str() + " is declared no more.");
  }
  const Frame* frame = top_frame();
  if (frame != nullptr && frame->agent->core() != declaration.core()) {
    return refuse(Code::k_agent_foreign_scope, "An agent of another fleet is running.");
  }
  return ok();
}

}  // namespace ajwt::shim
