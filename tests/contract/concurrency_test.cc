// SPDX-License-Identifier: Apache-2.0
//
// Races: what must hold when many threads use one store.
#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

#include "json/parse.h"
#include "tests/contract/store_contract.h"

namespace ajwt::authority {

namespace {

constexpr int kThreads = 8;

// rounds is the number of rounds of one race: thousands, and ten times as many in a soak.
int rounds(int quick) {
  const char* soak = std::getenv("AJWT_SOAK");
  return soak != nullptr && *soak == '1' ? quick * 10 : quick;
}

// race runs `work(thread)` in kThreads threads that start together.
template <class Work>
void race(const Work& work) {
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      work(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// race_rounds runs `work(round, thread)` for every round, all threads in the same round, and
// `between(round)` in one of them after it.
template <class Work, class Between>
void race_rounds(int count, const Work& work, const Between& between) {
  std::barrier step(kThreads);
  race([&](int thread) {
    for (int round = 0; round < count; ++round) {
      step.arrive_and_wait();
      work(round, thread);
      step.arrive_and_wait();
      if (thread == 0) between(round);
      step.arrive_and_wait();
    }
  });
}

// Tally counts answers of a race.
struct Tally {
  std::atomic<int> accepted = 0;
  std::atomic<int> changed = 0;
  std::atomic<int> other = 0;

  void count(const Status& status) {
    if (status) {
      ++accepted;
    } else if (status.error().code() == Code::k_state_changed) {
      ++changed;
    } else {
      ++other;
    }
  }
};

class StoreRaces : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    seed();
  }
  void expect_log_without_gaps() {
    const auto leaves = store_->list_audit(0, 10'000'000, std::nullopt);
    ASSERT_THAT(leaves, IsOk());
    for (std::size_t i = 0; i < leaves->size(); ++i) {
      ASSERT_EQ((*leaves)[i].sequence, static_cast<std::int64_t>(i) + 1);
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, StoreRaces, ::testing::ValuesIn(store_adapters()), adapter_name);

TEST_P(StoreRaces, OneOfManyWinsEachCompareAndSetOfAStep) {
  const int count = rounds(2000);
  seed_execution(execution_id());
  const std::int64_t leaves = last_sequence();
  Execution seen = load(execution_id());
  Tally tally;
  int rounds_with_one_winner = 0;
  race_rounds(
      count,
      [&](int, int thread) {
        StepChange change = make_change(seen, "find", StepStatus::kActive);
        change.step.uses = thread;
        tally.count(store_->change_step(change, make_audit(app())));
      },
      [&](int) {
        const Execution after = load(execution_id());
        if (after.row_version == seen.row_version + 1) ++rounds_with_one_winner;
        seen = after;
      });

  EXPECT_EQ(rounds_with_one_winner, count);
  EXPECT_EQ(tally.accepted, count);
  EXPECT_EQ(tally.changed, count * (kThreads - 1));
  EXPECT_EQ(tally.other, 0);
  EXPECT_EQ(last_sequence(), leaves + count);
  expect_log_without_gaps();
}

TEST_P(StoreRaces, OneOfManyMintsGetsASingleStep) {
  const int count = rounds(300);
  const MintCommit mint = mint_of("dec");
  Tally tally;
  for (int i = 0; i < count; ++i) seed_execution(execution_id("exec_" + std::to_string(i)));
  race_rounds(
      count,
      [&](int round, int) {
        MintCommit own = mint;
        own.step = make_change(make_execution(make_workflow(app(), workflow_id(), 1),
                                              execution_id("exec_" + std::to_string(round))),
                               "find", StepStatus::kActive);
        tally.count(store_->commit({&own, 1}).front());
      },
      [](int) {});

  EXPECT_EQ(tally.accepted, count);
  EXPECT_EQ(tally.changed, count * (kThreads - 1));
  EXPECT_EQ(tally.other, 0);
  expect_log_without_gaps();
}

TEST_P(StoreRaces, OneOfManyRegistersTheNextVersion) {
  const int count = rounds(200);
  Tally tally;
  race_rounds(
      count,
      [&](int round, int thread) {
        Registration next = make_registration(app(), agent(), round + 2);
        next.registration_id =
            RegistrationId::trusted("r" + std::to_string(round) + "." + std::to_string(thread));
        tally.count(store_->add_registration(next, make_audit(app())));
      },
      [](int) {});

  EXPECT_EQ(tally.accepted, count);
  EXPECT_EQ(tally.changed, count * (kThreads - 1));
  EXPECT_EQ(tally.other, 0);
  const auto versions = store_->list_versions(app(), agent());
  ASSERT_THAT(versions, IsOk());
  EXPECT_EQ(versions->size(), static_cast<std::size_t>(count) + 1);
  EXPECT_EQ(std::count_if(
                versions->begin(), versions->end(),
                [](const Registration& r) { return r.state == RegistrationState::kRegistered; }),
            1);
}

TEST_P(StoreRaces, OneOfManyAddsTheNextWorkflowVersion) {
  const int count = rounds(200);
  Tally tally;
  race_rounds(
      count,
      [&](int round, int) {
        tally.count(store_->add_workflow(make_workflow(app(), workflow_id(), round + 2), {},
                                         make_audit(app())));
      },
      [](int) {});

  EXPECT_EQ(tally.accepted, count);
  EXPECT_EQ(tally.changed, count * (kThreads - 1));
  EXPECT_EQ(tally.other, 0);
}

TEST_P(StoreRaces, OneOfManyUsesAnAssertion) {
  const int count = rounds(500);
  std::atomic<int> first = 0;
  race_rounds(
      count,
      [&](int round, int) {
        const auto is_new = store_->remember_assertion(client_id(), "jti_" + std::to_string(round),
                                                       kNow + Seconds(60), kNow);
        if (is_new && *is_new) ++first;
      },
      [](int) {});

  EXPECT_EQ(first, count);
}

TEST_P(StoreRaces, NoMintPassesARevocation) {
  // Threads mint while one revokes: every mint that was accepted stands in the log before the
  // revocation, none after it.
  const MintCommit mint = mint_of("mint");
  race([&](int thread) {
    if (thread == 0) {
      for (int i = 0; i < 20; ++i) {
        EXPECT_THAT(store_->append_audit(make_audit(app(), "pause")), IsOk());
      }
      EXPECT_THAT(store_->revoke_agent(app(), agent(), make_audit(app(), "revocation")), IsOk());
      return;
    }
    while (store_->commit({&mint, 1}).front()) {
    }
  });

  const auto leaves = store_->list_audit(0, 10'000'000, std::nullopt);
  ASSERT_THAT(leaves, IsOk());
  EXPECT_THAT(leaves->back().bytes, ::testing::HasSubstr("revocation"));
}

// Groups of mints from many threads, accepted and refused mixed; each accepted one names its place
// in what it wrote.
TEST_P(StoreRaces, KeepsAcceptedAndRefusedMintsOfMixedGroupsApart) {
  const int groups = rounds(50);
  constexpr std::size_t kGroup = 10;
  const MintCommit good = mint_of("");
  const std::int64_t before = last_sequence();
  std::atomic<int> wrong = 0;
  race([&](int thread) {
    for (int group = 0; group < groups; ++group) {
      std::vector<MintCommit> mints(kGroup, good);
      for (std::size_t i = 0; i < kGroup; ++i) {
        mints[i] =
            mint_of(std::to_string(thread) + "." + std::to_string(group) + "." + std::to_string(i));
        if (i % 3 == 1) mints[i].audit.basis.registrations.front().row_version = 99;
      }
      const std::vector<Status> answers = store_->commit(mints);
      for (std::size_t i = 0; i < kGroup; ++i) {
        if (answers[i].has_value() == (i % 3 == 1)) ++wrong;
      }
    }
  });

  EXPECT_EQ(wrong, 0);
  const auto leaves = store_->list_audit(before, 10'000'000, std::nullopt);
  ASSERT_THAT(leaves, IsOk());
  EXPECT_EQ(leaves->size(), static_cast<std::size_t>(kThreads * groups) * 7U);
  expect_log_without_gaps();
}

TEST_P(StoreRaces, OrdersTheLogAsItCommits) {
  // What a thread wrote before stands before what it writes now; and what one thread has read, any
  // thread that writes afterwards stands behind.
  const int count = rounds(200);
  std::atomic<int> disorder = 0;
  race([&](int thread) {
    std::int64_t last = 0;
    for (int i = 0; i < count; ++i) {
      const std::string decision = std::to_string(thread) + "-" + std::to_string(i);
      const auto head = store_->list_audit(last, 1'000'000, std::nullopt);
      if (!head) ++disorder;
      const std::int64_t seen = head && !head->empty() ? head->back().sequence : last;
      if (!store_->append_audit(make_audit(app(), decision))) ++disorder;
      const auto after = store_->list_audit(seen, 1'000'000, std::nullopt);
      const bool found =
          after && std::any_of(after->begin(), after->end(), [&](const AuditLeaf& leaf) {
            return leaf.bytes.find("\"" + decision + "\"") != std::string::npos;
          });
      if (!found) ++disorder;
      last = seen;
    }
  });

  EXPECT_EQ(disorder, 0);
  expect_log_without_gaps();
}

TEST_P(StoreRaces, ReadsAnExecutionAndItsStepsFromOneMoment) {
  seed_execution(execution_id());
  std::atomic<bool> done = false;
  std::atomic<int> torn = 0;
  race([&](int thread) {
    if (thread == 0) {
      for (int i = 0; i < rounds(300); ++i) {
        StepChange change = make_change(load(execution_id()), "find", StepStatus::kActive);
        // `uses` follows the row version, so that a reader can tell whether they belong together.
        change.step.uses = change.execution.row_version + 1;
        EXPECT_THAT(store_->change_step(change, make_audit(app())), IsOk());
      }
      done = true;
      return;
    }
    while (!done) {
      const auto records = store_->load_mint_records({.app_id = app(),
                                                      .agent_id = agent(),
                                                      .workflow_id = std::nullopt,
                                                      .execution_id = execution_id()});
      if (!records || !records->execution) {
        ++torn;
        continue;
      }
      const Execution& execution = *records->execution;
      if (execution.row_version > 1 && execution.steps[0].uses != execution.row_version) ++torn;
    }
  });

  EXPECT_EQ(torn, 0);
}

}  // namespace

}  // namespace ajwt::authority
