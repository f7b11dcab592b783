// SPDX-License-Identifier: Apache-2.0
//
// The audit log.
#include <algorithm>
#include <limits>

#include "store/sqlite_store.h"

namespace ajwt::store {

namespace {

using authority::AuditEntry;
using authority::AuditLeaf;

Result<AuditLeaf> leaf_from(const Query& row) {
  return AuditLeaf{.sequence = row.integer(0),
                   .app_id = AppId::trusted(row.string(1)),
                   .bytes = row.string(2),
                   .salt = row.bytes(3)};
}

}  // namespace

Status SqliteStore::append_audit(const AuditEntry& audit) {
  return write(audit, [](Connection&) { return ok(); });
}

Result<std::vector<AuditLeaf>> SqliteStore::list_audit(std::int64_t after, std::size_t limit,
                                                       const std::optional<AppId>& app_id) {
  const auto rows = static_cast<std::int64_t>(
      std::min(limit, static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max())));
  return read([&](Connection& db) -> Result<std::vector<AuditLeaf>> {
    AJWT_ASSIGN(Query query,
                app_id ? db.query("SELECT sequence, app_id, leaf, salt FROM audit "
                                  "WHERE sequence > ?1 AND app_id = ?3 ORDER BY sequence LIMIT ?2",
                                  after, rows, *app_id)
                       : db.query("SELECT sequence, app_id, leaf, salt FROM audit "
                                  "WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
                                  after, rows));
    return collect<AuditLeaf>(query, leaf_from);
  });
}

}  // namespace ajwt::store
