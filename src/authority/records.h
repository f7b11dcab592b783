// SPDX-License-Identifier: Apache-2.0
//
// What the authority keeps: plain values, as stores read and write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "crypto/key.h"
#include "json/value.h"
#include "protocol/agent_definition.h"
#include "protocol/scope.h"
#include "protocol/workflow.h"

namespace ajwt::authority {

// WorkflowRule: whether this application's agents may act outside a workflow. It is the
// application's setting; no request changes it (threats T8).
enum class WorkflowRule { kRequired, kOptional };

// Application owns clients, agents, workflows and executions; nothing crosses applications.
struct Application {
  AppId app_id;
  std::string name;
  WorkflowRule workflow_rule = WorkflowRule::kRequired;
  bool checksum_in_tokens = false;  // ruling 26
  bool accepts_reference_checksum = false;
  // The application's ceiling: the audiences that its agents' tokens may be for, set by an
  // administrator. Empty: none. Never the authority itself.
  std::vector<std::string> audiences;
  std::int64_t row_version = 1;  // counts changes
  Instant created_at;
};

enum class ClientAuth { kPrivateKeyJwt, kClientSecretBasic };

// Client is an OAuth client of an application. A client that may mint (generate:intent-token)
// holds no register:* or admin:* scope (ruling 3), so a fleet's own credential cannot register.
struct Client {
  ClientId client_id;
  AppId app_id;
  ClientAuth auth;
  std::optional<Digest> secret_sha256;          // kClientSecretBasic: 256-bit secret, hashed
  std::optional<crypto::PublicKey> public_key;  // kPrivateKeyJwt
  Scopes scopes;                                // what it may ask for by client_credentials
  std::vector<std::string> audiences;           // besides the authority itself
  bool disabled = false;
  std::int64_t row_version = 1;  // counts changes
  Instant created_at;
};

enum class RegistrationState { kRegistered, kVerified, kUpdated, kRevoked };
std::string_view name(RegistrationState state);

enum class Autonomy { kSupervised, kSemi, kFull };

// GrantOrigin: kStated by a registration or an administrator; kFrozen from the steps of a workflow
// (ruling 13), and then good within workflows alone (ruling 36).
enum class GrantOrigin { kStated, kFrozen };
std::string_view name(GrantOrigin origin);

// Registration is one version of an agent. Only the newest mints, and only while not revoked.
struct Registration {
  RegistrationId registration_id;
  AppId app_id;
  AgentId agent_id;
  std::int64_t version;
  RegistrationState state = RegistrationState::kRegistered;
  std::string checksum;
  ChecksumProfile profile;
  bool recomputed;  // false: hashes only, the authority could not recompute
  crypto::PublicKey key;
  std::string jkt;
  std::optional<Grant> grant;  // absent: not frozen yet (ruling 13); empty: nothing
  GrantOrigin grant_origin = GrantOrigin::kStated;
  Autonomy autonomy = Autonomy::kSemi;
  Bytes sealed_components;  // SealingKey box over the JCS components; empty: hashes only
  Instant registered_at;
  std::int64_t row_version = 1;
};

struct StoredWorkflow {
  AppId app_id;
  std::int64_t version;
  Workflow workflow;
  Instant registered_at;
};

enum class ExecutionStatus { kOpen, kClosed };  // expiry follows from expires_at
enum class StepStatus { kPending, kActive, kDone, kFailed };
std::string_view name(StepStatus status);

// StepRecord is what the authority knows of one step in one execution.
struct StepRecord {
  StepId step_id;
  StepStatus status = StepStatus::kPending;
  std::int64_t uses = 0;  // how often it went pending -> active
  // Who holds or held it last; absent while it was never begun.
  std::optional<AgentId> agent_id;
  std::optional<RegistrationId> registration_id;
  std::optional<std::string> jkt;
  std::int64_t sequence = 0;  // order of completion within the execution, from 1
  Instant changed_at;
};

// Execution is one run of a workflow version. Steps stand in the workflow's order.
struct Execution {
  ExecutionId execution_id;
  AppId app_id;
  WorkflowId workflow_id;
  std::int64_t workflow_version;
  ExecutionStatus status = ExecutionStatus::kOpen;
  std::vector<StepRecord> steps;
  Instant created_at;
  Instant expires_at;
  std::int64_t row_version = 1;  // counts changes of the run and of its steps

  const StepRecord* find(const StepId& step_id) const;
  bool has_expired(Instant now) const { return now >= expires_at; }
};

// AuditEntry is one decision before it becomes a leaf: a JSON object without `sequence`, which the
// store adds as it appends. Never holds a prompt, a token or a secret.
struct AuditEntry {
  AppId app_id;  // whose entry it is
  std::string decision_id;
  json::Object entry;  // time, operation, outcome, reason, subject, hashes ...
  Bytes salt;          // 16 random bytes, part of the leaf (ruling 31)
};

// AuditLeaf is an entry as stored: bytes are JCS of the entry with its sequence.
struct AuditLeaf {
  std::int64_t sequence;
  AppId app_id;
  std::string bytes;
  Bytes salt;
};

enum class SigningKeyState { kActive, kRetiring };

// SigningKey is what the store knows of a key that signs tokens; its private part is a file.
struct SigningKey {
  std::string kid;  // RFC 7638 thumbprint
  crypto::PublicKey public_key;
  SigningKeyState state;
  Instant created_at;
  std::optional<Instant> retire_at;  // kRetiring: published until then
};

}  // namespace ajwt::authority
