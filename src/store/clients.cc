// SPDX-License-Identifier: Apache-2.0
//
// Applications, clients and the assertions that they have used.
#include <algorithm>
#include <utility>

#include "crypto/hash.h"
#include "store/rows.h"
#include "store/sqlite_store.h"

namespace ajwt::store {

namespace {

using authority::Application;
using authority::AuditEntry;
using authority::Client;

constexpr char kSelectApplications[] =
    "SELECT app_id, name, workflow_rule, checksum_in_tokens, accepts_reference_checksum, "
    "audiences, created_at, row_version, activation, workflow_confirmation FROM applications ";
constexpr auto kFindApplication = join(kSelectApplications, "WHERE app_id = ?1");
constexpr auto kListApplications = join(kSelectApplications, "ORDER BY app_id");

constexpr char kSelectClients[] =
    "SELECT client_id, app_id, auth, secret_sha256, public_key, scopes, audiences, disabled, "
    "row_version, created_at FROM clients ";
constexpr auto kFindClient = join(kSelectClients, "WHERE client_id = ?1");
constexpr auto kListClients = join(kSelectClients, "WHERE app_id = ?1 ORDER BY client_id");

Result<Application> application_from(const Query& row) {
  AJWT_ASSIGN(const auto rule, parse_named<authority::WorkflowRule>(row.text(2), "workflow_rule"));
  AJWT_ASSIGN(std::vector<std::string> audiences, parse_list(row.text(5)));
  AJWT_ASSIGN(const auto activation,
              parse_named<authority::ActivationRule>(row.text(8), "activation"));
  AJWT_ASSIGN(const auto confirmation,
              parse_named<authority::ConfirmationRule>(row.text(9), "workflow_confirmation"));
  return Application{.app_id = AppId::trusted(row.string(0)),
                     .name = row.string(1),
                     .workflow_rule = rule,
                     .checksum_in_tokens = row.boolean(3),
                     .accepts_reference_checksum = row.boolean(4),
                     .activation = activation,
                     .workflow_confirmation = confirmation,
                     .audiences = std::move(audiences),
                     .row_version = row.integer(7),
                     .created_at = row.instant(6)};
}

std::optional<std::string> key_text(const Client& client) {
  if (!client.public_key) return std::nullopt;
  return write_key(*client.public_key);
}

// name_parameter replaces what the database says of a constraint by what the caller asked for.
Status name_parameter(Status status, std::string_view taken, std::string_view missing) {
  if (status) return status;
  const Code code = status.error().code();
  if (code == Code::k_already_exists) return refuse(code, std::string(taken));
  if (code == Code::k_not_found) return refuse(code, std::string(missing));
  return status;
}

}  // namespace

Status SqliteStore::create_application(const Application& application, const AuditEntry& audit) {
  return write(audit, [&](Connection& db) {
    return name_parameter(
        db.run("INSERT INTO applications (app_id, name, workflow_rule, checksum_in_tokens, "
               "accepts_reference_checksum, audiences, created_at, row_version, activation, "
               "workflow_confirmation) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
               application.app_id, application.name, name(application.workflow_rule),
               application.checksum_in_tokens, application.accepts_reference_checksum,
               write_list(application.audiences), application.created_at, application.row_version,
               name(application.activation), name(application.workflow_confirmation)),
        "app_id", "");
  });
}

Result<std::optional<Application>> SqliteStore::find_application(const AppId& app_id) {
  return read([&](Connection& db) -> Result<std::optional<Application>> {
    AJWT_ASSIGN(Query query, db.query(kFindApplication, app_id));
    AJWT_ASSIGN(const bool row, query.next());
    if (!row) return std::nullopt;
    return application_from(query);
  });
}

Result<std::vector<Application>> SqliteStore::list_applications() {
  return read([&](Connection& db) -> Result<std::vector<Application>> {
    AJWT_ASSIGN(Query query, db.query(kListApplications));
    return collect<Application>(query, application_from);
  });
}

Status SqliteStore::update_application(const Application& application, const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    AJWT_TRY(
        db.run("UPDATE applications SET name = ?2, workflow_rule = ?3, "
               "checksum_in_tokens = ?4, accepts_reference_checksum = ?5, audiences = ?6, "
               "activation = ?8, workflow_confirmation = ?9, "
               "row_version = row_version + 1 WHERE app_id = ?1 AND row_version = ?7",
               application.app_id, application.name, name(application.workflow_rule),
               application.checksum_in_tokens, application.accepts_reference_checksum,
               write_list(application.audiences), application.row_version,
               name(application.activation), name(application.workflow_confirmation)));
    if (db.changed_rows() == 1) return ok();
    AJWT_ASSIGN(Query query,
                db.query("SELECT 1 FROM applications WHERE app_id = ?1", application.app_id));
    AJWT_ASSIGN(const bool exists, query.next());
    return refuse(exists ? Code::k_state_changed : Code::k_not_found, "app_id");
  });
}

Status SqliteStore::create_client(const Client& client, const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    AJWT_ASSIGN(Query draft,
                db.query("SELECT 1 FROM draft_clients WHERE client_id = ?1", client.client_id));
    AJWT_ASSIGN(const bool taken, draft.next());
    if (taken) return refuse(Code::k_already_exists, "client_id");
    return name_parameter(
        db.run("INSERT INTO clients (client_id, app_id, auth, secret_sha256, public_key, scopes, "
               "audiences, disabled, row_version, created_at) "
               "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
               client.client_id, client.app_id, name(client.auth), client.secret_sha256,
               key_text(client), write_list(client.scopes), write_list(client.audiences),
               client.disabled, client.row_version, client.created_at),
        "client_id", "app_id");
  });
}

Result<Client> SqliteStore::client_from(const Query& row) {
  AJWT_ASSIGN(const auto auth, parse_named<authority::ClientAuth>(row.text(2), "auth"));
  AJWT_ASSIGN(std::vector<std::string> scopes, parse_list(row.text(5)));
  AJWT_ASSIGN(std::vector<std::string> audiences, parse_list(row.text(6)));
  Client client{.client_id = ClientId::trusted(row.string(0)),
                .app_id = AppId::trusted(row.string(1)),
                .auth = auth,
                .secret_sha256 = std::nullopt,
                .public_key = std::nullopt,
                .scopes = std::move(scopes),
                .audiences = std::move(audiences),
                .disabled = row.boolean(7),
                .row_version = row.integer(8),
                .created_at = row.instant(9)};
  if (!row.is_null(3)) {
    const Bytes stored = row.bytes(3);
    Digest digest{};
    if (stored.size() != digest.size()) return unreadable("secret_sha256");
    std::copy(stored.begin(), stored.end(), digest.begin());
    client.secret_sha256 = digest;
  }
  if (!row.is_null(4)) {
    AJWT_ASSIGN(client.public_key, key_from(row.text(4)));
  }
  return client;
}

Result<std::optional<Client>> SqliteStore::find_client(const ClientId& client_id) {
  return read([&](Connection& db) -> Result<std::optional<Client>> {
    AJWT_ASSIGN(Query query, db.query(kFindClient, client_id));
    AJWT_ASSIGN(const bool row, query.next());
    if (!row) return std::nullopt;
    return client_from(query);
  });
}

Result<std::vector<Client>> SqliteStore::list_clients(const AppId& app_id) {
  return read([&](Connection& db) -> Result<std::vector<Client>> {
    AJWT_ASSIGN(Query query, db.query(kListClients, app_id));
    return collect<Client>(query, [this](const Query& row) { return client_from(row); });
  });
}

Status SqliteStore::update_client(const Client& client, const AuditEntry& audit) {
  return write(audit, [&](Connection& db) -> Status {
    AJWT_TRY(
        db.run("UPDATE clients SET auth = ?4, secret_sha256 = ?5, public_key = ?6, "
               "scopes = ?7, audiences = ?8, disabled = ?9, row_version = row_version + 1 "
               "WHERE client_id = ?1 AND app_id = ?2 AND row_version = ?3",
               client.client_id, client.app_id, client.row_version, name(client.auth),
               client.secret_sha256, key_text(client), write_list(client.scopes),
               write_list(client.audiences), client.disabled));
    if (db.changed_rows() == 1) return ok();
    AJWT_ASSIGN(Query query, db.query("SELECT 1 FROM clients WHERE client_id = ?1 AND app_id = ?2",
                                      client.client_id, client.app_id));
    AJWT_ASSIGN(const bool exists, query.next());
    if (exists) return refuse(Code::k_state_changed, "client_id");
    return refuse(Code::k_not_found, "client_id");
  });
}

Result<bool> SqliteStore::remember_assertion(const ClientId& client_id, std::string_view jti,
                                             Instant until, Instant now) {
  const Digest digest = crypto::sha256(jti);
  bool is_new = false;
  const Status done = queue_->run([&](Writer& writer) -> Status {
    AJWT_TRY(writer.db().run("DELETE FROM assertions WHERE until < ?1", now));
    // The primary key decides between two that race with one assertion.
    AJWT_TRY(
        writer.db().run("INSERT INTO assertions (client_id, jti_sha256, until) "
                        "VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                        client_id, digest, until));
    is_new = writer.db().changed_rows() == 1;
    return ok();
  });
  AJWT_TRY(done);
  return is_new;
}

}  // namespace ajwt::store
