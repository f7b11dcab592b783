// SPDX-License-Identifier: Apache-2.0
//
// When and how often a request to the authority is made again.
#pragma once

#include <chrono>
#include <functional>

#include "base/http_message.h"
#include "base/result.h"

namespace ajwt::shim {

// Sleeper waits. Tests give one that does not.
class Sleeper {
 public:
  virtual ~Sleeper() = default;
  virtual void sleep_for(std::chrono::milliseconds duration) = 0;
};

// system_sleeper returns the Sleeper that really waits.
Sleeper& system_sleeper();

// RetryRules bound the attempts. Before attempt n+1 lies a random time between half and all of
// first_delay * 2^(n-1), at most longest_delay, or what Retry-After asks for; if that asks for more
// than longest_delay, there is no further attempt.
struct RetryRules {
  int attempts = 4;
  std::chrono::milliseconds first_delay{100};
  std::chrono::milliseconds longest_delay{5000};
};

// Repeat says what a second arrival of the same request does. kSafe: the same as one (it may be
// made again whenever no answer came). kUnsafe: something else; it is made again only when the
// server says that it did nothing (429, 503).
enum class Repeat { kSafe, kUnsafe };

// send_with_retries calls `send` until it answers with something other than a lost connection,
// 429, 500, 502, 503 or 504, as far as `rules` and `repeat` allow, and returns the last outcome.
Result<HttpResponse> send_with_retries(const RetryRules& rules, Repeat repeat, Sleeper& sleeper,
                                       const std::function<Result<HttpResponse>()>& send);

}  // namespace ajwt::shim
