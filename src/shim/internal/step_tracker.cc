// SPDX-License-Identifier: Apache-2.0
#include "shim/internal/step_tracker.h"

#include "base/check.h"

namespace ajwt::shim {

void StepTracker::enter(const std::string& step) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    const auto found = steps_.find(step);
    return found == steps_.end() || !found->second.ending;
  });
  ++steps_[step].calls;
}

std::optional<CallOutcome> StepTracker::leave(const std::string& step, CallOutcome outcome) {
  const std::lock_guard lock(mutex_);
  const auto found = steps_.find(step);
  AJWT_CHECK(found != steps_.end() && found->second.calls > 0);
  State& state = found->second;
  if (outcome != CallOutcome::kNotBegun) state.begun = true;
  if (outcome == CallOutcome::kFailed) state.failed = true;
  if (--state.calls > 0) return std::nullopt;
  if (!state.begun) {
    steps_.erase(found);
    return std::nullopt;
  }
  state.ending = true;
  return state.failed ? CallOutcome::kFailed : CallOutcome::kDone;
}

void StepTracker::ended(const std::string& step) {
  const std::lock_guard lock(mutex_);
  steps_.erase(step);
  changed_.notify_all();
}

}  // namespace ajwt::shim
