// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/store_contract.h"

namespace ajwt::authority {

namespace {

using ::testing::ElementsAre;

class MintStoreContract : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    seed();
  }
  Status commit(const MintCommit& mint) {
    std::vector<Status> answers = store_->commit({&mint, 1});
    return answers.size() == 1 ? answers.front() : refuse(Code::k_internal_error);
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, MintStoreContract, ::testing::ValuesIn(store_adapters()),
                         adapter_name);

TEST_P(MintStoreContract, LoadsRegistrationExecutionAndThePinnedWorkflow) {
  seed_execution(execution_id());
  ASSERT_THAT(store_->add_workflow(make_workflow(app(), workflow_id(), 2), {}, make_audit(app())),
              IsOk());

  const auto records = store_->load_mint_records({.app_id = app(),
                                                  .agent_id = agent(),
                                                  .workflow_id = workflow_id(),
                                                  .execution_id = execution_id()});

  ASSERT_THAT(records, IsOk());
  ASSERT_TRUE(records->registration && records->execution && records->workflow);
  EXPECT_EQ(records->registration->registration_id.str(), "shop.buyer.1");
  EXPECT_EQ(records->execution->steps.size(), 3U);
  EXPECT_EQ(records->workflow->version, 1) << "the version that the execution pins";
}

TEST_P(MintStoreContract, LoadsTheNewestWorkflowWithoutAnExecution) {
  ASSERT_THAT(store_->add_workflow(make_workflow(app(), workflow_id(), 2), {}, make_audit(app())),
              IsOk());

  const auto records = store_->load_mint_records({.app_id = app(),
                                                  .agent_id = agent(),
                                                  .workflow_id = workflow_id(),
                                                  .execution_id = std::nullopt});

  ASSERT_THAT(records, IsOk());
  EXPECT_FALSE(records->execution.has_value());
  ASSERT_TRUE(records->workflow.has_value());
  EXPECT_EQ(records->workflow->version, 2);
}

TEST_P(MintStoreContract, LoadsNothingThatIsNotThereOrNotAskedFor) {
  seed_execution(execution_id());

  const auto nothing = store_->load_mint_records({.app_id = app(),
                                                  .agent_id = agent("none"),
                                                  .workflow_id = std::nullopt,
                                                  .execution_id = std::nullopt});
  const auto foreign = store_->load_mint_records({.app_id = app("b"),
                                                  .agent_id = agent(),
                                                  .workflow_id = workflow_id(),
                                                  .execution_id = execution_id()});

  for (const auto& records : {nothing, foreign}) {
    ASSERT_THAT(records, IsOk());
    EXPECT_FALSE(records->registration.has_value());
    EXPECT_FALSE(records->execution.has_value());
    EXPECT_FALSE(records->workflow.has_value());
  }
}

TEST_P(MintStoreContract, CommitsAMintWithItsStepAndItsLeaf) {
  seed_execution(execution_id());
  const std::int64_t before = last_sequence();
  MintCommit mint = mint_of("dec_mint");
  mint.step = make_change(load(execution_id()), "find", StepStatus::kActive);

  ASSERT_THAT(commit(mint), IsOk());

  EXPECT_EQ(load(execution_id()).steps[0].status, StepStatus::kActive);
  EXPECT_EQ(load(execution_id()).row_version, 2);
  EXPECT_EQ(newest(agent()).state, RegistrationState::kVerified);
  const auto leaves = store_->list_audit(before, 10, app());
  ASSERT_THAT(leaves, IsOk());
  ASSERT_EQ(leaves->size(), 1U);
  EXPECT_THAT(leaves->front().bytes, ::testing::HasSubstr("dec_mint"));
}

TEST_P(MintStoreContract, LetsTheFirstMintsOfAnAgentPassSideBySide) {
  const MintCommit first = mint_of("dec_a");
  const MintCommit second = mint_of("dec_b");
  ASSERT_TRUE(second.first_mint_of.has_value());

  EXPECT_THAT(commit(first), IsOk());
  EXPECT_THAT(commit(second), IsOk());
  EXPECT_EQ(newest(agent()).row_version, 1);
}

TEST_P(MintStoreContract, KeepsAnAgentVerifiedWhenItsGrantChanges) {
  Registration seen = newest(agent());
  ASSERT_THAT(commit(mint_of("dec_a")), IsOk());
  seen.grant = make_grant("orders:read");

  ASSERT_THAT(store_->update_grant(seen, make_audit(app())), IsOk());

  EXPECT_EQ(newest(agent()).state, RegistrationState::kVerified);
}

TEST_P(MintStoreContract, RefusesWhenTheClientHasChanged) {
  const MintCommit mint = mint_of("dec_a");
  Client client = make_client(app(), client_id());
  client.scopes = {"other"};
  ASSERT_THAT(store_->update_client(client, make_audit(app())), IsOk());

  EXPECT_THAT(commit(mint), RefusedWith(Code::k_client_changed));
}

TEST_P(MintStoreContract, RefusesADisabledClientEvenAtItsOwnVersion) {
  Client client = make_client(app(), client_id());
  client.disabled = true;
  ASSERT_THAT(store_->update_client(client, make_audit(app())), IsOk());
  MintCommit mint = mint_of("dec_a");
  mint.audit.basis.client->row_version = 2;

  EXPECT_THAT(commit(mint), RefusedWith(Code::k_client_changed));
}

TEST_P(MintStoreContract, RefusesWhenTheRegistrationHasChanged) {
  const MintCommit mint = mint_of("dec_a");
  ASSERT_THAT(store_->revoke_agent(app(), agent(), make_audit(app())), IsOk());

  EXPECT_THAT(commit(mint), RefusedWith(Code::k_state_changed));
  EXPECT_EQ(newest(agent()).state, RegistrationState::kRevoked);
}

TEST_P(MintStoreContract, RefusesARevokedRegistrationEvenAtItsOwnVersion) {
  ASSERT_THAT(store_->revoke_agent(app(), agent(), make_audit(app())), IsOk());

  EXPECT_THAT(commit(mint_of("dec_a")), RefusedWith(Code::k_state_changed));
}

TEST_P(MintStoreContract, RefusesAVersionThatGaveWayToANewerOne) {
  const MintCommit mint = mint_of("dec_a");
  ASSERT_THAT(store_->add_registration(make_registration(app(), agent(), 2), make_audit(app())),
              IsOk());

  EXPECT_THAT(commit(mint), RefusedWith(Code::k_state_changed));
}

TEST_P(MintStoreContract, RefusesWhatBelongsToAnotherApplication) {
  ASSERT_THAT(store_->create_application(make_application(app("b")), make_audit(app("b"))), IsOk());
  ASSERT_THAT(
      store_->create_client(make_client(app("b"), client_id("b-minter")), make_audit(app("b"))),
      IsOk());
  ASSERT_THAT(
      store_->add_registration(make_registration(app("b"), agent(), 1), make_audit(app("b"))),
      IsOk());
  seed_execution(execution_id());

  MintCommit foreign_client = mint_of("dec_a");
  foreign_client.audit.basis.client->client_id = client_id("b-minter");
  MintCommit foreign_registration = mint_of("dec_b");
  foreign_registration.audit.basis.registrations.front().registration_id =
      RegistrationId::trusted("b.buyer.1");
  MintCommit foreign_execution = mint_of("dec_c");
  foreign_execution.step = make_change(load(execution_id()), "find", StepStatus::kActive);
  foreign_execution.step->execution.app_id = app("b");

  EXPECT_THAT(commit(foreign_client), RefusedWith(Code::k_client_changed));
  EXPECT_THAT(commit(foreign_registration), RefusedWith(Code::k_state_changed));
  EXPECT_THAT(commit(foreign_execution), RefusedWith(Code::k_state_changed));
  foreign_execution.step.reset();
  foreign_execution.audit.basis.execution = ExecutionAsLoaded{app("b"), execution_id(), 1};
  EXPECT_THAT(commit(foreign_execution), RefusedWith(Code::k_state_changed));
  EXPECT_EQ(load(execution_id()).row_version, 1);
}

TEST_P(MintStoreContract, RefusesAStepThatAnotherMintHasTaken) {
  seed_execution(execution_id());
  MintCommit first = mint_of("dec_a");
  first.step = make_change(load(execution_id()), "find", StepStatus::kActive);
  MintCommit second = mint_of("dec_b");
  second.step = make_change(load(execution_id()), "find", StepStatus::kActive);
  ASSERT_THAT(commit(first), IsOk());

  EXPECT_THAT(commit(second), RefusedWith(Code::k_state_changed));
}

TEST_P(MintStoreContract, RefusesAClosedExecution) {
  seed_execution(execution_id());
  MintCommit begins = mint_of("dec_a");
  begins.step = make_change(load(execution_id()), "find", StepStatus::kActive);
  MintCommit renews = mint_of("dec_b");
  renews.audit.basis.execution = ExecutionAsLoaded{app(), execution_id(), 1};
  ASSERT_THAT(store_->close_execution(execution_id(), 1, kNow, make_audit(app())), IsOk());

  EXPECT_THAT(commit(begins), RefusedWith(Code::k_execution_closed));
  EXPECT_THAT(commit(renews), RefusedWith(Code::k_execution_closed));
}

TEST_P(MintStoreContract, RenewsOnlyWhileTheExecutionIsAsItWasLoaded) {
  seed_execution(execution_id());
  MintCommit renews = mint_of("dec_a");
  renews.audit.basis.execution = ExecutionAsLoaded{app(), execution_id(), 1};

  EXPECT_THAT(commit(renews), IsOk());
  EXPECT_EQ(load(execution_id()).row_version, 1) << "a renewal changes nothing";
  ASSERT_THAT(store_->change_step(make_change(load(execution_id()), "find", StepStatus::kActive),
                                  make_audit(app())),
              IsOk());
  EXPECT_THAT(commit(renews), RefusedWith(Code::k_state_changed));
  renews.audit.basis.execution = ExecutionAsLoaded{app(), execution_id("none"), 1};
  EXPECT_THAT(commit(renews), RefusedWith(Code::k_state_changed));
}

TEST_P(MintStoreContract, CommitsNoMintOfAnApplicationThatHasChanged) {
  MintCommit mint = mint_of("dec_a");
  Application changed = make_application(app());
  changed.audiences = {};
  ASSERT_THAT(store_->update_application(changed, make_audit(app())), IsOk());

  EXPECT_THAT(commit(mint), RefusedWith(Code::k_state_changed));
  mint.audit.basis.application->row_version = 2;
  EXPECT_THAT(commit(mint), IsOk());
}

TEST_P(MintStoreContract, AnswersEachMintOfAGroupByItself) {
  seed_execution(execution_id("exec_a"));
  seed_execution(execution_id("exec_b"));
  const std::int64_t before = last_sequence();
  std::vector<MintCommit> mints(4, mint_of(""));
  for (std::size_t i = 0; i < mints.size(); ++i) {
    mints[i] = mint_of("dec_" + std::to_string(i));
  }
  mints[0].step = make_change(load(execution_id("exec_a")), "find", StepStatus::kActive);
  // The first has taken this step; the group is one transaction, in order.
  mints[1].step = mints[0].step;
  mints[2].audit.basis.client->row_version = 7;
  mints[2].step = make_change(load(execution_id("exec_b")), "find", StepStatus::kDone);
  mints[3].step = make_change(load(execution_id("exec_b")), "find", StepStatus::kActive);

  EXPECT_THAT(store_->commit(mints), ElementsAre(IsOk(), RefusedWith(Code::k_state_changed),
                                                 RefusedWith(Code::k_client_changed), IsOk()));

  EXPECT_EQ(load(execution_id("exec_a")).row_version, 2);
  EXPECT_EQ(load(execution_id("exec_b")).row_version, 2);
  EXPECT_EQ(load(execution_id("exec_b")).steps[0].status, StepStatus::kActive);
  const auto leaves = store_->list_audit(before, 10, std::nullopt);
  ASSERT_THAT(leaves, IsOk());
  ASSERT_EQ(leaves->size(), 2U) << "a refused mint leaves no trace of itself";
  EXPECT_EQ((*leaves)[0].sequence, before + 1);
  EXPECT_EQ((*leaves)[1].sequence, before + 2) << "and no gap";
  EXPECT_THAT((*leaves)[1].bytes, ::testing::HasSubstr("dec_3"));
}

TEST_P(MintStoreContract, UndoesAMintWhoseLeafCannotBeWritten) {
  seed_execution(execution_id());
  MintCommit mint = mint_of("dec_a");
  mint.step = make_change(load(execution_id()), "find", StepStatus::kActive);
  mint.audit.entry.set("subject", "\xff");

  EXPECT_THAT(commit(mint), RefusedWith(Code::k_json_bad_utf8));
  EXPECT_EQ(load(execution_id()).row_version, 1);
}

TEST_P(MintStoreContract, AnswersNothingToAnEmptyGroup) {
  EXPECT_THAT(store_->commit({}), ::testing::IsEmpty());
}

}  // namespace

}  // namespace ajwt::authority
