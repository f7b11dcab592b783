// SPDX-License-Identifier: Apache-2.0
#include "shim/internal/step_tracker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace ajwt::shim {
namespace {

TEST(StepTracker, LetsTheLastToLeaveEndTheStep) {
  StepTracker steps;
  steps.enter("s");
  steps.enter("s");
  EXPECT_EQ(steps.leave("s", CallOutcome::kDone), std::nullopt);
  EXPECT_EQ(steps.leave("s", CallOutcome::kDone), CallOutcome::kDone);
}

TEST(StepTracker, EndsAStepAsFailedIfAnyCallFailed) {
  StepTracker steps;
  steps.enter("s");
  steps.enter("s");
  EXPECT_EQ(steps.leave("s", CallOutcome::kFailed), std::nullopt);
  EXPECT_EQ(steps.leave("s", CallOutcome::kDone), CallOutcome::kFailed);
  steps.ended("s");
  steps.enter("s");
  EXPECT_EQ(steps.leave("s", CallOutcome::kDone), CallOutcome::kDone);
}

TEST(StepTracker, EndsNothingThatWasNeverBegun) {
  StepTracker steps;
  steps.enter("s");
  EXPECT_EQ(steps.leave("s", CallOutcome::kNotBegun), std::nullopt);
  steps.enter("s");
  steps.enter("s");
  EXPECT_EQ(steps.leave("s", CallOutcome::kDone), std::nullopt);
  EXPECT_EQ(steps.leave("s", CallOutcome::kNotBegun), CallOutcome::kDone);
}

TEST(StepTracker, LetsNobodyIntoAStepThatIsBeingEnded) {
  StepTracker steps;
  steps.enter("s");
  ASSERT_EQ(steps.leave("s", CallOutcome::kDone), CallOutcome::kDone);
  std::atomic<bool> ended = false;
  std::atomic<bool> entered_too_early = false;
  std::atomic<bool> started = false;
  std::thread other([&] {
    started = true;
    steps.enter("s");
    entered_too_early = !ended;
  });
  while (!started) std::this_thread::yield();
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  steps.enter("another");
  ended = true;
  steps.ended("s");
  other.join();
  EXPECT_FALSE(entered_too_early);
}

}  // namespace
}  // namespace ajwt::shim
