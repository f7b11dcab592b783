// SPDX-License-Identifier: Apache-2.0
//
// SqliteStore: the authority's store in one SQLite database, for one process. Its functions are
// spread over this folder by aggregate: clients.cc, agents.cc, workflows.cc, executions.cc,
// mint.cc, audit.cc, signing_keys.cc, draft_00.cc, status.cc.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "authority/ports.h"
#include "base/result.h"
#include "files/scratch_directory.h"
#include "store/audit_leaf.h"
#include "store/basis.h"
#include "store/data_directory.h"
#include "store/database.h"
#include "store/parsed_cache.h"
#include "store/write_queue.h"

namespace ajwt::store {

// SqliteOptions say where the store is.
struct SqliteOptions {
  std::string directory;  // the data directory; made if it is missing
};

// SqliteStore keeps `<directory>/ajwt.db` and `<directory>/keys/<kid>.pem`, readable by this user
// alone. Writes are durable when they return: WAL, synchronous=FULL, one writer with group commit.
// Readers see a snapshot and wait for nobody.
class SqliteStore final : public authority::Store {
 public:
  // open refuses k_io_failed (the directory cannot be made or written), k_store_unavailable
  // (another process has it), k_store_damaged and k_store_too_new; messages name the path and say
  // what to do.
  static Result<std::unique_ptr<SqliteStore>> open(const SqliteOptions& options);
  // open_in_memory makes an empty store that goes with the object, its key files in a scratch
  // directory: for tests. Reads wait for the write under way.
  static Result<std::unique_ptr<SqliteStore>> open_in_memory();
  ~SqliteStore() override;

  Status create_application(const authority::Application& application,
                            const authority::AuditEntry& audit) override;
  Result<std::optional<authority::Application>> find_application(const AppId& app_id) override;
  Result<std::vector<authority::Application>> list_applications() override;
  Status update_application(const authority::Application& application,
                            const authority::AuditEntry& audit) override;
  Status create_client(const authority::Client& client,
                       const authority::AuditEntry& audit) override;
  Result<std::optional<authority::Client>> find_client(const ClientId& client_id) override;
  Result<std::vector<authority::Client>> list_clients(const AppId& app_id) override;
  Status update_client(const authority::Client& client,
                       const authority::AuditEntry& audit) override;
  Result<bool> remember_assertion(const ClientId& client_id, std::string_view jti, Instant until,
                                  Instant now) override;

  // add_registration also refuses k_state_changed if the agent was revoked, so that an
  // agent revoked a moment ago does not come back (threats T1), k_not_found for an unknown
  // application and k_already_exists for a registration_id that is taken.
  Status add_registration(const authority::Registration& registration,
                          const authority::AuditEntry& audit) override;
  Status activate_registration(const authority::Registration& registration,
                               const authority::AuditEntry& audit) override;
  Result<std::optional<authority::Registration>> find_registration(
      const AppId& app_id, const AgentId& agent_id) override;
  Result<std::optional<authority::Registration>> find_acting_registration(
      const AppId& app_id, const AgentId& agent_id) override;
  Result<std::vector<authority::Registration>> list_registrations(const AppId& app_id) override;
  Result<std::vector<authority::Registration>> list_versions(const AppId& app_id,
                                                             const AgentId& agent_id) override;
  Result<std::optional<AgentId>> find_same_checksum(const AppId& app_id, const AgentId& agent_id,
                                                    std::string_view checksum) override;
  Status update_grant(const authority::Registration& registration,
                      const authority::AuditEntry& audit) override;
  Status revoke_agent(const AppId& app_id, const AgentId& agent_id,
                      const authority::AuditEntry& audit) override;
  Result<std::optional<Bytes>> find_component_key(const AppId& app_id) override;
  Result<Bytes> keep_component_key(const AppId& app_id, const Bytes& sealed) override;

  // add_workflow also refuses k_not_found for an unknown application.
  Status add_workflow(const authority::StoredWorkflow& workflow,
                      std::span<const authority::FrozenGrant> grants,
                      const authority::AuditEntry& audit) override;
  Status confirm_workflow(const authority::StoredWorkflow& workflow,
                          std::span<const authority::FrozenGrant> grants,
                          const authority::AuditEntry& audit) override;
  Result<std::optional<authority::StoredWorkflow>> find_workflow(
      const AppId& app_id, const WorkflowId& workflow_id,
      std::optional<std::int64_t> version) override;
  Result<std::optional<authority::StoredWorkflow>> find_usable_workflow(
      const AppId& app_id, const WorkflowId& workflow_id) override;
  Result<std::vector<authority::StoredWorkflow>> list_workflows(const AppId& app_id) override;
  Result<std::vector<authority::StoredWorkflow>> list_workflow_versions(
      const AppId& app_id, const WorkflowId& workflow_id) override;

  // open_execution refuses k_already_exists, and k_not_found for an unknown workflow version.
  Status open_execution(const authority::Execution& execution,
                        const authority::AuditEntry& audit) override;
  Result<std::optional<authority::Execution>> find_execution(
      const AppId& app_id, const ExecutionId& execution_id) override;
  Result<std::vector<authority::Execution>> list_executions(const AppId& app_id,
                                                            std::size_t limit) override;
  Status change_step(const authority::StepChange& change,
                     const authority::AuditEntry& audit) override;
  Status close_execution(const ExecutionId& execution_id, std::int64_t expected_row_version,
                         Instant now, const authority::AuditEntry& audit) override;

  Result<authority::MintRecords> load_mint_records(const authority::MintQuery& query) override;
  std::vector<Status> commit(std::span<const authority::MintCommit> mints) override;

  Status append_audit(const authority::AuditEntry& audit) override;
  Result<std::vector<authority::AuditLeaf>> list_audit(std::int64_t after, std::size_t limit,
                                                       const std::optional<AppId>& app_id) override;
  Result<std::vector<authority::AuditLeaf>> list_audit_of(std::string_view decision_id) override;
  MerkleHead audit_head() override;
  Result<Digest> audit_root(std::uint64_t size) override;
  Result<MerkleProof> prove_audit_inclusion(std::uint64_t index, std::uint64_t size) override;
  Result<MerkleProof> prove_audit_consistency(std::uint64_t from, std::uint64_t to) override;
  Result<std::vector<Digest>> read_audit_tile(unsigned level, std::uint64_t index,
                                              std::size_t width) override;
  Result<crypto::PrivateKey> load_or_create_audit_key() override;
  Status keep_checkpoint(const std::string& note) override;
  Result<std::optional<std::string>> find_checkpoint() override;

  Result<std::vector<authority::SigningKey>> list_signing_keys() override;
  Result<crypto::PrivateKey> load_signing_key(std::string_view kid) override;
  Status announce_signing_key(const crypto::PrivateKey& key, Instant now,
                              const authority::AuditEntry& audit) override;
  Status activate_signing_key(std::string_view kid, Instant retire_previous_at,
                              const authority::AuditEntry& audit) override;
  Status remove_signing_key(std::string_view kid, const authority::AuditEntry& audit) override;

  Status create_draft_client(const authority::DraftClient& client,
                             const authority::AuditEntry& audit) override;
  Result<std::optional<authority::DraftClient>> find_draft_client(
      const ClientId& client_id) override;
  Result<std::vector<authority::DraftClient>> list_draft_clients(const AppId& app_id) override;
  Status disable_draft_client(const ClientId& client_id,
                              const authority::AuditEntry& audit) override;
  Status set_draft_agent(const authority::DraftAgent& agent,
                         const authority::AuditEntry& audit) override;
  Status end_draft_agent(const AppId& app_id, const AgentId& agent_id, Instant now,
                         const authority::AuditEntry& audit) override;
  Result<std::optional<authority::DraftAgentRecords>> find_draft_agent(
      const AppId& app_id, const AgentId& agent_id) override;
  Result<std::vector<authority::DraftAgentRecords>> list_draft_agents(const AppId& app_id) override;
  Status add_draft_registrations(std::span<const authority::DraftRegistration> registrations,
                                 const authority::AuditEntry& audit) override;
  Status add_draft_workflows(std::span<const authority::DraftWorkflow> workflows,
                             const authority::AuditEntry& audit) override;
  Result<std::optional<authority::DraftWorkflow>> find_draft_workflow(
      const AppId& app_id, const WorkflowId& workflow_id) override;
  Result<authority::DraftCounts> count_draft_00() override;

  // check_ready reads; after a transaction that failed, it also writes.
  Status check_ready() override;
  Result<authority::StoreStatus> get_status() override;

 private:
  SqliteStore(std::optional<DataDirectory> directory,
              std::unique_ptr<files::ScratchDirectory> scratch);
  Status start(const std::string& path, std::shared_ptr<ConnectionPool> readers,
               std::shared_ptr<ConnectionPool> writers);

  // read runs `function(Connection&)` in one read transaction and returns what it returns.
  template <class Function>
  auto read(const Function& function) -> decltype(function(std::declval<Connection&>()));
  // write queues `function(Connection&)`, after a look at the entry's basis and before the entry.
  template <class Function>
  Status write(const authority::AuditEntry& audit, const Function& function);

  Result<crypto::PublicKey> key_from(std::string_view text);
  Result<authority::Client> client_from(const Query& row);
  Result<authority::Registration> registration_from(const Query& row);
  Result<authority::StoredWorkflow> workflow_from(const Query& row);

  // The parts of load_mint_records that the find_ functions share; each in the caller's
  // transaction.
  Result<std::optional<authority::Registration>> newest_registration(Connection& db,
                                                                     const AppId& app_id,
                                                                     const AgentId& agent_id);
  Result<std::optional<authority::Registration>> acting_registration(Connection& db,
                                                                     const AppId& app_id,
                                                                     const AgentId& agent_id);
  Result<std::optional<authority::StoredWorkflow>> usable_workflow(Connection& db,
                                                                   const AppId& app_id,
                                                                   const WorkflowId& workflow_id);
  Result<std::optional<authority::StoredWorkflow>> workflow_version(
      Connection& db, const AppId& app_id, const WorkflowId& workflow_id,
      std::optional<std::int64_t> version);
  template <class Function>
  auto in_tree(std::uint64_t size, const Function& function)
      -> decltype(function(std::declval<MerkleNodes>()));
  std::string beside_database(std::string_view name) const;
  std::string key_file(std::string_view kid) const;
  Status remove_key_file(std::string_view kid) const;

  std::optional<DataDirectory> directory_;
  std::unique_ptr<files::ScratchDirectory> scratch_;
  std::string key_directory_;
  std::shared_ptr<ConnectionPool> readers_;
  std::unique_ptr<WriteQueue> queue_;

  // Public keys by their text; workflows by application, id and version.
  ParsedCache<crypto::PublicKey> keys_{8192};
  ParsedCache<Workflow> workflows_{1024};
};

template <class Function>
auto SqliteStore::read(const Function& function)
    -> decltype(function(std::declval<Connection&>())) {
  const ConnectionPool::Lease lease = readers_->acquire();
  Connection& db = *lease;
  AJWT_TRY(db.run("BEGIN"));
  auto answer = function(db);
  // Nothing was written: this only ends the snapshot, if an error has not done so already.
  if (db.in_transaction()) AJWT_TRY(db.run("ROLLBACK"));
  return answer;
}

template <class Function>
Status SqliteStore::write(const authority::AuditEntry& audit, const Function& function) {
  AJWT_ASSIGN(const PreparedLeaf leaf, prepare_leaf(audit));
  return queue_->run([&](Writer& writer) -> Status {
    AJWT_TRY(check_basis(writer.db(), audit.basis));
    AJWT_TRY(function(writer.db()));
    return writer.append_audit(leaf);
  });
}

}  // namespace ajwt::store
