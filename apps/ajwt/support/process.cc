// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/process.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>

namespace ajwt::app {

Status harden_process() {
  const rlimit none{0, 0};
  if (prctl(PR_SET_DUMPABLE, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0) {
    return refuse(Code::k_io_failed,
                  std::string("cannot switch core dumps off: ") + std::strerror(errno) + ".");
  }
  return ok();
}

StopSignals::StopSignals() : signals_{} {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

StopSignals::~StopSignals() { pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr); }

void StopSignals::wait() {
  int number = 0;
  while (sigwait(&signals_, &number) != 0) {
  }
  pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
}

}  // namespace ajwt::app
