// SPDX-License-Identifier: Apache-2.0
//
// What executions and mints do alike to the rows of a run, inside the caller's transaction.
#pragma once

#include <optional>

#include "authority/ports.h"
#include "base/result.h"
#include "store/database.h"

namespace ajwt::store {

// load_execution reads a run with its steps.
Result<std::optional<authority::Execution>> load_execution(Connection& db, const AppId& app_id,
                                                           const ExecutionId& execution_id);

// apply_step is ExecutionStore::change_step without its audit entry; refuses k_state_changed for an
// unknown step, too.
Status apply_step(Connection& db, const authority::StepChange& change);

}  // namespace ajwt::store
