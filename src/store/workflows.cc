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
    "SELECT app_id, workflow_id, version, registered_at, definition FROM workflows AS w ";
constexpr auto kFindVersion =
    join(kSelectWorkflow, "WHERE app_id = ?1 AND workflow_id = ?2 AND version = ?3");
constexpr auto kFindNewestWorkflow =
    join(kSelectWorkflow, "WHERE app_id = ?1 AND workflow_id = ?2 ORDER BY version DESC LIMIT 1");
constexpr auto kListNewestWorkflows =
    join(kSelectWorkflow,
         "WHERE app_id = ?1 AND version = (SELECT max(version) FROM workflows AS other WHERE "
         "other.app_id = w.app_id AND other.workflow_id = w.workflow_id) ORDER BY workflow_id");

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
               "registered_at) VALUES (?1, ?2, ?3, ?4, ?5)",
               workflow.app_id, workflow.workflow.workflow_id, workflow.version, definition,
               workflow.registered_at));
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
    AJWT_ASSIGN(Workflow parsed, parse_definition(row.text(4)));
    workflow = std::make_shared<const Workflow>(std::move(parsed));
    workflows_.add(std::move(cache_key), workflow);
  }
  return StoredWorkflow{.app_id = AppId::trusted(row.string(0)),
                        .version = row.integer(2),
                        .workflow = *workflow,
                        .registered_at = row.instant(3)};
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

Result<std::vector<StoredWorkflow>> SqliteStore::list_workflows(const AppId& app_id) {
  return read([&](Connection& db) -> Result<std::vector<StoredWorkflow>> {
    AJWT_ASSIGN(Query query, db.query(kListNewestWorkflows, app_id));
    return collect<StoredWorkflow>(query, [this](const Query& row) { return workflow_from(row); });
  });
}

}  // namespace ajwt::store
