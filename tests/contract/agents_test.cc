// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"
#include "tests/contract/store_contract.h"

namespace ajwt::authority {

namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Optional;

class AgentStoreContract : public StoreContract {
 protected:
  void SetUp() override {
    StoreContract::SetUp();
    for (const char* id : {"shop", "b"}) {
      ASSERT_THAT(store_->create_application(make_application(app(id)), make_audit(app(id))),
                  IsOk());
    }
  }
  static Registration make_waiting(std::int64_t version) {
    Registration registration = make_registration(app(), agent(), version);
    registration.activated_at = std::nullopt;
    return registration;
  }
  Registration acting() {
    auto found = store_->find_acting_registration(app(), agent());
    AJWT_CHECK(found.has_value() && found->has_value());
    return **std::move(found);
  }
  Status add(const Registration& registration, Basis basis = {}) {
    return store_->add_registration(registration, make_audit(app(), "dec_1", std::move(basis)));
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, AgentStoreContract, ::testing::ValuesIn(store_adapters()),
                         adapter_name);

TEST_P(AgentStoreContract, ReturnsARegistrationAsItWasAdded) {
  Registration added = make_registration(app(), agent(), 1);
  added.grant = make_grant("orders:write");
  added.component_hmacs = R"({"prompt":"00"})";
  ASSERT_THAT(add(added), IsOk());

  const Registration found = newest(agent());

  EXPECT_EQ(found.registration_id, added.registration_id);
  EXPECT_EQ(found.app_id, app());
  EXPECT_EQ(found.agent_id, agent());
  EXPECT_EQ(found.version, 1);
  EXPECT_EQ(found.state, RegistrationState::kRegistered);
  EXPECT_EQ(found.checksum, added.checksum);
  EXPECT_EQ(found.profile, ChecksumProfile::kSha256);
  EXPECT_TRUE(found.recomputed);
  EXPECT_EQ(found.key, added.key);
  EXPECT_EQ(found.jkt, added.jkt);
  EXPECT_THAT(found.grant, Optional(make_grant("orders:write")));
  EXPECT_EQ(found.autonomy, Autonomy::kSupervised);
  EXPECT_EQ(found.sealed_components, added.sealed_components);
  EXPECT_EQ(found.component_hmacs, added.component_hmacs);
  EXPECT_EQ(found.registered_at, kNow);
  EXPECT_EQ(found.row_version, 1);
}

TEST_P(AgentStoreContract, TellsAGrantThatAllowsNothingFromNoGrant) {
  Registration nothing = make_registration(app(), agent("nothing"), 1);
  nothing.grant = Grant{};
  nothing.sealed_components.clear();
  ASSERT_THAT(add(nothing), IsOk());
  ASSERT_THAT(add(make_registration(app(), agent("none"), 1)), IsOk());

  EXPECT_THAT(newest(agent("nothing")).grant, Optional(IsEmpty()));
  EXPECT_THAT(newest(agent("nothing")).sealed_components, IsEmpty());
  EXPECT_EQ(newest(agent("none")).grant, std::nullopt);
}

TEST_P(AgentStoreContract, LetsTheOlderVersionGiveWay) {
  ASSERT_THAT(add(make_registration(app(), agent(), 1)), IsOk());
  ASSERT_THAT(add(make_registration(app(), agent(), 2)), IsOk());

  const auto versions = store_->list_versions(app(), agent());

  ASSERT_THAT(versions, IsOk());
  ASSERT_EQ(versions->size(), 2U);
  EXPECT_EQ((*versions)[0].version, 2);
  EXPECT_EQ((*versions)[0].state, RegistrationState::kRegistered);
  EXPECT_EQ((*versions)[1].version, 1);
  EXPECT_EQ((*versions)[1].state, RegistrationState::kUpdated);
  EXPECT_EQ((*versions)[1].row_version, 2) << "mints that rest on it must notice";
  EXPECT_EQ(newest(agent()).version, 2);
}

TEST_P(AgentStoreContract, RefusesAVersionThatAnotherWriteHasTaken) {
  ASSERT_THAT(add(make_registration(app(), agent(), 1)), IsOk());
  Registration late = make_registration(app(), agent(), 1);
  late.registration_id = RegistrationId::trusted("late");

  EXPECT_THAT(add(late), RefusedWith(Code::k_state_changed));
  EXPECT_THAT(add(make_registration(app(), agent(), 3)), RefusedWith(Code::k_state_changed));
  EXPECT_THAT(add(make_registration(app(), agent("new"), 2)), RefusedWith(Code::k_state_changed));
  EXPECT_EQ(newest(agent()).row_version, 1);
}

TEST_P(AgentStoreContract, RefusesAVersionNumberThatLeavesAGap) {
  EXPECT_THAT(add(make_registration(app(), agent(), 2)), RefusedWith(Code::k_state_changed));
  EXPECT_THAT(store_->find_registration(app(), agent()), IsOkAndHolds(Eq(std::nullopt)));
}

TEST_P(AgentStoreContract, RefusesANewVersionOfAnAgentThatWasRevokedMeanwhile) {
  ASSERT_THAT(add(make_registration(app(), agent(), 1)), IsOk());
  ASSERT_THAT(store_->revoke_agent(app(), agent(), make_audit(app())), IsOk());

  EXPECT_THAT(add(make_registration(app(), agent(), 2)), RefusedWith(Code::k_state_changed));
  EXPECT_EQ(newest(agent()).state, RegistrationState::kRevoked);
}

TEST_P(AgentStoreContract, RefusesANewVersionOfAnAgentWhoseGrantWasChangedMeanwhile) {
  ASSERT_THAT(add(make_registration(app(), agent(), 1)), IsOk());
  const Basis seen{.client = std::nullopt,
                   .application = std::nullopt,
                   .registrations = {as_loaded(newest(agent()))},
                   .execution = std::nullopt};
  Registration narrowed = newest(agent());
  narrowed.grant = Grant{};
  ASSERT_THAT(store_->update_grant(narrowed, make_audit(app())), IsOk());

  EXPECT_THAT(add(make_registration(app(), agent(), 2), seen), RefusedWith(Code::k_state_changed));
  EXPECT_EQ(newest(agent()).version, 1);
  EXPECT_THAT(newest(agent()).grant, Optional(IsEmpty()));
}

TEST_P(AgentStoreContract, RefusesARegistrationOfAnUnknownApplication) {
  EXPECT_THAT(add(make_registration(app("none"), agent(), 1)), RefusedWith(Code::k_not_found));
}

TEST_P(AgentStoreContract, RefusesARegistrationIdThatIsTaken) {
  ASSERT_THAT(add(make_registration(app(), agent(), 1)), IsOk());
  Registration other = make_registration(app(), agent("other"), 1);
  other.registration_id = RegistrationId::trusted("shop.buyer.1");

  EXPECT_THAT(add(other), RefusedWith(Code::k_already_exists));
}

TEST_P(AgentStoreContract, KeepsApplicationsApart) {
  ASSERT_THAT(add(make_registration(app("b"), agent(), 1)), IsOk());

  EXPECT_THAT(store_->find_registration(app(), agent()), IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(store_->list_registrations(app()), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(store_->list_versions(app(), agent()), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(store_->find_same_checksum(app(), agent("other"),
                                         make_registration(app(), agent(), 1).checksum),
              IsOkAndHolds(Eq(std::nullopt)));
}

TEST_P(AgentStoreContract, ListsTheNewestVersionOfEveryAgentById) {
  ASSERT_THAT(add(make_registration(app(), agent("b"), 1)), IsOk());
  ASSERT_THAT(add(make_registration(app(), agent("a"), 1)), IsOk());
  ASSERT_THAT(add(make_registration(app(), agent("b"), 2)), IsOk());

  EXPECT_THAT(store_->list_registrations(app()),
              IsOkAndHolds(ElementsAre(
                  Field(&Registration::registration_id, RegistrationId::trusted("shop.a.1")),
                  Field(&Registration::registration_id, RegistrationId::trusted("shop.b.2")))));
}

TEST_P(AgentStoreContract, FindsAnotherAgentWithTheSameChecksum) {
  const Registration first = make_registration(app(), agent("a"), 1);
  ASSERT_THAT(add(first), IsOk());

  EXPECT_THAT(store_->find_same_checksum(app(), agent("b"), first.checksum),
              IsOkAndHolds(Optional(agent("a"))));
  EXPECT_THAT(store_->find_same_checksum(app(), agent("a"), first.checksum),
              IsOkAndHolds(Eq(std::nullopt)))
      << "an agent is not another agent than itself";
  EXPECT_THAT(store_->find_same_checksum(app(), agent("b"), "sha256:other"),
              IsOkAndHolds(Eq(std::nullopt)));
}

TEST_P(AgentStoreContract, UpdatesTheGrantOnceForEachVersionSeen) {
  ASSERT_THAT(add(make_registration(app(), agent(), 1)), IsOk());
  Registration changed = newest(agent());
  changed.grant = make_grant("orders:read");

  ASSERT_THAT(store_->update_grant(changed, make_audit(app())), IsOk());
  EXPECT_THAT(store_->update_grant(changed, make_audit(app())), RefusedWith(Code::k_state_changed));

  EXPECT_THAT(newest(agent()).grant, Optional(make_grant("orders:read")));
  EXPECT_EQ(newest(agent()).row_version, 2);
}

TEST_P(AgentStoreContract, LetsTheOldVersionActUntilTheNewOneIsActivated) {
  ASSERT_THAT(add(make_registration(app(), agent(), 1)), IsOk());
  ASSERT_THAT(add(make_waiting(2)), IsOk());

  EXPECT_EQ(newest(agent()).version, 2);
  EXPECT_EQ(newest(agent()).activated_at, std::nullopt);
  EXPECT_EQ(acting().version, 1);
  EXPECT_EQ(acting().row_version, 1);

  Registration activated = newest(agent());
  activated.activated_at = kNow + Seconds(9);
  activated.grant = make_grant("orders:read");
  ASSERT_THAT(store_->activate_registration(activated, make_audit(app())), IsOk());

  EXPECT_EQ(acting().version, 2);
  EXPECT_EQ(acting().activated_at, kNow + Seconds(9));
  EXPECT_THAT(acting().grant, Optional(make_grant("orders:read")));
  EXPECT_EQ((*store_->list_versions(app(), agent()))[1].state, RegistrationState::kUpdated);
  EXPECT_THAT(store_->activate_registration(activated, make_audit(app())),
              RefusedWith(Code::k_state_changed));
}

TEST_P(AgentStoreContract, LetsTheNewestActWhereNoneWasActivated) {
  ASSERT_THAT(add(make_waiting(1)), IsOk());
  EXPECT_EQ(acting().version, 1);
  EXPECT_FALSE(acting().is_activated());
}

TEST_P(AgentStoreContract, LetsAWaitingVersionReplaceOnlyAnotherOneThatWaits) {
  ASSERT_THAT(add(make_registration(app(), agent(), 1)), IsOk());
  ASSERT_THAT(add(make_waiting(2)), IsOk());
  const Registration superseded = newest(agent());
  ASSERT_THAT(add(make_waiting(3)), IsOk());

  const auto versions = store_->list_versions(app(), agent());
  ASSERT_THAT(versions, IsOk());
  EXPECT_EQ((*versions)[1].state, RegistrationState::kUpdated);
  EXPECT_EQ((*versions)[2].state, RegistrationState::kRegistered);
  EXPECT_EQ(acting().version, 1);
  Registration late = superseded;
  late.activated_at = kNow;
  EXPECT_THAT(store_->activate_registration(late, make_audit(app())),
              RefusedWith(Code::k_state_changed));
}

TEST_P(AgentStoreContract, ActivatesNothingThatHasChangedSinceItWasSeen) {
  ASSERT_THAT(add(make_waiting(1)), IsOk());
  Registration seen = newest(agent());
  ASSERT_THAT(store_->update_grant(seen, make_audit(app())), IsOk());
  seen.activated_at = kNow;
  EXPECT_THAT(store_->activate_registration(seen, make_audit(app())),
              RefusedWith(Code::k_state_changed));
}

TEST_P(AgentStoreContract, RevokesTheVersionThatActsAndTheOneThatWaits) {
  ASSERT_THAT(add(make_registration(app(), agent(), 1)), IsOk());
  ASSERT_THAT(add(make_waiting(2)), IsOk());
  Registration waiting = newest(agent());

  ASSERT_THAT(store_->revoke_agent(app(), agent(), make_audit(app())), IsOk());

  EXPECT_EQ(acting().state, RegistrationState::kRevoked);
  EXPECT_EQ(newest(agent()).state, RegistrationState::kRevoked);
  waiting.activated_at = kNow;
  EXPECT_THAT(store_->activate_registration(waiting, make_audit(app())),
              RefusedWith(Code::k_state_changed));
  EXPECT_THAT(add(make_waiting(3)), RefusedWith(Code::k_state_changed));
  EXPECT_THAT(store_->revoke_agent(app(), agent(), make_audit(app())),
              RefusedWith(Code::k_state_changed));
}

TEST_P(AgentStoreContract, RefusesToUpdateARegistrationThatIsNotThere) {
  ASSERT_THAT(add(make_registration(app(), agent(), 1)), IsOk());
  Registration elsewhere = newest(agent());
  elsewhere.app_id = app("b");

  EXPECT_THAT(store_->update_grant(make_registration(app(), agent("none"), 1), make_audit(app())),
              RefusedWith(Code::k_not_found));
  EXPECT_THAT(store_->update_grant(elsewhere, make_audit(app("b"))), RefusedWith(Code::k_not_found))
      << "an agent of another application is not there";
}

TEST_P(AgentStoreContract, KeepsTheFirstComponentKeyOfEachApplication) {
  EXPECT_THAT(store_->find_component_key(app()), IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(store_->keep_component_key(app(), Bytes{1, 0, 255}), IsOkAndHolds(Bytes{1, 0, 255}));
  EXPECT_THAT(store_->keep_component_key(app(), Bytes{2}), IsOkAndHolds(Bytes{1, 0, 255}));
  EXPECT_THAT(store_->find_component_key(app()), IsOkAndHolds(Optional(Bytes{1, 0, 255})));

  EXPECT_THAT(store_->keep_component_key(app("b"), Bytes{2}), IsOkAndHolds(Bytes{2}));
  EXPECT_THAT(store_->keep_component_key(app("none"), Bytes{3}), RefusedWith(Code::k_not_found));
}

}  // namespace

}  // namespace ajwt::authority
