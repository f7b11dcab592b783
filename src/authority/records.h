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
#include "protocol/agent_checksum.h"
#include "protocol/scope.h"
#include "protocol/workflow.h"

namespace ajwt::authority {

// WorkflowRule: whether this application's agents may act outside a workflow. It is the
// application's setting; no request changes it (threats T8).
enum class WorkflowRule { kRequired, kOptional };

// ActivationRule: whether a registered version acts at once, or from a separate act of an
// administrator on (protocol 3.2).
enum class ActivationRule { kAtRegistration, kSeparate };

// ConfirmationRule: whether a workflow's version is usable at once, or once a second administrator
// has confirmed it (protocol 4.1).
enum class ConfirmationRule { kNone, kSecondAdministrator };

// Application owns clients, agents, workflows and executions; nothing crosses applications.
struct Application {
  AppId app_id;
  std::string name;
  WorkflowRule workflow_rule = WorkflowRule::kRequired;
  bool checksum_in_tokens = false;  // protocol 5.1
  bool accepts_reference_checksum = false;
  ActivationRule activation = ActivationRule::kAtRegistration;
  ConfirmationRule workflow_confirmation = ConfirmationRule::kNone;
  // The application's ceiling: the audiences that its agents' tokens may be for, set by an
  // administrator. Empty: none. Never the authority itself.
  std::vector<std::string> audiences;
  std::int64_t row_version = 1;  // counts changes
  Instant created_at;
};

// ClientAuth is how a client authenticates itself (RFC 7591 2: token_endpoint_auth_method).
enum class ClientAuth { kPrivateKeyJwt, kClientSecretBasic };

// Client is an OAuth client of an application. A client that may mint (generate:intent-token)
// holds no register:* or admin:* scope (protocol 3.2), so a fleet's own credential cannot register.
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

// RegistrationState: registered, verified at the first mint, updated once a newer version stands,
// revoked for good (draft 5.6; protocol 3.2).
enum class RegistrationState { kRegistered, kVerified, kUpdated, kRevoked };

// Autonomy is what the owner says of an agent (draft 5.2). Nothing is decided by it yet.
enum class Autonomy { kSupervised, kSemi, kFull };

// GrantOrigin: kStated by a registration or an administrator; kFrozen from the steps of a workflow
// (protocol 3.3), and then good within workflows alone.
enum class GrantOrigin { kStated, kFrozen };

// Registration is one version of an agent. At most one version acts: the newest that was activated,
// until it is revoked.
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
  std::optional<Grant> grant;  // absent: not frozen yet (protocol 3.3); empty: nothing
  GrantOrigin grant_origin = GrantOrigin::kStated;
  Autonomy autonomy = Autonomy::kSemi;
  Bytes sealed_components;  // SealingKey box over the JCS components; empty: hashes only
  // The MACs of the parts (registry/component_hashes.h); empty: none. Never leaves the authority.
  std::string component_hmacs = {};
  Instant registered_at;
  std::optional<Instant> activated_at;  // absent: it waits for its activation
  std::int64_t row_version = 1;

  bool is_activated() const { return activated_at.has_value(); }
};

// Confirmation is a second administrator's yes to a workflow's version.
struct Confirmation {
  ClientId confirmed_by;
  Instant confirmed_at;
};

// StoredWorkflow is one version of a workflow; its definition never changes.
struct StoredWorkflow {
  AppId app_id;
  std::int64_t version;
  Workflow workflow;
  Instant registered_at;
  ClientId registered_by;
  // What the application asked for when the version was registered: a setting that is changed
  // later makes no version usable that nobody has confirmed.
  ConfirmationRule confirmation_rule = ConfirmationRule::kNone;
  std::optional<Confirmation> confirmation = {};

  bool is_usable() const {
    return confirmation_rule == ConfirmationRule::kNone || confirmation.has_value();
  }
};

// The states of a run and of its steps (protocol 4.2).
enum class ExecutionStatus { kOpen, kClosed };  // expiry follows from expires_at
enum class StepStatus { kPending, kActive, kDone, kFailed };

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

// Records as a decision saw them.
struct ClientAsLoaded {
  AppId app_id;
  ClientId client_id;
  std::int64_t row_version;
};
struct ApplicationAsLoaded {
  AppId app_id;
  std::int64_t row_version;
};
struct RegistrationAsLoaded {
  AppId app_id;
  RegistrationId registration_id;
  std::int64_t row_version;
};
struct ExecutionAsLoaded {
  AppId app_id;
  ExecutionId execution_id;
  std::int64_t row_version;
};
struct DraftAgentAsLoaded {
  AppId app_id;
  AgentId agent_id;
  std::int64_t row_version;
};

// Basis is what a decision rests on. The write that carries the decision looks at each again in its
// own transaction and refuses k_state_changed unless it is as loaded, and so that the decision may
// rest on it (protocol 5 (13)). A fresh look may decide anew, but for the client: k_client_changed.
struct Basis {
  std::optional<ClientAsLoaded> client = {};        // whoever asked; enabled
  std::optional<ClientAsLoaded> draft_client = {};  // whoever asked in profile draft-00; enabled
  std::optional<ApplicationAsLoaded> application = {};
  std::vector<RegistrationAsLoaded> registrations = {};  // each neither superseded nor revoked
  std::vector<DraftAgentAsLoaded> draft_agents = {};     // each still in profile draft-00
  std::optional<ExecutionAsLoaded> execution = {};       // open, else k_execution_closed
};

ApplicationAsLoaded as_loaded(const Application& application);
RegistrationAsLoaded as_loaded(const Registration& registration);
ExecutionAsLoaded as_loaded(const Execution& execution);

// AuditEntry is one decision before it becomes a leaf: a JSON object without `sequence`, which the
// store adds as it appends. Never holds a prompt, a token or a secret.
struct AuditEntry {
  AppId app_id;  // whose entry it is
  std::string decision_id;
  json::Object entry;  // time, operation, outcome, reason, subject, hashes ...
  Basis basis;         // nothing for a refusal, which stands whatever changes
  Bytes salt;          // 16 random bytes, part of the leaf (protocol 5.2)
};

// AuditLeaf is an entry as stored: bytes are JCS of the entry with its sequence.
struct AuditLeaf {
  std::int64_t sequence;
  AppId app_id;
  std::string bytes;
  Bytes salt;
};

// SigningKeyState: kAnnounced is published and does not sign yet (one key at most), kActive signs
// (exactly one), kRetiring signs no more and is published while a token of its can live.
enum class SigningKeyState { kAnnounced, kActive, kRetiring };

// SigningKey is what the store knows of a key that signs tokens; its private part is a file.
struct SigningKey {
  std::string kid;  // RFC 7638 thumbprint
  crypto::PublicKey public_key;
  SigningKeyState state;
  Instant created_at;
  std::optional<Instant> retire_at;  // kRetiring: published until then
};

}  // namespace ajwt::authority
