// SPDX-License-Identifier: Apache-2.0
//
// The ports of the authority: what it needs of a store, of key files and of those who watch its
// decisions. Declared here by their user; implemented in store/ and by applications.
//
// Every function may block, is safe for concurrent use, and refuses k_store_unavailable or
// k_store_damaged when the store cannot answer. A write is durable when its function returns, and
// carries its audit entry in the same transaction (P5). Every write refuses k_state_changed,
// k_client_changed or k_execution_closed if the entry's basis does not hold any more.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "authority/draft/records.h"
#include "authority/records.h"
#include "base/result.h"
#include "base/trace_context.h"
#include "protocol/merkle.h"

namespace ajwt::authority {

// ClientStore: applications and their clients.
class ClientStore {
 public:
  virtual ~ClientStore() = default;
  // create_application refuses k_already_exists.
  virtual Status create_application(const Application& application, const AuditEntry& audit) = 0;
  virtual Result<std::optional<Application>> find_application(const AppId& app_id) = 0;
  virtual Result<std::vector<Application>> list_applications() = 0;
  // update_application replaces the settings if the row still has application.row_version (then
  // incremented); refuses k_state_changed, k_not_found.
  virtual Status update_application(const Application& application, const AuditEntry& audit) = 0;
  // create_client refuses k_already_exists, also for the id of a DraftClient, k_not_found for an
  // unknown application.
  virtual Status create_client(const Client& client, const AuditEntry& audit) = 0;
  virtual Result<std::optional<Client>> find_client(const ClientId& client_id) = 0;
  virtual Result<std::vector<Client>> list_clients(const AppId& app_id) = 0;
  // update_client replaces the row if it still has client.row_version (then incremented); refuses
  // k_state_changed, k_not_found.
  virtual Status update_client(const Client& client, const AuditEntry& audit) = 0;
  // remember_assertion records a client assertion's jti; false if it was recorded before. Rows
  // leave by themselves after `until`.
  virtual Result<bool> remember_assertion(const ClientId& client_id, std::string_view jti,
                                          Instant until, Instant now) = 0;
};

// AgentStore: registrations.
class AgentStore {
 public:
  virtual ~AgentStore() = default;
  // add_registration appends a version if it is the next one (from 1) and the agent was not
  // revoked. Every version before an activated one becomes kUpdated; one that waits for its
  // activation replaces only those that wait, too. Refuses k_state_changed.
  virtual Status add_registration(const Registration& registration, const AuditEntry& audit) = 0;
  // activate_registration lets the newest version act, with registration.grant from
  // registration.activated_at on, if it waits for that and still has registration.row_version (then
  // incremented). The version that acted becomes kUpdated. Refuses k_state_changed.
  virtual Status activate_registration(const Registration& registration,
                                       const AuditEntry& audit) = 0;
  // find_registration returns the newest version.
  virtual Result<std::optional<Registration>> find_registration(const AppId& app_id,
                                                                const AgentId& agent_id) = 0;
  // find_acting_registration returns the version that acts, or acted when the agent was revoked;
  // where none was ever activated, the newest.
  virtual Result<std::optional<Registration>> find_acting_registration(const AppId& app_id,
                                                                       const AgentId& agent_id) = 0;
  // list_registrations returns the newest version of every agent, by agent_id.
  virtual Result<std::vector<Registration>> list_registrations(const AppId& app_id) = 0;
  // list_versions returns every version of one agent, newest first.
  virtual Result<std::vector<Registration>> list_versions(const AppId& app_id,
                                                          const AgentId& agent_id) = 0;
  // find_same_checksum tells which other agent of the application has this checksum, if any: for
  // the audit (protocol 3.2).
  virtual Result<std::optional<AgentId>> find_same_checksum(const AppId& app_id,
                                                            const AgentId& agent_id,
                                                            std::string_view checksum) = 0;
  // update_grant replaces grant and grant_origin if row_version still matches (then incremented);
  // refuses k_state_changed, k_not_found.
  virtual Status update_grant(const Registration& registration, const AuditEntry& audit) = 0;
  // revoke_agent revokes for good the version that acts and the one that waits. Refuses
  // k_state_changed if there is neither.
  virtual Status revoke_agent(const AppId& app_id, const AgentId& agent_id,
                              const AuditEntry& audit) = 0;
  // find_component_key returns the application's sealed key for the MACs of its agents' parts.
  virtual Result<std::optional<Bytes>> find_component_key(const AppId& app_id) = 0;
  // keep_component_key keeps the sealed key unless the application has one, and returns the one
  // that it has then, for good; refuses k_not_found for an unknown application.
  virtual Result<Bytes> keep_component_key(const AppId& app_id, const Bytes& sealed) = 0;
};

// FrozenGrant is a default grant that a workflow's registration freezes for an agent
// (protocol 3.3). The registration is one of the basis.
struct FrozenGrant {
  RegistrationId registration_id;
  Grant grant;
};

// WorkflowStore: workflow versions, whose definitions never change once written.
class WorkflowStore {
 public:
  virtual ~WorkflowStore() = default;
  // add_workflow writes the version if it is the next one and freezes the grants, all or nothing.
  // Refuses k_state_changed.
  virtual Status add_workflow(const StoredWorkflow& workflow, std::span<const FrozenGrant> grants,
                              const AuditEntry& audit) = 0;
  // confirm_workflow writes workflow.confirmation of that version and freezes the grants, all or
  // nothing. Refuses k_state_changed if it was confirmed before.
  virtual Status confirm_workflow(const StoredWorkflow& workflow,
                                  std::span<const FrozenGrant> grants, const AuditEntry& audit) = 0;
  // find_workflow returns that version, or the newest, usable or not.
  virtual Result<std::optional<StoredWorkflow>> find_workflow(
      const AppId& app_id, const WorkflowId& workflow_id,
      std::optional<std::int64_t> version = std::nullopt) = 0;
  // find_usable_workflow returns the newest version that is usable.
  virtual Result<std::optional<StoredWorkflow>> find_usable_workflow(
      const AppId& app_id, const WorkflowId& workflow_id) = 0;
  // list_workflows returns the newest version of every workflow, by workflow_id.
  virtual Result<std::vector<StoredWorkflow>> list_workflows(const AppId& app_id) = 0;
  // list_workflow_versions returns every version of one workflow, newest first.
  virtual Result<std::vector<StoredWorkflow>> list_workflow_versions(
      const AppId& app_id, const WorkflowId& workflow_id) = 0;
};

// StepChange is one compare-and-set of a step (protocol 4.2).
struct StepChange {
  ExecutionAsLoaded execution;
  StepRecord step;  // the new record; `sequence` is given by the store on kDone
};

// ExecutionStore: runs of workflows.
class ExecutionStore {
 public:
  virtual ~ExecutionStore() = default;
  virtual Status open_execution(const Execution& execution, const AuditEntry& audit) = 0;
  virtual Result<std::optional<Execution>> find_execution(const AppId& app_id,
                                                          const ExecutionId& execution_id) = 0;
  // list_executions returns the newest first, at most `limit`.
  virtual Result<std::vector<Execution>> list_executions(const AppId& app_id,
                                                         std::size_t limit) = 0;
  // change_step writes the record if the execution is open and as loaded (its row_version is then
  // incremented). Refuses k_state_changed, k_execution_closed.
  virtual Status change_step(const StepChange& change, const AuditEntry& audit) = 0;
  // close_execution refuses k_state_changed unless open at expected_row_version.
  virtual Status close_execution(const ExecutionId& execution_id, std::int64_t expected_row_version,
                                 Instant now, const AuditEntry& audit) = 0;
};

// MintQuery names what a mint must know.
struct MintQuery {
  AppId app_id;
  AgentId agent_id;
  std::optional<WorkflowId> workflow_id;
  std::optional<ExecutionId> execution_id;
};

// MintRecords is everything that a mint's checks may look at, read in one transaction.
struct MintRecords {
  std::optional<Registration> registration;  // as find_acting_registration
  std::optional<Execution> execution;
  // The version that the execution pins; without an execution, the newest usable of workflow_id.
  std::optional<StoredWorkflow> workflow;
};

// MintCommit is the one write of a mint. Its entry's basis names client, application and
// registration, and for a renewal, which changes nothing of it, the execution.
struct MintCommit {
  std::optional<RegistrationId> first_mint_of;  // registered -> verified
  std::optional<StepChange> step;               // absent: a renewal, or outside a workflow
  AuditEntry audit;
};

// MintStore: the two store calls of a mint.
class MintStore {
 public:
  virtual ~MintStore() = default;
  virtual Result<MintRecords> load_mint_records(const MintQuery& query) = 0;
  // commit writes many mints in one transaction; each has its own answer and a refused one
  // (k_state_changed: a fact has changed; k_execution_closed) leaves no trace of itself.
  virtual std::vector<Status> commit(std::span<const MintCommit> mints) = 0;
};

// AuditStore: the append-only log, the Merkle tree over it (protocol 5.2), and the key and the last
// checkpoint that are kept beside the database. Leaves are numbered from 0 in the tree, sequences
// from 1.
class AuditStore {
 public:
  virtual ~AuditStore() = default;
  // append_audit writes a decision that changes nothing else: a refusal, a client's own token.
  virtual Status append_audit(const AuditEntry& audit) = 0;
  // list_audit returns leaves with sequence > after, oldest first, at most `limit`; of one
  // application if given.
  virtual Result<std::vector<AuditLeaf>> list_audit(std::int64_t after, std::size_t limit,
                                                    const std::optional<AppId>& app_id) = 0;
  // list_audit_of returns what was written under one decision's id.
  virtual Result<std::vector<AuditLeaf>> list_audit_of(std::string_view decision_id) = 0;

  // audit_head returns the tree over what is durable.
  virtual MerkleHead audit_head() = 0;
  // audit_root returns the root of the first `size` leaves. It and the proofs refuse
  // k_parameter_malformed beyond the log, k_audit_log_altered where the tree has a hole.
  virtual Result<Digest> audit_root(std::uint64_t size) = 0;
  virtual Result<MerkleProof> prove_audit_inclusion(std::uint64_t index, std::uint64_t size) = 0;
  virtual Result<MerkleProof> prove_audit_consistency(std::uint64_t from, std::uint64_t to) = 0;
  // read_audit_tile returns the first `width` hashes, at most 256, of a tile (C2SP tlog-tiles): the
  // roots over 256^level leaves each, from number index * 256 on.
  virtual Result<std::vector<Digest>> read_audit_tile(unsigned level, std::uint64_t index,
                                                      std::size_t width) = 0;

  // load_or_create_audit_key returns the Ed25519 key that signs checkpoints. Refuses what files of
  // keys are refused for.
  virtual Result<crypto::PrivateKey> load_or_create_audit_key() = 0;
  // keep_checkpoint writes the note beside the database, in place of the one before; whole and
  // durable when it returns. find_checkpoint reads it.
  virtual Status keep_checkpoint(const std::string& note) = 0;
  virtual Result<std::optional<std::string>> find_checkpoint() = 0;
};

// SigningKeyStore: which keys sign and are published. Private parts are the store's files: written
// before the row that promises them, and gone before the row is. When to do what is KeyRing's to
// say.
class SigningKeyStore {
 public:
  virtual ~SigningKeyStore() = default;
  // list_signing_keys returns the active key, then the announced one, then those that retire.
  virtual Result<std::vector<SigningKey>> list_signing_keys() = 0;
  // load_signing_key reads the private part; refuses k_io_failed, k_key_file_unsafe.
  virtual Result<crypto::PrivateKey> load_signing_key(std::string_view kid) = 0;
  // announce_signing_key writes the private file (0600) and makes `key` the announced one. Refuses
  // k_already_exists for a key that is here already, and while another one is announced.
  virtual Status announce_signing_key(const crypto::PrivateKey& key, Instant now,
                                      const AuditEntry& audit) = 0;
  // activate_signing_key makes the announced key the active one, and lets the one active before
  // retire at `retire_previous_at`. Refuses k_state_changed unless `kid` is announced.
  virtual Status activate_signing_key(std::string_view kid, Instant retire_previous_at,
                                      const AuditEntry& audit) = 0;
  // remove_signing_key removes a key that is not the active one, its file first. Refuses
  // k_state_changed for the active one, before anything is touched, and k_not_found.
  virtual Status remove_signing_key(std::string_view kid, const AuditEntry& audit) = 0;
};

// StoreStatus is what a store says of itself to administrators: no content, no path.
struct StoreStatus {
  std::string kind;  // "sqlite"
  // As the connection that writes has them: "full" and "wal" keep P5 through a loss of power.
  std::string synchronous;
  std::string journal;
  std::int64_t schema;  // migrations applied
  std::string last_migration;
  Instant migrated_at;
  std::int64_t audit_sequence;                  // of the last leaf; 0: none
  std::optional<std::int64_t> free_disk_bytes;  // for the database; absent: in memory
  // Files of the data directory, relative to it, that other users have a right to or own.
  std::vector<std::string> exposed_files;
};

// Store is all of them: one object per database.
class Store : public ClientStore,
              public AgentStore,
              public WorkflowStore,
              public ExecutionStore,
              public MintStore,
              public AuditStore,
              public SigningKeyStore,
              public DraftStore {
 public:
  // check_ready refuses when the store cannot serve (for /health/ready).
  virtual Status check_ready() = 0;
  // get_status looks at the store as it is now; it changes nothing and waits for a turn to write.
  virtual Result<StoreStatus> get_status() = 0;
};

// Decision is what observers learn of every decision: for logs and metrics. No secret in it.
struct Decision {
  std::string_view decision_id;
  std::string_view operation;   // "mint", "register_agent", ...
  std::optional<Code> refused;  // absent: allowed
  std::string_view detail;      // the Error's detail
  std::string client_id;        // empty before authentication
  std::string subject;
  std::string execution_id;
  std::string workflow_id;
  std::string workflow_step;
  std::int64_t microseconds;
  std::string_view method;
  std::string_view route;  // the template of the path; empty if no row has it
  int status;              // of the answer; 0: none, the decision is not about a request
  Span span;               // the request's place in its trace; with status 0, of the one at hand
  bool unaudited;          // a refusal that belongs into the audit and could not be written there
};

// DecisionObserver is told every decision, for logs and metrics. Called by many threads.
class DecisionObserver {
 public:
  virtual ~DecisionObserver() = default;
  // on_decision must not block and must not throw.
  virtual void on_decision(const Decision& decision) = 0;
};

}  // namespace ajwt::authority
