// SPDX-License-Identifier: Apache-2.0
#include "guard/replay_cache.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "crypto/hash.h"

namespace ajwt::guard {
namespace {

constexpr std::size_t kShardCount = 64;

// PairDigest is a salted hash of a pair, cut to 128 bits.
struct PairDigest {
  std::uint64_t high;
  std::uint64_t low;
  friend bool operator==(const PairDigest&, const PairDigest&) = default;
};

// The digest is salted, so that its own bits are as good a hash as any.
struct PairDigestHash {
  std::size_t operator()(const PairDigest& digest) const { return digest.low; }
};

PairDigest digest_pair(const Digest& salt, std::string_view jkt, std::string_view jti) {
  // A thumbprint has a fixed length and no zero byte: the input has one reading.
  std::string input;
  input.reserve(salt.size() + jkt.size() + 1 + jti.size());
  input.append(as_text(salt)).append(jkt).append(1, '\0').append(jti);
  const Digest digest = crypto::sha256(input);
  PairDigest pair{};
  std::memcpy(&pair.high, digest.data(), sizeof pair.high);
  std::memcpy(&pair.low, digest.data() + sizeof pair.high, sizeof pair.low);
  return pair;
}

}  // namespace

struct MemoryReplayCache::Shard {
  using Counts = std::unordered_map<std::string, std::size_t>;
  struct Entry {
    PairDigest pair;
    Counts::value_type* key;  // the count that the entry is part of; nodes of the map stay put
  };

  std::mutex mutex;
  std::unordered_set<PairDigest, PairDigestHash> used;
  std::map<Instant, std::vector<Entry>> by_expiry;
  Counts counts;      // entries of each key thumbprint
  Instant forgotten;  // what expired before this has left

  // drop_expired lets what expired before `now` go and returns how much that was.
  std::size_t drop_expired(Instant now) {
    if (now <= forgotten) return 0;
    forgotten = now;
    std::size_t dropped = 0;
    while (!by_expiry.empty() && by_expiry.begin()->first < now) {
      for (const Entry& entry : by_expiry.begin()->second) {
        used.erase(entry.pair);
        if (--entry.key->second == 0) counts.erase(counts.find(entry.key->first));
        ++dropped;
      }
      by_expiry.erase(by_expiry.begin());
    }
    return dropped;
  }
};

struct MemoryReplayCache::Shards {
  Shards(Digest shard_salt, ReplayCacheOptions shard_options)
      : salt(shard_salt), options(shard_options) {}

  // All entries of one key are in one shard, so that its share can be counted there.
  Shard& of(std::string_view jkt) {
    return shards[std::hash<std::string_view>()(jkt) % kShardCount];
  }

  // reserve takes room for one entry, or tells that there is none.
  bool reserve() {
    std::size_t now_used = size.load(std::memory_order_relaxed);
    while (now_used < options.capacity) {
      if (size.compare_exchange_weak(now_used, now_used + 1, std::memory_order_relaxed))
        return true;
    }
    return false;
  }
  void release(std::size_t count) { size.fetch_sub(count, std::memory_order_relaxed); }

  // drop_all_expired visits every shard, once for each second: being full must not make each
  // further request expensive.
  void drop_all_expired(Instant now) {
    const long long second = to_unix(now);
    if (swept.exchange(second, std::memory_order_relaxed) == second) return;
    for (Shard& shard : shards) {
      const std::lock_guard lock(shard.mutex);
      release(shard.drop_expired(now));
    }
  }

  Status remember_in(Shard& shard, const PairDigest& pair, std::string_view jkt, Instant until,
                     Instant now) {
    const std::lock_guard lock(shard.mutex);
    release(shard.drop_expired(now));
    if (until < shard.forgotten) {
      return refuse(Code::k_proof_time_refused)
          .with_detail("its time is forgotten already; was the clock set back?");
    }
    if (shard.used.contains(pair)) return refuse(Code::k_proof_replayed);
    auto& count = *shard.counts.try_emplace(std::string(jkt), 0).first;
    if (count.second >= options.capacity_per_key || !reserve()) {
      const bool key_is_full = count.second >= options.capacity_per_key;
      if (count.second == 0) shard.counts.erase(shard.counts.find(count.first));
      return refuse(Code::k_replay_memory_full)
          .with_detail(key_is_full ? "this key's share is used up" : "all entries are in use");
    }
    ++count.second;
    shard.used.insert(pair);
    shard.by_expiry[until].push_back({pair, &count});
    return ok();
  }

  const Digest salt;
  const ReplayCacheOptions options;
  std::atomic<std::size_t> size{0};
  std::atomic<long long> swept{-1};
  std::array<Shard, kShardCount> shards;
};

MemoryReplayCache::MemoryReplayCache(Digest salt, ReplayCacheOptions options)
    : shards_(std::make_unique<Shards>(salt, options)) {}

MemoryReplayCache::~MemoryReplayCache() = default;

Status MemoryReplayCache::remember(std::string_view jkt, std::string_view jti, Instant until,
                                   Instant now) {
  const PairDigest pair = digest_pair(shards_->salt, jkt, jti);
  if (shards_->size.load(std::memory_order_relaxed) >= shards_->options.capacity) {
    shards_->drop_all_expired(now);
  }
  return shards_->remember_in(shards_->of(jkt), pair, jkt, until, now);
}

std::size_t MemoryReplayCache::size() const {
  return shards_->size.load(std::memory_order_relaxed);
}

}  // namespace ajwt::guard
