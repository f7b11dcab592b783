// SPDX-License-Identifier: Apache-2.0
#include "store/executions.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "store/basis.h"
#include "store/rows.h"
#include "store/sqlite_store.h"

namespace ajwt::store {

namespace {

using authority::AuditEntry;
using authority::Execution;
using authority::StepChange;
using authority::StepRecord;
using authority::StepStatus;

constexpr char kSelectExecution[] =
    "SELECT execution_id, app_id, workflow_id, workflow_version, status, created_at, expires_at, "
    "row_version FROM executions ";
constexpr auto kFind = join(kSelectExecution, "WHERE execution_id = ?1 AND app_id = ?2");
constexpr auto kList = join(
    kSelectExecution, "WHERE app_id = ?1 ORDER BY created_at DESC, execution_id DESC LIMIT ?2");

Result<StepRecord> step_from(const Query& row) {
  AJWT_ASSIGN(const auto status, parse_named<StepStatus>(row.text(1), "step status"));
  StepRecord step{.step_id = StepId::trusted(row.string(0)),
                  .status = status,
                  .uses = row.integer(2),
                  .agent_id = std::nullopt,
                  .registration_id = std::nullopt,
                  .jkt = std::nullopt,
                  .sequence = row.integer(6),
                  .changed_at = row.instant(7)};
  if (!row.is_null(3)) step.agent_id = AgentId::trusted(row.string(3));
  if (!row.is_null(4)) step.registration_id = RegistrationId::trusted(row.string(4));
  if (!row.is_null(5)) step.jkt = row.string(5);
  return step;
}

Result<Execution> execution_from(const Query& row) {
  AJWT_ASSIGN(const auto status,
              parse_named<authority::ExecutionStatus>(row.text(4), "execution status"));
  return Execution{.execution_id = ExecutionId::trusted(row.string(0)),
                   .app_id = AppId::trusted(row.string(1)),
                   .workflow_id = WorkflowId::trusted(row.string(2)),
                   .workflow_version = row.integer(3),
                   .status = status,
                   .steps = {},
                   .created_at = row.instant(5),
                   .expires_at = row.instant(6),
                   .row_version = row.integer(7)};
}

Status load_steps(Connection& db, Execution& execution) {
  AJWT_ASSIGN(Query query,
              db.query("SELECT step_id, status, uses, agent_id, registration_id, jkt, sequence, "
                       "changed_at FROM steps WHERE execution_id = ?1 ORDER BY position",
                       execution.execution_id));
  AJWT_ASSIGN(execution.steps, collect<StepRecord>(query, step_from));
  return ok();
}

Status insert_step(Connection& db, const ExecutionId& execution_id, std::size_t position,
                   const StepRecord& step) {
  return db.run(
      "INSERT INTO steps (execution_id, step_id, position, status, uses, agent_id, "
      "registration_id, jkt, sequence, changed_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
      execution_id, step.step_id, position, name(step.status), step.uses, step.agent_id,
      step.registration_id, step.jkt, step.sequence, step.changed_at);
}

// sequence_for returns the place in the order of completion: kept by a step that was done already,
// the next one for a step that becomes done, none for any other.
Result<std::int64_t> sequence_for(Connection& db, const StepChange& change) {
  if (change.step.status != StepStatus::kDone) return 0;
  AJWT_ASSIGN(Query query,
              db.query("SELECT CASE WHEN status = 'done' THEN sequence ELSE (SELECT max(sequence) "
                       "+ 1 FROM steps WHERE execution_id = ?1) END FROM steps "
                       "WHERE execution_id = ?1 AND step_id = ?2",
                       change.execution.execution_id, change.step.step_id));
  AJWT_ASSIGN(const bool row, query.next());
  if (!row) return refuse(Code::k_state_changed, "workflow_step");
  return query.integer(0);
}

}  // namespace

Result<std::optional<Execution>> load_execution(Connection& db, const AppId& app_id,
                                                const ExecutionId& execution_id) {
  AJWT_ASSIGN(Query query, db.query(kFind, execution_id, app_id));
  AJWT_ASSIGN(const bool row, query.next());
  if (!row) return std::nullopt;
  AJWT_ASSIGN(Execution execution, execution_from(query));
  AJWT_TRY(load_steps(db, execution));
  return execution;
}

Status apply_step(Connection& db, const StepChange& change) {
  AJWT_TRY(check_execution(db, change.execution));
  AJWT_TRY(db.run("UPDATE executions SET row_version = row_version + 1 WHERE execution_id = ?1",
                  change.execution.execution_id));
  AJWT_ASSIGN(const std::int64_t sequence, sequence_for(db, change));
  const StepRecord& step = change.step;
  AJWT_TRY(
      db.run("UPDATE steps SET status = ?3, uses = ?4, agent_id = ?5, registration_id = ?6, "
             "jkt = ?7, sequence = ?8, changed_at = ?9 "
             "WHERE execution_id = ?1 AND step_id = ?2",
             change.execution.execution_id, step.step_id, name(step.status), step.uses,
             step.agent_id, step.registration_id, step.jkt, sequence, step.changed_at));
  if (db.changed_rows() != 1) return refuse(Code::k_state_changed, "workflow_step");
  return ok();
}

Status SqliteStore::open_execution(const Execution& execution, const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    AJWT_TRY(db.run(
        "INSERT INTO executions (execution_id, app_id, workflow_id, workflow_version, "
        "status, created_at, expires_at, row_version) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        execution.execution_id, execution.app_id, execution.workflow_id, execution.workflow_version,
        name(execution.status), execution.created_at, execution.expires_at, execution.row_version));
    for (std::size_t i = 0; i < execution.steps.size(); ++i) {
      AJWT_TRY(insert_step(db, execution.execution_id, i, execution.steps[i]));
    }
    return ok();
  });
}

Result<std::optional<Execution>> SqliteStore::find_execution(const AppId& app_id,
                                                             const ExecutionId& execution_id) {
  return read([&](Connection& db) { return load_execution(db, app_id, execution_id); });
}

Result<std::vector<Execution>> SqliteStore::list_executions(const AppId& app_id,
                                                            std::size_t limit) {
  const auto rows = static_cast<std::int64_t>(
      std::min(limit, static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max())));
  return read([&](Connection& db) -> Result<std::vector<Execution>> {
    AJWT_ASSIGN(Query query, db.query(kList, app_id, rows));
    AJWT_ASSIGN(std::vector<Execution> executions, collect<Execution>(query, execution_from));
    for (Execution& execution : executions) AJWT_TRY(load_steps(db, execution));
    return executions;
  });
}

Status SqliteStore::change_step(const StepChange& change, const AuditEntry& audit) {
  return write(audit, [&](Connection& db) { return apply_step(db, change); });
}

Status SqliteStore::close_execution(const ExecutionId& execution_id,
                                    std::int64_t expected_row_version, Instant now,
                                    const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    AJWT_TRY(
        db.run("UPDATE executions SET status = 'closed', closed_at = ?3, "
               "row_version = row_version + 1 "
               "WHERE execution_id = ?1 AND row_version = ?2 AND status = 'open'",
               execution_id, expected_row_version, now));
    if (db.changed_rows() != 1) return refuse(Code::k_state_changed, "execution_id");
    return ok();
  });
}

}  // namespace ajwt::store
