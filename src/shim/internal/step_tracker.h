// SPDX-License-Identifier: Apache-2.0
//
// Which steps this process is carrying out. Internal to shim.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace ajwt::shim {

// CallOutcome is how one tool call within a step ended. kNotBegun: its token was refused, so that
// the step is none of its business.
enum class CallOutcome { kDone, kFailed, kNotBegun };

// StepTracker counts the calls within each step. Calls of several threads in one step are one use
// of it: the last to leave ends it, as failed if any of them failed. Safe for concurrent use.
class StepTracker {
 public:
  // enter joins the step; if it is just being ended, it waits for that and begins anew.
  void enter(const std::string& step);
  // leave returns how the step is to be ended, if the caller is to end it: it then does so and
  // calls ended. Nothing (kNotBegun for all calls, or others still within): nothing is to be done.
  std::optional<CallOutcome> leave(const std::string& step, CallOutcome outcome);
  void ended(const std::string& step);

 private:
  struct State {
    int calls = 0;
    bool begun = false;
    bool failed = false;
    bool ending = false;
  };
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, State> steps_;
};

}  // namespace ajwt::shim
