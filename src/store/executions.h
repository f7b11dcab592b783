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

// check_execution refuses k_execution_closed, and k_state_changed unless the run is at this row
// version and, if `app_id` is given, belongs to that application.
Status check_execution(Connection& db, const ExecutionId& execution_id, std::int64_t row_version,
                       const AppId* app_id);

// apply_step is ExecutionStore::change_step without its audit entry; also refuses k_state_changed
// for a run of another application than `app_id`, if that is given, and for an unknown step.
Status apply_step(Connection& db, const authority::StepChange& change, const AppId* app_id);

}  // namespace ajwt::store
