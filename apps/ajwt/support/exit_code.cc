// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/exit_code.h"

namespace ajwt::app {

ExitCode exit_code_of(Code code) {
  if (code == Code::k_agent_checksum_mismatch || code == Code::k_checksum_differs) {
    return ExitCode::kDrift;
  }
  // OAuth answers them with 400, but nothing is wrong with the command line.
  if (code == Code::k_scope_exceeds_ceiling || code == Code::k_audience_exceeds_ceiling) {
    return ExitCode::kDenied;
  }
  if (code == Code::k_merkle_proof_invalid || code == Code::k_checkpoint_signature_invalid ||
      code == Code::k_audit_log_altered) {
    return ExitCode::kDefenceFailed;
  }
  if (code == Code::k_configuration_refused) return ExitCode::kUsage;
  if (code == Code::k_address_in_use) return ExitCode::kUnavailable;
  switch (reason_of(code).http_status) {
    case 400:
    case 413:
    case 415:
      return ExitCode::kUsage;
    case 401:
    case 403:
      return ExitCode::kDenied;
    case 404:
      return ExitCode::kNotFound;
    case 429:
    case 502:
    case 503:
    case 504:
      return ExitCode::kUnavailable;
    default:
      return ExitCode::kError;
  }
}

}  // namespace ajwt::app
