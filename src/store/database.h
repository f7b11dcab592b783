// SPDX-License-Identifier: Apache-2.0
//
// SQLite's C API as owners and Results: connections, prepared statements, a pool. The only files
// that include sqlite3.h are this header's .cc and tests of faults.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace ajwt::store {

// Sql is the text of a statement that is known at compile time, so that no value can become part
// of it.
class Sql {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): a literal is passed as is
  template <std::size_t N>
  consteval Sql(const char (&text)[N]) : text_(text) {}
  // NOLINTNEXTLINE(google-explicit-constructor): what join returns is passed as is
  template <std::size_t N>
  consteval Sql(const std::array<char, N>& text) : text_(text.data()) {}
  constexpr const char* text() const { return text_; }

 private:
  const char* text_;
};

// join concatenates literals: a list of columns is written once.
template <std::size_t... N>
consteval std::array<char, (N + ...) - sizeof...(N) + 1> join(const char (&... parts)[N]) {
  std::array<char, (N + ...) - sizeof...(N) + 1> whole{};
  std::size_t end = 0;
  const auto append = [&](const char* part, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) whole[end++] = part[i];
  };
  (append(parts, N - 1), ...);
  return whole;
}

// Query is a prepared statement with its parameters bound, lent by a Connection's cache and reset
// when it goes. It must go before the transaction ends. Columns count from 0.
class Query {
 public:
  Query(Query&& other) noexcept
      : db_(other.db_), statement_(std::exchange(other.statement_, nullptr)) {}
  Query& operator=(Query&&) = delete;
  ~Query();

  // next moves to the next row; false after the last one.
  Result<bool> next();
  // run moves past the last row.
  Status run();

  std::int64_t integer(int column) const;
  bool boolean(int column) const { return integer(column) != 0; }
  Instant instant(int column) const { return from_unix(integer(column)); }
  // text views the value; valid until the next call of next.
  std::string_view text(int column) const;
  std::string string(int column) const { return std::string(text(column)); }
  Bytes bytes(int column) const;
  bool is_null(int column) const;

 private:
  friend class Connection;
  Query(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}

  template <class T>
  int bind(int index, const T& value) {
    if constexpr (std::is_integral_v<T>) {
      return bind_integer(index, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_same_v<T, Instant>) {
      return bind_integer(index, to_unix(value));
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      return bind_text(index, value);
    } else if constexpr (std::is_convertible_v<const T&, ByteView>) {
      return bind_blob(index, value);
    } else if constexpr (requires { value.has_value(); }) {
      return value ? bind(index, *value) : bind_null(index);
    } else {
      return bind_text(index, value.str());
    }
  }
  int bind_integer(int index, std::int64_t value);
  int bind_text(int index, std::string_view value);
  int bind_blob(int index, ByteView value);
  int bind_null(int index);

  sqlite3* db_;
  sqlite3_stmt* statement_;
};

// Connection is one connection with its cache of prepared statements; for one thread at a time.
//
// Its functions refuse k_already_exists (a key is taken), k_not_found (a foreign key leads
// nowhere), k_store_unavailable (disk full, I/O error, locked), k_store_damaged, and
// k_internal_error for everything that our own statements should never run into.
class Connection {
 public:
  enum class Use { kWrite, kRead };
  static constexpr std::string_view kMemory = ":memory:";

  // open opens an existing database file, or a new database in memory, and sets it up: foreign
  // keys, waiting for locks, durability of every commit.
  static Result<std::unique_ptr<Connection>> open(const std::string& path, Use use);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // query prepares the statement, or takes it from the cache, and binds ?1, ?2, ...
  template <class... Values>
  Result<Query> query(Sql sql, const Values&... values) {
    AJWT_ASSIGN(Query query, prepare(sql));
    int index = 0;
    int failed = 0;
    ((failed = failed != 0 ? failed : query.bind(++index, values)), ...);
    if (failed != 0) return failure(failed);
    return query;
  }
  // run is query(...).run().
  template <class... Values>
  Status run(Sql sql, const Values&... values) {
    AJWT_ASSIGN(Query query, this->query(sql, values...));
    return query.run();
  }
  // run_script runs many statements, none of which returns rows that matter.
  Status run_script(const char* script);

  // changed_rows tells how many rows the last INSERT, UPDATE or DELETE changed.
  std::int64_t changed_rows() const;
  bool in_transaction() const;

 private:
  explicit Connection(sqlite3* db) : db_(db) {}
  Status set_up(Use use);
  Result<Query> prepare(Sql sql);
  Error failure(int code) const;

  sqlite3* db_;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

// collect reads every row that is left through `read_row(const Query&) -> Result<T>`.
template <class T, class ReadRow>
Result<std::vector<T>> collect(Query& query, const ReadRow& read_row) {
  std::vector<T> all;
  while (true) {
    AJWT_ASSIGN(const bool row, query.next());
    if (!row) return all;
    AJWT_ASSIGN(T each, read_row(query));
    all.push_back(std::move(each));
  }
}

// ConnectionPool lends connections, each to one thread at a time.
class ConnectionPool {
 public:
  explicit ConnectionPool(std::vector<std::unique_ptr<Connection>> connections)
      : free_(std::move(connections)) {}

  // Lease gives its connection back when it goes.
  class Lease {
   public:
    Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection)
        : pool_(pool), connection_(std::move(connection)) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { pool_.give_back(std::move(connection_)); }
    Connection& operator*() const { return *connection_; }

   private:
    ConnectionPool& pool_;
    std::unique_ptr<Connection> connection_;
  };
  // acquire waits until a connection is free.
  Lease acquire();

 private:
  void give_back(std::unique_ptr<Connection> connection);

  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<Connection>> free_;
};

}  // namespace ajwt::store
