// SPDX-License-Identifier: Apache-2.0
#include "guard/token_cache.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ajwt::guard {
namespace {

constexpr std::size_t kTokenShardCount = 16;

// A digest is its own hash; another part of it chooses the shard.
struct DigestHash {
  std::size_t operator()(const Digest& digest) const {
    std::size_t hash = 0;
    std::memcpy(&hash, digest.data() + 1, sizeof hash);
    return hash;
  }
};

}  // namespace

struct TokenCache::Shard {
  mutable std::mutex mutex;
  Keys keys;  // that verified every token here; owning them keeps their address from being reused
  std::vector<std::weak_ptr<const jose::KeySet>> replaced;  // those before, while someone has them
  std::unordered_map<Digest, Token, DigestHash> tokens;
  Instant swept{};

  // exchange takes newer keys. A request that began with older ones must not bring them back: the
  // tokens of all others would go.
  void exchange(const Keys& newer) {
    std::erase_if(replaced, [](const auto& old) { return old.expired(); });
    const bool is_older = std::any_of(replaced.begin(), replaced.end(),
                                      [&](const auto& old) { return old.lock() == newer; });
    if (is_older) return;
    if (keys != nullptr) replaced.emplace_back(keys);
    keys = newer;
    tokens.clear();
  }

  void make_room(std::size_t capacity, Instant now) {
    if (tokens.size() < capacity) return;
    // Once for each second, so that a full shard does not make every insertion walk it.
    if (now != swept) {
      swept = now;
      std::erase_if(tokens, [now](const auto& entry) { return entry.second->exp <= now; });
    }
    if (tokens.size() >= capacity) tokens.erase(tokens.begin());
  }
};

TokenCache::TokenCache(std::size_t capacity)
    : shard_capacity_((capacity + kTokenShardCount - 1) / kTokenShardCount),
      shards_(std::make_unique<Shard[]>(kTokenShardCount)) {}

TokenCache::~TokenCache() = default;

Result<TokenCache::Token> TokenCache::verify(std::string_view token, const Digest& digest,
                                             const TokenRules& rules, const Keys& keys,
                                             Instant now) {
  if (Token known = find(digest, keys)) {
    AJWT_TRY(check_token_time(*known, rules.skew, now));
    return known;
  }
  AJWT_ASSIGN(AccessToken claims, verify_access_token(token, rules, *keys, now));
  auto verified = std::make_shared<const AccessToken>(std::move(claims));
  insert(digest, keys, verified, now);
  return verified;
}

TokenCache::Token TokenCache::find(const Digest& digest, const Keys& keys) {
  Shard& shard = shards_[digest[0] % kTokenShardCount];
  const std::lock_guard lock(shard.mutex);
  if (shard.keys != keys) {
    shard.exchange(keys);
    return nullptr;
  }
  const auto found = shard.tokens.find(digest);
  return found == shard.tokens.end() ? nullptr : found->second;
}

void TokenCache::insert(const Digest& digest, const Keys& keys, Token token, Instant now) {
  if (shard_capacity_ == 0) return;
  Shard& shard = shards_[digest[0] % kTokenShardCount];
  const std::lock_guard lock(shard.mutex);
  // The keys were exchanged while this token was being verified: it does not belong to the new
  // ones.
  if (shard.keys != keys) return;
  shard.make_room(shard_capacity_, now);
  shard.tokens.insert_or_assign(digest, std::move(token));
}

std::size_t TokenCache::size() const {
  std::size_t size = 0;
  for (std::size_t i = 0; i < kTokenShardCount; ++i) {
    const std::lock_guard lock(shards_[i].mutex);
    size += shards_[i].tokens.size();
  }
  return size;
}

}  // namespace ajwt::guard
