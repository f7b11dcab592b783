// SPDX-License-Identifier: Apache-2.0
#include "authority/oauth/rate_limiter.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/support/matchers.h"

namespace ajwt::authority {
namespace {

constexpr Instant kFirstAt = from_unix(1'800'000'000);

RateLimits small_limits() {
  RateLimits limits;
  limits.agent_failures = {.per_second = 0.5, .burst = 3};
  limits.capacity = 64;
  return limits;
}

TEST(RateLimiter, GivesABurstAndThenRefusesWithTheTimeToWait) {
  RateLimiter limiter(small_limits(), Digest{});
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(limiter.take(Limit::kAgentFailures, "a", kFirstAt), IsOk());
  }
  const auto refused = limiter.take(Limit::kAgentFailures, "a", kFirstAt);
  ASSERT_THAT(refused, RefusedWith(Code::k_rate_limited));
  EXPECT_EQ(seconds_to_wait(refused.error()), "2");
}

TEST(RateLimiter, FillsUpAsTimePasses) {
  RateLimiter limiter(small_limits(), Digest{});
  for (int i = 0; i < 3; ++i) (void)limiter.take(Limit::kAgentFailures, "a", kFirstAt);
  EXPECT_THAT(limiter.take(Limit::kAgentFailures, "a", kFirstAt + Seconds(1)),
              RefusedWith(Code::k_rate_limited));
  EXPECT_THAT(limiter.take(Limit::kAgentFailures, "a", kFirstAt + Seconds(2)), IsOk());
  EXPECT_THAT(limiter.take(Limit::kAgentFailures, "a", kFirstAt + Seconds(2)),
              RefusedWith(Code::k_rate_limited));
}

TEST(RateLimiter, KeepsKeysAndKindsApart) {
  RateLimiter limiter(small_limits(), Digest{});
  for (int i = 0; i < 3; ++i) (void)limiter.take(Limit::kAgentFailures, "a", kFirstAt);
  EXPECT_THAT(limiter.take(Limit::kAgentFailures, "b", kFirstAt), IsOk());
  EXPECT_THAT(limiter.take(Limit::kAgentMint, "a", kFirstAt), IsOk());
}

TEST(RateLimiter, LooksWithoutTaking) {
  RateLimiter limiter(small_limits(), Digest{});
  for (int i = 0; i < 10; ++i) {
    EXPECT_THAT(limiter.check(Limit::kAgentFailures, "a", kFirstAt), IsOk());
  }
  for (int i = 0; i < 3; ++i) (void)limiter.take(Limit::kAgentFailures, "a", kFirstAt);
  EXPECT_THAT(limiter.check(Limit::kAgentFailures, "a", kFirstAt),
              RefusedWith(Code::k_rate_limited));
}

TEST(RateLimiter, GivesNothingWhenTheClockIsSetBack) {
  RateLimiter limiter(small_limits(), Digest{});
  for (int i = 0; i < 3; ++i) (void)limiter.take(Limit::kAgentFailures, "a", kFirstAt);
  EXPECT_THAT(limiter.take(Limit::kAgentFailures, "a", kFirstAt - Seconds(100)),
              RefusedWith(Code::k_rate_limited));
}

TEST(RateLimiter, NeverForgetsAnEmptyBucketInAFloodOfNewKeys) {
  RateLimiter limiter(small_limits(), Digest{});
  for (int i = 0; i < 3; ++i) (void)limiter.take(Limit::kAgentFailures, "victim", kFirstAt);
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    if (!limiter.take(Limit::kAgentFailures, "flood" + std::to_string(i), kFirstAt)) ++refused;
  }
  EXPECT_GT(refused, 4000) << "keys without room share a bucket";
  EXPECT_THAT(limiter.take(Limit::kAgentFailures, "victim", kFirstAt),
              RefusedWith(Code::k_rate_limited));
}

TEST(RateLimiter, MakesRoomOfBucketsThatAreFullAgain) {
  RateLimiter limiter(small_limits(), Digest{});
  for (int i = 0; i < 5000; ++i) {
    (void)limiter.take(Limit::kAgentFailures, "flood" + std::to_string(i), kFirstAt);
  }
  const Instant later = kFirstAt + Seconds(3600);
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
        if (limiter.take(Limit::kAgentFailures, "a", kFirstAt)) ++own;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(taken[0] + taken[1] + taken[2] + taken[3], 100);
}

}  // namespace
}  // namespace ajwt::authority
