// SPDX-License-Identifier: Apache-2.0
#include "shim/internal/token_cache.h"

#include <optional>
#include <utility>

namespace ajwt::shim {
namespace {

// A token is not sent in the last second of its life: it would arrive dead.
constexpr Seconds kLastMoment{1};
// After a renewal that failed, the next one is tried so much later.
constexpr Seconds kRenewalPause{5};

bool works(const TokenCache::Token& token, Instant now) {
  return token != nullptr && now + kLastMoment <= token->expires_at;
}

// is_passing tells whether an error says nothing about the token in hand.
bool is_passing(const Error& error) {
  return error.reason().klass == ReasonClass::kFailure || error.code() == Code::k_rate_limited;
}

}  // namespace

// Flight is one mint under way; its outcome is set once, under the cache's mutex.
struct TokenCache::Flight {
  std::optional<Result<Token>> outcome;
};

std::string cache_key(std::initializer_list<std::string_view> parts) {
  std::string key;
  for (const std::string_view part : parts) {
    const std::size_t size = part.size();
    for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(size >> shift & 0xff);
    key += part;
  }
  return key;
}

Result<TokenCache::Token> TokenCache::get(const std::string& key, const Mint& mint) {
  std::unique_lock lock(mutex_);
  const auto found = slots_.find(key);
  if (found != slots_.end()) {
    const Slot& slot = *found->second;
    const Instant now = clock_.now();
    if (works(slot.token, now) && (now < slot.renew_at || slot.flight != nullptr)) {
      return slot.token;
    }
    if (slot.flight != nullptr) {
      const std::shared_ptr<Flight> flight = slot.flight;
      landed_.wait(lock, [&] { return flight->outcome.has_value(); });
      return *flight->outcome;
    }
  }
  return mint_into(key, lock, mint);
}

Result<TokenCache::Token> TokenCache::mint_into(const std::string& key,
                                                std::unique_lock<std::mutex>& lock,
                                                const Mint& mint) {
  if (!slots_.contains(key)) make_room();
  std::shared_ptr<Slot>& entry = slots_[key];
  if (entry == nullptr) entry = std::make_shared<Slot>();
  const std::shared_ptr<Slot> slot = entry;  // stays ours if it is evicted meanwhile
  const auto flight = std::make_shared<Flight>();
  slot->flight = flight;

  // land ends the flight whatever happens in it: who waits must never wait for ever.
  const auto land = [&](Result<Token> outcome) {
    slot->flight = nullptr;
    if (outcome) {
      slot->token = *outcome;
      slot->renew_at = (*outcome)->renew_at;
    } else if (is_passing(outcome.error()) && works(slot->token, clock_.now())) {
      slot->renew_at = clock_.now() + kRenewalPause;
      outcome = slot->token;
    } else {
      const auto held = slots_.find(key);
      if (held != slots_.end() && held->second == slot) slots_.erase(held);
    }
    flight->outcome = outcome;
    landed_.notify_all();
    return outcome;
  };

  lock.unlock();
  try {
    Result<HeldToken> minted = mint();
    lock.lock();
    if (!minted) return land(minted.error());
    return land(std::make_shared<const HeldToken>(*std::move(minted)));
  } catch (...) {
    if (!lock.owns_lock()) lock.lock();
    (void)land(refuse(Code::k_internal_error));
    throw;
  }
}

void TokenCache::make_room() {
  const Instant now = clock_.now();
  std::erase_if(slots_, [&](const auto& entry) {
    return entry.second->flight == nullptr && !works(entry.second->token, now);
  });
  while (slots_.size() >= capacity_) {
    auto first = slots_.end();
    for (auto entry = slots_.begin(); entry != slots_.end(); ++entry) {
      if (entry->second->token == nullptr) continue;
      if (first == slots_.end() ||
          entry->second->token->expires_at < first->second->token->expires_at) {
        first = entry;
      }
    }
    if (first == slots_.end()) return;  // all are under way: as many as there are threads
    slots_.erase(first);
  }
}

void TokenCache::evict(const std::string& key, const Token& token) {
  const std::lock_guard lock(mutex_);
  const auto found = slots_.find(key);
  if (found == slots_.end() || found->second->token != token) return;
  slots_.erase(found);
}

void TokenCache::evict_all(const std::string& prefix) {
  const std::lock_guard lock(mutex_);
  auto entry = slots_.lower_bound(prefix);
  while (entry != slots_.end() && entry->first.starts_with(prefix)) entry = slots_.erase(entry);
}

std::size_t TokenCache::size() const {
  const std::lock_guard lock(mutex_);
  return slots_.size();
}

}  // namespace ajwt::shim
