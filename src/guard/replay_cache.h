// SPDX-License-Identifier: Apache-2.0
//
// The memory of used proofs (RFC 9449 11.1; protocol 6.1). One per guard and one per authority; its
// epoch and the nonce key live and die together.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace ajwt::guard {

// ReplayCache remembers (key thumbprint, jti) pairs; safe for concurrent use.
class ReplayCache {
 public:
  virtual ~ReplayCache() = default;
  // remember records a use, atomically. Refuses k_proof_replayed if the pair is remembered,
  // k_replay_memory_full if there is no room (a live entry is never dropped to make some, and one
  // key may hold only its share), and k_proof_time_refused if `until` is in the past, or in a time
  // whose entries have left already because the clock was set back: whether such a proof was used
  // cannot be told any more.
  virtual Status remember(std::string_view jkt, std::string_view jti, Instant until,
                          Instant now) = 0;
};

// ReplayCacheOptions bounds the memory. An entry lives for kProofWindow + kProofSkew at most, so
// that capacity_per_key / 90 s is the rate of requests that one key can keep up.
struct ReplayCacheOptions {
  std::size_t capacity = 1'000'000;  // entries in all
  std::size_t capacity_per_key = 50'000;
};

// MemoryReplayCache keeps 128-bit digests of the pairs in 64 locked shards. Expired entries leave
// as their shard is used, and from all shards when there is no room left.
class MemoryReplayCache final : public ReplayCache {
 public:
  // MemoryReplayCache takes as salt 32 random bytes, so that nobody can choose colliding entries.
  explicit MemoryReplayCache(Digest salt, ReplayCacheOptions options = {});
  ~MemoryReplayCache() override;
  Status remember(std::string_view jkt, std::string_view jti, Instant until, Instant now) override;
  // size returns the number of entries, expired ones that have not left yet among them.
  std::size_t size() const;

 private:
  struct Shard;
  struct Shards;
  std::unique_ptr<Shards> shards_;
};

}  // namespace ajwt::guard
