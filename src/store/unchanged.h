// SPDX-License-Identifier: Apache-2.0
//
// The facts that a write rests on, looked at again inside its transaction (ruling 29). Each
// function refuses k_state_changed unless the row still is what the decision saw.
#pragma once

#include <cstdint>

#include "base/id.h"
#include "base/result.h"
#include "store/database.h"

namespace ajwt::store {

Status check_application(Connection& db, const AppId& app_id, std::int64_t row_version);

// check_client also wants the client enabled.
Status check_client(Connection& db, const AppId& app_id, const ClientId& client_id,
                    std::int64_t row_version);

// check_registration also wants a registration that may act: the newest, not revoked.
Status check_registration(Connection& db, const AppId& app_id,
                          const RegistrationId& registration_id, std::int64_t row_version);

}  // namespace ajwt::store
