// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/store_contract.h"

namespace ajwt::authority {

namespace {

using ::testing::Eq;
using ::testing::Optional;

class WorkflowStoreContract : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    ASSERT_THAT(store_->create_application(make_application(app()), make_audit(app())), IsOk());
    ASSERT_THAT(store_->add_registration(make_registration(app(), agent(), 1), make_audit(app())),
                IsOk());
  }
  Status add(const StoredWorkflow& workflow, std::vector<FrozenGrant> grants = {}) {
    return store_->add_workflow(workflow, grants, make_audit(app()));
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, WorkflowStoreContract, ::testing::ValuesIn(store_adapters()),
                         adapter_name);

TEST_P(WorkflowStoreContract, ReturnsAVersionAsItWasAdded) {
  const StoredWorkflow added = make_workflow(app(), workflow_id(), 1);
  ASSERT_THAT(add(added), IsOk());

  // Twice: the second comes from what was parsed before.
  for (int i = 0; i < 2; ++i) {
    const auto found = store_->find_workflow(app(), workflow_id(), 1);
    ASSERT_THAT(found, IsOk());
    ASSERT_TRUE(found->has_value());
    EXPECT_EQ((*found)->app_id, app());
    EXPECT_EQ((*found)->version, 1);
    EXPECT_EQ((*found)->workflow, added.workflow);
    EXPECT_EQ((*found)->registered_at, kNow);
  }
}

TEST_P(WorkflowStoreContract, FindsTheNewestVersionUnlessOneIsNamed) {
  StoredWorkflow second = make_workflow(app(), workflow_id(), 2);
  second.workflow.steps.pop_back();
  ASSERT_THAT(add(make_workflow(app(), workflow_id(), 1)), IsOk());
  ASSERT_THAT(add(second), IsOk());

  const auto newest = store_->find_workflow(app(), workflow_id());
  const auto first = store_->find_workflow(app(), workflow_id(), 1);

  ASSERT_THAT(newest, IsOk());
  EXPECT_EQ((*newest)->version, 2);
  EXPECT_EQ((*newest)->workflow.steps.size(), 2U);
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ((*first)->workflow.steps.size(), 3U);
  EXPECT_THAT(store_->find_workflow(app(), workflow_id(), 3), IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(store_->find_workflow(app("b"), workflow_id()), IsOkAndHolds(Eq(std::nullopt)));
}

TEST_P(WorkflowStoreContract, RefusesAnyVersionButTheNext) {
  EXPECT_THAT(add(make_workflow(app(), workflow_id(), 2)), RefusedWith(Code::k_state_changed));
  EXPECT_THAT(add(make_workflow(app(), workflow_id(), 0)), RefusedWith(Code::k_state_changed));
  ASSERT_THAT(add(make_workflow(app(), workflow_id(), 1)), IsOk());
  EXPECT_THAT(add(make_workflow(app(), workflow_id(), 1)), RefusedWith(Code::k_state_changed));
}

TEST_P(WorkflowStoreContract, RefusesAWorkflowOfAnUnknownApplication) {
  EXPECT_THAT(add(make_workflow(app("none"), workflow_id(), 1)), RefusedWith(Code::k_not_found));
}

TEST_P(WorkflowStoreContract, FreezesGrantsWithTheWorkflow) {
  const Registration seen = newest(agent());
  ASSERT_THAT(add(make_workflow(app(), workflow_id(), 1),
                  {{seen.registration_id, make_grant("orders:write")}}),
              IsOk());

  EXPECT_THAT(newest(agent()).grant, Optional(make_grant("orders:write")));
  EXPECT_EQ(newest(agent()).row_version, 2);
}

TEST_P(WorkflowStoreContract, FreezesAllGrantsOrNone) {
  ASSERT_THAT(store_->add_registration(make_registration(app(), agent("b"), 1), make_audit(app())),
              IsOk());
  const Registration a = newest(agent());
  Registration b = newest(agent("b"));
  b.grant = make_grant("orders:read");
  ASSERT_THAT(store_->update_grant(b, make_audit(app())), IsOk());
  const std::int64_t leaves = last_sequence();

  EXPECT_THAT(add(make_workflow(app(), workflow_id(), 1),
                  {{a.registration_id, make_grant("orders:write")},
                   {b.registration_id, make_grant("orders:write")}}),
              RefusedWith(Code::k_state_changed));

  EXPECT_EQ(newest(agent()).grant, std::nullopt);
  EXPECT_THAT(store_->find_workflow(app(), workflow_id()), IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_EQ(last_sequence(), leaves);
}

TEST_P(WorkflowStoreContract, NeverFreezesAGrantTwice) {
  const Registration seen = newest(agent());
  ASSERT_THAT(add(make_workflow(app(), workflow_id(), 1),
                  {{seen.registration_id, make_grant("orders:write")}}),
              IsOk());
  const Registration frozen = newest(agent());

  EXPECT_THAT(add(make_workflow(app(), workflow_id("other"), 1),
                  {{frozen.registration_id, make_grant("orders:all")}}),
              RefusedWith(Code::k_state_changed));
  EXPECT_THAT(newest(agent()).grant, Optional(make_grant("orders:write")));
}

TEST_P(WorkflowStoreContract, NeverFreezesAGrantOfAnotherApplicationsAgent) {
  ASSERT_THAT(store_->create_application(make_application(app("b")), make_audit(app("b"))), IsOk());
  const Registration seen = newest(agent());

  EXPECT_THAT(add(make_workflow(app("b"), workflow_id(), 1),
                  {{seen.registration_id, make_grant("orders:write")}}),
              RefusedWith(Code::k_state_changed));
}

TEST_P(WorkflowStoreContract, ListsTheNewestVersionOfEveryWorkflowById) {
  ASSERT_THAT(add(make_workflow(app(), workflow_id("b"), 1)), IsOk());
  ASSERT_THAT(add(make_workflow(app(), workflow_id("b"), 2)), IsOk());
  ASSERT_THAT(add(make_workflow(app(), workflow_id("a"), 1)), IsOk());

  const auto listed = store_->list_workflows(app());

  ASSERT_THAT(listed, IsOk());
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ((*listed)[0].workflow.workflow_id, workflow_id("a"));
  EXPECT_EQ((*listed)[1].workflow.workflow_id, workflow_id("b"));
  EXPECT_EQ((*listed)[1].version, 2);
}

TEST_P(WorkflowStoreContract, UsesTheNewestVersionThatIsConfirmedOrNeedsNoConfirmation) {
  ASSERT_THAT(add(make_workflow(app(), workflow_id(), 1)), IsOk());
  StoredWorkflow waiting = make_workflow(app(), workflow_id(), 2);
  waiting.confirmation_rule = ConfirmationRule::kSecondAdministrator;
  ASSERT_THAT(add(waiting), IsOk());

  EXPECT_EQ((**store_->find_workflow(app(), workflow_id())).version, 2);
  EXPECT_FALSE((**store_->find_workflow(app(), workflow_id())).is_usable());
  EXPECT_EQ((**store_->find_usable_workflow(app(), workflow_id())).version, 1);

  waiting.confirmation = Confirmation{client_id("second"), kNow + Seconds(3)};
  ASSERT_THAT(store_->confirm_workflow(waiting, {}, make_audit(app())), IsOk());

  const auto usable = store_->find_usable_workflow(app(), workflow_id());
  ASSERT_THAT(usable, IsOk());
  EXPECT_EQ((*usable)->version, 2);
  EXPECT_EQ((*usable)->registered_by, client_id());
  EXPECT_EQ((*usable)->confirmation->confirmed_by, client_id("second"));
  EXPECT_EQ((*usable)->confirmation->confirmed_at, kNow + Seconds(3));
  EXPECT_THAT(store_->confirm_workflow(waiting, {}, make_audit(app())),
              RefusedWith(Code::k_state_changed));
  const auto versions = store_->list_workflow_versions(app(), workflow_id());
  ASSERT_THAT(versions, IsOk());
  ASSERT_EQ(versions->size(), 2U);
  EXPECT_EQ(versions->front().version, 2);
}

TEST_P(WorkflowStoreContract, FindsNoUsableVersionWhereNoneIsConfirmed) {
  StoredWorkflow waiting = make_workflow(app(), workflow_id(), 1);
  waiting.confirmation_rule = ConfirmationRule::kSecondAdministrator;
  ASSERT_THAT(add(waiting), IsOk());
  EXPECT_THAT(store_->find_usable_workflow(app(), workflow_id()), IsOkAndHolds(Eq(std::nullopt)));
}

TEST_P(WorkflowStoreContract, ConfirmsAndFreezesTogetherOrNotAtAll) {
  StoredWorkflow waiting = make_workflow(app(), workflow_id(), 1);
  waiting.confirmation_rule = ConfirmationRule::kSecondAdministrator;
  ASSERT_THAT(add(waiting), IsOk());
  waiting.confirmation = Confirmation{client_id("second"), kNow};
  const std::vector<FrozenGrant> nobody{
      {RegistrationId::trusted("shop.nobody.1"), make_grant("orders:write")}};

  EXPECT_THAT(store_->confirm_workflow(waiting, nobody, make_audit(app())),
              RefusedWith(Code::k_state_changed));
  EXPECT_THAT(store_->find_usable_workflow(app(), workflow_id()), IsOkAndHolds(Eq(std::nullopt)));
}

}  // namespace

}  // namespace ajwt::authority
