// SPDX-License-Identifier: Apache-2.0
#include "store/rows.h"

#include <array>
#include <utility>

#include "base/check.h"
#include "jose/jwk.h"
#include "json/parse.h"
#include "json/write.h"

namespace ajwt::store {

namespace {

using authority::Autonomy;
using authority::ClientAuth;
using authority::ExecutionStatus;
using authority::GrantOrigin;
using authority::RegistrationState;
using authority::SigningKeyState;
using authority::StepStatus;
using authority::WorkflowRule;

// What we wrote ourselves may be larger than what we read from others.
constexpr json::Limits kOwnText{.max_bytes = 64 * 1024 * 1024, .max_depth = 64};

template <class E, std::size_t N>
using Names = std::array<std::pair<E, std::string_view>, N>;

constexpr Names<WorkflowRule, 2> kWorkflowRules{
    {{WorkflowRule::kRequired, "required"}, {WorkflowRule::kOptional, "optional"}}};
constexpr Names<ClientAuth, 2> kClientAuths{
    {{ClientAuth::kPrivateKeyJwt, "private_key_jwt"},
     {ClientAuth::kClientSecretBasic, "client_secret_basic"}}};
constexpr Names<RegistrationState, 4> kRegistrationStates{
    {{RegistrationState::kRegistered, "registered"},
     {RegistrationState::kVerified, "verified"},
     {RegistrationState::kUpdated, "updated"},
     {RegistrationState::kRevoked, "revoked"}}};
constexpr Names<Autonomy, 3> kAutonomies{
    {{Autonomy::kSupervised, "supervised"}, {Autonomy::kSemi, "semi"}, {Autonomy::kFull, "full"}}};
constexpr Names<GrantOrigin, 2> kGrantOrigins{
    {{GrantOrigin::kStated, "stated"}, {GrantOrigin::kFrozen, "frozen"}}};
constexpr Names<ExecutionStatus, 2> kExecutionStatuses{
    {{ExecutionStatus::kOpen, "open"}, {ExecutionStatus::kClosed, "closed"}}};
constexpr Names<StepStatus, 4> kStepStatuses{{{StepStatus::kPending, "pending"},
                                              {StepStatus::kActive, "active"},
                                              {StepStatus::kDone, "done"},
                                              {StepStatus::kFailed, "failed"}}};
constexpr Names<SigningKeyState, 3> kSigningKeyStates{{{SigningKeyState::kAnnounced, "announced"},
                                                       {SigningKeyState::kActive, "active"},
                                                       {SigningKeyState::kRetiring, "retiring"}}};

template <class E, std::size_t N>
std::string_view text_of(const Names<E, N>& names, E value) {
  for (const auto& [each, text] : names) {
    if (each == value) return text;
  }
  AJWT_CHECK(false);
}

template <class E, std::size_t N>
Result<E> value_of(const Names<E, N>& names, std::string_view text, std::string_view column) {
  for (const auto& [each, name] : names) {
    if (name == text) return each;
  }
  return unreadable(column);
}

}  // namespace

Error unreadable(std::string_view column) {
  return refuse(Code::k_store_damaged)
      .with_detail("the database holds a value that cannot be read: " + std::string(column));
}

std::string_view column_text(WorkflowRule rule) { return text_of(kWorkflowRules, rule); }
std::string_view column_text(ClientAuth auth) { return text_of(kClientAuths, auth); }
std::string_view column_text(RegistrationState state) {
  return text_of(kRegistrationStates, state);
}
std::string_view column_text(Autonomy autonomy) { return text_of(kAutonomies, autonomy); }
std::string_view column_text(GrantOrigin origin) { return text_of(kGrantOrigins, origin); }
std::string_view column_text(ExecutionStatus status) { return text_of(kExecutionStatuses, status); }
std::string_view column_text(StepStatus status) { return text_of(kStepStatuses, status); }
std::string_view column_text(SigningKeyState state) { return text_of(kSigningKeyStates, state); }

Result<WorkflowRule> parse_workflow_rule(std::string_view text) {
  return value_of(kWorkflowRules, text, "workflow_rule");
}
Result<ClientAuth> parse_client_auth(std::string_view text) {
  return value_of(kClientAuths, text, "auth");
}
Result<RegistrationState> parse_registration_state(std::string_view text) {
  return value_of(kRegistrationStates, text, "registration state");
}
Result<Autonomy> parse_autonomy(std::string_view text) {
  return value_of(kAutonomies, text, "autonomy");
}
Result<GrantOrigin> parse_grant_origin(std::string_view text) {
  return value_of(kGrantOrigins, text, "permissions_origin");
}
Result<ExecutionStatus> parse_execution_status(std::string_view text) {
  return value_of(kExecutionStatuses, text, "execution status");
}
Result<StepStatus> parse_step_status(std::string_view text) {
  return value_of(kStepStatuses, text, "step status");
}
Result<SigningKeyState> parse_signing_key_state(std::string_view text) {
  return value_of(kSigningKeyStates, text, "signing key state");
}

Result<ChecksumProfile> parse_profile(std::string_view text) {
  if (const auto profile = find_checksum_profile(text)) return *profile;
  return unreadable("profile");
}

std::string write_key(const crypto::PublicKey& key) { return json::write(jose::to_json(key)); }

Result<crypto::PublicKey> parse_key(std::string_view text) {
  const auto object = json::parse_object(text, kOwnText);
  if (!object) return unreadable("public_key");
  auto jwk = jose::parse_jwk(*object);
  if (!jwk) return unreadable("public_key");
  return std::move(jwk->key);
}

std::string write_list(const std::vector<std::string>& list) {
  return json::write(json::string_array(list));
}

Result<std::vector<std::string>> parse_list(std::string_view text) {
  const auto value = json::parse(text, kOwnText);
  const json::Array* array = value ? value->find_array() : nullptr;
  if (array == nullptr) return unreadable("list");
  std::vector<std::string> list;
  list.reserve(array->size());
  for (const json::Value& each : *array) {
    const std::string* string = each.find_string();
    if (string == nullptr) return unreadable("list");
    list.push_back(*string);
  }
  return list;
}

std::string write_permissions(const Grant& grant) { return json::write(to_json(grant)); }

Result<Grant> parse_permissions(std::string_view text) {
  const auto value = json::parse(text, kOwnText);
  const json::Array* array = value ? value->find_array() : nullptr;
  if (array == nullptr) return unreadable("permissions");
  auto grant = parse_grant(*array);
  if (!grant) return unreadable("permissions");
  return grant;
}

std::string write_definition(const Workflow& workflow) { return json::write(to_json(workflow)); }

Result<Workflow> parse_definition(std::string_view text) {
  const auto object = json::parse_object(text, kOwnText);
  if (!object) return unreadable("workflow definition");
  auto workflow = parse_workflow(*object);
  if (!workflow) return unreadable("workflow definition");
  return workflow;
}

}  // namespace ajwt::store
