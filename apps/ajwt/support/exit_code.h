// SPDX-License-Identifier: Apache-2.0
//
// Exit codes of `ajwt`, the same for every command (docs/reference/cli.md).
#pragma once

#include "base/reason.h"

namespace ajwt::app {

enum class ExitCode : int {
  kOk = 0,
  kError = 1,
  kUsage = 2,
  kDenied = 3,
  kDrift = 4,
  kNotFound = 5,
  kUnavailable = 6,
  kApprovalPending = 7,
  kDefenceFailed = 8,
};

// exit_code_of maps a reason: configuration and malformed input 2, checksum mismatch 4, a log that
// is not the one that was signed 8, 404 5, network, store, address and other 502/503 6, 401 and 403
// 3, the rest 1.
ExitCode exit_code_of(Code code);

}  // namespace ajwt::app
