// SPDX-License-Identifier: Apache-2.0
#include "store/basis.h"

#include <string>
#include <string_view>

namespace ajwt::store {
namespace {

using authority::ApplicationAsLoaded;
using authority::ClientAsLoaded;
using authority::DraftAgentAsLoaded;
using authority::ExecutionAsLoaded;
using authority::RegistrationAsLoaded;

Status check_row(Result<Query> query, Code code, std::string_view what) {
  AJWT_ASSIGN(Query found, std::move(query));
  AJWT_ASSIGN(const bool unchanged, found.next());
  if (!unchanged) return refuse(code, std::string(what));
  return ok();
}

Status check_application(Connection& db, const ApplicationAsLoaded& application) {
  return check_row(db.query("SELECT 1 FROM applications WHERE app_id = ?1 AND row_version = ?2",
                            application.app_id, application.row_version),
                   Code::k_state_changed, "app_id");
}

Status check_client(Connection& db, const ClientAsLoaded& client) {
  return check_row(db.query("SELECT 1 FROM clients WHERE client_id = ?1 AND app_id = ?2 "
                            "AND row_version = ?3 AND disabled = 0",
                            client.client_id, client.app_id, client.row_version),
                   Code::k_client_changed, "client_id");
}

Status check_draft_client(Connection& db, const ClientAsLoaded& client) {
  return check_row(db.query("SELECT 1 FROM draft_clients WHERE client_id = ?1 AND app_id = ?2 "
                            "AND row_version = ?3 AND disabled = 0",
                            client.client_id, client.app_id, client.row_version),
                   Code::k_client_changed, "client_id");
}

// An agent that has or had a key is out of the profile, whatever was seen before (protocol 5.3).
Status check_draft_agent(Connection& db, const DraftAgentAsLoaded& agent) {
  return check_row(db.query("SELECT 1 FROM draft_agents AS a WHERE app_id = ?1 AND agent_id = ?2 "
                            "AND row_version = ?3 AND ended_at IS NULL AND NOT EXISTS "
                            "(SELECT 1 FROM registrations AS k WHERE k.app_id = a.app_id "
                            "AND k.agent_id = a.agent_id)",
                            agent.app_id, agent.agent_id, agent.row_version),
                   Code::k_state_changed, "agent_id");
}

Status check_registration(Connection& db, const RegistrationAsLoaded& registration) {
  return check_row(
      db.query("SELECT 1 FROM registrations WHERE registration_id = ?1 AND app_id = ?2 "
               "AND row_version = ?3 AND state IN ('registered', 'verified')",
               registration.registration_id, registration.app_id, registration.row_version),
      Code::k_state_changed, "agent_id");
}

}  // namespace

Status check_execution(Connection& db, const ExecutionAsLoaded& execution) {
  AJWT_ASSIGN(Query query, db.query("SELECT status, row_version FROM executions "
                                    "WHERE execution_id = ?1 AND app_id = ?2",
                                    execution.execution_id, execution.app_id));
  AJWT_ASSIGN(const bool row, query.next());
  if (!row) return refuse(Code::k_state_changed, "execution_id");
  if (query.text(0) != "open") return refuse(Code::k_execution_closed);
  if (query.integer(1) != execution.row_version) {
    return refuse(Code::k_state_changed, "execution_id");
  }
  return ok();
}

Status check_basis(Connection& db, const authority::Basis& basis) {
  if (basis.application) AJWT_TRY(check_application(db, *basis.application));
  if (basis.client) AJWT_TRY(check_client(db, *basis.client));
  if (basis.draft_client) AJWT_TRY(check_draft_client(db, *basis.draft_client));
  for (const auto& agent : basis.draft_agents) AJWT_TRY(check_draft_agent(db, agent));
  for (const auto& registration : basis.registrations) {
    AJWT_TRY(check_registration(db, registration));
  }
  if (basis.execution) AJWT_TRY(check_execution(db, *basis.execution));
  return ok();
}

}  // namespace ajwt::store
