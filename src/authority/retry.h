// SPDX-License-Identifier: Apache-2.0
//
// Looking again when something changed between a read and the write that rests on it.
#pragma once

#include <utility>

#include "base/result.h"

namespace ajwt::authority {

// retry_on_change runs `attempt` until it answers anything but k_state_changed, at most
// 16 times. An attempt reads, decides and writes by compare-and-set, so a refused one left no trace
// and a fresh one decides anew. Of those that race one always wins, so 16 that begin the parallel
// steps of one execution all get through.
template <class Attempt>
auto retry_on_change(Attempt attempt) {
  constexpr int kAttempts = 16;
  for (int tries = 1;; ++tries) {
    auto answer = attempt();
    const bool again = !answer && answer.error().code() == Code::k_state_changed;
    if (!again || tries == kAttempts) return answer;
  }
}

}  // namespace ajwt::authority
