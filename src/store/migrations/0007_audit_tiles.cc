// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.h"

namespace ajwt::store {

// Hashes of the Merkle tree over the audit log, 256 of a row (store/audit_tree.h). Those of a log
// that is older are made from its leaves at the first start. An entry is found by the id that
// answers carry.
const char* const kAuditTiles = R"sql(
CREATE TABLE audit_tiles (
  level INTEGER NOT NULL,
  tile_index INTEGER NOT NULL,
  hashes BLOB NOT NULL,
  PRIMARY KEY (level, tile_index)
) STRICT;
CREATE TRIGGER audit_tile_never_changes BEFORE UPDATE ON audit_tiles
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_tile_stays BEFORE DELETE ON audit_tiles
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE INDEX audit_by_decision ON audit (decision_id);
)sql";

}  // namespace ajwt::store
