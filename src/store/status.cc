// SPDX-License-Identifier: Apache-2.0
//
// What the store says of itself: asked of the connection that writes, not of what was configured.
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "store/sqlite_store.h"

namespace ajwt::store {

namespace {

using authority::StoreStatus;

std::string synchronous_name(std::int64_t level) {
  constexpr auto kNames = std::to_array<std::string_view>({"off", "normal", "full", "extra"});
  if (level < 0 || level >= static_cast<std::int64_t>(kNames.size())) return "unknown";
  return std::string(kNames[static_cast<std::size_t>(level)]);
}

Result<Query> one_row(Connection& db, Sql sql) {
  AJWT_ASSIGN(Query query, db.query(sql));
  AJWT_ASSIGN(const bool row, query.next());
  if (!row) return refuse(Code::k_internal_error).with_detail("a question of status has no answer");
  return query;
}

Status ask_writer(Connection& db, StoreStatus& status) {
  {
    AJWT_ASSIGN(const Query row, one_row(db, "PRAGMA synchronous"));
    status.synchronous = synchronous_name(row.integer(0));
  }
  {
    AJWT_ASSIGN(const Query row, one_row(db, "PRAGMA journal_mode"));
    status.journal = row.string(0);
  }
  {
    AJWT_ASSIGN(const Query row, one_row(db,
                                         "SELECT version, name, applied_at FROM "
                                         "schema_migrations ORDER BY version DESC LIMIT 1"));
    status.schema = row.integer(0);
    status.last_migration = row.string(1);
    status.migrated_at = from_unix(row.integer(2));
  }
  AJWT_ASSIGN(const Query row, one_row(db, "SELECT coalesce(max(sequence), 0) FROM audit"));
  status.audit_sequence = row.integer(0);
  return ok();
}

bool is_exposed(const std::filesystem::path& path) {
  struct stat facts {};
  // What went away meanwhile exposes nothing.
  if (::lstat(path.c_str(), &facts) != 0) return false;
  return facts.st_uid != ::geteuid() || (facts.st_mode & 077) != 0;
}

// find_exposed looks at the directory itself and at everything in it.
std::vector<std::string> find_exposed(const std::string& directory) {
  std::vector<std::string> exposed;
  if (is_exposed(directory)) exposed.emplace_back(".");
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(directory, error);
  for (const std::filesystem::recursive_directory_iterator end; !error && entry != end;
       entry.increment(error)) {
    if (is_exposed(entry->path())) {
      exposed.push_back(entry->path().lexically_relative(directory).string());
    }
  }
  return exposed;
}

}  // namespace

Result<StoreStatus> SqliteStore::get_status() {
  StoreStatus status{};
  status.kind = "sqlite";
  AJWT_TRY(queue_->run([&](Writer& writer) { return ask_writer(writer.db(), status); }));
  if (!directory_) return status;
  std::error_code error;
  const auto space = std::filesystem::space(directory_->path(), error);
  if (!error) status.free_disk_bytes = static_cast<std::int64_t>(space.available);
  status.exposed_files = find_exposed(directory_->path());
  return status;
}

}  // namespace ajwt::store
