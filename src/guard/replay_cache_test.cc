// SPDX-License-Identifier: Apache-2.0
#include "guard/replay_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/matchers.h"

namespace ajwt::guard {
namespace {

constexpr Instant kSeenAt = from_unix(1'800'000'000);
constexpr Instant kUntil = kSeenAt + Seconds(90);

Digest salt() {
  Digest digest{};
  digest.fill(7);
  return digest;
}

TEST(MemoryReplayCache, AcceptsAPairOnce) {
  MemoryReplayCache cache(salt());

  EXPECT_THAT(cache.remember("key", "jti", kUntil, kSeenAt), IsOk());
  EXPECT_THAT(cache.remember("key", "jti", kUntil, kSeenAt), RefusedWith(Code::k_proof_replayed));
  EXPECT_EQ(cache.size(), 1U);
}

TEST(MemoryReplayCache, TellsPairsApartByBothParts) {
  MemoryReplayCache cache(salt());

  EXPECT_THAT(cache.remember("key", "jti", kUntil, kSeenAt), IsOk());
  EXPECT_THAT(cache.remember("key", "jti2", kUntil, kSeenAt), IsOk());
  EXPECT_THAT(cache.remember("key2", "jti", kUntil, kSeenAt), IsOk());
  EXPECT_THAT(cache.remember("keyj", "ti", kUntil, kSeenAt), IsOk());
}

TEST(MemoryReplayCache, RemembersUpToAndIncludingItsLastSecond) {
  MemoryReplayCache cache(salt());
  ASSERT_THAT(cache.remember("key", "jti", kUntil, kSeenAt), IsOk());

  EXPECT_THAT(cache.remember("key", "jti", kUntil, kUntil), RefusedWith(Code::k_proof_replayed));
}

TEST(MemoryReplayCache, LetsExpiredEntriesGo) {
  MemoryReplayCache cache(salt());
  for (int i = 0; i < 100; ++i) {
    ASSERT_THAT(cache.remember("key", std::to_string(i), kUntil, kSeenAt), IsOk());
  }

  const Instant later = kUntil + Seconds(1);
  EXPECT_THAT(cache.remember("key", "new", later + Seconds(90), later), IsOk());

  EXPECT_EQ(cache.size(), 1U);
}

TEST(MemoryReplayCache, RefusesWhatHasExpiredAlready) {
  MemoryReplayCache cache(salt());

  EXPECT_THAT(cache.remember("key", "jti", kSeenAt - Seconds(1), kSeenAt),
              RefusedWith(Code::k_proof_time_refused));
}

TEST(MemoryReplayCache, RefusesATimeThatItForgotWhenTheClockIsSetBack) {
  MemoryReplayCache cache(salt());
  ASSERT_THAT(cache.remember("key", "jti", kUntil, kSeenAt), IsOk());
  const Instant hour_ahead = kSeenAt + Seconds(3600);
  ASSERT_THAT(cache.remember("key", "other", hour_ahead + Seconds(90), hour_ahead), IsOk());

  EXPECT_THAT(cache.remember("key", "jti", kUntil, kSeenAt),
              RefusedWith(Code::k_proof_time_refused));
}

TEST(MemoryReplayCache, NeverDropsALiveEntryToMakeRoom) {
  MemoryReplayCache cache(salt(), {.capacity = 3, .capacity_per_key = 3});
  for (const char* jti : {"a", "b", "c"}) {
    ASSERT_THAT(cache.remember("key", jti, kUntil, kSeenAt), IsOk());
  }

  EXPECT_THAT(cache.remember("key2", "d", kUntil, kSeenAt),
              RefusedWith(Code::k_replay_memory_full));
  for (const char* jti : {"a", "b", "c"}) {
    EXPECT_THAT(cache.remember("key", jti, kUntil, kSeenAt), RefusedWith(Code::k_proof_replayed));
  }
}

TEST(MemoryReplayCache, FindsRoomInOtherShardsOnceTheirEntriesHaveExpired) {
  MemoryReplayCache cache(salt(), {.capacity = 200, .capacity_per_key = 10});
  for (int i = 0; i < 200; ++i) {
    ASSERT_THAT(cache.remember("key" + std::to_string(i), "jti", kUntil, kSeenAt), IsOk());
  }
  ASSERT_THAT(cache.remember("new", "jti", kUntil, kUntil),
              RefusedWith(Code::k_replay_memory_full));

  const Instant later = kUntil + Seconds(1);
  EXPECT_THAT(cache.remember("new", "jti", later + Seconds(90), later), IsOk());
  EXPECT_EQ(cache.size(), 1U);
}

TEST(MemoryReplayCache, GivesOneKeyItsShareAndNoMore) {
  MemoryReplayCache cache(salt(), {.capacity = 10, .capacity_per_key = 2});
  ASSERT_THAT(cache.remember("greedy", "a", kUntil, kSeenAt), IsOk());
  ASSERT_THAT(cache.remember("greedy", "b", kUntil, kSeenAt), IsOk());

  EXPECT_THAT(cache.remember("greedy", "c", kUntil, kSeenAt),
              RefusedWith(Code::k_replay_memory_full));
  EXPECT_THAT(cache.remember("modest", "c", kUntil, kSeenAt), IsOk());

  const Instant later = kUntil + Seconds(1);
  EXPECT_THAT(cache.remember("greedy", "c", later + Seconds(90), later), IsOk());
}

TEST(MemoryReplayCache, LetsOneOfManyThreadsPassWithTheSamePair) {
  constexpr int kThreads = 8;
  constexpr int kPairs = 500;
  MemoryReplayCache cache(salt());
  std::vector<std::atomic<int>> passed(kPairs);
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      ++ready;
      while (ready < kThreads) std::this_thread::yield();
      for (int i = 0; i < kPairs; ++i) {
        const std::string jkt = "key" + std::to_string(i % 3);
        if (cache.remember(jkt, std::to_string(i), kUntil, kSeenAt))
          ++passed[static_cast<std::size_t>(i)];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  for (const std::atomic<int>& count : passed) EXPECT_EQ(count, 1);
  EXPECT_EQ(cache.size(), static_cast<std::size_t>(kPairs));
}

TEST(MemoryReplayCache, KeepsItsBoundUnderManyThreads) {
  constexpr int kThreads = 8;
  MemoryReplayCache cache(salt(), {.capacity = 100, .capacity_per_key = 100});
  std::atomic<int> passed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const std::string jkt = "key" + std::to_string(t);
        if (cache.remember(jkt, std::to_string(i), kUntil, kSeenAt)) ++passed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(passed, 100);
  EXPECT_EQ(cache.size(), 100U);
}

}  // namespace
}  // namespace ajwt::guard
