// SPDX-License-Identifier: Apache-2.0
//
// Token buckets on addresses, clients and agents (protocol 10), in bounded memory.
#pragma once

#include <memory>
#include <string_view>

#include "authority/oauth/rate_limits.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace ajwt::authority {

// Limit names a kind of bucket; RateLimits has its budget.
enum class Limit {
  kAddress,
  kAddressFailures,
  kClientMint,
  kClientRegistration,
  kClientCalls,
  kClientFailures,
  kAgentMint,
  kAgentRegistration,
  kAgentFailures,
};

// RateLimiter is safe for concurrent use. A bucket that is full again is forgotten when room is
// needed; keys that find no room share one bucket of their shard, so that memory stays bounded and
// a flood of new keys limits itself first.
class RateLimiter {
 public:
  // RateLimiter takes as salt 32 random bytes, so that nobody can choose keys of one shard.
  RateLimiter(RateLimits limits, Digest salt);
  ~RateLimiter();

  // take removes one token from the key's bucket; refuses k_rate_limited if it has none, with the
  // seconds until it has one again as the error's only item (for Retry-After).
  Status take(Limit limit, std::string_view key, Instant now);
  // check refuses as take does and removes nothing.
  Status check(Limit limit, std::string_view key, Instant now);

 private:
  struct Shard;
  struct Shards;
  enum class Act { kLook, kTake };
  Status decide(Limit limit, std::string_view key, Instant now, Act act);
  const Budget& budget_of(Limit limit) const;

  RateLimits limits_;
  Digest salt_;
  std::unique_ptr<Shards> shards_;
};

// seconds_to_wait returns what Retry-After says for a k_rate_limited error.
std::string_view seconds_to_wait(const Error& error);

}  // namespace ajwt::authority
