// SPDX-License-Identifier: Apache-2.0
#include "guard/token_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "crypto/hash.h"
#include "tests/support/guarded_request.h"

namespace ajwt::guard {
namespace {

using testing::intent_claims;
using testing::key_of;
using testing::keys_of;
using testing::kNow;

TokenCache::Token token_until(Instant exp) {
  AccessToken claims = intent_claims(key_of(2));
  claims.exp = exp;
  return std::make_shared<const AccessToken>(std::move(claims));
}

Digest digest(int number) { return crypto::sha256(std::to_string(number)); }

TEST(TokenCache, FindsWhatTheSameKeysVerified) {
  TokenCache cache(100);
  const auto keys = keys_of({key_of(1)});
  const auto token = token_until(kNow + Seconds(300));
  ASSERT_EQ(cache.find(digest(1), keys), nullptr);

  cache.insert(digest(1), keys, token, kNow);

  EXPECT_EQ(cache.find(digest(1), keys), token);
  EXPECT_EQ(cache.find(digest(2), keys), nullptr);
}

TEST(TokenCache, ForgetsWhatOtherKeysVerifiedEvenIfTheyAreEqual) {
  TokenCache cache(100);
  const auto keys = keys_of({key_of(1)});
  const auto equal_keys = keys_of({key_of(1)});
  ASSERT_EQ(cache.find(digest(1), keys), nullptr);
  cache.insert(digest(1), keys, token_until(kNow + Seconds(300)), kNow);

  EXPECT_EQ(cache.find(digest(1), equal_keys), nullptr);
  EXPECT_EQ(cache.find(digest(1), keys), nullptr);
}

TEST(TokenCache, KeepsNoTokenOfKeysThatWereExchangedMeanwhile) {
  TokenCache cache(100);
  const auto old_keys = keys_of({key_of(1)});
  const auto new_keys = keys_of({key_of(9)});
  ASSERT_EQ(cache.find(digest(1), old_keys), nullptr);
  ASSERT_EQ(cache.find(digest(1), new_keys), nullptr);

  cache.insert(digest(1), old_keys, token_until(kNow + Seconds(300)), kNow);

  EXPECT_EQ(cache.find(digest(1), new_keys), nullptr);
}

TEST(TokenCache, KeepsWhatTheNewKeysVerifiedWhenARequestStillHoldsOlderOnes) {
  TokenCache cache(100);
  const std::vector<TokenCache::Keys> older = {keys_of({key_of(1)}), keys_of({key_of(9)})};
  const auto keys = keys_of({key_of(10)});
  for (const auto& old : older) ASSERT_EQ(cache.find(digest(1), old), nullptr);
  ASSERT_EQ(cache.find(digest(1), keys), nullptr);
  const auto token = token_until(kNow + Seconds(300));
  cache.insert(digest(1), keys, token, kNow);

  for (const auto& old : older) {
    EXPECT_EQ(cache.find(digest(1), old), nullptr);
    cache.insert(digest(1), old, token_until(kNow + Seconds(1)), kNow);
    EXPECT_EQ(cache.find(digest(1), keys), token);
  }
}

TEST(TokenCache, StaysWithinItsBound) {
  TokenCache cache(32);
  const auto keys = keys_of({key_of(1)});
  for (int i = 0; i < 1000; ++i) {
    cache.find(digest(i), keys);
    cache.insert(digest(i), keys, token_until(kNow + Seconds(300)), kNow);
  }

  EXPECT_LE(cache.size(), 32U);
  EXPECT_GT(cache.size(), 0U);
}

TEST(TokenCache, MakesRoomByLettingExpiredTokensGo) {
  TokenCache cache(1600);
  const auto keys = keys_of({key_of(1)});
  for (int i = 0; i < 3000; ++i) {
    cache.find(digest(i), keys);
    cache.insert(digest(i), keys, token_until(kNow + Seconds(1)), kNow);
  }

  const Instant later = kNow + Seconds(1);
  for (int i = 0; i < 200; ++i) {
    cache.find(digest(10'000 + i), keys);
    cache.insert(digest(10'000 + i), keys, token_until(later + Seconds(300)), later);
  }

  EXPECT_LT(cache.size(), 400U);
}

TEST(TokenCache, KeepsNothingWithoutCapacity) {
  TokenCache cache(0);
  const auto keys = keys_of({key_of(1)});
  cache.find(digest(1), keys);
  cache.insert(digest(1), keys, token_until(kNow + Seconds(300)), kNow);

  EXPECT_EQ(cache.find(digest(1), keys), nullptr);
  EXPECT_EQ(cache.size(), 0U);
}

TEST(TokenCache, ServesManyThreads) {
  TokenCache cache(64);
  const std::vector<TokenCache::Keys> sets = {keys_of({key_of(1)}), keys_of({key_of(9)})};
  const auto token = token_until(kNow + Seconds(300));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto& keys = sets[static_cast<std::size_t>(t) % 2];
      for (int i = 0; i < 500; ++i) {
        const auto found = cache.find(digest(i % 50), keys);
        if (found != nullptr && found != token) ++wrong;
        cache.insert(digest(i % 50), keys, token, kNow);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace ajwt::guard
