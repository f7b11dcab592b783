// SPDX-License-Identifier: Apache-2.0
//
// ObservedStore: a store that says what was asked of it and fails when it is told to.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "authority/ports.h"

namespace ajwt::testing {

// ObservedStore passes every call on to another store.
class ObservedStore final : public authority::Store {
 public:
  explicit ObservedStore(std::unique_ptr<authority::Store> inner) : inner_(std::move(inner)) {}

  // take_calls returns the names of the functions called since it was asked last, in order.
  std::vector<std::string> take_calls() {
    const std::lock_guard lock(mutex_);
    return std::exchange(calls_, {});
  }
  // before_next runs `function` once, before the next call of that name is passed on: what another
  // request does in between.
  void before_next(std::string name, std::function<void()> function) {
    const std::lock_guard lock(mutex_);
    intruder_ = {std::move(name), std::move(function)};
  }
  // break_down lets every function refuse k_store_unavailable; repair ends that.
  void break_down() { broken_ = true; }
  void repair() { broken_ = false; }

  Status create_application(const authority::Application& application,
                            const authority::AuditEntry& audit) override {
    return pass("create_application",
                [&] { return inner_->create_application(application, audit); });
  }
  Result<std::optional<authority::Application>> find_application(const AppId& app_id) override {
    return pass("find_application", [&] { return inner_->find_application(app_id); });
  }
  Result<std::vector<authority::Application>> list_applications() override {
    return pass("list_applications", [&] { return inner_->list_applications(); });
  }
  Status update_application(const authority::Application& application,
                            const authority::AuditEntry& audit) override {
    return pass("update_application",
                [&] { return inner_->update_application(application, audit); });
  }
  Status create_client(const authority::Client& client,
                       const authority::AuditEntry& audit) override {
    return pass("create_client", [&] { return inner_->create_client(client, audit); });
  }
  Result<std::optional<authority::Client>> find_client(const ClientId& client_id) override {
    return pass("find_client", [&] { return inner_->find_client(client_id); });
  }
  Result<std::vector<authority::Client>> list_clients(const AppId& app_id) override {
    return pass("list_clients", [&] { return inner_->list_clients(app_id); });
  }
  Status update_client(const authority::Client& client,
                       const authority::AuditEntry& audit) override {
    return pass("update_client", [&] { return inner_->update_client(client, audit); });
  }
  Result<bool> remember_assertion(const ClientId& client_id, std::string_view jti, Instant until,
                                  Instant now) override {
    return pass("remember_assertion",
                [&] { return inner_->remember_assertion(client_id, jti, until, now); });
  }
  Status add_registration(const authority::Registration& registration,
                          const authority::AuditEntry& audit) override {
    return pass("add_registration", [&] { return inner_->add_registration(registration, audit); });
  }
  Result<std::optional<Bytes>> find_component_key(const AppId& app_id) override {
    return pass("find_component_key", [&] { return inner_->find_component_key(app_id); });
  }
  Result<Bytes> keep_component_key(const AppId& app_id, const Bytes& sealed) override {
    return pass("keep_component_key", [&] { return inner_->keep_component_key(app_id, sealed); });
  }
  Result<std::optional<authority::Registration>> find_registration(
      const AppId& app_id, const AgentId& agent_id) override {
    return pass("find_registration", [&] { return inner_->find_registration(app_id, agent_id); });
  }
  Result<std::vector<authority::Registration>> list_registrations(const AppId& app_id) override {
    return pass("list_registrations", [&] { return inner_->list_registrations(app_id); });
  }
  Result<std::vector<authority::Registration>> list_versions(const AppId& app_id,
                                                             const AgentId& agent_id) override {
    return pass("list_versions", [&] { return inner_->list_versions(app_id, agent_id); });
  }
  Result<std::optional<AgentId>> find_same_checksum(const AppId& app_id, const AgentId& agent_id,
                                                    std::string_view checksum) override {
    return pass("find_same_checksum",
                [&] { return inner_->find_same_checksum(app_id, agent_id, checksum); });
  }
  Result<std::optional<authority::Registration>> find_acting_registration(
      const AppId& app_id, const AgentId& agent_id) override {
    return pass("find_acting_registration",
                [&] { return inner_->find_acting_registration(app_id, agent_id); });
  }
  Status activate_registration(const authority::Registration& registration,
                               const authority::AuditEntry& audit) override {
    return pass("activate_registration",
                [&] { return inner_->activate_registration(registration, audit); });
  }
  Status update_grant(const authority::Registration& registration,
                      const authority::AuditEntry& audit) override {
    return pass("update_grant", [&] { return inner_->update_grant(registration, audit); });
  }
  Status revoke_agent(const AppId& app_id, const AgentId& agent_id,
                      const authority::AuditEntry& audit) override {
    return pass("revoke_agent", [&] { return inner_->revoke_agent(app_id, agent_id, audit); });
  }
  Status add_workflow(const authority::StoredWorkflow& workflow,
                      std::span<const authority::FrozenGrant> grants,
                      const authority::AuditEntry& audit) override {
    return pass("add_workflow", [&] { return inner_->add_workflow(workflow, grants, audit); });
  }
  Result<std::optional<authority::StoredWorkflow>> find_workflow(
      const AppId& app_id, const WorkflowId& workflow_id,
      std::optional<std::int64_t> version) override {
    return pass("find_workflow",
                [&] { return inner_->find_workflow(app_id, workflow_id, version); });
  }
  Status confirm_workflow(const authority::StoredWorkflow& workflow,
                          std::span<const authority::FrozenGrant> grants,
                          const authority::AuditEntry& audit) override {
    return pass("confirm_workflow",
                [&] { return inner_->confirm_workflow(workflow, grants, audit); });
  }
  Result<std::optional<authority::StoredWorkflow>> find_usable_workflow(
      const AppId& app_id, const WorkflowId& workflow_id) override {
    return pass("find_usable_workflow",
                [&] { return inner_->find_usable_workflow(app_id, workflow_id); });
  }
  Result<std::vector<authority::StoredWorkflow>> list_workflow_versions(
      const AppId& app_id, const WorkflowId& workflow_id) override {
    return pass("list_workflow_versions",
                [&] { return inner_->list_workflow_versions(app_id, workflow_id); });
  }
  Result<std::vector<authority::StoredWorkflow>> list_workflows(const AppId& app_id) override {
    return pass("list_workflows", [&] { return inner_->list_workflows(app_id); });
  }
  Status open_execution(const authority::Execution& execution,
                        const authority::AuditEntry& audit) override {
    return pass("open_execution", [&] { return inner_->open_execution(execution, audit); });
  }
  Result<std::optional<authority::Execution>> find_execution(
      const AppId& app_id, const ExecutionId& execution_id) override {
    return pass("find_execution", [&] { return inner_->find_execution(app_id, execution_id); });
  }
  Result<std::vector<authority::Execution>> list_executions(const AppId& app_id,
                                                            std::size_t limit) override {
    return pass("list_executions", [&] { return inner_->list_executions(app_id, limit); });
  }
  Status change_step(const authority::StepChange& change,
                     const authority::AuditEntry& audit) override {
    return pass("change_step", [&] { return inner_->change_step(change, audit); });
  }
  Status close_execution(const ExecutionId& execution_id, std::int64_t expected_row_version,
                         Instant now, const authority::AuditEntry& audit) override {
    return pass("close_execution", [&] {
      return inner_->close_execution(execution_id, expected_row_version, now, audit);
    });
  }
  Result<authority::MintRecords> load_mint_records(const authority::MintQuery& query) override {
    return pass("load_mint_records", [&] { return inner_->load_mint_records(query); });
  }
  std::vector<Status> commit(std::span<const authority::MintCommit> mints) override {
    note("commit");
    if (!broken_) return inner_->commit(mints);
    return std::vector<Status>(mints.size(), Status(refuse(Code::k_store_unavailable)));
  }
  Status append_audit(const authority::AuditEntry& audit) override {
    return pass("append_audit", [&] { return inner_->append_audit(audit); });
  }
  Result<std::vector<authority::AuditLeaf>> list_audit(
      std::int64_t after, std::size_t limit, const std::optional<AppId>& app_id) override {
    return pass("list_audit", [&] { return inner_->list_audit(after, limit, app_id); });
  }
  Result<std::vector<authority::AuditLeaf>> list_audit_of(std::string_view decision_id) override {
    return pass("list_audit_of", [&] { return inner_->list_audit_of(decision_id); });
  }
  MerkleHead audit_head() override { return inner_->audit_head(); }
  Result<Digest> audit_root(std::uint64_t size) override {
    return pass("audit_root", [&] { return inner_->audit_root(size); });
  }
  Result<MerkleProof> prove_audit_inclusion(std::uint64_t index, std::uint64_t size) override {
    return pass("prove_audit_inclusion",
                [&] { return inner_->prove_audit_inclusion(index, size); });
  }
  Result<MerkleProof> prove_audit_consistency(std::uint64_t from, std::uint64_t to) override {
    return pass("prove_audit_consistency",
                [&] { return inner_->prove_audit_consistency(from, to); });
  }
  Result<std::vector<Digest>> read_audit_tile(unsigned level, std::uint64_t index,
                                              std::size_t width) override {
    return pass("read_audit_tile", [&] { return inner_->read_audit_tile(level, index, width); });
  }
  Result<crypto::PrivateKey> load_or_create_audit_key() override {
    return pass("load_or_create_audit_key", [&] { return inner_->load_or_create_audit_key(); });
  }
  // Not among the calls: it goes on beside whatever is asked for.
  Status keep_checkpoint(const std::string& note) override {
    if (broken_) return refuse(Code::k_store_unavailable);
    return inner_->keep_checkpoint(note);
  }
  Result<std::optional<std::string>> find_checkpoint() override {
    return pass("find_checkpoint", [&] { return inner_->find_checkpoint(); });
  }
  Result<std::vector<authority::SigningKey>> list_signing_keys() override {
    return pass("list_signing_keys", [&] { return inner_->list_signing_keys(); });
  }
  Result<crypto::PrivateKey> load_signing_key(std::string_view kid) override {
    return pass("load_signing_key", [&] { return inner_->load_signing_key(kid); });
  }
  Status announce_signing_key(const crypto::PrivateKey& key, Instant now,
                              const authority::AuditEntry& audit) override {
    return pass("announce_signing_key",
                [&] { return inner_->announce_signing_key(key, now, audit); });
  }
  Status activate_signing_key(std::string_view kid, Instant retire_previous_at,
                              const authority::AuditEntry& audit) override {
    return pass("activate_signing_key",
                [&] { return inner_->activate_signing_key(kid, retire_previous_at, audit); });
  }
  Status remove_signing_key(std::string_view kid, const authority::AuditEntry& audit) override {
    return pass("remove_signing_key", [&] { return inner_->remove_signing_key(kid, audit); });
  }
  Status create_draft_client(const authority::DraftClient& client,
                             const authority::AuditEntry& audit) override {
    return pass("create_draft_client", [&] { return inner_->create_draft_client(client, audit); });
  }
  Result<std::optional<authority::DraftClient>> find_draft_client(
      const ClientId& client_id) override {
    return pass("find_draft_client", [&] { return inner_->find_draft_client(client_id); });
  }
  Result<std::vector<authority::DraftClient>> list_draft_clients(const AppId& app_id) override {
    return pass("list_draft_clients", [&] { return inner_->list_draft_clients(app_id); });
  }
  Status disable_draft_client(const ClientId& client_id,
                              const authority::AuditEntry& audit) override {
    return pass("disable_draft_client",
                [&] { return inner_->disable_draft_client(client_id, audit); });
  }
  Status set_draft_agent(const authority::DraftAgent& agent,
                         const authority::AuditEntry& audit) override {
    return pass("set_draft_agent", [&] { return inner_->set_draft_agent(agent, audit); });
  }
  Status end_draft_agent(const AppId& app_id, const AgentId& agent_id, Instant now,
                         const authority::AuditEntry& audit) override {
    return pass("end_draft_agent",
                [&] { return inner_->end_draft_agent(app_id, agent_id, now, audit); });
  }
  Result<std::optional<authority::DraftAgentRecords>> find_draft_agent(
      const AppId& app_id, const AgentId& agent_id) override {
    return pass("find_draft_agent", [&] { return inner_->find_draft_agent(app_id, agent_id); });
  }
  Result<std::vector<authority::DraftAgentRecords>> list_draft_agents(
      const AppId& app_id) override {
    return pass("list_draft_agents", [&] { return inner_->list_draft_agents(app_id); });
  }
  Status add_draft_registrations(std::span<const authority::DraftRegistration> registrations,
                                 const authority::AuditEntry& audit) override {
    return pass("add_draft_registrations",
                [&] { return inner_->add_draft_registrations(registrations, audit); });
  }
  Status add_draft_workflows(std::span<const authority::DraftWorkflow> workflows,
                             const authority::AuditEntry& audit) override {
    return pass("add_draft_workflows",
                [&] { return inner_->add_draft_workflows(workflows, audit); });
  }
  Result<std::optional<authority::DraftWorkflow>> find_draft_workflow(
      const AppId& app_id, const WorkflowId& workflow_id) override {
    return pass("find_draft_workflow",
                [&] { return inner_->find_draft_workflow(app_id, workflow_id); });
  }
  Result<authority::DraftCounts> count_draft_00() override {
    return pass("count_draft_00", [&] { return inner_->count_draft_00(); });
  }
  Status check_ready() override {
    return pass("check_ready", [&] { return inner_->check_ready(); });
  }
  Result<authority::StoreStatus> get_status() override {
    return pass("get_status", [&] { return inner_->get_status(); });
  }

 private:
  void note(std::string name) {
    std::function<void()> intrude;
    {
      const std::lock_guard lock(mutex_);
      if (intruder_.first == name) intrude = std::exchange(intruder_, {}).second;
      calls_.push_back(std::move(name));
    }
    if (intrude) intrude();
  }
  template <class Function>
  auto pass(std::string name, const Function& function) -> decltype(function()) {
    note(std::move(name));
    if (broken_) return refuse(Code::k_store_unavailable).with_detail("/var/lib/ajwt/ajwt.db");
    return function();
  }

  std::unique_ptr<authority::Store> inner_;
  std::mutex mutex_;
  std::vector<std::string> calls_;
  std::pair<std::string, std::function<void()>> intruder_;
  std::atomic<bool> broken_{false};
};

}  // namespace ajwt::testing
