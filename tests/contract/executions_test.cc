// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/store_contract.h"

namespace ajwt::authority {

namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Optional;

class ExecutionStoreContract : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    seed();
  }
  Status change(const StepChange& step_change) {
    return store_->change_step(step_change, make_audit(app()));
  }
  Status change(std::string_view step, StepStatus status) {
    return change(make_change(load(execution_id()), step, status));
  }
  std::int64_t sequence_of(const char* step) {
    return load(execution_id()).find(step_id(step))->sequence;
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, ExecutionStoreContract, ::testing::ValuesIn(store_adapters()),
                         adapter_name);

TEST_P(ExecutionStoreContract, ReturnsAnExecutionWithItsStepsInOrder) {
  seed_execution(execution_id());

  const Execution found = load(execution_id());

  EXPECT_EQ(found.execution_id, execution_id());
  EXPECT_EQ(found.app_id, app());
  EXPECT_EQ(found.workflow_id, workflow_id());
  EXPECT_EQ(found.workflow_version, 1);
  EXPECT_EQ(found.status, ExecutionStatus::kOpen);
  EXPECT_EQ(found.created_at, kNow);
  EXPECT_EQ(found.expires_at, kNow + Seconds(3600));
  EXPECT_EQ(found.row_version, 1);
  EXPECT_THAT(found.steps, ElementsAre(Field(&StepRecord::step_id, step_id("find")),
                                       Field(&StepRecord::step_id, step_id("pay")),
                                       Field(&StepRecord::step_id, step_id("ship"))));
  EXPECT_EQ(found.steps[0].status, StepStatus::kPending);
  EXPECT_EQ(found.steps[0].agent_id, std::nullopt);
  EXPECT_EQ(found.steps[0].registration_id, std::nullopt);
  EXPECT_EQ(found.steps[0].jkt, std::nullopt);
}

TEST_P(ExecutionStoreContract, FindsNoExecutionOfAnotherApplication) {
  seed_execution(execution_id());
  EXPECT_THAT(store_->find_execution(app("b"), execution_id()), IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(store_->find_execution(app(), execution_id("none")), IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(store_->list_executions(app("b"), 10), IsOkAndHolds(IsEmpty()));
}

TEST_P(ExecutionStoreContract, RefusesAnExecutionTwice) {
  seed_execution(execution_id());
  EXPECT_THAT(
      store_->open_execution(make_execution(make_workflow(app(), workflow_id(), 1), execution_id()),
                             make_audit(app())),
      RefusedWith(Code::k_already_exists));
}

TEST_P(ExecutionStoreContract, RefusesAnExecutionOfAVersionThatIsNotThere) {
  EXPECT_THAT(
      store_->open_execution(make_execution(make_workflow(app(), workflow_id(), 2), execution_id()),
                             make_audit(app())),
      RefusedWith(Code::k_not_found));
}

TEST_P(ExecutionStoreContract, ListsTheNewestFirstUpToTheLimit) {
  for (int i = 0; i < 3; ++i) {
    Execution execution = make_execution(make_workflow(app(), workflow_id(), 1),
                                         execution_id("exec_" + std::to_string(i)));
    execution.created_at = kNow + Seconds(i == 1 ? 10 : 0);
    ASSERT_THAT(store_->open_execution(execution, make_audit(app())), IsOk());
  }

  const auto listed = store_->list_executions(app(), 2);

  ASSERT_THAT(listed, IsOk());
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ((*listed)[0].execution_id, execution_id("exec_1"));
  EXPECT_EQ((*listed)[1].execution_id, execution_id("exec_2"));
  EXPECT_EQ((*listed)[1].steps.size(), 3U);
  EXPECT_THAT(store_->list_executions(app(), 0), IsOkAndHolds(IsEmpty()));
  EXPECT_EQ(store_->list_executions(app(), std::size_t(-1))->size(), 3U);
}

TEST_P(ExecutionStoreContract, WritesAStepAndCountsTheChange) {
  seed_execution(execution_id());

  ASSERT_THAT(change("find", StepStatus::kActive), IsOk());

  const Execution found = load(execution_id());
  EXPECT_EQ(found.row_version, 2);
  const StepRecord& step = found.steps[0];
  EXPECT_EQ(step.status, StepStatus::kActive);
  EXPECT_EQ(step.uses, 1);
  EXPECT_THAT(step.agent_id, Optional(agent()));
  EXPECT_THAT(step.registration_id, Optional(RegistrationId::trusted("shop.buyer.1")));
  EXPECT_THAT(step.jkt, Optional(std::string("thumbprint")));
  EXPECT_EQ(step.sequence, 0);
  EXPECT_EQ(step.changed_at, kNow + Seconds(5));
  EXPECT_EQ(found.steps[1].status, StepStatus::kPending);
}

TEST_P(ExecutionStoreContract, RefusesAStepThatRestsOnAnOlderState) {
  seed_execution(execution_id());
  const StepChange first = make_change(load(execution_id()), "find", StepStatus::kActive);
  const StepChange second = make_change(load(execution_id()), "find", StepStatus::kDone);
  ASSERT_THAT(change(first), IsOk());

  EXPECT_THAT(change(second), RefusedWith(Code::k_state_changed));
  EXPECT_EQ(load(execution_id()).steps[0].status, StepStatus::kActive);
  EXPECT_EQ(load(execution_id()).row_version, 2);
}

TEST_P(ExecutionStoreContract, RefusesAStepOrAnExecutionThatIsNotThere) {
  seed_execution(execution_id());
  const std::int64_t leaves = last_sequence();
  StepChange elsewhere = make_change(load(execution_id()), "find", StepStatus::kActive);
  elsewhere.execution.execution_id = execution_id("none");

  EXPECT_THAT(change(elsewhere), RefusedWith(Code::k_state_changed));
  EXPECT_THAT(change("none", StepStatus::kActive), RefusedWith(Code::k_state_changed));
  EXPECT_THAT(change("none", StepStatus::kDone), RefusedWith(Code::k_state_changed));
  EXPECT_EQ(load(execution_id()).row_version, 1);
  EXPECT_EQ(last_sequence(), leaves);
}

TEST_P(ExecutionStoreContract, NumbersStepsInTheOrderOfCompletion) {
  seed_execution(execution_id());
  ASSERT_THAT(change("ship", StepStatus::kDone), IsOk());
  ASSERT_THAT(change("find", StepStatus::kDone), IsOk());
  ASSERT_THAT(change("find", StepStatus::kDone), IsOk());
  ASSERT_THAT(change("pay", StepStatus::kFailed), IsOk());

  EXPECT_EQ(sequence_of("ship"), 1);
  EXPECT_EQ(sequence_of("find"), 2) << "a step that is done keeps its place";
  EXPECT_EQ(sequence_of("pay"), 0);

  ASSERT_THAT(change("pay", StepStatus::kDone), IsOk());
  EXPECT_EQ(sequence_of("pay"), 3);
}

TEST_P(ExecutionStoreContract, GivesAStepThatIsDoneAgainALaterPlace) {
  seed_execution(execution_id());
  ASSERT_THAT(change("find", StepStatus::kDone), IsOk());
  ASSERT_THAT(change("pay", StepStatus::kDone), IsOk());
  ASSERT_THAT(change("find", StepStatus::kActive), IsOk());
  EXPECT_EQ(sequence_of("find"), 0);
  ASSERT_THAT(change("find", StepStatus::kDone), IsOk());

  EXPECT_LT(sequence_of("pay"), sequence_of("find"));
}

TEST_P(ExecutionStoreContract, ChangesNoStepOnTheWordOfARegistrationThatHasChanged) {
  seed_execution(execution_id());
  const Registration reporter = newest(agent());
  StepChange change_of = make_change(load(execution_id()), "find", StepStatus::kDone);
  AuditEntry audit = make_audit(app());
  audit.basis.registrations = {as_loaded(reporter)};
  ASSERT_THAT(store_->revoke_agent(app(), agent(), make_audit(app())), IsOk());

  EXPECT_THAT(store_->change_step(change_of, audit), RefusedWith(Code::k_state_changed));
  audit.basis.registrations.front().row_version = reporter.row_version + 1;
  EXPECT_THAT(store_->change_step(change_of, audit), RefusedWith(Code::k_state_changed))
      << "it is revoked";
  EXPECT_EQ(load(execution_id()).steps[0].status, StepStatus::kPending);
}

TEST_P(ExecutionStoreContract, ClosesAnExecutionOnce) {
  seed_execution(execution_id());

  ASSERT_THAT(store_->close_execution(execution_id(), 1, kNow, make_audit(app())), IsOk());

  EXPECT_EQ(load(execution_id()).status, ExecutionStatus::kClosed);
  EXPECT_EQ(load(execution_id()).row_version, 2);
  EXPECT_THAT(store_->close_execution(execution_id(), 2, kNow, make_audit(app())),
              RefusedWith(Code::k_state_changed));
}

TEST_P(ExecutionStoreContract, RefusesToCloseAnExecutionThatHasChanged) {
  seed_execution(execution_id());
  ASSERT_THAT(change("find", StepStatus::kActive), IsOk());

  EXPECT_THAT(store_->close_execution(execution_id(), 1, kNow, make_audit(app())),
              RefusedWith(Code::k_state_changed));
  EXPECT_THAT(store_->close_execution(execution_id("none"), 1, kNow, make_audit(app())),
              RefusedWith(Code::k_state_changed));
  EXPECT_EQ(load(execution_id()).status, ExecutionStatus::kOpen);
}

TEST_P(ExecutionStoreContract, ChangesNoStepOfAClosedExecution) {
  seed_execution(execution_id());
  const StepChange before = make_change(load(execution_id()), "find", StepStatus::kActive);
  ASSERT_THAT(store_->close_execution(execution_id(), 1, kNow, make_audit(app())), IsOk());

  EXPECT_THAT(change("find", StepStatus::kActive), RefusedWith(Code::k_execution_closed));
  EXPECT_THAT(change(before), RefusedWith(Code::k_execution_closed));
}

}  // namespace

}  // namespace ajwt::authority
