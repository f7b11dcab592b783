// SPDX-License-Identifier: Apache-2.0
#include "authority/records.h"

namespace ajwt::authority {

const StepRecord* Execution::find(const StepId& step_id) const {
  for (const StepRecord& step : steps) {
    if (step.step_id == step_id) return &step;
  }
  return nullptr;
}

ApplicationAsLoaded as_loaded(const Application& application) {
  return {application.app_id, application.row_version};
}

RegistrationAsLoaded as_loaded(const Registration& registration) {
  return {registration.app_id, registration.registration_id, registration.row_version};
}

ExecutionAsLoaded as_loaded(const Execution& execution) {
  return {execution.app_id, execution.execution_id, execution.row_version};
}

}  // namespace ajwt::authority
