// SPDX-License-Identifier: Apache-2.0
#include "json/parse.h"
#include "json/write.h"
#include "tests/contract/store_contract.h"

namespace ajwt::authority {

namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

class AuditStoreContract : public StoreContract {};
INSTANTIATE_TEST_SUITE_P(Stores, AuditStoreContract, ::testing::ValuesIn(store_adapters()),
                         adapter_name);

TEST_P(AuditStoreContract, NumbersLeavesFromOneWithoutGaps) {
  for (int i = 0; i < 3; ++i) ASSERT_THAT(store_->append_audit(make_audit(app())), IsOk());

  EXPECT_THAT(
      store_->list_audit(0, 10, std::nullopt),
      IsOkAndHolds(ElementsAre(Field(&AuditLeaf::sequence, 1), Field(&AuditLeaf::sequence, 2),
                               Field(&AuditLeaf::sequence, 3))));
}

TEST_P(AuditStoreContract, KeepsTheCanonicalBytesWithTheSequenceInThem) {
  AuditEntry audit = make_audit(app());
  audit.entry = json::Object{
      {"time", 5}, {"a", "\xc3\xa9"}, {"zz", json::Object{{"b", true}, {"a", nullptr}}}};
  ASSERT_THAT(store_->append_audit(audit), IsOk());

  const auto leaves = store_->list_audit(0, 10, std::nullopt);

  ASSERT_THAT(leaves, IsOk());
  ASSERT_EQ(leaves->size(), 1U);
  EXPECT_EQ(leaves->front().bytes,
            "{\"a\":\"\xc3\xa9\",\"sequence\":1,\"time\":5,\"zz\":{\"a\":null,\"b\":true}}");
  EXPECT_EQ(leaves->front().app_id, app());
  EXPECT_EQ(leaves->front().salt, Bytes(16, 7));
}

TEST_P(AuditStoreContract, PutsTheSequenceInItsCanonicalPlaceWhateverTheMembers) {
  const std::vector<json::Object> entries{
      {},
      {{"a", 1}},
      {{"z", 1}},
      {{"sequenca", 1}, {"sequence2", 2}, {"sequenc", 3}},
      {{"\xc3\xa9", 1}, {"\xf0\x9f\x98\x80", 2}, {"A", 3}, {"", 4}},
  };
  for (const json::Object& entry : entries) {
    AuditEntry audit = make_audit(app());
    audit.entry = entry;
    ASSERT_THAT(store_->append_audit(audit), IsOk());
  }

  const auto leaves = store_->list_audit(0, 10, std::nullopt);

  ASSERT_THAT(leaves, IsOk());
  ASSERT_EQ(leaves->size(), entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    json::Object whole = entries[i];
    whole.set("sequence", static_cast<std::int64_t>(i) + 1);
    EXPECT_THAT(json::write_jcs(whole), IsOkAndHolds((*leaves)[i].bytes));
  }
}

TEST_P(AuditStoreContract, RefusesAnEntryThatBringsItsOwnSequence) {
  AuditEntry audit = make_audit(app());
  audit.entry.set("sequence", 99);

  EXPECT_THAT(store_->append_audit(audit), RefusedWith(Code::k_internal_error));
  EXPECT_EQ(last_sequence(), 0);
}

TEST_P(AuditStoreContract, RefusesAnEntryWithoutACanonicalForm) {
  AuditEntry audit = make_audit(app());
  audit.entry.set("subject", "\xff");

  EXPECT_THAT(store_->append_audit(audit), RefusedWith(Code::k_json_bad_utf8));
  EXPECT_THAT(store_->create_application(make_application(app()), audit),
              RefusedWith(Code::k_json_bad_utf8));
  EXPECT_THAT(store_->list_applications(), IsOkAndHolds(IsEmpty()))
      << "what cannot be audited is not done";
}

TEST_P(AuditStoreContract, ListsFromAPlaceOnAtMostSoMany) {
  for (int i = 0; i < 5; ++i) ASSERT_THAT(store_->append_audit(make_audit(app())), IsOk());

  EXPECT_THAT(
      store_->list_audit(2, 2, std::nullopt),
      IsOkAndHolds(ElementsAre(Field(&AuditLeaf::sequence, 3), Field(&AuditLeaf::sequence, 4))));
  EXPECT_THAT(store_->list_audit(5, 10, std::nullopt), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(store_->list_audit(0, 0, std::nullopt), IsOkAndHolds(IsEmpty()));
}

TEST_P(AuditStoreContract, ListsTheLeavesOfOneApplication) {
  for (const char* id : {"a", "b", "a"}) {
    ASSERT_THAT(store_->append_audit(make_audit(app(id))), IsOk());
  }

  EXPECT_THAT(
      store_->list_audit(0, 10, app("a")),
      IsOkAndHolds(ElementsAre(Field(&AuditLeaf::sequence, 1), Field(&AuditLeaf::sequence, 3))));
  EXPECT_THAT(store_->list_audit(0, 10, app("c")), IsOkAndHolds(IsEmpty()));
}

TEST_P(AuditStoreContract, WritesOneLeafForEveryWrite) {
  seed();
  EXPECT_EQ(last_sequence(), 4);
  seed_execution(execution_id());
  EXPECT_EQ(last_sequence(), 5);
  ASSERT_THAT(store_->change_step(make_change(load(execution_id()), "find", StepStatus::kActive),
                                  make_audit(app())),
              IsOk());
  EXPECT_EQ(last_sequence(), 6);
  ASSERT_THAT(store_->close_execution(execution_id(), 2, kNow, make_audit(app())), IsOk());
  EXPECT_EQ(last_sequence(), 7);
  ASSERT_THAT(store_->update_application(make_application(app()), make_audit(app())), IsOk());
  EXPECT_EQ(last_sequence(), 8);
  ASSERT_THAT(store_->update_client(make_client(app(), client_id()), make_audit(app())), IsOk());
  EXPECT_EQ(last_sequence(), 9);
  ASSERT_THAT(store_->update_grant(newest(agent()), make_audit(app())), IsOk());
  EXPECT_EQ(last_sequence(), 10);
  ASSERT_THAT(store_->announce_signing_key(some_key(0), kNow, make_audit(app())), IsOk());
  EXPECT_EQ(last_sequence(), 11);
}

TEST_P(AuditStoreContract, IsReadyWhenItIsNew) { EXPECT_THAT(store_->check_ready(), IsOk()); }

}  // namespace

}  // namespace ajwt::authority
