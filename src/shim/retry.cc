// SPDX-License-Identifier: Apache-2.0
#include "shim/retry.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <thread>

#include "crypto/random.h"
#include "protocol/names.h"

namespace ajwt::shim {
namespace {

using std::chrono::milliseconds;

class SystemSleeper final : public Sleeper {
 public:
  void sleep_for(milliseconds duration) override { std::this_thread::sleep_for(duration); }
};

bool may_repeat(const Result<HttpResponse>& outcome, Repeat repeat) {
  if (!outcome) return repeat == Repeat::kSafe && outcome.error().code() == Code::k_network_failed;
  switch (outcome->status) {
    case 429:
    case 503:
      return true;
    case 500:
    case 502:
    case 504:
      return repeat == Repeat::kSafe;
    default:
      return false;
  }
}

// find_retry_after reads Retry-After in seconds; the form with a date is not ours and is ignored.
std::optional<milliseconds> find_retry_after(const Result<HttpResponse>& outcome) {
  if (!outcome) return std::nullopt;
  const auto text = outcome->headers.find(names::kRetryAfter);
  if (!text) return std::nullopt;
  std::int32_t seconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (error == std::errc::result_out_of_range) return milliseconds::max();
  if (error != std::errc() || end != text->data() + text->size() || seconds < 0)
    return std::nullopt;
  return milliseconds(std::int64_t{seconds} * 1000);
}

// jittered returns a random time between half and all of `delay`, so that a fleet that was refused
// at once does not come back at once.
milliseconds jittered(milliseconds delay) {
  const Bytes random = crypto::random_bytes(4);
  std::uint64_t number = 0;
  for (const std::uint8_t byte : random) number = number << 8 | byte;
  const auto half = static_cast<std::uint64_t>(delay.count() / 2);
  return milliseconds(static_cast<std::int64_t>(half + (number * (half + 1) >> 32)));
}

}  // namespace

Sleeper& system_sleeper() {
  static SystemSleeper sleeper;
  return sleeper;
}

Result<HttpResponse> send_with_retries(const RetryRules& rules, Repeat repeat, Sleeper& sleeper,
                                       const std::function<Result<HttpResponse>()>& send) {
  milliseconds delay = rules.first_delay;
  for (int attempt = 1;; ++attempt) {
    Result<HttpResponse> outcome = send();
    if (attempt >= rules.attempts || !may_repeat(outcome, repeat)) return outcome;
    const auto asked = find_retry_after(outcome);
    if (asked && *asked > rules.longest_delay) return outcome;
    sleeper.sleep_for(
        std::max(asked.value_or(milliseconds(0)), jittered(std::min(delay, rules.longest_delay))));
    delay *= 2;
  }
}

}  // namespace ajwt::shim
