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

// leaf_hash_of is the leaf of the tree as protocol 5.2 has it: over salt || entry.
Digest leaf_hash_of(const AuditLeaf& leaf) {
  Bytes data = leaf.salt;
  data.insert(data.end(), leaf.bytes.begin(), leaf.bytes.end());
  return merkle_leaf_hash(data);
}

TEST_P(AuditStoreContract, KeepsTheTreeOverWhatItAppends) {
  MerkleFrontier model;
  EXPECT_EQ(store_->audit_head(), model.head());
  std::vector<Digest> hashes;
  for (int round = 0; round < 60; ++round) {
    // Many in one transaction, some of them refused.
    std::vector<MintCommit> mints;
    for (int i = 0; i < 10; ++i) {
      mints.push_back({.first_mint_of = std::nullopt,
                       .step = std::nullopt,
                       .audit = make_audit(app(), "dec_" + std::to_string(round * 10 + i))});
      if (i % 3 == 1) mints.back().audit.basis.client = ClientAsLoaded{app(), client_id("none"), 1};
    }
    store_->commit(mints);
    const auto leaves =
        store_->list_audit(static_cast<std::int64_t>(hashes.size()), 1000, std::nullopt);
    ASSERT_THAT(leaves, IsOk());
    ASSERT_EQ(leaves->size(), 7U);
    for (const AuditLeaf& leaf : *leaves) {
      hashes.push_back(leaf_hash_of(leaf));
      model.append(hashes.back());
    }
    ASSERT_EQ(store_->audit_head(), model.head());
  }
  const MerkleHead head = store_->audit_head();
  EXPECT_THAT(store_->audit_root(head.size), IsOkAndHolds(head.root));
  for (std::uint64_t index = 0; index < head.size; index += 13) {
    const auto proof = store_->prove_audit_inclusion(index, head.size);
    ASSERT_THAT(proof, IsOk());
    EXPECT_THAT(check_inclusion(hashes[index], index, head, *proof), IsOk());
    const auto root = store_->audit_root(index);
    const auto consistency = store_->prove_audit_consistency(index, head.size);
    ASSERT_THAT(root, IsOk());
    ASSERT_THAT(consistency, IsOk());
    EXPECT_THAT(check_consistency({index, *root}, head, *consistency), IsOk());
  }
  // Tiles: a full one and the one that is open, and nothing that is not there.
  const auto full = store_->read_audit_tile(0, 0, 256);
  const auto open = store_->read_audit_tile(0, 1, 420 - 256);
  const auto above = store_->read_audit_tile(1, 0, 1);
  ASSERT_THAT(full, IsOk());
  ASSERT_THAT(open, IsOk());
  ASSERT_THAT(above, IsOk());
  EXPECT_EQ(*full, std::vector<Digest>(hashes.begin(), hashes.begin() + 256));
  EXPECT_EQ(*open, std::vector<Digest>(hashes.begin() + 256, hashes.end()));
  EXPECT_EQ(above->front(), merkle_fold(*full));
  EXPECT_THAT(store_->read_audit_tile(0, 1, 165), RefusedWith(Code::k_not_found));
  EXPECT_THAT(store_->read_audit_tile(0, 2, 1), RefusedWith(Code::k_not_found));
  EXPECT_THAT(store_->read_audit_tile(1, 0, 2), RefusedWith(Code::k_not_found));
  EXPECT_THAT(store_->read_audit_tile(0, 0, 0), RefusedWith(Code::k_not_found));
  EXPECT_THAT(store_->read_audit_tile(0, 0, 257), RefusedWith(Code::k_not_found));
  EXPECT_THAT(store_->read_audit_tile(0, std::uint64_t{1} << 60, 1),
              RefusedWith(Code::k_not_found));
  EXPECT_THAT(store_->prove_audit_inclusion(0, 421), RefusedWith(Code::k_parameter_malformed));
  EXPECT_THAT(store_->audit_root(421), RefusedWith(Code::k_parameter_malformed));
}

TEST_P(AuditStoreContract, FindsWhatWasWrittenUnderADecisionsId) {
  ASSERT_THAT(store_->append_audit(make_audit(app(), "dec_1")), IsOk());
  ASSERT_THAT(store_->append_audit(make_audit(app(), "dec_2")), IsOk());
  EXPECT_THAT(store_->list_audit_of("dec_2"),
              IsOkAndHolds(ElementsAre(Field(&AuditLeaf::sequence, 2))));
  EXPECT_THAT(store_->list_audit_of("dec_3"), IsOkAndHolds(IsEmpty()));
}

TEST_P(AuditStoreContract, KeepsOneKeyAndTheLastCheckpoint) {
  const auto key = store_->load_or_create_audit_key();
  ASSERT_THAT(key, IsOk());
  EXPECT_EQ(store_->load_or_create_audit_key()->public_key(), key->public_key());
  EXPECT_THAT(store_->find_checkpoint(), IsOkAndHolds(::testing::Eq(std::nullopt)));
  ASSERT_THAT(store_->keep_checkpoint("one\n"), IsOk());
  ASSERT_THAT(store_->keep_checkpoint("two\n"), IsOk());
  EXPECT_THAT(store_->find_checkpoint(), IsOkAndHolds(::testing::Optional(std::string("two\n"))));
}

}  // namespace

}  // namespace ajwt::authority
