// SPDX-License-Identifier: Apache-2.0
//
// A process that is killed: what it reported as durable is there when the store is opened again.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "files/file.h"
#include "files/scratch_directory.h"
#include "json/parse.h"
#include "store/audit_tree.h"
#include "store/sqlite_store.h"
#include "tests/support/matchers.h"

namespace ajwt::store {

namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 6;

authority::AuditEntry audit_entry(std::int64_t number) {
  return {.app_id = AppId::trusted("shop"),
          .decision_id = "dec",
          .entry = {{"number", number}},
          .basis = {},
          .salt = Bytes(16, 1)};
}

// write_until_killed commits from several threads and reports each number when it is durable.
[[noreturn]] void write_until_killed(const std::string& directory, int report, int round) {
  auto store = SqliteStore::open({.directory = directory});
  if (!store) ::_exit(1);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::int64_t i = 0;; ++i) {
        const std::int64_t number = (round * 100 + thread) * 1'000'000LL + i;
        if (!(*store)->append_audit(audit_entry(number))) ::_exit(2);
        if (::write(report, &number, sizeof number) != sizeof number) ::_exit(3);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ::_exit(4);
}

// read_reports reads until there are `count` of them, or until the writer is gone.
std::size_t read_reports(int pipe, std::size_t count, std::set<std::int64_t>& reported) {
  std::size_t got = 0;
  std::int64_t number = 0;
  // Writes this small are whole (PIPE_BUF).
  while (got < count && ::read(pipe, &number, sizeof number) == sizeof number) {
    reported.insert(number);
    ++got;
  }
  return got;
}

// crash starts a writer, lets it report about `count` commits, and kills it.
void crash(const std::string& directory, int round, std::size_t count,
           std::set<std::int64_t>& reported) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  files::File reading(ends[0]);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) write_until_killed(directory, ends[1], round);
  ::close(ends[1]);
  EXPECT_EQ(read_reports(reading.number(), count, reported), count);
  ::kill(child, SIGKILL);
  read_reports(reading.number(), SIZE_MAX, reported);
  int how = 0;
  ASSERT_EQ(::waitpid(child, &how, 0), child);
  EXPECT_TRUE(WIFSIGNALED(how)) << "exit code " << WEXITSTATUS(how);
}

std::set<std::int64_t> numbers_in(const std::vector<authority::AuditLeaf>& leaves) {
  std::set<std::int64_t> numbers;
  for (const authority::AuditLeaf& leaf : leaves) {
    const auto object = json::parse_object(leaf.bytes);
    if (object) numbers.insert(object->find("number")->as_integer());
  }
  return numbers;
}

TEST(Crash, LosesNothingThatWasReportedAsDurable) {
  const char* seed_text = std::getenv("AJWT_TEST_SEED");
  const auto seed = static_cast<std::uint32_t>(seed_text != nullptr ? std::atoll(seed_text) : 1);
  std::mt19937 random(seed);
  SCOPED_TRACE("AJWT_TEST_SEED=" + std::to_string(seed));
  const auto scratch = files::ScratchDirectory::create();
  ASSERT_THAT(scratch, IsOk());
  const std::string directory = (*scratch)->path() + "/data";
  std::set<std::int64_t> reported;
  for (int round = 0; round < kRounds; ++round) {
    ASSERT_NO_FATAL_FAILURE(crash(directory, round, 1 + random() % 400, reported));

    // Opening checks the database and the log's numbers.
    const auto store = SqliteStore::open({.directory = directory});
    ASSERT_THAT(store, IsOk());
    const auto leaves = (*store)->list_audit(0, 10'000'000, std::nullopt);
    ASSERT_THAT(leaves, IsOk());
    for (std::size_t i = 0; i < leaves->size(); ++i) {
      ASSERT_EQ((*leaves)[i].sequence, static_cast<std::int64_t>(i) + 1);
    }
    MerkleFrontier tree;
    for (const auto& leaf : *leaves) tree.append(audit_leaf_hash(leaf.salt, leaf.bytes));
    EXPECT_EQ((*store)->audit_head(), tree.head());
    EXPECT_THAT((*store)->audit_root(tree.head().size), IsOkAndHolds(tree.head().root));
    const std::set<std::int64_t> found = numbers_in(*leaves);
    EXPECT_EQ(found.size(), leaves->size());
    EXPECT_TRUE(std::includes(found.begin(), found.end(), reported.begin(), reported.end()));
    EXPECT_LE(found.size(), reported.size() + static_cast<std::size_t>((round + 1) * kThreads))
        << "only what was under way may be there unreported";
  }
  const auto db = Connection::open(directory + "/ajwt.db", Connection::Use::kRead);
  ASSERT_THAT(db, IsOk());
  auto check = (*db)->query("PRAGMA integrity_check");
  ASSERT_THAT(check, IsOk());
  ASSERT_THAT(check->next(), IsOkAndHolds(true));
  EXPECT_EQ(check->text(0), "ok");
}

}  // namespace

}  // namespace ajwt::store
