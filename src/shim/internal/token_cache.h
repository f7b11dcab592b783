// SPDX-License-Identifier: Apache-2.0
//
// The tokens that a process holds: never used when expired, renewed early, minted once however many
// threads ask. Internal to shim.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "shim/answer.h"

namespace ajwt::shim {

// cache_key joins texts so that two lists never share a key, and so that the key of the first n
// texts is a prefix of the key of all of them and of nothing else.
std::string cache_key(std::initializer_list<std::string_view> parts);

// TokenCache is safe for concurrent use. What leaves it is wiped when its last user lets go.
class TokenCache {
 public:
  using Token = std::shared_ptr<const HeldToken>;
  using Mint = std::function<Result<HeldToken>()>;

  // TokenCache keeps a reference to `clock` and at most `capacity` tokens: beyond that, the one
  // that ends first goes.
  TokenCache(std::size_t capacity, const Clock& clock) : capacity_(capacity), clock_(clock) {}

  // get returns the token of this key, or what `mint` makes or refuses. One mint per key is under
  // way at a time: who asks meanwhile gets the token in hand, if it still works, or waits for the
  // same outcome. When a renewal fails for no fault of the token's (class failure, or a rate
  // limit), the token in hand is used as long as it works; when it is refused, that one goes too.
  Result<Token> get(const std::string& key, const Mint& mint);

  // evict drops the token of this key if it still is `token`.
  void evict(const std::string& key, const Token& token);
  // evict_all drops every token whose key begins with `prefix`, and those being minted, which then
  // serve those who wait for them and nobody after.
  void evict_all(const std::string& prefix);

  std::size_t size() const;

 private:
  struct Flight;
  struct Slot {
    Token token;                     // null until the first mint is done
    std::shared_ptr<Flight> flight;  // null unless a mint is under way
    Instant renew_at;
  };

  Result<Token> mint_into(const std::string& key, std::unique_lock<std::mutex>& lock,
                          const Mint& mint);
  void make_room();

  const std::size_t capacity_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable landed_;
  std::map<std::string, std::shared_ptr<Slot>> slots_;
};

}  // namespace ajwt::shim
