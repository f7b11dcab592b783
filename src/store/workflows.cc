// SPDX-License-Identifier: Apache-2.0
//
// Workflow versions.
#include <utility>

#include "store/rows.h"
#include "store/sqlite_store.h"

namespace ajwt::store {

namespace {

using authority::AuditEntry;
using authority::FrozenGrant;
using authority::StoredWorkflow;

constexpr char kSelectWorkflow[] =
    "SELECT w.app_id, w.workflow_id, w.version, registered_at, registered_by, confirmation_rule, "
    "confirmed_by, confirmed_at, definition FROM workflows AS w "
    "LEFT JOIN workflow_confirmations AS c ON c.app_id = w.app_id "
    "AND c.workflow_id = w.workflow_id AND c.version = w.version ";
constexpr auto kFindVersion =
    join(kSelectWorkflow, "WHERE w.app_id = ?1 AND w.workflow_id = ?2 AND w.version = ?3");
constexpr auto kFindNewestWorkflow = join(
    kSelectWorkflow, "WHERE w.app_id = ?1 AND w.workflow_id = ?2 ORDER BY w.version DESC LIMIT 1");
constexpr auto kFindUsableWorkflow =
    join(kSelectWorkflow,
         "WHERE w.app_id = ?1 AND w.workflow_id = ?2 "
         "AND (confirmation_rule = 'none' OR confirmed_by IS NOT NULL) "
         "ORDER BY w.version DESC LIMIT 1");
constexpr auto kListWorkflowVersions =
    join(kSelectWorkflow, "WHERE w.app_id = ?1 AND w.workflow_id = ?2 ORDER BY w.version DESC");
constexpr auto kListNewestWorkflows =
    join(kSelectWorkflow,
         "WHERE w.app_id = ?1 AND w.version = (SELECT max(version) FROM workflows AS other WHERE "
         "other.app_id = w.app_id AND other.workflow_id = w.workflow_id) ORDER BY w.workflow_id");

Status freeze(Connection& db, const AppId& app_id, const FrozenGrant& grant) {
  AJWT_TRY(
      db.run("UPDATE registrations SET permissions = ?3, permissions_origin = 'frozen', "
             "row_version = row_version + 1 "
             "WHERE registration_id = ?1 AND app_id = ?2 AND permissions IS NULL",
             grant.registration_id, app_id, write_permissions(grant.grant)));
  if (db.changed_rows() != 1) return refuse(Code::k_state_changed, "agent_id");
  return ok();
}

Result<std::int64_t> newest_version(Connection& db, const StoredWorkflow& workflow) {
  AJWT_ASSIGN(Query query, db.query("SELECT coalesce(max(version), 0) FROM workflows "
                                    "WHERE app_id = ?1 AND workflow_id = ?2",
                                    workflow.app_id, workflow.workflow.workflow_id));
  AJWT_ASSIGN(const bool row, query.next());
  return row ? query.integer(0) : 0;
}

}  // namespace

Status SqliteStore::add_workflow(const StoredWorkflow& workflow,
                                 std::span<const FrozenGrant> grants, const AuditEntry& audit) {
  const std::string definition = write_definition(workflow.workflow);
  return write(audit, [&](Connection& db) -> Status {
    AJWT_ASSIGN(const std::int64_t newest, newest_version(db, workflow));
    if (workflow.version != newest + 1) return refuse(Code::k_state_changed, "workflow_id");
    AJWT_TRY(
        db.run("INSERT INTO workflows (app_id, workflow_id, version, definition, "
               "registered_at, registered_by, confirmation_rule) "
               "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
               workflow.app_id, workflow.workflow.workflow_id, workflow.version, definition,
               workflow.registered_at, workflow.registered_by, name(workflow.confirmation_rule)));
    for (const FrozenGrant& grant : grants) AJWT_TRY(freeze(db, workflow.app_id, grant));
    return ok();
  });
}

Status SqliteStore::confirm_workflow(const StoredWorkflow& workflow,
                                     std::span<const FrozenGrant> grants, const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    AJWT_TRY(
        db.run("INSERT INTO workflow_confirmations (app_id, workflow_id, version, confirmed_by, "
               "confirmed_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
               workflow.app_id, workflow.workflow.workflow_id, workflow.version,
               workflow.confirmation->confirmed_by, workflow.confirmation->confirmed_at));
    if (db.changed_rows() != 1) return refuse(Code::k_state_changed, "workflow_id");
    for (const FrozenGrant& grant : grants) AJWT_TRY(freeze(db, workflow.app_id, grant));
    return ok();
  });
}

Result<StoredWorkflow> SqliteStore::workflow_from(const Query& row) {
  // No id has a '|'. The definition is the last column, so that for a version that is cached
  // SQLite does not even read the pages that hold it.
  std::string cache_key = row.string(0) + "|" + row.string(1) + "|" + row.string(2);
  std::shared_ptr<const Workflow> workflow = workflows_.find(cache_key);
  if (workflow == nullptr) {
    AJWT_ASSIGN(Workflow parsed, parse_definition(row.text(8)));
    workflow = std::make_shared<const Workflow>(std::move(parsed));
    workflows_.add(std::move(cache_key), workflow);
  }
  AJWT_ASSIGN(const auto rule,
              parse_named<authority::ConfirmationRule>(row.text(5), "confirmation_rule"));
  std::optional<authority::Confirmation> confirmation;
  if (!row.is_null(6)) {
    confirmation = authority::Confirmation{.confirmed_by = ClientId::trusted(row.string(6)),
                                           .confirmed_at = row.instant(7)};
  }
  return StoredWorkflow{.app_id = AppId::trusted(row.string(0)),
                        .version = row.integer(2),
                        .workflow = *workflow,
                        .registered_at = row.instant(3),
                        .registered_by = ClientId::trusted(row.string(4)),
                        .confirmation_rule = rule,
                        .confirmation = std::move(confirmation)};
}

Result<std::optional<StoredWorkflow>> SqliteStore::workflow_version(
    Connection& db, const AppId& app_id, const WorkflowId& workflow_id,
    std::optional<std::int64_t> version) {
  AJWT_ASSIGN(Query query, version ? db.query(kFindVersion, app_id, workflow_id, *version)
                                   : db.query(kFindNewestWorkflow, app_id, workflow_id));
  AJWT_ASSIGN(const bool row, query.next());
  if (!row) return std::nullopt;
  return workflow_from(query);
}

Result<std::optional<StoredWorkflow>> SqliteStore::find_workflow(
    const AppId& app_id, const WorkflowId& workflow_id, std::optional<std::int64_t> version) {
  return read([&](Connection& db) { return workflow_version(db, app_id, workflow_id, version); });
}

Result<std::optional<StoredWorkflow>> SqliteStore::usable_workflow(Connection& db,
                                                                   const AppId& app_id,
                                                                   const WorkflowId& workflow_id) {
  AJWT_ASSIGN(Query query, db.query(kFindUsableWorkflow, app_id, workflow_id));
  AJWT_ASSIGN(const bool row, query.next());
  if (!row) return std::nullopt;
  return workflow_from(query);
}

Result<std::optional<StoredWorkflow>> SqliteStore::find_usable_workflow(
    const AppId& app_id, const WorkflowId& workflow_id) {
  return read([&](Connection& db) { return usable_workflow(db, app_id, workflow_id); });
}

Result<std::vector<StoredWorkflow>> SqliteStore::list_workflow_versions(
    const AppId& app_id, const WorkflowId& workflow_id) {
  return read([&](Connection& db) -> Result<std::vector<StoredWorkflow>> {
    AJWT_ASSIGN(Query query, db.query(kListWorkflowVersions, app_id, workflow_id));
    return collect<StoredWorkflow>(query, [this](const Query& row) { return workflow_from(row); });
  });
}

Result<std::vector<StoredWorkflow>> SqliteStore::list_workflows(const AppId& app_id) {
  return read([&](Connection& db) -> Result<std::vector<StoredWorkflow>> {
    AJWT_ASSIGN(Query query, db.query(kListNewestWorkflows, app_id));
    return collect<StoredWorkflow>(query, [this](const Query& row) { return workflow_from(row); });
  });
}

}  // namespace ajwt::store
