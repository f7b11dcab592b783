// SPDX-License-Identifier: Apache-2.0
//
// What is particular to SQLite and to files; the port's own rules are in tests/contract.
#include "store/sqlite_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/check.h"
#include "files/scratch_directory.h"
#include "jose/jwk.h"
#include "json/write.h"
#include "store/migrations.h"
#include "tests/support/matchers.h"

namespace ajwt::store {

namespace {

using ::testing::HasSubstr;

authority::AuditEntry audit_entry() {
  return {.app_id = AppId::trusted("shop"),
          .decision_id = "dec",
          .entry = {{"operation", "test"}},
          .basis = {},
          .salt = Bytes(16, 1)};
}

authority::Application application(std::string id) {
  return {.app_id = AppId::trusted(std::move(id)),
          .name = "name",
          .workflow_rule = authority::WorkflowRule::kRequired,
          .checksum_in_tokens = false,
          .accepts_reference_checksum = false,
          .audiences = {},
          .created_at = from_unix(1)};
}

mode_t mode_of(const std::string& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) == 0 ? facts.st_mode & 07777 : 0;
}

class SqliteStoreFiles : public ::testing::Test {
 protected:
  SqliteStoreFiles() {
    auto scratch = files::ScratchDirectory::create();
    AJWT_CHECK(scratch.has_value());
    scratch_ = *std::move(scratch);
    directory_ = scratch_->path() + "/data";
    database_ = directory_ + "/ajwt.db";
  }
  Result<std::unique_ptr<SqliteStore>> open() const {
    return SqliteStore::open({.directory = directory_});
  }
  // make makes a store with some rows in it and closes it.
  void make() const {
    const auto store = open();
    ASSERT_THAT(store, IsOk());
    for (int i = 0; i < 50; ++i) {
      ASSERT_THAT(
          (*store)->create_application(application("app" + std::to_string(i)), audit_entry()),
          IsOk());
    }
  }
  // make_anew is make in a directory of its own.
  void make_anew() {
    directory_ += "-again";
    database_ = directory_ + "/ajwt.db";
    make();
  }
  // raw opens the database beside the store's code.
  std::unique_ptr<Connection> raw() const {
    auto db = Connection::open(database_, Connection::Use::kWrite);
    AJWT_CHECK(db.has_value());
    return *std::move(db);
  }
  void expect_refused(Code code) const {
    const auto store = open();
    ASSERT_THAT(store, RefusedWith(code));
    EXPECT_THAT(store.error().message(), HasSubstr(directory_));
    EXPECT_THAT(store.error().message(), HasSubstr("; ")) << "says what to do";
  }

  std::unique_ptr<files::ScratchDirectory> scratch_;
  std::string directory_;
  std::string database_;
};

TEST_F(SqliteStoreFiles, AreForThisUserAlone) {
  const auto store = open();
  ASSERT_THAT(store, IsOk());
  const auto key = crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
  ASSERT_THAT(key, IsOk());
  ASSERT_THAT((*store)->announce_signing_key(*key, from_unix(1), audit_entry()), IsOk());

  EXPECT_EQ(mode_of(directory_), 0700U);
  EXPECT_EQ(mode_of(directory_ + "/keys"), 0700U);
  EXPECT_EQ(mode_of(directory_ + "/keys/" + jose::thumbprint(key->public_key()) + ".pem"), 0600U);
  for (const char* name : {"/ajwt.db", "/ajwt.db-wal", "/ajwt.db-shm", "/ajwt.lock"}) {
    EXPECT_EQ(mode_of(directory_ + name), 0600U) << name;
  }
}

TEST_F(SqliteStoreFiles, TakeRightsAwayThatOthersWereGiven) {
  make();
  ASSERT_EQ(::chmod(database_.c_str(), 0644), 0);
  ASSERT_EQ(::chmod((directory_ + "/keys").c_str(), 0755), 0);

  const auto store = open();

  ASSERT_THAT(store, IsOk());
  EXPECT_EQ(mode_of(database_), 0600U);
  EXPECT_EQ(mode_of(directory_ + "/keys"), 0700U);
}

TEST_F(SqliteStoreFiles, KeepEverythingAcrossOpening) {
  make();

  const auto store = open();

  ASSERT_THAT(store, IsOk());
  EXPECT_EQ((*store)->list_applications()->size(), 50U);
  ASSERT_THAT((*store)->append_audit(audit_entry()), IsOk());
  EXPECT_EQ((*store)->list_audit(50, 10, std::nullopt)->front().sequence, 51)
      << "the log goes on where it ended";
}

TEST_F(SqliteStoreFiles, AreHeldByOneStoreAtATime) {
  auto first = open();
  ASSERT_THAT(first, IsOk());

  expect_refused(Code::k_store_unavailable);

  first->reset();
  EXPECT_THAT(open(), IsOk());
}

TEST_F(SqliteStoreFiles, AreRefusedWhereNoDirectoryCanBe) {
  std::ofstream(directory_) << "a file";
  expect_refused(Code::k_io_failed);
  directory_ += "/below";
  expect_refused(Code::k_io_failed);
  directory_ = "/proc/ajwt";
  expect_refused(Code::k_io_failed);
}

TEST_F(SqliteStoreFiles, AreRefusedInADirectoryThatCannotBeWritten) {
  constexpr uid_t kNobody = 65534;
  ASSERT_EQ(::mkdir(directory_.c_str(), 0700), 0);
  // Root may write everywhere, so a child of another user tries.
  ASSERT_EQ(::chmod(scratch_->path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(directory_.c_str(), 0555), 0);
  EXPECT_EXIT(
      {
        if (::geteuid() == 0 && ::setuid(kNobody) != 0) ::_exit(1);
        const auto store = open();
        const bool right = !store && store.error().code() == Code::k_io_failed &&
                           store.error().message().find(directory_) != std::string::npos;
        ::_exit(right ? 0 : 2);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(SqliteStoreFiles, AreRefusedIfTheDatabaseIsALink) {
  make();
  std::filesystem::rename(database_, scratch_->path() + "/elsewhere");
  std::filesystem::create_symlink(scratch_->path() + "/elsewhere", database_);
  expect_refused(Code::k_io_failed);
}

TEST_F(SqliteStoreFiles, MayLieBehindALinkToADirectory) {
  make();
  const std::string link = scratch_->path() + "/link";
  std::filesystem::create_directory_symlink(directory_, link);
  directory_ = link;
  EXPECT_THAT(open(), IsOk());
}

TEST_F(SqliteStoreFiles, AreRefusedIfTheFileIsNoDatabase) {
  std::filesystem::create_directory(directory_);
  std::ofstream(database_) << std::string(8192, 'x');
  expect_refused(Code::k_store_damaged);
}

TEST_F(SqliteStoreFiles, AreRefusedIfPagesAreDamaged) {
  make();
  {
    std::fstream file(database_, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = static_cast<std::streamoff>(std::filesystem::file_size(database_));
    file.seekp(size / 2);
    for (std::streamoff i = size / 2; i < size; ++i) file.put(static_cast<char>(i * 31));
  }
  expect_refused(Code::k_store_damaged);
}

TEST_F(SqliteStoreFiles, AreRefusedIfTheFileWasCut) {
  make();
  std::filesystem::resize_file(database_, std::filesystem::file_size(database_) / 2);
  expect_refused(Code::k_store_damaged);
}

TEST_F(SqliteStoreFiles, AreRefusedIfTheDatabaseIsAnotherPrograms) {
  std::filesystem::create_directory(directory_);
  std::ofstream file(database_);
  file.close();
  ASSERT_THAT(raw()->run_script("CREATE TABLE t (a)"), IsOk());
  expect_refused(Code::k_store_damaged);
}

TEST_F(SqliteStoreFiles, AreRefusedIfANewerVersionWroteThem) {
  make();
  ASSERT_THAT(raw()->run_script("PRAGMA user_version = 99"), IsOk());
  expect_refused(Code::k_store_too_new);
}

TEST_F(SqliteStoreFiles, AreRefusedIfTheSchemaHasAnotherHistory) {
  make();
  ASSERT_THAT(raw()->run_script("UPDATE schema_migrations SET checksum = 'other'"), IsOk());
  expect_refused(Code::k_store_damaged);
  ASSERT_THAT(raw()->run_script("DELETE FROM schema_migrations"), IsOk());
  expect_refused(Code::k_store_damaged);
}

TEST_F(SqliteStoreFiles, KeepTheLogFromBeingChanged) {
  make();
  const auto db = raw();

  EXPECT_THAT(db->run_script("UPDATE audit SET leaf = '{}'"), RefusedWith(Code::k_internal_error));
  EXPECT_THAT(db->run_script("DELETE FROM audit WHERE sequence = 50"),
              RefusedWith(Code::k_internal_error));
  EXPECT_THAT(db->run_script("INSERT OR REPLACE INTO audit VALUES (1, 'a', 'd', '{}', x'')"),
              RefusedWith(Code::k_internal_error))
      << "a replacement is a removal, too";
}

TEST_F(SqliteStoreFiles, AreRefusedIfTheLogHasAGap) {
  for (const char* removed : {"1", "25"}) {
    make_anew();
    ASSERT_THAT(raw()->run_script("DROP TRIGGER audit_stays"), IsOk());
    ASSERT_THAT(
        raw()->run_script(("DELETE FROM audit WHERE sequence = " + std::string(removed)).c_str()),
        IsOk());
    expect_refused(Code::k_audit_log_altered);
  }
}

TEST_F(SqliteStoreFiles, KeepWorkflowVersionsFromBeingChanged) {
  make();
  const auto db = raw();
  ASSERT_THAT(db->run_script("INSERT INTO workflows (app_id, workflow_id, version, definition, "
                             "registered_at) VALUES ('app1', 'w', 1, '{}', 1)"),
              IsOk());

  EXPECT_THAT(db->run_script("UPDATE workflows SET definition = '{\"a\":1}'"),
              RefusedWith(Code::k_internal_error));
  EXPECT_THAT(db->run_script("DELETE FROM workflows"), RefusedWith(Code::k_internal_error));
}

TEST_F(SqliteStoreFiles, TellAValueThatCannotBeReadFromOneThatIsNotThere) {
  make();
  ASSERT_THAT(raw()->run_script("UPDATE applications SET audiences = 'x' WHERE app_id = 'app1'"),
              IsOk());
  const auto store = open();
  ASSERT_THAT(store, IsOk());

  EXPECT_THAT((*store)->find_application(AppId::trusted("app1")),
              RefusedWith(Code::k_store_damaged));
  EXPECT_THAT((*store)->find_application(AppId::trusted("app2")), IsOk());
}

TEST_F(SqliteStoreFiles, RefuseASigningKeyUnderAnotherKeysName) {
  const auto store = open();
  ASSERT_THAT(store, IsOk());
  std::vector<std::string> kids;
  for (int i = 0; i < 2; ++i) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
    ASSERT_THAT(key, IsOk());
    ASSERT_THAT((*store)->announce_signing_key(*key, from_unix(1), audit_entry()), IsOk());
    kids.push_back(jose::thumbprint(key->public_key()));
    ASSERT_THAT((*store)->activate_signing_key(kids.back(), from_unix(1), audit_entry()), IsOk());
  }
  std::filesystem::rename(directory_ + "/keys/" + kids[0] + ".pem",
                          directory_ + "/keys/" + kids[1] + ".pem");

  EXPECT_THAT((*store)->load_signing_key(kids[1]), RefusedWith(Code::k_store_damaged));
}

TEST_F(SqliteStoreFiles, RefuseASigningKeyThatOthersCanRead) {
  const auto store = open();
  ASSERT_THAT(store, IsOk());
  const auto key = crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
  ASSERT_THAT(key, IsOk());
  ASSERT_THAT((*store)->announce_signing_key(*key, from_unix(1), audit_entry()), IsOk());
  const std::string kid = jose::thumbprint(key->public_key());
  ASSERT_EQ(::chmod((directory_ + "/keys/" + kid + ".pem").c_str(), 0640), 0);

  EXPECT_THAT((*store)->load_signing_key(kid), RefusedWith(Code::k_key_file_unsafe));
}

// make_with_schema_1 writes the database that the first version of the schema had, with an agent.
void make_with_schema_1(const std::string& database) {
  std::ofstream(database).close();
  const auto db = Connection::open(database, Connection::Use::kWrite);
  ASSERT_THAT(db, IsOk());
  ASSERT_THAT(migrate(**db, database, all_migrations().first(1)), IsOk());
  const auto key = crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
  ASSERT_THAT(key, IsOk());
  ASSERT_THAT((*db)->run_script("INSERT INTO applications VALUES "
                                "('shop', 'Shop', 'required', 0, 0, '[]', 1, 1)"),
              IsOk());
  ASSERT_THAT(
      (*db)->run("INSERT INTO registrations VALUES ('reg_1', 'shop', 'clerk', 1, 'verified', ?1, "
                 "'sha256', 1, ?2, ?3, NULL, 'stated', 'semi', x'0102', 1, 3)",
                 "sha256:" + std::string(64, 'a'), json::write(jose::to_json(key->public_key())),
                 jose::thumbprint(key->public_key())),
      IsOk());
}

TEST_F(SqliteStoreFiles, OfSchema1KeepTheirAgentsAndGetWhatIsNew) {
  std::filesystem::create_directory(directory_);
  make_with_schema_1(database_);

  const auto store = open();

  ASSERT_THAT(store, IsOk());
  const AppId app_id = AppId::trusted("shop");
  auto found = (*store)->find_registration(app_id, AgentId::trusted("clerk"));
  ASSERT_THAT(found, IsOk());
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->state, authority::RegistrationState::kVerified);
  EXPECT_EQ((*found)->sealed_components, (Bytes{1, 2}));
  EXPECT_EQ((*found)->component_hmacs, "");
  authority::Registration next = **std::move(found);
  next.registration_id = RegistrationId::trusted("reg_2");
  next.version = 2;
  next.component_hmacs = "{}";
  EXPECT_THAT((*store)->add_registration(next, audit_entry()), IsOk());
  EXPECT_THAT((*store)->keep_component_key(app_id, Bytes{9}), IsOkAndHolds(Bytes{9}));
}

TEST(Migrations, AddToWhatIsThere) {
  const auto db = Connection::open(std::string(Connection::kMemory), Connection::Use::kWrite);
  ASSERT_THAT(db, IsOk());
  const std::vector<Migration> both{{"one", "CREATE TABLE one (a INTEGER) STRICT;"},
                                    {"two", "CREATE TABLE two (a INTEGER) STRICT;"}};
  ASSERT_THAT(migrate(**db, "db", std::span(both).first(1)), IsOk());
  ASSERT_THAT((*db)->run_script("INSERT INTO one VALUES (5)"), IsOk());

  ASSERT_THAT(migrate(**db, "db", both), IsOk());
  ASSERT_THAT(migrate(**db, "db", both), IsOk()) << "each is applied once";

  EXPECT_THAT((*db)->run_script("INSERT INTO two SELECT a FROM one"), IsOk());
  EXPECT_THAT(migrate(**db, "db", std::span(both).first(1)), RefusedWith(Code::k_store_too_new));
}

TEST(Migrations, LeaveNothingOfOneThatFails) {
  const auto db = Connection::open(std::string(Connection::kMemory), Connection::Use::kWrite);
  ASSERT_THAT(db, IsOk());
  const std::vector<Migration> broken{{"one", "CREATE TABLE one (a INTEGER) STRICT;"},
                                      {"two", "CREATE TABLE two (a INTEGER) STRICT; broken"}};
  const std::vector<Migration> mended{broken[0], {"two", "CREATE TABLE two (a TEXT) STRICT;"}};

  EXPECT_THAT(migrate(**db, "db", broken), RefusedWith(Code::k_internal_error));
  EXPECT_THAT(migrate(**db, "db", mended), IsOk());
  EXPECT_THAT((*db)->run_script("INSERT INTO two VALUES ('text')"), IsOk());
}

}  // namespace

}  // namespace ajwt::store
