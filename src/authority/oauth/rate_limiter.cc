// SPDX-License-Identifier: Apache-2.0
#include "authority/oauth/rate_limiter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <string>
#include <unordered_map>

#include "crypto/hash.h"

namespace ajwt::authority {
namespace {

constexpr std::size_t kShardCount = 16;
constexpr std::string_view kShortestWait = "1";

// Bucket is `tokens` at the time `filled_at`.
struct Bucket {
  double tokens;
  Instant filled_at;
};

void refill(Bucket& bucket, const Budget& budget, Instant now) {
  // A clock that was set back gives no tokens and takes none away.
  const auto passed = std::max<long long>((now - bucket.filled_at).count(), 0);
  bucket.tokens =
      std::min(budget.burst, bucket.tokens + static_cast<double>(passed) * budget.per_second);
  bucket.filled_at = now;
}

Error limited(const Bucket& bucket, const Budget& budget) {
  constexpr double kLongestWait = 3600;
  const double rate = std::max(budget.per_second, 1 / kLongestWait);
  const double wait = std::clamp(std::ceil((1 - bucket.tokens) / rate), 1.0, kLongestWait);
  return refuse(Code::k_rate_limited).with_items({std::to_string(static_cast<int>(wait))});
}

}  // namespace

struct RateLimiter::Shard {
  std::mutex mutex;
  std::unordered_map<std::string, Bucket> buckets;  // by kind and salted hash of the key
  Instant swept_at{};
};

struct RateLimiter::Shards {
  std::array<Shard, kShardCount> shards;
};

RateLimiter::RateLimiter(RateLimits limits, Digest salt)
    : limits_(limits), salt_(salt), shards_(std::make_unique<Shards>()) {}

RateLimiter::~RateLimiter() = default;

const Budget& RateLimiter::budget_of(Limit limit) const {
  switch (limit) {
    case Limit::kAddress:
      return limits_.address;
    case Limit::kAddressFailures:
      return limits_.address_failures;
    case Limit::kClientMint:
      return limits_.client_mint;
    case Limit::kClientRegistration:
      return limits_.client_registration;
    case Limit::kClientCalls:
      return limits_.client_calls;
    case Limit::kClientFailures:
      return limits_.client_failures;
    case Limit::kAgentMint:
      return limits_.agent_mint;
    case Limit::kAgentRegistration:
      return limits_.agent_registration;
    case Limit::kAgentFailures:
      return limits_.agent_failures;
  }
  return limits_.client_calls;
}

Status RateLimiter::take(Limit limit, std::string_view key, Instant now) {
  return decide(limit, key, now, Act::kTake);
}

Status RateLimiter::check(Limit limit, std::string_view key, Instant now) {
  return decide(limit, key, now, Act::kLook);
}

Status RateLimiter::decide(Limit limit, std::string_view key, Instant now, Act act) {
  std::string input(as_text(salt_));
  input.append(key);
  const Digest digest = crypto::sha256(input);
  const char kind = static_cast<char>('0' + static_cast<int>(limit));
  std::string name(1, kind);
  name.append(as_text(ByteView(digest).first(15)));

  const Budget& budget = budget_of(limit);
  Shard& shard = shards_->shards[digest.back() % kShardCount];
  const std::lock_guard lock(shard.mutex);
  auto found = shard.buckets.find(name);
  if (found == shard.buckets.end()) {
    if (act == Act::kLook) return ok();
    // At most one sweep a second: a flood of new keys must not turn each request into one.
    if (shard.buckets.size() >= limits_.capacity / kShardCount + 1 && now > shard.swept_at) {
      shard.swept_at = now;
      std::erase_if(shard.buckets, [&](const auto& entry) {
        const Budget& own = budget_of(static_cast<Limit>(entry.first.front() - '0'));
        Bucket bucket = entry.second;
        refill(bucket, own, now);
        return bucket.tokens >= own.burst;
      });
    }
    if (shard.buckets.size() >= limits_.capacity / kShardCount + 1) name.assign(1, kind);
    found = shard.buckets.try_emplace(std::move(name), Bucket{budget.burst, now}).first;
  }
  Bucket& bucket = found->second;
  refill(bucket, budget, now);
  if (bucket.tokens < 1) return limited(bucket, budget);
  if (act == Act::kTake) bucket.tokens -= 1;
  return ok();
}

std::string_view seconds_to_wait(const Error& error) {
  return error.items().empty() ? kShortestWait : std::string_view(error.items().front());
}

}  // namespace ajwt::authority
