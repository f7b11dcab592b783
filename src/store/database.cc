// SPDX-License-Identifier: Apache-2.0
#include "store/database.h"

#include <sqlite3.h>

#include "base/check.h"

namespace ajwt::store {

namespace {

constexpr int kBusyMilliseconds = 5000;

Error error_of(sqlite3* db, int code) {
  const int extended = db != nullptr ? sqlite3_extended_errcode(db) : code;
  std::string detail = "sqlite: ";
  detail += db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  detail += " (" + std::to_string(extended) + ")";
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return refuse(Code::k_store_damaged).with_detail(std::move(detail));
    case SQLITE_CONSTRAINT:
      if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY) {
        return refuse(Code::k_already_exists).with_detail(std::move(detail));
      }
      if (extended == SQLITE_CONSTRAINT_FOREIGNKEY) {
        return refuse(Code::k_not_found).with_detail(std::move(detail));
      }
      return refuse(Code::k_internal_error).with_detail(std::move(detail));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_READONLY:
    case SQLITE_INTERRUPT:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
      return refuse(Code::k_store_unavailable).with_detail(std::move(detail));
  }
  return refuse(Code::k_internal_error).with_detail(std::move(detail));
}

}  // namespace

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Result<bool> Query::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return error_of(db_, code);
}

Status Query::run() {
  while (true) {
    AJWT_ASSIGN(const bool row, next());
    if (!row) return ok();
  }
}

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Query::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Bytes Query::bytes(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  if (data == nullptr) return {};
  return Bytes(data, data + sqlite3_column_bytes(statement_, column));
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

int Query::bind_integer(int index, std::int64_t value) {
  return sqlite3_bind_int64(statement_, index, value);
}

int Query::bind_text(int index, std::string_view value) {
  // A null pointer would bind NULL, which an empty text is not.
  return sqlite3_bind_text64(statement_, index, value.empty() ? "" : value.data(), value.size(),
                             SQLITE_TRANSIENT, SQLITE_UTF8);
}

int Query::bind_blob(int index, ByteView value) {
  if (value.empty()) return sqlite3_bind_zeroblob(statement_, index, 0);
  return sqlite3_bind_blob64(statement_, index, value.data(), value.size(), SQLITE_TRANSIENT);
}

int Query::bind_null(int index) { return sqlite3_bind_null(statement_, index); }

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, Use use) {
  sqlite3* db = nullptr;
  // Without SQLITE_OPEN_CREATE: who opens has made the file, so that its mode is ours
  // and it is no symbolic link. SQLITE_OPEN_NOFOLLOW would refuse a link anywhere in the path.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (path == kMemory ? SQLITE_OPEN_MEMORY : 0);
  const int code = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  // SQLite hands out a connection even if it could not open the file; it is closed in any case.
  std::unique_ptr<Connection> connection(new Connection(db));
  if (code != SQLITE_OK) return error_of(db, code);
  AJWT_TRY(connection->set_up(use));
  return connection;
}

Status Connection::set_up(Use use) {
  sqlite3_busy_timeout(db_, kBusyMilliseconds);
  // Statements cannot rewrite the schema's own table, and "x" is a name, never a text.
  for (const int option : {SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_ENABLE_FKEY}) {
    if (const int code = sqlite3_db_config(db_, option, 1, nullptr); code != SQLITE_OK) {
      return failure(code);
    }
  }
  for (const int option :
       {SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_TRUSTED_SCHEMA}) {
    if (const int code = sqlite3_db_config(db_, option, 0, nullptr); code != SQLITE_OK) {
      return failure(code);
    }
  }
  AJWT_TRY(
      run_script("PRAGMA synchronous = FULL;"
                 "PRAGMA recursive_triggers = ON;"
                 "PRAGMA temp_store = MEMORY;"
                 "PRAGMA cell_size_check = ON;"));
  return use == Use::kRead ? run_script("PRAGMA query_only = ON;") : ok();
}

Connection::~Connection() {
  for (const auto& [text, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(db_);
}

Result<Query> Connection::prepare(Sql sql) {
  auto found = statements_.find(sql.text());
  if (found == statements_.end()) {
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v3(db_, sql.text(), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return failure(code);
    found = statements_.emplace(sql.text(), statement).first;
  }
  AJWT_CHECK(sqlite3_stmt_busy(found->second) == 0);
  return Query(db_, found->second);
}

Status Connection::run_script(const char* script) {
  const int code = sqlite3_exec(db_, script, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return ok();
}

std::int64_t Connection::changed_rows() const { return sqlite3_changes64(db_); }

bool Connection::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

Error Connection::failure(int code) const { return error_of(db_, code); }

ConnectionPool::Lease ConnectionPool::acquire() {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [this] { return !free_.empty(); });
  std::unique_ptr<Connection> connection = std::move(free_.back());
  free_.pop_back();
  return Lease(*this, std::move(connection));
}

void ConnectionPool::give_back(std::unique_ptr<Connection> connection) {
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(connection));
  }
  freed_.notify_one();
}

}  // namespace ajwt::store
