// SPDX-License-Identifier: Apache-2.0
//
// A process that is killed while it changes its signing keys: whatever moment it was, the next one
// starts, signs, and publishes all that it must.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "authority/keys/key_ring.h"
#include "authority/record_names.h"
#include "authority/system.h"
#include "files/scratch_directory.h"
#include "json/parse.h"
#include "store/sqlite_store.h"
#include "tests/support/matchers.h"

namespace ajwt {
namespace {

using authority::AuditEntry;
using authority::KeyRing;
using authority::SigningKey;
using authority::SigningKeyState;

constexpr int kRounds = 25;

// A clock that moves ten minutes at each look, so that every request has something to do.
class HastyClock final : public Clock {
 public:
  explicit HastyClock(std::int64_t start) : seconds_(start) {}
  Instant now() const override { return from_unix(seconds_ += 600); }
  std::chrono::milliseconds elapsed() const override { return Seconds(seconds_ += 600); }

 private:
  mutable std::int64_t seconds_;
};

constexpr authority::KeyRules kRules{
    .announce = Seconds(1200), .retention = Seconds(14400), .lifetime = Seconds(3600)};

AuditEntry crash_entry(const json::Object& facts) {
  return {.app_id = authority::system_app_id(),
          .decision_id = "dec",
          .entry = facts,
          .basis = {},
          .salt = Bytes(16, 1)};
}

// rotate_until_killed announces, activates, revokes and removes, and tells of each round.
[[noreturn]] void rotate_until_killed(const std::string& directory, int report,
                                      std::int64_t start) {
  auto store = store::SqliteStore::open({.directory = directory});
  if (!store) ::_exit(1);
  const HastyClock clock(start);
  auto ring = KeyRing::load(**store, kRules, clock);
  if (!ring) ::_exit(2);
  for (std::int64_t i = 0;; ++i) {
    if (!(*ring)->advance()) ::_exit(3);
    if (i % 5 == 4) {
      // Any of them: the one that signs, the announced one, one that retires.
      const auto keys = (*ring)->list();
      const auto& kid = keys[static_cast<std::size_t>(i / 5) % keys.size()].kid;
      if (!(*ring)->revoke(kid, crash_entry)) ::_exit(4);
    }
    if (::write(report, &i, sizeof i) != sizeof i) ::_exit(5);
  }
}

void crash(const std::string& directory, std::int64_t start, std::int64_t rounds,
           std::chrono::microseconds then) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) rotate_until_killed(directory, ends[1], start);
  ::close(ends[1]);
  std::int64_t done = -1;
  while (done < rounds) {
    if (::read(ends[0], &done, sizeof done) != sizeof done) break;
  }
  EXPECT_EQ(done, rounds);
  std::this_thread::sleep_for(then);
  ::kill(child, SIGKILL);
  int how = 0;
  ASSERT_EQ(::waitpid(child, &how, 0), child);
  ::close(ends[0]);
  EXPECT_TRUE(WIFSIGNALED(how)) << "exit code " << WEXITSTATUS(how);
}

std::set<std::string> files_in(const std::string& directory) {
  std::set<std::string> kids;
  for (const auto& file : std::filesystem::directory_iterator(directory + "/keys")) {
    if (file.path().extension() == ".pem") kids.insert(file.path().stem().string());
  }
  return kids;
}

TEST(KeyCrash, EveryMomentIsOneToGoOnFrom) {
  const char* seed_text = std::getenv("AJWT_TEST_SEED");
  const auto seed = static_cast<std::uint32_t>(seed_text != nullptr ? std::atoll(seed_text) : 1);
  std::mt19937 random(seed);
  SCOPED_TRACE("AJWT_TEST_SEED=" + std::to_string(seed));
  const auto scratch = files::ScratchDirectory::create();
  ASSERT_THAT(scratch, IsOk());
  const std::string directory = (*scratch)->path() + "/data";
  std::int64_t start = 1'800'000'000;
  for (int round = 0; round < kRounds; ++round) {
    ASSERT_NO_FATAL_FAILURE(crash(directory, start, static_cast<std::int64_t>(random() % 8),
                                  std::chrono::microseconds(random() % 8000)));
    start += 1'000'000;

    const auto store = store::SqliteStore::open({.directory = directory});
    ASSERT_THAT(store, IsOk());
    const HastyClock clock(start);
    const auto ring = KeyRing::load(**store, kRules, clock);
    ASSERT_THAT(ring, IsOk());
    // All retire that were due, and what was begun is finished.
    ASSERT_THAT((*ring)->advance(), IsOk());
    const auto keys = (*store)->list_signing_keys();
    ASSERT_THAT(keys, IsOk());
    std::set<std::string> kids;
    int active = 0;
    int announced = 0;
    for (const SigningKey& key : *keys) {
      kids.insert(key.kid);
      active += key.state == SigningKeyState::kActive ? 1 : 0;
      announced += key.state == SigningKeyState::kAnnounced ? 1 : 0;
      EXPECT_THAT((*store)->load_signing_key(key.kid), IsOk()) << name(key.state);
    }
    EXPECT_EQ(active, 1);
    EXPECT_LE(announced, 1);
    EXPECT_EQ((*ring)->active().kid, keys->front().kid);
    EXPECT_EQ((*ring)->published()->keys().size(), keys->size());
    // Of a key that was being made, there may be a file that no row names; of one that signed,
    // never.
    std::set<std::string> files = files_in(directory);
    for (const std::string& kid : kids) files.erase(kid);
    EXPECT_LE(files.size(), static_cast<std::size_t>(round) + 1);
    const auto leaves = (*store)->list_audit(0, 1'000'000, authority::system_app_id());
    ASSERT_THAT(leaves, IsOk());
    for (const auto& leaf : *leaves) {
      const auto entry = json::parse_object(leaf.bytes);
      const auto* kid = entry->find("kid");
      ASSERT_NE(kid, nullptr);
      EXPECT_FALSE(files.contains(kid->as_string())) << "a key that was in use is left on the disk";
    }
  }
}

}  // namespace
}  // namespace ajwt
