// SPDX-License-Identifier: Apache-2.0
#include "store/unchanged.h"

#include <string>

namespace ajwt::store {
namespace {

Status check_row(Result<Query> query, std::string_view what) {
  AJWT_ASSIGN(Query found, std::move(query));
  AJWT_ASSIGN(const bool unchanged, found.next());
  if (!unchanged) return refuse(Code::k_state_changed, std::string(what));
  return ok();
}

}  // namespace

Status check_application(Connection& db, const AppId& app_id, std::int64_t row_version) {
  return check_row(db.query("SELECT 1 FROM applications WHERE app_id = ?1 AND row_version = ?2",
                            app_id, row_version),
                   "app_id");
}

Status check_client(Connection& db, const AppId& app_id, const ClientId& client_id,
                    std::int64_t row_version) {
  return check_row(db.query("SELECT 1 FROM clients WHERE client_id = ?1 AND app_id = ?2 "
                            "AND row_version = ?3 AND disabled = 0",
                            client_id, app_id, row_version),
                   "client_id");
}

Status check_registration(Connection& db, const AppId& app_id,
                          const RegistrationId& registration_id, std::int64_t row_version) {
  return check_row(db.query("SELECT 1 FROM registrations WHERE registration_id = ?1 "
                            "AND app_id = ?2 AND row_version = ?3 "
                            "AND state IN ('registered', 'verified')",
                            registration_id, app_id, row_version),
                   "agent_id");
}

}  // namespace ajwt::store
