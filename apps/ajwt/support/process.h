// SPDX-License-Identifier: Apache-2.0
//
// What a process that holds keys asks of the system, and how it is told to end.
#pragma once

#include <csignal>

#include "base/result.h"

namespace ajwt::app {

// harden_process keeps the memory of this process, keys among it, out of core files and away from
// debuggers of the same user. Refuses k_io_failed.
Status harden_process();

// StopSignals takes SIGTERM and SIGINT away from their default action. To be made before any
// thread starts, since threads inherit what is blocked.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  // wait returns when one of the signals comes. From then on they end the process at once, so that
  // a second one helps where the first takes too long.
  void wait();

 private:
  sigset_t signals_;
};

}  // namespace ajwt::app
