// SPDX-License-Identifier: Apache-2.0
//
// Profile draft-00: clients, agents, registrations and workflows of its own (protocol 5.3).
#include <algorithm>
#include <utility>

#include "json/write.h"
#include "protocol/draft_workflow.h"
#include "store/rows.h"
#include "store/sqlite_store.h"

namespace ajwt::store {

namespace {

using authority::AuditEntry;
using authority::DraftAgent;
using authority::DraftAgentRecords;
using authority::DraftClient;
using authority::DraftCounts;
using authority::DraftRegistration;
using authority::DraftWorkflow;

constexpr char kSelectDraftClients[] =
    "SELECT client_id, app_id, secret_sha256, scopes, disabled, row_version, created_at "
    "FROM draft_clients ";
constexpr auto kFindDraftClient = join(kSelectDraftClients, "WHERE client_id = ?1");
constexpr auto kListDraftClients =
    join(kSelectDraftClients, "WHERE app_id = ?1 ORDER BY client_id");

// Whether the agent of a row of draft_agents AS a is or was registered with a key.
constexpr char kHasKey[] =
    "EXISTS (SELECT 1 FROM registrations AS k WHERE k.app_id = a.app_id "
    "AND k.agent_id = a.agent_id)";

// Each agent with its newest registration, if it has one.
constexpr char kDraftAgentColumns[] =
    "SELECT a.app_id, a.agent_id, a.permissions, a.set_by, a.set_at, a.ended_at, a.row_version, ";
constexpr char kDraftAgentTables[] =
    ", r.registration_id, r.version, r.checksum, r.profile, r.claimed_key, r.registered_at "
    "FROM draft_agents AS a LEFT JOIN draft_registrations AS r "
    "ON r.app_id = a.app_id AND r.agent_id = a.agent_id AND r.version = "
    "(SELECT max(version) FROM draft_registrations AS n WHERE n.app_id = a.app_id "
    "AND n.agent_id = a.agent_id) ";
constexpr auto kFindDraftAgent =
    join(kDraftAgentColumns, kHasKey, kDraftAgentTables, "WHERE a.app_id = ?1 AND a.agent_id = ?2");
constexpr auto kListDraftAgents =
    join(kDraftAgentColumns, kHasKey, kDraftAgentTables, "WHERE a.app_id = ?1 ORDER BY a.agent_id");

constexpr auto kCountDraft00 = join(
    "SELECT (SELECT count(*) FROM draft_clients WHERE disabled = 0), "
    "(SELECT count(*) FROM draft_agents AS a WHERE a.ended_at IS NULL AND NOT ",
    kHasKey, ")");

Result<DraftClient> draft_client_from(const Query& row) {
  AJWT_ASSIGN(std::vector<std::string> scopes, parse_list(row.text(3)));
  const Bytes stored = row.bytes(2);
  Digest digest{};
  if (stored.size() != digest.size()) return unreadable("secret_sha256");
  std::copy(stored.begin(), stored.end(), digest.begin());
  return DraftClient{.client_id = ClientId::trusted(row.string(0)),
                     .app_id = AppId::trusted(row.string(1)),
                     .secret_sha256 = digest,
                     .scopes = std::move(scopes),
                     .disabled = row.boolean(4),
                     .row_version = row.integer(5),
                     .created_at = row.instant(6)};
}

Result<DraftRegistration> draft_registration_from(const Query& row) {
  AJWT_ASSIGN(const ChecksumProfile profile, parse_profile(row.text(11)));
  std::optional<crypto::PublicKey> key;
  if (!row.is_null(12)) {
    AJWT_ASSIGN(key, parse_key(row.text(12)));
  }
  return DraftRegistration{.registration_id = RegistrationId::trusted(row.string(8)),
                           .app_id = AppId::trusted(row.string(0)),
                           .agent_id = AgentId::trusted(row.string(1)),
                           .version = row.integer(9),
                           .checksum = row.string(10),
                           .profile = profile,
                           .claimed_key = std::move(key),
                           .registered_at = row.instant(13)};
}

Result<DraftAgentRecords> draft_agent_from(const Query& row) {
  AJWT_ASSIGN(Grant grant, parse_permissions(row.text(2)));
  std::optional<Instant> ended_at;
  if (!row.is_null(5)) ended_at = row.instant(5);
  DraftAgentRecords records{.agent = DraftAgent{.app_id = AppId::trusted(row.string(0)),
                                                .agent_id = AgentId::trusted(row.string(1)),
                                                .grant = std::move(grant),
                                                .set_by = ClientId::trusted(row.string(3)),
                                                .set_at = row.instant(4),
                                                .ended_at = ended_at,
                                                .has_key = row.boolean(7),
                                                .row_version = row.integer(6)},
                            .registration = std::nullopt};
  if (!row.is_null(8)) {
    AJWT_ASSIGN(records.registration, draft_registration_from(row));
  }
  return records;
}

Result<bool> has_row(Result<Query> query) {
  AJWT_ASSIGN(Query found, std::move(query));
  return found.next();
}

Status insert_draft_registration(Connection& db, const DraftRegistration& registration) {
  AJWT_TRY(
      db.run("UPDATE draft_agents SET row_version = row_version + 1 "
             "WHERE app_id = ?1 AND agent_id = ?2 AND ?3 = 1 + (SELECT coalesce(max(version), 0) "
             "FROM draft_registrations AS r WHERE r.app_id = ?1 AND r.agent_id = ?2)",
             registration.app_id, registration.agent_id, registration.version));
  if (db.changed_rows() != 1) return refuse(Code::k_state_changed, "agent_id");
  std::optional<std::string> key;
  if (registration.claimed_key) key = write_key(*registration.claimed_key);
  return db.run(
      "INSERT INTO draft_registrations (registration_id, app_id, agent_id, version, checksum, "
      "profile, claimed_key, sealed_components, registered_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, x'', ?8)",  // see migrations/0006_draft_00_parts.cc
      registration.registration_id, registration.app_id, registration.agent_id,
      registration.version, registration.checksum, name(registration.profile), key,
      registration.registered_at);
}

}  // namespace

Status SqliteStore::create_draft_client(const DraftClient& client, const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    AJWT_ASSIGN(const bool taken,
                has_row(db.query("SELECT 1 FROM clients WHERE client_id = ?1", client.client_id)));
    if (taken) return refuse(Code::k_already_exists, "client_id");
    AJWT_TRY(
        db.run("INSERT INTO draft_clients (client_id, app_id, secret_sha256, scopes, disabled, "
               "row_version, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
               "ON CONFLICT DO NOTHING",
               client.client_id, client.app_id, client.secret_sha256, write_list(client.scopes),
               client.disabled, client.row_version, client.created_at));
    if (db.changed_rows() != 1) return refuse(Code::k_already_exists, "client_id");
    return ok();
  });
}

Result<std::optional<DraftClient>> SqliteStore::find_draft_client(const ClientId& client_id) {
  return read([&](Connection& db) -> Result<std::optional<DraftClient>> {
    AJWT_ASSIGN(Query query, db.query(kFindDraftClient, client_id));
    AJWT_ASSIGN(const bool row, query.next());
    if (!row) return std::nullopt;
    return draft_client_from(query);
  });
}

Result<std::vector<DraftClient>> SqliteStore::list_draft_clients(const AppId& app_id) {
  return read([&](Connection& db) -> Result<std::vector<DraftClient>> {
    AJWT_ASSIGN(Query query, db.query(kListDraftClients, app_id));
    return collect<DraftClient>(query, draft_client_from);
  });
}

Status SqliteStore::disable_draft_client(const ClientId& client_id, const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    AJWT_TRY(
        db.run("UPDATE draft_clients SET disabled = 1, row_version = row_version + 1 "
               "WHERE client_id = ?1",
               client_id));
    return db.changed_rows() == 1 ? ok() : refuse(Code::k_not_found, "client_id");
  });
}

Status SqliteStore::set_draft_agent(const DraftAgent& agent, const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    AJWT_ASSIGN(const bool has_key,
                has_row(db.query("SELECT 1 FROM registrations WHERE app_id = ?1 AND agent_id = ?2",
                                 agent.app_id, agent.agent_id)));
    if (has_key) return refuse(Code::k_draft_profile_closed, agent.agent_id.str());
    return db.run(
        "INSERT INTO draft_agents (app_id, agent_id, permissions, set_by, set_at, row_version) "
        "VALUES (?1, ?2, ?3, ?4, ?5, 1) ON CONFLICT (app_id, agent_id) DO UPDATE SET "
        "permissions = ?3, set_by = ?4, set_at = ?5, ended_at = NULL, "
        "row_version = row_version + 1",
        agent.app_id, agent.agent_id, write_permissions(agent.grant), agent.set_by, agent.set_at);
  });
}

Status SqliteStore::end_draft_agent(const AppId& app_id, const AgentId& agent_id, Instant now,
                                    const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    AJWT_TRY(
        db.run("UPDATE draft_agents SET ended_at = coalesce(ended_at, ?3), "
               "row_version = row_version + 1 WHERE app_id = ?1 AND agent_id = ?2",
               app_id, agent_id, now));
    return db.changed_rows() == 1 ? ok() : refuse(Code::k_not_found, "agent_id");
  });
}

Result<std::optional<DraftAgentRecords>> SqliteStore::find_draft_agent(const AppId& app_id,
                                                                       const AgentId& agent_id) {
  return read([&](Connection& db) -> Result<std::optional<DraftAgentRecords>> {
    AJWT_ASSIGN(Query query, db.query(kFindDraftAgent, app_id, agent_id));
    AJWT_ASSIGN(const bool row, query.next());
    if (!row) return std::nullopt;
    return draft_agent_from(query);
  });
}

Result<std::vector<DraftAgentRecords>> SqliteStore::list_draft_agents(const AppId& app_id) {
  return read([&](Connection& db) -> Result<std::vector<DraftAgentRecords>> {
    AJWT_ASSIGN(Query query, db.query(kListDraftAgents, app_id));
    return collect<DraftAgentRecords>(query, draft_agent_from);
  });
}

Status SqliteStore::add_draft_registrations(std::span<const DraftRegistration> registrations,
                                            const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    for (const DraftRegistration& registration : registrations) {
      AJWT_TRY(insert_draft_registration(db, registration));
    }
    return ok();
  });
}

Status SqliteStore::add_draft_workflows(std::span<const DraftWorkflow> workflows,
                                        const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    for (const DraftWorkflow& workflow : workflows) {
      const std::string id = workflow.workflow.workflow_id.str();
      AJWT_TRY(
          db.run("INSERT INTO draft_workflows (app_id, workflow_id, definition, registered_by, "
                 "registered_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                 workflow.app_id, id, json::write(workflow.definition), workflow.registered_by,
                 workflow.registered_at));
      if (db.changed_rows() != 1) return refuse(Code::k_state_changed, "workflow_id");
    }
    return ok();
  });
}

Result<std::optional<DraftWorkflow>> SqliteStore::find_draft_workflow(
    const AppId& app_id, const WorkflowId& workflow_id) {
  return read([&](Connection& db) -> Result<std::optional<DraftWorkflow>> {
    AJWT_ASSIGN(Query query, db.query("SELECT definition, registered_by, registered_at FROM "
                                      "draft_workflows WHERE app_id = ?1 AND workflow_id = ?2",
                                      app_id, workflow_id));
    AJWT_ASSIGN(const bool row, query.next());
    if (!row) return std::nullopt;
    AJWT_ASSIGN(json::Object definition, parse_document(query.text(0), "workflow definition"));
    auto workflow = parse_draft_workflow(definition);
    if (!workflow) return unreadable("workflow definition");
    return DraftWorkflow{.app_id = app_id,
                         .definition = std::move(definition),
                         .workflow = *std::move(workflow),
                         .registered_by = ClientId::trusted(query.string(1)),
                         .registered_at = query.instant(2)};
  });
}

Result<DraftCounts> SqliteStore::count_draft_00() {
  return read([](Connection& db) -> Result<DraftCounts> {
    AJWT_ASSIGN(Query query, db.query(kCountDraft00));
    AJWT_TRY(query.next());
    return DraftCounts{.clients = query.integer(0), .agents = query.integer(1)};
  });
}

}  // namespace ajwt::store
