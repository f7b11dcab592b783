// SPDX-License-Identifier: Apache-2.0
//
// The two store calls of a mint.
#include <utility>

#include "store/basis.h"
#include "store/executions.h"
#include "store/sqlite_store.h"

namespace ajwt::store {

namespace {

using authority::MintCommit;
using authority::MintQuery;
using authority::MintRecords;

// mark_verified leaves row_version alone: no decision rests on the difference, so the first mints
// of an agent must not refuse one another.
Status mark_verified(Connection& db, const RegistrationId& registration_id) {
  return db.run(
      "UPDATE registrations SET state = 'verified' "
      "WHERE registration_id = ?1 AND state = 'registered'",
      registration_id);
}

Status write_mint(Connection& db, const MintCommit& mint) {
  AJWT_TRY(check_basis(db, mint.audit.basis));
  if (mint.first_mint_of) AJWT_TRY(mark_verified(db, *mint.first_mint_of));
  if (mint.step) AJWT_TRY(apply_step(db, *mint.step));
  return ok();
}

}  // namespace

Result<MintRecords> SqliteStore::load_mint_records(const MintQuery& query) {
  return read([&](Connection& db) -> Result<MintRecords> {
    MintRecords records;
    AJWT_ASSIGN(records.registration, acting_registration(db, query.app_id, query.agent_id));
    if (query.execution_id) {
      AJWT_ASSIGN(records.execution, load_execution(db, query.app_id, *query.execution_id));
    }
    if (records.execution) {
      AJWT_ASSIGN(records.workflow,
                  workflow_version(db, query.app_id, records.execution->workflow_id,
                                   records.execution->workflow_version));
    } else if (query.workflow_id) {
      AJWT_ASSIGN(records.workflow, usable_workflow(db, query.app_id, *query.workflow_id));
    }
    return records;
  });
}

std::vector<Status> SqliteStore::commit(std::span<const MintCommit> mints) {
  std::vector<Write> writes;
  writes.reserve(mints.size());
  for (const MintCommit& mint : mints) {
    writes.emplace_back([&mint, leaf = prepare_leaf(mint.audit)](Writer& writer) -> Status {
      if (!leaf) return leaf.error();
      AJWT_TRY(write_mint(writer.db(), mint));
      return writer.append_audit(*leaf);
    });
  }
  return queue_->run_all(writes);
}

}  // namespace ajwt::store
