// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.h"

#include <array>
#include <string>

#include "crypto/hash.h"

namespace ajwt::store {

namespace {

// "ajwt": marks the file as ours (SQLite's header has a field for it).
constexpr std::int64_t kApplicationId = 0x616a7774;

Result<std::int64_t> load_integer(Connection& db, Sql sql) {
  AJWT_ASSIGN(Query query, db.query(sql));
  AJWT_ASSIGN(const bool row, query.next());
  if (!row) return refuse(Code::k_internal_error).with_detail("a pragma gave no row");
  return query.integer(0);
}

Error damaged(std::string_view path, std::string_view what) {
  return refuse(Code::k_store_damaged,
                std::string(path) + " " + std::string(what) +
                    "; restore it from a backup, or move it away to start with an empty store");
}

Error too_new(std::string_view path, std::int64_t found, std::size_t known) {
  return refuse(Code::k_store_too_new,
                std::string(path) + " has schema " + std::to_string(found) +
                    " and this version of ajwt knows " + std::to_string(known) +
                    "; run the newer version, or restore a backup from before the upgrade");
}

// explain adds path and remedy to what SQLite says of a file that it cannot read.
Error explain(Error error, std::string_view path) {
  if (error.code() != Code::k_store_damaged) return error;
  std::string detail = error.detail();
  return damaged(path, "is not a database or is damaged").with_detail(std::move(detail));
}

std::string checksum_of(const Migration& migration) {
  return to_hex(crypto::sha256(std::string_view(migration.script)));
}

Status check_content(Connection& db, std::string_view path) {
  AJWT_ASSIGN(const std::int64_t objects, load_integer(db, "SELECT count(*) FROM sqlite_schema"));
  if (objects == 0) return ok();
  AJWT_ASSIGN(const std::int64_t application, load_integer(db, "PRAGMA application_id"));
  if (application != kApplicationId) return damaged(path, "is another program's database");
  AJWT_ASSIGN(const std::int64_t version, load_integer(db, "PRAGMA user_version"));
  const std::size_t known = all_migrations().size();
  if (version > static_cast<std::int64_t>(known)) return too_new(path, version, known);
  AJWT_ASSIGN(Query check, db.query("PRAGMA quick_check(1)"));
  AJWT_ASSIGN(const bool row, check.next());
  if (row && check.text(0) == "ok") return ok();
  std::string found = row ? check.string(0) : "no answer";
  return damaged(path, "is damaged").with_detail("quick_check: " + std::move(found));
}

// check_applied compares what was applied before with this version's texts.
Status check_applied(Connection& db, std::string_view path, std::int64_t version,
                     std::span<const Migration> migrations) {
  AJWT_ASSIGN(Query query, db.query("SELECT checksum FROM schema_migrations ORDER BY version"));
  std::int64_t applied = 0;
  while (true) {
    AJWT_ASSIGN(const bool row, query.next());
    if (!row) break;
    if (applied >= version ||
        query.text(0) != checksum_of(migrations[static_cast<std::size_t>(applied)])) {
      return damaged(path, "has a schema that this version of ajwt never made");
    }
    ++applied;
  }
  if (applied != version) return damaged(path, "has lost its list of migrations");
  return ok();
}

Status apply(Connection& db, std::int64_t version, const Migration& migration) {
  AJWT_TRY(db.run_script(migration.script));
  AJWT_TRY(db.run("INSERT INTO schema_migrations VALUES (?1, ?2, ?3, unixepoch())", version,
                  migration.name, checksum_of(migration)));
  // A pragma takes no parameters; the number is our own.
  return db.run_script(("PRAGMA user_version = " + std::to_string(version)).c_str());
}

// in_transaction runs `work` and commits, or rolls back what it did.
template <class Work>
Status in_transaction(Connection& db, const Work& work) {
  AJWT_TRY(db.run("BEGIN IMMEDIATE"));
  Status done = work();
  if (done) done = db.run("COMMIT");
  if (!done && db.in_transaction()) AJWT_TRY(db.run("ROLLBACK"));
  return done;
}

Status begin_history(Connection& db) {
  AJWT_TRY(db.run_script(("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str()));
  return db.run_script(
      "CREATE TABLE IF NOT EXISTS schema_migrations ("
      "  version INTEGER PRIMARY KEY,"
      "  name TEXT NOT NULL,"
      "  checksum TEXT NOT NULL,"
      "  applied_at INTEGER NOT NULL"
      ") STRICT");
}

}  // namespace

std::span<const Migration> all_migrations() {
  static const std::array history{
      Migration{"first_light", kFirstLight},
      Migration{"activation_and_confirmation", kActivationAndConfirmation},
      Migration{"draft_00", kDraft00},
      Migration{"announced_keys", kAnnouncedKeys},
      Migration{"component_hashes", kComponentHashes},
      Migration{"draft_00_parts", kDraft00Parts},
      Migration{"audit_tiles", kAuditTiles},
  };
  return history;
}

Status check_database(Connection& db, std::string_view path) {
  Status checked = check_content(db, path);
  if (!checked && checked.error().message().empty()) return explain(checked.error(), path);
  return checked;
}

Status migrate(Connection& db, std::string_view path, std::span<const Migration> migrations) {
  AJWT_ASSIGN(const std::int64_t version, load_integer(db, "PRAGMA user_version"));
  if (version < 0 || version > static_cast<std::int64_t>(migrations.size())) {
    return too_new(path, version, migrations.size());
  }
  if (version == 0) AJWT_TRY(in_transaction(db, [&] { return begin_history(db); }));
  AJWT_TRY(check_applied(db, path, version, migrations));
  for (auto next = static_cast<std::size_t>(version); next < migrations.size(); ++next) {
    AJWT_TRY(in_transaction(
        db, [&] { return apply(db, static_cast<std::int64_t>(next) + 1, migrations[next]); }));
  }
  return ok();
}

}  // namespace ajwt::store
