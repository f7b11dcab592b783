// SPDX-License-Identifier: Apache-2.0
#include "shim/internal/token_cache.h"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "shim/testing/fake_services.h"
#include "tests/support/matchers.h"

namespace ajwt::shim {
namespace {

using testing::FakeClock;

HeldToken token_for(const Clock& clock, std::string text, Seconds lifetime = Seconds(100)) {
  return {.token = Secret(std::move(text)),
          .renew_at = clock.now() + lifetime * 4 / 5,
          .expires_at = clock.now() + lifetime};
}

std::string text_of(const Result<TokenCache::Token>& token) {
  return token ? std::string((*token)->token.reveal()) : "refused";
}

TEST(CacheKey, IsDifferentForDifferentLists) {
  EXPECT_NE(cache_key({"ab", "c"}), cache_key({"a", "bc"}));
  EXPECT_NE(cache_key({"a"}), cache_key({"a", ""}));
  EXPECT_TRUE(cache_key({"a", "b"}).starts_with(cache_key({"a"})));
  EXPECT_FALSE(cache_key({"ab"}).starts_with(cache_key({"a"})));
  EXPECT_FALSE(cache_key({"10"}).starts_with(cache_key({"1"})));
}

TEST(TokenCache, MintsOncePerKeyHoweverManyThreadsAsk) {
  constexpr int kThreads = 16;
  FakeClock clock;
  TokenCache cache(8, clock);
  std::atomic<int> started = 0;
  std::atomic<int> mints = 0;
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      ++started;
      const auto token = cache.get("key", [&]() -> Result<HeldToken> {
        ++mints;
        while (started < kThreads) std::this_thread::yield();
        return token_for(clock, "t");
      });
      if (text_of(token) == "t") ++good;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(mints, 1);
  EXPECT_EQ(good, kThreads);
}

TEST(TokenCache, RemembersNoRefusal) {
  FakeClock clock;
  TokenCache cache(8, clock);
  EXPECT_EQ(cache.get("k", [] { return refuse(Code::k_agent_revoked); }).error().code(),
            Code::k_agent_revoked);
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(text_of(cache.get("k", [&] { return token_for(clock, "t"); })), "t");
}

TEST(TokenCache, LeavesNobodyWaitingWhenAMintThrows) {
  FakeClock clock;
  TokenCache cache(8, clock);
  EXPECT_THROW(
      (void)cache.get("k", []() -> Result<HeldToken> { throw std::runtime_error("broken"); }),
      std::runtime_error);
  EXPECT_EQ(text_of(cache.get("k", [&] { return token_for(clock, "t"); })), "t");
}

TEST(TokenCache, NeverReturnsAnExpiredToken) {
  FakeClock clock;
  TokenCache cache(8, clock);
  int mints = 0;
  const auto mint = [&]() -> Result<HeldToken> {
    return token_for(clock, std::to_string(++mints));
  };
  const auto broken = []() -> Result<HeldToken> { return refuse(Code::k_network_failed); };
  EXPECT_EQ(text_of(cache.get("k", mint)), "1");
  clock.advance(Seconds(99));
  EXPECT_EQ(text_of(cache.get("k", broken)), "1");  // renewal failed, the token still works
  clock.advance(Seconds(1));
  EXPECT_EQ(text_of(cache.get("k", broken)), "refused");
  EXPECT_EQ(text_of(cache.get("k", mint)), "2");
}

TEST(TokenCache, TriesAFailedRenewalAgainAfterAPause) {
  FakeClock clock;
  TokenCache cache(8, clock);
  ASSERT_EQ(text_of(cache.get("k", [&] { return token_for(clock, "1"); })), "1");
  clock.advance(Seconds(80));
  int renewals = 0;
  const auto broken = [&]() -> Result<HeldToken> {
    ++renewals;
    return refuse(Code::k_network_failed);
  };
  EXPECT_EQ(text_of(cache.get("k", broken)), "1");
  EXPECT_EQ(text_of(cache.get("k", broken)), "1");
  EXPECT_EQ(renewals, 1);
  clock.advance(Seconds(5));
  EXPECT_EQ(text_of(cache.get("k", broken)), "1");
  EXPECT_EQ(renewals, 2);
}

TEST(TokenCache, HoldsNoMoreThanItsCapacityAndDropsWhatEndsFirst) {
  FakeClock clock;
  TokenCache cache(3, clock);
  for (int i = 0; i < 10; ++i) {
    const auto lifetime = Seconds(i == 4 ? 50 : 100 + i);
    ASSERT_TRUE(cache.get(std::to_string(i),
                          [&] { return token_for(clock, std::to_string(i), lifetime); }));
    EXPECT_LE(cache.size(), 3U);
  }
  EXPECT_EQ(text_of(cache.get("9", [] { return refuse(Code::k_not_found); })), "9");
  EXPECT_EQ(text_of(cache.get("4", [] { return refuse(Code::k_not_found); })), "refused");
}

TEST(TokenCache, DropsEverythingThatBeginsWithAPrefixAndNothingElse) {
  FakeClock clock;
  TokenCache cache(8, clock);
  const auto mint = [&] { return token_for(clock, "t"); };
  ASSERT_TRUE(cache.get(cache_key({"1", "a"}), mint));
  ASSERT_TRUE(cache.get(cache_key({"1", "b"}), mint));
  ASSERT_TRUE(cache.get(cache_key({"10", "a"}), mint));
  cache.evict_all(cache_key({"1"}));
  EXPECT_EQ(cache.size(), 1U);
}

TEST(TokenCache, KeepsNoTokenThatWasDroppedWhileItWasMinted) {
  FakeClock clock;
  TokenCache cache(8, clock);
  const auto token = cache.get("k", [&]() -> Result<HeldToken> {
    cache.evict_all("k");
    return token_for(clock, "t");
  });
  EXPECT_EQ(text_of(token), "t");
  EXPECT_EQ(cache.size(), 0U);
}

TEST(TokenCache, DropsOneTokenOnlyIfItStillIsThatOne) {
  FakeClock clock;
  TokenCache cache(8, clock);
  const auto first = *cache.get("k", [&] { return token_for(clock, "1"); });
  cache.evict("k", first);
  const auto second = *cache.get("k", [&] { return token_for(clock, "2"); });
  cache.evict("k", first);
  EXPECT_EQ(*cache.get("k", [&] { return token_for(clock, "3"); }), second);
}

}  // namespace
}  // namespace ajwt::shim
