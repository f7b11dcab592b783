// SPDX-License-Identifier: Apache-2.0
//
// Registrations of agents.
#include <utility>

#include "store/rows.h"
#include "store/sqlite_store.h"

namespace ajwt::store {

namespace {

using authority::AuditEntry;
using authority::Registration;

constexpr char kSelect[] =
    "SELECT registration_id, app_id, agent_id, version, state, checksum, profile, recomputed, "
    "public_key, jkt, permissions, autonomy, sealed_components, registered_at, row_version, "
    "permissions_origin, activated_at, component_hmacs FROM registrations AS r ";
constexpr auto kFindNewest =
    join(kSelect, "WHERE app_id = ?1 AND agent_id = ?2 ORDER BY version DESC LIMIT 1");
constexpr auto kFindActing =
    join(kSelect,
         "WHERE app_id = ?1 AND agent_id = ?2 AND activated_at IS NOT NULL AND state <> 'updated'");
constexpr auto kListVersions =
    join(kSelect, "WHERE app_id = ?1 AND agent_id = ?2 ORDER BY version DESC");
constexpr auto kListNewest =
    join(kSelect,
         "WHERE app_id = ?1 AND version = (SELECT max(version) FROM registrations AS other "
         "WHERE other.app_id = r.app_id AND other.agent_id = r.agent_id) ORDER BY agent_id");

std::optional<std::string> permissions_text(const std::optional<Grant>& grant) {
  if (!grant) return std::nullopt;
  return write_permissions(*grant);
}

Result<std::int64_t> newest_version(Connection& db, const Registration& registration) {
  AJWT_ASSIGN(Query query, db.query("SELECT coalesce(max(version), 0) FROM registrations "
                                    "WHERE app_id = ?1 AND agent_id = ?2",
                                    registration.app_id, registration.agent_id));
  AJWT_ASSIGN(const bool row, query.next());
  return row ? query.integer(0) : 0;
}

Status check_not_revoked(Connection& db, const AppId& app_id, const AgentId& agent_id) {
  AJWT_ASSIGN(Query query, db.query("SELECT 1 FROM registrations WHERE app_id = ?1 "
                                    "AND agent_id = ?2 AND state = 'revoked' LIMIT 1",
                                    app_id, agent_id));
  AJWT_ASSIGN(const bool revoked, query.next());
  return revoked ? refuse(Code::k_state_changed, "agent_id") : ok();
}

// retire_before lets the versions before an activated one give way, or, before one that waits,
// those that wait.
Status retire_before(Connection& db, const Registration& next) {
  return db.run(
      "UPDATE registrations SET state = 'updated', row_version = row_version + 1 "
      "WHERE app_id = ?1 AND agent_id = ?2 AND version < ?3 AND state IN ('registered', 'verified')"
      " AND (?4 OR activated_at IS NULL)",
      next.app_id, next.agent_id, next.version, next.is_activated());
}

Status insert(Connection& db, const Registration& r) {
  return db.run(
      "INSERT INTO registrations (registration_id, app_id, agent_id, version, state, checksum, "
      "profile, recomputed, public_key, jkt, permissions, autonomy, sealed_components, "
      "registered_at, row_version, permissions_origin, activated_at, "
      "component_hmacs) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, "
      "?18)",
      r.registration_id, r.app_id, r.agent_id, r.version, name(r.state), r.checksum,
      name(r.profile), r.recomputed, write_key(r.key), r.jkt, permissions_text(r.grant),
      name(r.autonomy), r.sealed_components, r.registered_at, r.row_version, name(r.grant_origin),
      r.activated_at, r.component_hmacs);
}

Result<std::optional<Bytes>> load_component_key(Connection& db, const AppId& app_id) {
  AJWT_ASSIGN(Query query, db.query("SELECT sealed FROM component_keys WHERE app_id = ?1", app_id));
  AJWT_ASSIGN(const bool row, query.next());
  return row ? std::optional(query.bytes(0)) : std::nullopt;
}

}  // namespace

Status SqliteStore::add_registration(const Registration& registration, const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    AJWT_ASSIGN(const std::int64_t newest, newest_version(db, registration));
    if (registration.version != newest + 1) return refuse(Code::k_state_changed, "agent_id");
    AJWT_TRY(check_not_revoked(db, registration.app_id, registration.agent_id));
    AJWT_TRY(retire_before(db, registration));
    return insert(db, registration);
  });
}

Status SqliteStore::activate_registration(const Registration& registration,
                                          const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    AJWT_ASSIGN(const std::int64_t newest, newest_version(db, registration));
    if (registration.version != newest) return refuse(Code::k_state_changed, "agent_id");
    AJWT_TRY(retire_before(db, registration));
    AJWT_TRY(
        db.run("UPDATE registrations SET activated_at = ?4, permissions = ?5, "
               "permissions_origin = ?6, row_version = row_version + 1 "
               "WHERE registration_id = ?1 AND app_id = ?2 AND row_version = ?3 "
               "AND activated_at IS NULL AND state = 'registered'",
               registration.registration_id, registration.app_id, registration.row_version,
               registration.activated_at, permissions_text(registration.grant),
               name(registration.grant_origin)));
    if (db.changed_rows() != 1) return refuse(Code::k_state_changed, "agent_id");
    return ok();
  });
}

Result<Registration> SqliteStore::registration_from(const Query& row) {
  AJWT_ASSIGN(const auto state,
              parse_named<authority::RegistrationState>(row.text(4), "registration state"));
  AJWT_ASSIGN(const ChecksumProfile profile, parse_profile(row.text(6)));
  AJWT_ASSIGN(crypto::PublicKey key, key_from(row.text(8)));
  AJWT_ASSIGN(const auto autonomy, parse_named<authority::Autonomy>(row.text(11), "autonomy"));
  AJWT_ASSIGN(const auto origin,
              parse_named<authority::GrantOrigin>(row.text(15), "permissions_origin"));
  std::optional<Grant> grant;
  if (!row.is_null(10)) {
    AJWT_ASSIGN(grant, parse_permissions(row.text(10)));
  }
  std::optional<Instant> activated_at;
  if (!row.is_null(16)) activated_at = row.instant(16);
  return Registration{.registration_id = RegistrationId::trusted(row.string(0)),
                      .app_id = AppId::trusted(row.string(1)),
                      .agent_id = AgentId::trusted(row.string(2)),
                      .version = row.integer(3),
                      .state = state,
                      .checksum = row.string(5),
                      .profile = profile,
                      .recomputed = row.boolean(7),
                      .key = std::move(key),
                      .jkt = row.string(9),
                      .grant = std::move(grant),
                      .grant_origin = origin,
                      .autonomy = autonomy,
                      .sealed_components = row.bytes(12),
                      .component_hmacs = row.string(17),
                      .registered_at = row.instant(13),
                      .activated_at = activated_at,
                      .row_version = row.integer(14)};
}

Result<std::optional<Registration>> SqliteStore::newest_registration(Connection& db,
                                                                     const AppId& app_id,
                                                                     const AgentId& agent_id) {
  AJWT_ASSIGN(Query query, db.query(kFindNewest, app_id, agent_id));
  AJWT_ASSIGN(const bool row, query.next());
  if (!row) return std::nullopt;
  return registration_from(query);
}

Result<std::optional<Registration>> SqliteStore::acting_registration(Connection& db,
                                                                     const AppId& app_id,
                                                                     const AgentId& agent_id) {
  AJWT_ASSIGN(Query query, db.query(kFindActing, app_id, agent_id));
  AJWT_ASSIGN(const bool row, query.next());
  if (row) return registration_from(query);
  return newest_registration(db, app_id, agent_id);
}

Result<std::optional<Registration>> SqliteStore::find_registration(const AppId& app_id,
                                                                   const AgentId& agent_id) {
  return read([&](Connection& db) { return newest_registration(db, app_id, agent_id); });
}

Result<std::optional<Registration>> SqliteStore::find_acting_registration(const AppId& app_id,
                                                                          const AgentId& agent_id) {
  return read([&](Connection& db) { return acting_registration(db, app_id, agent_id); });
}

Result<std::vector<Registration>> SqliteStore::list_registrations(const AppId& app_id) {
  return read([&](Connection& db) -> Result<std::vector<Registration>> {
    AJWT_ASSIGN(Query query, db.query(kListNewest, app_id));
    return collect<Registration>(query,
                                 [this](const Query& row) { return registration_from(row); });
  });
}

Result<std::vector<Registration>> SqliteStore::list_versions(const AppId& app_id,
                                                             const AgentId& agent_id) {
  return read([&](Connection& db) -> Result<std::vector<Registration>> {
    AJWT_ASSIGN(Query query, db.query(kListVersions, app_id, agent_id));
    return collect<Registration>(query,
                                 [this](const Query& row) { return registration_from(row); });
  });
}

Result<std::optional<AgentId>> SqliteStore::find_same_checksum(const AppId& app_id,
                                                               const AgentId& agent_id,
                                                               std::string_view checksum) {
  return read([&](Connection& db) -> Result<std::optional<AgentId>> {
    AJWT_ASSIGN(Query query,
                db.query("SELECT agent_id FROM registrations WHERE app_id = ?1 AND checksum = ?2 "
                         "AND agent_id <> ?3 ORDER BY agent_id LIMIT 1",
                         app_id, checksum, agent_id));
    AJWT_ASSIGN(const bool row, query.next());
    if (!row) return std::nullopt;
    return AgentId::trusted(query.string(0));
  });
}

Status SqliteStore::update_grant(const Registration& registration, const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    AJWT_TRY(
        db.run("UPDATE registrations SET permissions = ?4, permissions_origin = ?5, "
               "row_version = row_version + 1 "
               "WHERE registration_id = ?1 AND app_id = ?2 AND row_version = ?3",
               registration.registration_id, registration.app_id, registration.row_version,
               permissions_text(registration.grant), name(registration.grant_origin)));
    if (db.changed_rows() == 1) return ok();
    AJWT_ASSIGN(Query query, db.query("SELECT 1 FROM registrations WHERE registration_id = ?1 "
                                      "AND app_id = ?2",
                                      registration.registration_id, registration.app_id));
    AJWT_ASSIGN(const bool exists, query.next());
    if (exists) return refuse(Code::k_state_changed, "agent_id");
    return refuse(Code::k_not_found, "agent_id");
  });
}

Status SqliteStore::revoke_agent(const AppId& app_id, const AgentId& agent_id,
                                 const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    AJWT_TRY(
        db.run("UPDATE registrations SET state = 'revoked', row_version = row_version + 1 "
               "WHERE app_id = ?1 AND agent_id = ?2 AND state IN ('registered', 'verified')",
               app_id, agent_id));
    if (db.changed_rows() == 0) return refuse(Code::k_state_changed, "agent_id");
    return ok();
  });
}

Result<std::optional<Bytes>> SqliteStore::find_component_key(const AppId& app_id) {
  return read([&](Connection& db) { return load_component_key(db, app_id); });
}

Result<Bytes> SqliteStore::keep_component_key(const AppId& app_id, const Bytes& sealed) {
  std::optional<Bytes> kept;
  // The primary key decides between two that race.
  const Status done = queue_->run([&](Writer& writer) -> Status {
    AJWT_TRY(writer.db().run(
        "INSERT INTO component_keys (app_id, sealed) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        app_id, sealed));
    AJWT_ASSIGN(kept, load_component_key(writer.db(), app_id));
    return ok();
  });
  AJWT_TRY(done);
  if (!kept) return refuse(Code::k_internal_error).with_detail("a key was not kept");
  return *std::move(kept);
}

}  // namespace ajwt::store
