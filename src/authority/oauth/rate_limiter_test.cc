// SPDX-License-Identifier: Apache-2.0
#include "authority/oauth/rate_limiter.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/support/matchers.h"

namespace ajwt::authority {
namespace {

constexpr Instant kNow = from_unix(1'800'000'000);

RateLimits small_limits() {
  RateLimits limits;
  limits.agent_failures = {.per_second = 0.5, .burst = 3};
  limits.capacity = 64;
  return limits;
}

TEST(RateLimiter, GivesABurstAndThenRefusesWithTheTimeToWait) {
  RateLimiter limiter(small_limits(), Digest{});
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(limiter.take(Limit::kAgentFailures, "a", kNow), IsOk());
  }
  const auto refused = limiter.take(Limit::kAgentFailures, "a", kNow);
  ASSERT_THAT(refused, RefusedWith(Code::k_rate_limited));
  EXPECT_EQ(seconds_to_wait(refused.error()), "2");
}

TEST(RateLimiter, FillsUpAsTimePasses) {
  RateLimiter limiter(small_limits(), Digest{});
  for (int i = 0; i < 3; ++i) (void)limiter.take(Limit::kAgentFailures, "a", kNow);
  EXPECT_THAT(limiter.take(Limit::kAgentFailures, "a", kNow + Seconds(1)),
              RefusedWith(Code::k_rate_limited));
  EXPECT_THAT(limiter.take(Limit::kAgentFailures, "a", kNow + Seconds(2)), IsOk());
  EXPECT_THAT(limiter.take(Limit::kAgentFailures, "a", kNow + Seconds(2)),
              RefusedWith(Code::k_rate_limited));
}

TEST(RateLimiter, KeepsKeysAndKindsApart) {
  RateLimiter limiter(small_limits(), Digest{});
  for (int i = 0; i < 3; ++i) (void)limiter.take(Limit::kAgentFailures, "a", kNow);
  EXPECT_THAT(limiter.take(Limit::kAgentFailures, "b", kNow), IsOk());
  EXPECT_THAT(limiter.take(Limit::kAgentMint, "a", kNow), IsOk());
}

TEST(RateLimiter, LooksWithoutTaking) {
  RateLimiter limiter(small_limits(), Digest{});
  for (int i = 0; i < 10; ++i) {
    EXPECT_THAT(limiter.check(Limit::kAgentFailures, "a", kNow), IsOk());
  }
  for (int i = 0; i < 3; ++i) (void)limiter.take(Limit::kAgentFailures, "a", kNow);
  EXPECT_THAT(limiter.check(Limit::kAgentFailures, "a", kNow), RefusedWith(Code::k_rate_limited));
}

TEST(RateLimiter, GivesNothingWhenTheClockIsSetBack) {
  RateLimiter limiter(small_limits(), Digest{});
  for (int i = 0; i < 3; ++i) (void)limiter.take(Limit::kAgentFailures, "a", kNow);
  EXPECT_THAT(limiter.take(Limit::kAgentFailures, "a", kNow - Seconds(100)),
              RefusedWith(Code::k_rate_limited));
}

TEST(RateLimiter, NeverForgetsAnEmptyBucketInAFloodOfNewKeys) {
  RateLimiter limiter(small_limits(), Digest{});
  for (int i = 0; i < 3; ++i) (void)limiter.take(Limit::kAgentFailures, "victim", kNow);
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    if (!limiter.take(Limit::kAgentFailures, "flood" + std::to_string(i), kNow)) ++refused;
  }
  EXPECT_GT(refused, 4000) << "keys without room share a bucket";
  EXPECT_THAT(limiter.take(Limit::kAgentFailures, "victim", kNow),
              RefusedWith(Code::k_rate_limited));
}

TEST(RateLimiter, MakesRoomOfBucketsThatAreFullAgain) {
  RateLimiter limiter(small_limits(), Digest{});
  for (int i = 0; i < 5000; ++i) {
    (void)limiter.take(Limit::kAgentFailures, "flood" + std::to_string(i), kNow);
  }
  const Instant later = kNow + Seconds(3600);
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(limiter.take(Limit::kAgentFailures, "new" + std::to_string(i), later), IsOk());
  }
}

TEST(RateLimiter, CountsExactlyWithManyThreads) {
  RateLimits limits = small_limits();
  limits.agent_failures = {.per_second = 0, .burst = 100};
  RateLimiter limiter(limits, Digest{});
  std::vector<int> taken(4, 0);
  std::vector<std::thread> threads;
  for (int& own : taken) {
    threads.emplace_back([&limiter, &own] {
      for (int i = 0; i < 100; ++i) {
        if (limiter.take(Limit::kAgentFailures, "a", kNow)) ++own;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(taken[0] + taken[1] + taken[2] + taken[3], 100);
}

}  // namespace
}  // namespace ajwt::authority
