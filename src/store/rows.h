// SPDX-License-Identifier: Apache-2.0
//
// Records as columns: the texts under which enumerators, keys, lists, grants and workflows stand in
// the database. The parse_ functions refuse k_store_damaged: what they read, we wrote.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "authority/records.h"
#include "base/result.h"
#include "crypto/key.h"
#include "protocol/scope.h"
#include "protocol/workflow.h"

namespace ajwt::store {

// unreadable is k_store_damaged for a value of a column.
Error unreadable(std::string_view column);

std::string_view column_text(authority::WorkflowRule rule);
std::string_view column_text(authority::ClientAuth auth);
std::string_view column_text(authority::RegistrationState state);
std::string_view column_text(authority::Autonomy autonomy);
std::string_view column_text(authority::GrantOrigin origin);
std::string_view column_text(authority::ExecutionStatus status);
std::string_view column_text(authority::StepStatus status);
std::string_view column_text(authority::SigningKeyState state);

Result<authority::WorkflowRule> parse_workflow_rule(std::string_view text);
Result<authority::ClientAuth> parse_client_auth(std::string_view text);
Result<authority::RegistrationState> parse_registration_state(std::string_view text);
Result<authority::Autonomy> parse_autonomy(std::string_view text);
Result<authority::GrantOrigin> parse_grant_origin(std::string_view text);
Result<authority::ExecutionStatus> parse_execution_status(std::string_view text);
Result<authority::StepStatus> parse_step_status(std::string_view text);
Result<authority::SigningKeyState> parse_signing_key_state(std::string_view text);
Result<ChecksumProfile> parse_profile(std::string_view text);

std::string write_key(const crypto::PublicKey& key);
Result<crypto::PublicKey> parse_key(std::string_view text);

std::string write_list(const std::vector<std::string>& list);
Result<std::vector<std::string>> parse_list(std::string_view text);

std::string write_permissions(const Grant& grant);
Result<Grant> parse_permissions(std::string_view text);

std::string write_definition(const Workflow& workflow);
Result<Workflow> parse_definition(std::string_view text);

}  // namespace ajwt::store
