// SPDX-License-Identifier: Apache-2.0
//
// The log of decisions as others see it (protocol 5.2): signed checkpoints, proofs and hashes for
// anybody, and a start that refuses a log which is not the one that was signed.
#include "authority/audit/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/check.h"
#include "files/scratch_directory.h"
#include "jose/base64.h"
#include "jose/base64url.h"
#include "protocol/checkpoint.h"
#include "store/database.h"
#include "store/sqlite_store.h"
#include "tests/support/authority_fixture.h"
#include "tests/support/expect_reason.h"
#include "tests/support/matchers.h"

namespace ajwt {
namespace {

using authority::AuditLog;
using testing::AuthorityFixture;
using testing::body_of;
using testing::expect_reason;
using testing::FakeClock;
using ::testing::HasSubstr;
using testing::MintDoor;
using ::testing::Not;
using ::testing::StartsWith;

Digest digest_of(const std::string& base64) {
  const auto bytes = jose::decode_base64(base64);
  AJWT_CHECK(bytes && bytes->size() == sizeof(Digest));
  Digest digest;
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

MerkleProof proof_of(const HttpResponse& answer) {
  EXPECT_EQ(answer.status, 200) << answer.body;
  MerkleProof proof;
  const json::Object body = body_of(answer);
  const json::Array* hashes = body.find_array("proof");
  if (hashes == nullptr) return proof;
  for (const json::Value& hash : *hashes) proof.push_back(digest_of(hash.as_string()));
  return proof;
}

Digest leaf_hash_of(const authority::AuditLeaf& leaf) {
  return audit_leaf_hash(leaf.salt, leaf.bytes);
}

class AuditLogTest : public ::testing::Test {
 protected:
  HttpResponse get(const std::string& path, const std::string& query = {}) {
    return fixture.handle(AuthorityFixture::get("/intent/audit/" + path, query));
  }
  VerifierKey key() {
    std::string text = get("key").body;
    AJWT_CHECK(text.ends_with('\n'));
    text.pop_back();
    const auto parsed = VerifierKey::parse(text);
    AJWT_CHECK(parsed.has_value());
    return *parsed;
  }
  MerkleHead head() {
    const auto checkpoint = verify_checkpoint(get("checkpoint").body, key());
    AJWT_CHECK(checkpoint.has_value());
    return checkpoint->head;
  }
  void mint() {
    const auto minted = fixture.mint(fixture.mint_spec(fixture.planner(), fixture.open_execution()),
                                     MintDoor::kJson, fixture.planner());
    ASSERT_EQ(minted.status, 200) << minted.body;
  }
  std::vector<authority::AuditLeaf> leaves() {
    return *fixture.store().list_audit(0, 100'000, std::nullopt);
  }

  AuthorityFixture fixture;
};

TEST_F(AuditLogTest, EveryEntryIsProvenAgainstWhatIsSigned) {
  mint();
  const auto checkpoint = get("checkpoint");
  EXPECT_EQ(checkpoint.headers.find("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_THAT(checkpoint.body, StartsWith("as.example/intent/audit\n"));
  EXPECT_EQ(key().name(), "as.example/intent/audit");
  const MerkleHead now = head();
  const auto entries = leaves();
  ASSERT_EQ(now.size, entries.size());
  for (const auto& leaf : entries) {
    const auto proof = proof_of(get("inclusion", "sequence=" + std::to_string(leaf.sequence) +
                                                     "&size=" + std::to_string(now.size)));
    EXPECT_THAT(check_inclusion(leaf_hash_of(leaf), static_cast<std::uint64_t>(leaf.sequence - 1),
                                now, proof),
                IsOk());
  }
}

TEST_F(AuditLogTest, ALaterCheckpointGoesOnFromAnEarlierOne) {
  const MerkleHead before = head();
  EXPECT_EQ(head(), before) << "looking adds nothing";
  mint();
  const MerkleHead after = head();
  EXPECT_GT(after.size, before.size);
  const auto proof = proof_of(get(
      "consistency", "from=" + std::to_string(before.size) + "&to=" + std::to_string(after.size)));
  EXPECT_THAT(check_consistency(before, after, proof), IsOk());
}

TEST_F(AuditLogTest, ARefusalIsAnEntryOfTheTreeToo) {
  const MerkleHead before = head();
  auto spec = fixture.mint_spec(fixture.planner(), fixture.open_execution());
  spec.scopes = {"manifest:write"};
  expect_reason(fixture.mint(spec, MintDoor::kJson, fixture.planner()), 400,
                "scope_exceeds_ceiling");
  EXPECT_EQ(head().size, before.size + 2) << "the execution and the refusal";
}

TEST_F(AuditLogTest, TilesHaveTheHashes) {
  const auto entries = leaves();
  const std::string name = "000.p/" + std::to_string(entries.size());
  const auto tile = get("tile/0/" + name);
  ASSERT_EQ(tile.status, 200) << tile.body;
  ASSERT_EQ(tile.body.size(), entries.size() * sizeof(Digest));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Digest hash = leaf_hash_of(entries[i]);
    EXPECT_EQ(tile.body.substr(i * sizeof(Digest), sizeof(Digest)), as_text(hash)) << i;
  }
  for (const std::string& other :
       {std::string("000"), std::string("000.p/0"), std::string("000.p/256"), std::string("0.p/1"),
        std::string("x000/000.p/1"), std::string("001.p/1"), std::string("000.p/01"),
        "000.p/" + std::to_string(entries.size() + 1)}) {
    expect_reason(get("tile/0/" + other), 404, "not_found");
  }
  expect_reason(get("tile/1/000.p/1"), 404, "not_found");
  expect_reason(get("tile/64/000.p/1"), 404, "not_found");
}

TEST_F(AuditLogTest, RefusesWhatTheLogIsNot) {
  const std::string size = std::to_string(head().size);
  expect_reason(get("inclusion", "sequence=0&size=1"), 400, "parameter_malformed");
  expect_reason(get("inclusion", "sequence=2&size=1"), 400, "parameter_malformed");
  expect_reason(get("inclusion", "sequence=01&size=2"), 400, "parameter_malformed");
  expect_reason(get("inclusion", "sequence=1"), 400, "parameter_missing");
  expect_reason(get("inclusion", "sequence=1&size=99999999"), 400, "parameter_malformed");
  expect_reason(get("consistency", "from=3&to=2"), 400, "parameter_malformed");
  expect_reason(get("consistency", "from=0&to=99999999"), 400, "parameter_malformed");
  expect_reason(get("consistency", "from=-1&to=1"), 400, "parameter_malformed");
}

// What anybody may read tells nothing of the entries.
TEST_F(AuditLogTest, ShowsNobodyAnEntry) {
  mint();
  const auto entries = leaves();
  const auto tile = get("tile/0/000.p/" + std::to_string(entries.size())).body;
  for (const auto& leaf : entries) {
    const Digest unsalted = merkle_leaf_hash(as_bytes(leaf.bytes));
    EXPECT_EQ(tile.find(as_text(unsalted)), std::string::npos) << "nobody can guess an entry";
  }
  expect_reason(fixture.handle(AuthorityFixture::get("/admin/audit")), 401, "token_required");
}

TEST_F(AuditLogTest, AnEntryIsFoundByItsDecision) {
  mint();
  const auto wanted = leaves().back();
  const std::string id = fixture.decisions().last().decision_id;
  const auto token = fixture.token(fixture.administrator(), "admin:audit");
  const auto answer = fixture.call(token, "GET", "/admin/audit", {}, "form=leaf&decision_id=" + id);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::Object body = body_of(answer);
  const json::Array& entries = *body.find_array("entries");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries.front().as_object().text("leaf"), wanted.bytes);
  EXPECT_EQ(entries.front().as_object().text("salt"), jose::encode_base64url(wanted.salt));
  expect_reason(fixture.call(token, "GET", "/admin/audit", {}, "form=other"), 400,
                "parameter_malformed");
  expect_reason(fixture.call(token, "GET", "/admin/audit", {}, "limit=1&decision_id=" + id), 400,
                "parameter_malformed");
}

// --- what a start refuses

class AuditLogFiles : public ::testing::Test {
 protected:
  AuditLogFiles() {
    auto directory = files::ScratchDirectory::create();
    AJWT_CHECK(directory.has_value());
    scratch_ = *std::move(directory);
  }
  std::string path(const std::string& name = {}) const {
    return scratch_->path() + "/data" + (name.empty() ? "" : "/" + name);
  }
  std::unique_ptr<store::SqliteStore> open() {
    auto opened = store::SqliteStore::open({.directory = path()});
    EXPECT_THAT(opened, IsOk());
    return opened ? *std::move(opened) : nullptr;
  }
  // append starts the log, adds entries and ends it, as a process would.
  void append(int entries) {
    const auto store = open();
    ASSERT_NE(store, nullptr);
    const auto log = AuditLog::open(*store, "https://as.example", clock_);
    ASSERT_THAT(log, IsOk());
    for (int i = 0; i < entries; ++i) {
      ASSERT_THAT(store->append_audit({.app_id = AppId::trusted("shop"),
                                       .decision_id = "dec_" + std::to_string(i),
                                       .entry = json::Object{{"number", i}},
                                       .basis = {},
                                       .salt = Bytes(16, static_cast<std::uint8_t>(i))}),
                  IsOk());
    }
  }
  // start says how a start ends.
  Status start() {
    auto store = store::SqliteStore::open({.directory = path()});
    if (!store) return store.error();
    return AuditLog::open(**store, "https://as.example", clock_).map([](const auto&) {});
  }
  void change(const char* script) {
    auto db = store::Connection::open(path("ajwt.db"), store::Connection::Use::kWrite);
    ASSERT_THAT(db, IsOk());
    ASSERT_THAT((*db)->run_script("DROP TRIGGER audit_never_changes; DROP TRIGGER audit_stays; "
                                  "DROP TRIGGER audit_tile_never_changes; "
                                  "DROP TRIGGER audit_tile_stays;"),
                IsOk());
    ASSERT_THAT((*db)->run_script(script), IsOk());
  }

  std::unique_ptr<files::ScratchDirectory> scratch_;
  FakeClock clock_{from_unix(1'800'000'000)};
};

TEST_F(AuditLogFiles, ALogThatGoesOnIsTaken) {
  append(300);
  append(0);
  append(300);
  EXPECT_THAT(start(), IsOk());
}

// An authority that moves to another URL goes on with its log.
TEST_F(AuditLogFiles, KeepsTheNameThatItBeganWith) {
  append(3);
  const auto store = open();
  const auto moved = AuditLog::open(*store, "https://elsewhere.example", clock_);
  ASSERT_THAT(moved, IsOk());
  EXPECT_EQ((*moved)->key().name(), "as.example/intent/audit");
}

TEST_F(AuditLogFiles, AnOlderDatabaseIsNot) {
  append(100);
  const std::string copy = scratch_->path() + "/older.db";
  std::filesystem::copy_file(path("ajwt.db"), copy);
  append(100);
  std::filesystem::remove(path("ajwt.db-wal"));
  std::filesystem::copy_file(copy, path("ajwt.db"),
                             std::filesystem::copy_options::overwrite_existing);
  const Status refused = start();
  ASSERT_THAT(refused, RefusedWith(Code::k_audit_log_altered));
  EXPECT_THAT(refused.error().message(), HasSubstr("has 100 entries and had 200"));
}

TEST_F(AuditLogFiles, AChangedEntryIsFoundAtTheStart) {
  append(20);
  change(
      "UPDATE audit SET leaf = replace(leaf, '\"number\":7', '\"number\":8') "
      "WHERE sequence = 8");
  EXPECT_THAT(start(), RefusedWith(Code::k_audit_log_altered));
}

TEST_F(AuditLogFiles, AChangedTileIsFoundAtTheStart) {
  append(300);
  change("UPDATE audit_tiles SET hashes = zeroblob(8192) WHERE tile_index = 0");
  EXPECT_THAT(start(), RefusedWith(Code::k_audit_log_altered));
}

// Also where the tile that has its hash is full.
TEST_F(AuditLogFiles, ALogWithAGapIsNotTaken) {
  append(600);
  change("DELETE FROM audit WHERE sequence = 8");
  EXPECT_THAT(start(), RefusedWith(Code::k_audit_log_altered));
}

TEST_F(AuditLogFiles, ALogWithoutItsLastEntriesIsNotTaken) {
  append(300);
  change("DELETE FROM audit WHERE sequence > 290");
  EXPECT_THAT(start(), RefusedWith(Code::k_audit_log_altered));
}

TEST_F(AuditLogFiles, AnotherKeyCannotStandInForTheOneThatSigned) {
  append(3);
  std::filesystem::remove(path("audit.key.pem"));
  EXPECT_THAT(start(), RefusedWith(Code::k_checkpoint_signature_invalid));
}

// While it runs, the hashes are those of what was written: whoever compares sees which entry is
// another now, whether its tile is full or not.
TEST_F(AuditLogFiles, HashesAreOfWhatWasWritten) {
  append(300);
  const auto store = open();
  const auto hash_at = [&](std::size_t number) {
    const std::size_t width = number < 256 ? 256 : 300 - 256;
    return store->read_audit_tile(0, number / 256, width)->at(number % 256);
  };
  const Digest full = hash_at(7);
  const Digest open_one = hash_at(270);
  change("UPDATE audit SET leaf = '{}' WHERE sequence IN (8, 271)");
  EXPECT_EQ(hash_at(7), full);
  EXPECT_EQ(hash_at(270), open_one);
  EXPECT_NE(leaf_hash_of(store->list_audit(270, 1, std::nullopt)->front()), open_one);
}

// A log from before there were tiles has them after the first start.
TEST_F(AuditLogFiles, TilesOfAnOlderLogAreMade) {
  append(600);
  const auto head = open()->audit_head();
  change("DELETE FROM audit_tiles");
  EXPECT_THAT(start(), IsOk());
  EXPECT_EQ(open()->audit_head(), head);
  EXPECT_THAT(open()->read_audit_tile(0, 1, 256), IsOk());
}

TEST_F(AuditLogFiles, TheCheckpointIsKeptNowAndThen) {
  const auto store = open();
  const auto log = AuditLog::open(*store, "https://as.example", clock_);
  ASSERT_THAT(log, IsOk());
  const auto kept = [&] {
    return verify_checkpoint(**store->find_checkpoint(), (*log)->key())->head.size;
  };
  const auto append_one = [&] {
    ASSERT_THAT(store->append_audit({.app_id = AppId::trusted("shop"),
                                     .decision_id = "dec",
                                     .entry = json::Object(),
                                     .basis = {},
                                     .salt = Bytes(16, 1)}),
                IsOk());
  };
  append_one();
  (*log)->keep_checkpoint();
  EXPECT_EQ(kept(), 1U);
  append_one();
  (*log)->keep_checkpoint();
  EXPECT_EQ(kept(), 1U) << "not at every request";
  clock_.advance(Seconds(11));
  (*log)->keep_checkpoint();
  EXPECT_EQ(kept(), 2U);
}

}  // namespace
}  // namespace ajwt
