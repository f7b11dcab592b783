// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/store_contract.h"

namespace ajwt::authority {

namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Optional;

class ClientStoreContract : public StoreContract {};
INSTANTIATE_TEST_SUITE_P(Stores, ClientStoreContract, ::testing::ValuesIn(store_adapters()),
                         adapter_name);

TEST_P(ClientStoreContract, ReturnsAnApplicationAsItWasCreated) {
  Application application = make_application(app());
  application.workflow_rule = WorkflowRule::kOptional;
  application.accepts_reference_checksum = true;
  ASSERT_THAT(store_->create_application(application, make_audit(app())), IsOk());

  const auto found = store_->find_application(app());

  ASSERT_THAT(found, IsOk());
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->app_id, app());
  EXPECT_EQ((*found)->name, "The shop");
  EXPECT_EQ((*found)->workflow_rule, WorkflowRule::kOptional);
  EXPECT_TRUE((*found)->checksum_in_tokens);
  EXPECT_TRUE((*found)->accepts_reference_checksum);
  EXPECT_THAT((*found)->audiences, ElementsAre("https://api.example"));
  EXPECT_EQ((*found)->created_at, kNow);
}

TEST_P(ClientStoreContract, FindsNoApplicationThatWasNotCreated) {
  EXPECT_THAT(store_->find_application(app()), IsOkAndHolds(Eq(std::nullopt)));
}

TEST_P(ClientStoreContract, RefusesAnApplicationTwiceAndKeepsTheFirst) {
  ASSERT_THAT(store_->create_application(make_application(app()), make_audit(app())), IsOk());
  Application other = make_application(app());
  other.name = "Another";

  EXPECT_THAT(store_->create_application(other, make_audit(app())),
              RefusedWith(Code::k_already_exists));

  const auto found = store_->find_application(app());
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ((*found)->name, "The shop");
  EXPECT_EQ(last_sequence(), 1) << "a refused write leaves no leaf";
}

TEST_P(ClientStoreContract, ListsApplicationsById) {
  for (const char* id : {"b", "a", "c"}) {
    ASSERT_THAT(store_->create_application(make_application(app(id)), make_audit(app())), IsOk());
  }

  EXPECT_THAT(store_->list_applications(),
              IsOkAndHolds(ElementsAre(Field(&Application::app_id, app("a")),
                                       Field(&Application::app_id, app("b")),
                                       Field(&Application::app_id, app("c")))));
}

TEST_P(ClientStoreContract, ReplacesTheSettingsOfAnApplication) {
  ASSERT_THAT(store_->create_application(make_application(app()), make_audit(app())), IsOk());
  Application changed = make_application(app());
  changed.name = "Renamed";
  changed.workflow_rule = WorkflowRule::kOptional;
  changed.checksum_in_tokens = false;
  changed.audiences = {};

  ASSERT_THAT(store_->update_application(changed, make_audit(app())), IsOk());

  const auto found = store_->find_application(app());
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ((*found)->name, "Renamed");
  EXPECT_EQ((*found)->workflow_rule, WorkflowRule::kOptional);
  EXPECT_FALSE((*found)->checksum_in_tokens);
  EXPECT_THAT((*found)->audiences, IsEmpty());
}

TEST_P(ClientStoreContract, ReplacesNoSettingsThatHaveChangedSinceTheyWereRead) {
  ASSERT_THAT(store_->create_application(make_application(app()), make_audit(app())), IsOk());
  Application first = make_application(app());
  first.workflow_rule = WorkflowRule::kOptional;
  Application second = make_application(app());
  second.name = "Renamed";

  ASSERT_THAT(store_->update_application(first, make_audit(app())), IsOk());
  EXPECT_THAT(store_->update_application(second, make_audit(app())),
              RefusedWith(Code::k_state_changed));

  const auto found = store_->find_application(app());
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ((*found)->workflow_rule, WorkflowRule::kOptional);
  EXPECT_EQ((*found)->name, "The shop");
  EXPECT_EQ((*found)->row_version, 2);
}

TEST_P(ClientStoreContract, WritesNothingOnTheWordOfAClientThatHasChanged) {
  seed();
  AuditEntry audit = make_audit(app());
  audit.basis.client = ClientAsLoaded{app(), client_id(), 1};
  EXPECT_THAT(store_->append_audit(audit), IsOk());
  Client changed = make_client(app(), client_id());
  changed.scopes = {"orders:read"};
  ASSERT_THAT(store_->update_client(changed, make_audit(app())), IsOk());
  const std::int64_t leaves = last_sequence();

  EXPECT_THAT(store_->append_audit(audit), RefusedWith(Code::k_client_changed));
  EXPECT_THAT(store_->create_client(make_client(app(), client_id("next")), audit),
              RefusedWith(Code::k_client_changed));

  EXPECT_EQ(last_sequence(), leaves);
  EXPECT_THAT(store_->find_client(client_id("next")), IsOkAndHolds(Eq(std::nullopt)));
  audit.basis.client->row_version = 2;
  EXPECT_THAT(store_->append_audit(audit), IsOk());
  changed.row_version = 2;
  changed.disabled = true;
  ASSERT_THAT(store_->update_client(changed, make_audit(app())), IsOk());
  audit.basis.client->row_version = 3;
  EXPECT_THAT(store_->append_audit(audit), RefusedWith(Code::k_client_changed)) << "it is disabled";
}

TEST_P(ClientStoreContract, RefusesToUpdateAnApplicationThatIsNotThere) {
  EXPECT_THAT(store_->update_application(make_application(app()), make_audit(app())),
              RefusedWith(Code::k_not_found));
}

TEST_P(ClientStoreContract, ReturnsAClientWithItsKeyAsItWasCreated) {
  ASSERT_THAT(store_->create_application(make_application(app()), make_audit(app())), IsOk());
  ASSERT_THAT(store_->create_client(make_client(app(), client_id()), make_audit(app())), IsOk());

  const auto found = store_->find_client(client_id());

  ASSERT_THAT(found, IsOk());
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->client_id, client_id());
  EXPECT_EQ((*found)->app_id, app());
  EXPECT_EQ((*found)->auth, ClientAuth::kPrivateKeyJwt);
  EXPECT_THAT((*found)->public_key, Optional(some_key(1).public_key()));
  EXPECT_EQ((*found)->secret_sha256, std::nullopt);
  EXPECT_THAT((*found)->scopes, ElementsAre("generate:intent-token"));
  EXPECT_THAT((*found)->audiences, ElementsAre("https://api.example"));
  EXPECT_FALSE((*found)->disabled);
  EXPECT_EQ((*found)->row_version, 1);
  EXPECT_EQ((*found)->created_at, kNow);
}

TEST_P(ClientStoreContract, ReturnsAClientWithItsSecretsDigest) {
  ASSERT_THAT(store_->create_application(make_application(app()), make_audit(app())), IsOk());
  Client client = make_client(app(), client_id());
  client.auth = ClientAuth::kClientSecretBasic;
  client.public_key.reset();
  Digest digest{};
  digest.fill(9);
  client.secret_sha256 = digest;
  client.scopes.clear();
  client.audiences.clear();
  ASSERT_THAT(store_->create_client(client, make_audit(app())), IsOk());

  const auto found = store_->find_client(client_id());

  ASSERT_THAT(found, IsOk());
  EXPECT_THAT((*found)->secret_sha256, Optional(digest));
  EXPECT_EQ((*found)->public_key, std::nullopt);
  EXPECT_THAT((*found)->scopes, IsEmpty());
  EXPECT_THAT((*found)->audiences, IsEmpty());
}

TEST_P(ClientStoreContract, RefusesAClientTwice) {
  ASSERT_THAT(store_->create_application(make_application(app()), make_audit(app())), IsOk());
  ASSERT_THAT(store_->create_application(make_application(app("b")), make_audit(app())), IsOk());
  ASSERT_THAT(store_->create_client(make_client(app(), client_id()), make_audit(app())), IsOk());

  EXPECT_THAT(store_->create_client(make_client(app("b"), client_id()), make_audit(app())),
              RefusedWith(Code::k_already_exists));
}

TEST_P(ClientStoreContract, RefusesAClientOfAnUnknownApplication) {
  EXPECT_THAT(store_->create_client(make_client(app("none"), client_id()), make_audit(app())),
              RefusedWith(Code::k_not_found));
  EXPECT_THAT(store_->find_client(client_id()), IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_EQ(last_sequence(), 0);
}

TEST_P(ClientStoreContract, ListsTheClientsOfOneApplicationById) {
  for (const char* id : {"a", "b"}) {
    ASSERT_THAT(store_->create_application(make_application(app(id)), make_audit(app())), IsOk());
  }
  for (const char* id : {"z", "y"}) {
    ASSERT_THAT(store_->create_client(make_client(app("a"), client_id(id)), make_audit(app())),
                IsOk());
  }
  ASSERT_THAT(store_->create_client(make_client(app("b"), client_id("x")), make_audit(app())),
              IsOk());

  EXPECT_THAT(store_->list_clients(app("a")),
              IsOkAndHolds(ElementsAre(Field(&Client::client_id, client_id("y")),
                                       Field(&Client::client_id, client_id("z")))));
}

TEST_P(ClientStoreContract, UpdatesAClientOnceForEachVersionSeen) {
  seed();
  Client client = make_client(app(), client_id());
  client.disabled = true;
  client.public_key = some_key(2).public_key();

  ASSERT_THAT(store_->update_client(client, make_audit(app())), IsOk());
  EXPECT_THAT(store_->update_client(client, make_audit(app())), RefusedWith(Code::k_state_changed));

  const auto found = store_->find_client(client_id());
  ASSERT_THAT(found, IsOk());
  EXPECT_TRUE((*found)->disabled);
  EXPECT_THAT((*found)->public_key, Optional(some_key(2).public_key()));
  EXPECT_EQ((*found)->row_version, 2);
}

TEST_P(ClientStoreContract, RefusesToUpdateAClientThatIsNotThere) {
  seed();
  EXPECT_THAT(store_->update_client(make_client(app(), client_id("none")), make_audit(app())),
              RefusedWith(Code::k_not_found));
  EXPECT_THAT(store_->update_client(make_client(app("b"), client_id()), make_audit(app())),
              RefusedWith(Code::k_not_found))
      << "a client never moves to another application";
}

TEST_P(ClientStoreContract, RemembersAnAssertionOnce) {
  const Instant until = kNow + Seconds(60);
  EXPECT_THAT(store_->remember_assertion(client_id(), "jti", until, kNow), IsOkAndHolds(true));
  EXPECT_THAT(store_->remember_assertion(client_id(), "jti", until, kNow), IsOkAndHolds(false));
  EXPECT_THAT(store_->remember_assertion(client_id(), "other", until, kNow), IsOkAndHolds(true));
  EXPECT_THAT(store_->remember_assertion(client_id("b"), "jti", until, kNow), IsOkAndHolds(true))
      << "each client numbers its own assertions";
}

TEST_P(ClientStoreContract, RemembersAnAssertionAsLongAsItCouldBeUsed) {
  const Instant until = kNow + Seconds(60);
  ASSERT_THAT(store_->remember_assertion(client_id(), "jti", until, kNow), IsOkAndHolds(true));

  EXPECT_THAT(store_->remember_assertion(client_id(), "jti", until, until), IsOkAndHolds(false));
  EXPECT_THAT(
      store_->remember_assertion(client_id(), "jti", until + Seconds(60), until + Seconds(1)),
      IsOkAndHolds(true));
}

TEST_P(ClientStoreContract, TellsAssertionsApartByEveryByte) {
  const Instant until = kNow + Seconds(60);
  using namespace std::string_view_literals;
  EXPECT_THAT(store_->remember_assertion(client_id(), "a\0b"sv, until, kNow), IsOkAndHolds(true));
  EXPECT_THAT(store_->remember_assertion(client_id(), "a\0c"sv, until, kNow), IsOkAndHolds(true));
  EXPECT_THAT(store_->remember_assertion(client_id(), "A"sv, until, kNow), IsOkAndHolds(true));
  EXPECT_THAT(store_->remember_assertion(client_id(), "a"sv, until, kNow), IsOkAndHolds(true));
}

}  // namespace

}  // namespace ajwt::authority
