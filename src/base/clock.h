// SPDX-License-Identifier: Apache-2.0
//
// Time. The core takes `now` as an argument; only application shells and background tasks hold a
// Clock.
#pragma once

#include <time.h>

#include <chrono>

namespace ajwt {

using Seconds = std::chrono::seconds;
// Instant is a UTC time in whole seconds, as NumericDate has it (RFC 7519 2).
using Instant = std::chrono::sys_seconds;

// to_unix and from_unix convert to and from seconds since 1970-01-01T00:00:00Z.
constexpr long long to_unix(Instant t) { return t.time_since_epoch().count(); }
constexpr Instant from_unix(long long seconds) { return Instant(Seconds(seconds)); }

// Clock tells the time; implementations are safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  // elapsed is the time since a fixed moment in the past, and includes what the machine slept. It
  // never goes back and does not follow corrections of the clock: for waiting and for ages of what
  // this process remembers. Clocks that are set by hand have no other time than now().
  virtual std::chrono::milliseconds elapsed() const { return now().time_since_epoch(); }
};

// SystemClock is the machine's own clock.
class SystemClock final : public Clock {
 public:
  Instant now() const override {
    return std::chrono::floor<Seconds>(std::chrono::system_clock::now());
  }
  std::chrono::milliseconds elapsed() const override {
    timespec since{};
    (void)::clock_gettime(CLOCK_BOOTTIME, &since);  // fails for no clock that the kernel has
    return std::chrono::floor<std::chrono::milliseconds>(Seconds(since.tv_sec) +
                                                         std::chrono::nanoseconds(since.tv_nsec));
  }
};

}  // namespace ajwt
