// SPDX-License-Identifier: Apache-2.0
//
// Tokens whose signature and claims were verified, so that an agent's next request with the same
// token costs one signature check less. Used by the guard's verifier and by the authority.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "jose/jwk.h"
#include "protocol/access_token.h"

namespace ajwt::guard {

// TokenCache maps the SHA-256 of a token's bytes to its claims. An entry counts only for the key
// set that verified it, so that a key that was withdrawn takes its tokens along. Refusals are never
// kept: they would be an attacker's to fill. Safe for concurrent use; it says nothing about time,
// which is checked on every use.
class TokenCache {
 public:
  using Keys = std::shared_ptr<const jose::KeySet>;
  using Token = std::shared_ptr<const AccessToken>;

  // TokenCache holds at most `capacity` tokens (rounded up to a multiple of its 16 shards), or none
  // if that is 0.
  explicit TokenCache(std::size_t capacity);
  ~TokenCache();
  TokenCache(const TokenCache&) = delete;
  TokenCache& operator=(const TokenCache&) = delete;

  // verify returns the claims of `token`, whose SHA-256 is `digest`: from the cache, or by
  // verify_access_token, whose refusals are its own. A cache is used with the same rules always.
  Result<Token> verify(std::string_view token, const Digest& digest, const TokenRules& rules,
                       const Keys& keys, Instant now);

  // find returns the token, or null if it was not verified by these very keys. Keys that were not
  // seen before replace the ones before them, with all that those verified.
  Token find(const Digest& digest, const Keys& keys);
  // insert keeps a token that `keys` verified. Expired ones leave first when there is no room, then
  // any one: what leaves is verified again.
  void insert(const Digest& digest, const Keys& keys, Token token, Instant now);
  // size returns how many tokens are kept.
  std::size_t size() const;

 private:
  struct Shard;
  std::size_t shard_capacity_;
  std::unique_ptr<Shard[]> shards_;
};

}  // namespace ajwt::guard
