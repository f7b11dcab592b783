// SPDX-License-Identifier: Apache-2.0
#include "authority/records.h"

#include "base/check.h"

namespace ajwt::authority {

std::string_view name(RegistrationState state) {
  switch (state) {
    case RegistrationState::kRegistered:
      return "registered";
    case RegistrationState::kVerified:
      return "verified";
    case RegistrationState::kUpdated:
      return "updated";
    case RegistrationState::kRevoked:
      return "revoked";
  }
  AJWT_CHECK(false);
}

std::string_view name(GrantOrigin origin) {
  switch (origin) {
    case GrantOrigin::kStated:
      return "stated";
    case GrantOrigin::kFrozen:
      return "frozen";
  }
  AJWT_CHECK(false);
}

std::string_view name(SigningKeyState state) {
  switch (state) {
    case SigningKeyState::kAnnounced:
      return "announced";
    case SigningKeyState::kActive:
      return "active";
    case SigningKeyState::kRetiring:
      return "retiring";
  }
  AJWT_CHECK(false);
}

std::string_view name(StepStatus status) {
  switch (status) {
    case StepStatus::kPending:
      return "pending";
    case StepStatus::kActive:
      return "active";
    case StepStatus::kDone:
      return "done";
    case StepStatus::kFailed:
      return "failed";
  }
  AJWT_CHECK(false);
}

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
