// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"
#include "protocol/draft_workflow.h"
#include "tests/contract/store_contract.h"

namespace ajwt::authority {

namespace {

using ::testing::Eq;

class DraftStoreContract : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    ASSERT_THAT(store_->create_application(make_application(app()), make_audit(app())), IsOk());
  }
  static DraftClient draft_client(std::string id = "old-fleet") {
    return {.client_id = client_id(std::move(id)),
            .app_id = app(),
            .secret_sha256 = Digest{7},
            .scopes = {"generate:intent-token", "read:agents"},
            .created_at = kNow};
  }
  static DraftAgent draft_agent(std::string scope = "orders:read") {
    return {.app_id = app(),
            .agent_id = agent(),
            .grant = make_grant(std::move(scope)),
            .set_by = client_id("admin"),
            .set_at = kNow};
  }
  static DraftRegistration draft_registration(std::int64_t version, AgentId of = agent()) {
    return {.registration_id =
                RegistrationId::trusted("reg." + of.str() + "." + std::to_string(version)),
            .app_id = app(),
            .agent_id = std::move(of),
            .version = version,
            .checksum = std::string(64, 'a'),
            .profile = ChecksumProfile::kReference,
            .claimed_key = some_key(1).public_key(),
            .registered_at = kNow};
  }
  static DraftWorkflow draft_workflow(std::string id) {
    const json::Object definition{
        {"workflow_id", id}, {"steps", json::Object{{"one", json::Object{{"agent_id", "buyer"}}}}}};
    auto workflow = parse_draft_workflow(definition);
    AJWT_CHECK(workflow.has_value());
    return {.app_id = app(),
            .definition = definition,
            .workflow = *std::move(workflow),
            .registered_by = client_id(),
            .registered_at = kNow};
  }
  Status add(std::vector<DraftRegistration> registrations) {
    return store_->add_draft_registrations(registrations, make_audit(app()));
  }
  Status add(std::vector<DraftWorkflow> workflows) {
    return store_->add_draft_workflows(workflows, make_audit(app()));
  }
  Status set_agent(const DraftAgent& agent) {
    return store_->set_draft_agent(agent, make_audit(app()));
  }
  DraftAgentRecords load_agent() {
    auto found = store_->find_draft_agent(app(), agent());
    AJWT_CHECK(found.has_value() && found->has_value());
    return **std::move(found);
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, DraftStoreContract, ::testing::ValuesIn(store_adapters()),
                         adapter_name);

TEST_P(DraftStoreContract, KeepsClients) {
  ASSERT_THAT(store_->create_draft_client(draft_client(), make_audit(app())), IsOk());
  const auto found = store_->find_draft_client(client_id("old-fleet"));
  ASSERT_THAT(found, IsOk());
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->app_id, app());
  EXPECT_EQ((*found)->secret_sha256, Digest{7});
  EXPECT_EQ((*found)->scopes, draft_client().scopes);
  EXPECT_FALSE((*found)->disabled);

  ASSERT_THAT(store_->disable_draft_client(client_id("old-fleet"), make_audit(app())), IsOk());
  EXPECT_TRUE((**store_->find_draft_client(client_id("old-fleet"))).disabled);
  EXPECT_THAT(store_->disable_draft_client(client_id("none"), make_audit(app())),
              RefusedWith(Code::k_not_found));
  EXPECT_EQ(store_->list_draft_clients(app())->size(), 1U);
  EXPECT_EQ(store_->list_draft_clients(app("b"))->size(), 0U);
}

// One name, one kind of client: in both orders.
TEST_P(DraftStoreContract, AClientsIdIsTakenForBothKinds) {
  ASSERT_THAT(store_->create_client(make_client(app(), client_id("one")), make_audit(app())),
              IsOk());
  EXPECT_THAT(store_->create_draft_client(draft_client("one"), make_audit(app())),
              RefusedWith(Code::k_already_exists));
  ASSERT_THAT(store_->create_draft_client(draft_client("two"), make_audit(app())), IsOk());
  EXPECT_THAT(store_->create_draft_client(draft_client("two"), make_audit(app())),
              RefusedWith(Code::k_already_exists));
  EXPECT_THAT(store_->create_client(make_client(app(), client_id("two")), make_audit(app())),
              RefusedWith(Code::k_already_exists));
}

TEST_P(DraftStoreContract, KeepsAnAgentWithItsNewestRegistration) {
  EXPECT_THAT(store_->find_draft_agent(app(), agent()), IsOkAndHolds(Eq(std::nullopt)));
  ASSERT_THAT(set_agent(draft_agent()), IsOk());
  EXPECT_EQ(load_agent().registration, std::nullopt);
  ASSERT_THAT(add({draft_registration(1)}), IsOk());
  ASSERT_THAT(add({draft_registration(2)}), IsOk());

  const DraftAgentRecords records = load_agent();
  EXPECT_EQ(records.agent.grant, make_grant("orders:read"));
  EXPECT_TRUE(records.agent.is_open());
  ASSERT_TRUE(records.registration.has_value());
  EXPECT_EQ(records.registration->version, 2);
  EXPECT_EQ(records.registration->checksum, std::string(64, 'a'));
  EXPECT_EQ(records.registration->profile, ChecksumProfile::kReference);
  EXPECT_EQ(records.registration->claimed_key, some_key(1).public_key());
  EXPECT_EQ(store_->list_draft_agents(app())->size(), 1U);
}

TEST_P(DraftStoreContract, EndsAnAgentAndOpensItAgain) {
  ASSERT_THAT(set_agent(draft_agent()), IsOk());
  ASSERT_THAT(store_->end_draft_agent(app(), agent(), kNow, make_audit(app())), IsOk());
  EXPECT_FALSE(load_agent().agent.is_open());
  EXPECT_THAT(store_->end_draft_agent(app(), agent("none"), kNow, make_audit(app())),
              RefusedWith(Code::k_not_found));
  ASSERT_THAT(set_agent(draft_agent("orders:write")), IsOk());
  EXPECT_TRUE(load_agent().agent.is_open());
  EXPECT_EQ(load_agent().agent.grant, make_grant("orders:write"));
}

TEST_P(DraftStoreContract, AKeyEndsTheProfileForAnAgentForGood) {
  ASSERT_THAT(set_agent(draft_agent()), IsOk());
  ASSERT_THAT(store_->add_registration(make_registration(app(), agent(), 1), make_audit(app())),
              IsOk());
  EXPECT_FALSE(load_agent().agent.is_open());
  EXPECT_THAT(set_agent(draft_agent()), RefusedWith(Code::k_draft_profile_closed));
}

TEST_P(DraftStoreContract, RegistrationsAreAllWrittenOrNone) {
  ASSERT_THAT(set_agent(draft_agent()), IsOk());
  EXPECT_THAT(add({draft_registration(2)}), RefusedWith(Code::k_state_changed));
  EXPECT_THAT(add({draft_registration(1), draft_registration(1, agent("none"))}),
              RefusedWith(Code::k_state_changed));
  EXPECT_EQ(load_agent().registration, std::nullopt);
}

TEST_P(DraftStoreContract, WorkflowsAreAllWrittenOrNone) {
  ASSERT_THAT(add({draft_workflow("a")}), IsOk());
  EXPECT_THAT(add({draft_workflow("b"), draft_workflow("a")}), RefusedWith(Code::k_state_changed));
  EXPECT_THAT(store_->find_draft_workflow(app(), workflow_id("b")), IsOkAndHolds(Eq(std::nullopt)));
  const auto found = store_->find_draft_workflow(app(), workflow_id("a"));
  ASSERT_THAT(found, IsOk());
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->workflow, draft_workflow("a").workflow);
  EXPECT_EQ(json::Value((*found)->definition), json::Value(draft_workflow("a").definition));
}

// A decision for an agent of the profile is written only while nothing of it has changed.
TEST_P(DraftStoreContract, ADecisionRestsOnItsAgentsAndItsClient) {
  ASSERT_THAT(set_agent(draft_agent()), IsOk());
  ASSERT_THAT(store_->create_draft_client(draft_client(), make_audit(app())), IsOk());
  Basis basis;
  basis.draft_client = ClientAsLoaded{app(), client_id("old-fleet"), 1};
  basis.draft_agents = {as_loaded(load_agent().agent)};
  const auto decide = [&] { return store_->append_audit(make_audit(app(), "dec_9", basis)); };
  EXPECT_THAT(decide(), IsOk());
  ASSERT_THAT(add({draft_registration(1)}), IsOk());
  EXPECT_THAT(decide(), RefusedWith(Code::k_state_changed));
  basis.draft_agents = {as_loaded(load_agent().agent)};
  EXPECT_THAT(decide(), IsOk());
  ASSERT_THAT(store_->disable_draft_client(client_id("old-fleet"), make_audit(app())), IsOk());
  EXPECT_THAT(decide(), RefusedWith(Code::k_client_changed));
}

}  // namespace

}  // namespace ajwt::authority
