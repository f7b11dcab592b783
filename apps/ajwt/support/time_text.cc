// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/time_text.h"

#include <array>
#include <ctime>
#include <string_view>

namespace ajwt::app {
namespace {

struct Unit {
  long long seconds;
  std::string_view name;
};
constexpr auto kUnits = std::to_array<Unit>({{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}});

std::string duration_text(long long seconds) {
  std::string text;
  int shown = 0;
  for (const Unit& unit : kUnits) {
    const long long count = seconds / unit.seconds;
    if (shown == 2 || (count == 0 && shown == 0)) continue;
    seconds %= unit.seconds;
    ++shown;
    if (count == 0) continue;
    text += (text.empty() ? "" : " ") + std::to_string(count) + " " + std::string(unit.name);
  }
  return text;
}

}  // namespace

std::string time_text(Instant time) {
  const std::time_t seconds = to_unix(time);
  std::tm parts{};
  std::array<char, 64> text{};
  if (gmtime_r(&seconds, &parts) == nullptr ||
      std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts) == 0) {
    return std::to_string(seconds);
  }
  return text.data();
}

std::string relative_text(Instant time, Instant now) {
  const long long difference = to_unix(time) - to_unix(now);
  if (difference == 0) return "now";
  return difference > 0 ? "in " + duration_text(difference) : duration_text(-difference) + " ago";
}

std::string dated_text(Instant time, Instant now) {
  return time_text(time) + " (" + relative_text(time, now) + ")";
}

}  // namespace ajwt::app
