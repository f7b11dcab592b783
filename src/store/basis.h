// SPDX-License-Identifier: Apache-2.0
//
// What a write rests on, looked at again inside its transaction (protocol 5 (13)).
#pragma once

#include "authority/records.h"
#include "base/result.h"
#include "store/database.h"

namespace ajwt::store {

// check_basis refuses as authority::Basis says unless all of it holds.
Status check_basis(Connection& db, const authority::Basis& basis);

// check_execution refuses k_execution_closed, and k_state_changed unless the run is as loaded.
Status check_execution(Connection& db, const authority::ExecutionAsLoaded& execution);

}  // namespace ajwt::store
