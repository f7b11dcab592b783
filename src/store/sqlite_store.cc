// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_store.h"

#include <utility>

#include "files/scratch_directory.h"
#include "store/migrations.h"
#include "store/rows.h"

namespace ajwt::store {

namespace {

constexpr int kReaders = 4;

using Connections = std::vector<std::unique_ptr<Connection>>;

std::shared_ptr<ConnectionPool> pool_of(std::unique_ptr<Connection> connection) {
  Connections connections;
  connections.push_back(std::move(connection));
  return std::make_shared<ConnectionPool>(std::move(connections));
}

// name_path gives an Error of opening that says nothing of its own the path and a remedy.
Error name_path(Error error, const std::string& path) {
  if (!error.message().empty()) return error;
  std::string message = error.code() == Code::k_store_damaged
                            ? path +
                                  " is not a database or is damaged; restore it from a backup, "
                                  "or move it away to start with an empty store"
                            : "cannot open " + path +
                                  "; make room on the disk and check that "
                                  "this user may write to its directory";
  std::string detail = error.detail();
  return refuse(error.code(), std::move(message)).with_detail(std::move(detail));
}

Status use_write_ahead_log(Connection& db) {
  AJWT_ASSIGN(Query query, db.query("PRAGMA journal_mode = WAL"));
  AJWT_ASSIGN(const bool row, query.next());
  if (row && query.text(0) == "wal") return query.run();
  return refuse(Code::k_store_unavailable)
      .with_detail("this file system has no write-ahead log (shared memory) for SQLite");
}

Result<std::unique_ptr<Connection>> open_writer(const std::string& path) {
  AJWT_ASSIGN(auto connection, Connection::open(path, Connection::Use::kWrite));
  AJWT_TRY(check_database(*connection, path));
  AJWT_TRY(use_write_ahead_log(*connection));
  AJWT_TRY(migrate(*connection, path, all_migrations()));
  return connection;
}

Result<Connections> open_readers(const std::string& path) {
  Connections connections;
  for (int i = 0; i < kReaders; ++i) {
    AJWT_ASSIGN(auto connection, Connection::open(path, Connection::Use::kRead));
    connections.push_back(std::move(connection));
  }
  return connections;
}

}  // namespace

SqliteStore::SqliteStore(std::optional<DataDirectory> directory,
                         std::unique_ptr<files::ScratchDirectory> scratch)
    : directory_(std::move(directory)),
      scratch_(std::move(scratch)),
      key_directory_(directory_ ? directory_->key_directory() : scratch_->path()) {}

SqliteStore::~SqliteStore() = default;

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const SqliteOptions& options) {
  AJWT_ASSIGN(DataDirectory directory, DataDirectory::open(options.directory));
  const std::string path = directory.database_file();
  auto writer = open_writer(path);
  if (!writer) return name_path(std::move(writer).error(), path);
  auto readers = open_readers(path);
  if (!readers) return name_path(std::move(readers).error(), path);
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(directory), nullptr));
  const Status started = store->start(path, std::make_shared<ConnectionPool>(*std::move(readers)),
                                      pool_of(*std::move(writer)));
  if (!started) return name_path(started.error(), path);
  return store;
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open_in_memory() {
  AJWT_ASSIGN(auto scratch, files::ScratchDirectory::create());
  const std::string path(Connection::kMemory);
  AJWT_ASSIGN(auto connection, Connection::open(path, Connection::Use::kWrite));
  AJWT_TRY(migrate(*connection, path, all_migrations()));
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::nullopt, std::move(scratch)));
  // A database in memory belongs to its connection: readers and the writer take turns with it.
  const std::shared_ptr<ConnectionPool> pool = pool_of(std::move(connection));
  AJWT_TRY(store->start(path, pool, pool));
  return store;
}

Status SqliteStore::start(const std::string& path, std::shared_ptr<ConnectionPool> readers,
                          std::shared_ptr<ConnectionPool> writers) {
  readers_ = std::move(readers);
  AJWT_ASSIGN(queue_, WriteQueue::create(std::move(writers), path));
  return ok();
}

Status SqliteStore::check_ready() {
  if (queue_->has_failed()) {
    return queue_->run([](Writer& writer) {
      return writer.db().run("UPDATE probes SET count = count + 1 WHERE id = 1");
    });
  }
  return read([](Connection& db) -> Status {
    AJWT_ASSIGN(Query query, db.query("SELECT count FROM probes WHERE id = 1"));
    AJWT_ASSIGN(const bool row, query.next());
    if (!row) return unreadable("probes");
    return ok();
  });
}

Result<crypto::PublicKey> SqliteStore::key_from(std::string_view text) {
  std::string key(text);
  if (const auto cached = keys_.find(key)) return *cached;
  AJWT_ASSIGN(crypto::PublicKey parsed, parse_key(text));
  keys_.add(std::move(key), std::make_shared<const crypto::PublicKey>(parsed));
  return parsed;
}

}  // namespace ajwt::store
