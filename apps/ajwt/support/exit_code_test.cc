// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/exit_code.h"

#include <gtest/gtest.h>

namespace ajwt::app {
namespace {

TEST(ExitCode, TellsScriptsWhatKindOfNoItWas) {
  EXPECT_EQ(exit_code_of(Code::k_configuration_refused), ExitCode::kUsage);
  EXPECT_EQ(exit_code_of(Code::k_parameter_missing), ExitCode::kUsage);
  EXPECT_EQ(exit_code_of(Code::k_client_unauthenticated), ExitCode::kDenied);
  EXPECT_EQ(exit_code_of(Code::k_scope_exceeds_ceiling), ExitCode::kDenied);
  EXPECT_EQ(exit_code_of(Code::k_audience_exceeds_ceiling), ExitCode::kDenied);
  EXPECT_EQ(exit_code_of(Code::k_key_file_unsafe), ExitCode::kDenied);
  EXPECT_EQ(exit_code_of(Code::k_agent_checksum_mismatch), ExitCode::kDrift);
  EXPECT_EQ(exit_code_of(Code::k_checksum_differs), ExitCode::kDrift);
  EXPECT_EQ(exit_code_of(Code::k_audit_log_altered), ExitCode::kDefenceFailed);
  EXPECT_EQ(exit_code_of(Code::k_checkpoint_signature_invalid), ExitCode::kDefenceFailed);
  EXPECT_EQ(exit_code_of(Code::k_not_found), ExitCode::kNotFound);
  EXPECT_EQ(exit_code_of(Code::k_network_failed), ExitCode::kUnavailable);
  EXPECT_EQ(exit_code_of(Code::k_store_unavailable), ExitCode::kUnavailable);
  EXPECT_EQ(exit_code_of(Code::k_address_in_use), ExitCode::kUnavailable);
  EXPECT_EQ(exit_code_of(Code::k_rate_limited), ExitCode::kUnavailable);
  EXPECT_EQ(exit_code_of(Code::k_io_failed), ExitCode::kError);
  EXPECT_EQ(exit_code_of(Code::k_store_damaged), ExitCode::kError);
}

TEST(ExitCode, IsNeverSuccessForAReason) {
  for (const Reason& reason : all_reasons()) {
    EXPECT_NE(exit_code_of(reason.code), ExitCode::kOk) << reason.name;
  }
}

}  // namespace
}  // namespace ajwt::app
