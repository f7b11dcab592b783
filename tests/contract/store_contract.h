// SPDX-License-Identifier: Apache-2.0
//
// The contract of authority::Store: the suite's fixture, its adapters, and records to begin with.
// A new adapter is one more row in store_adapters.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "authority/ports.h"
#include "tests/support/matchers.h"

namespace ajwt::authority {

// StoreAdapter is one way to have an empty store; null means that it could not be made.
struct StoreAdapter {
  std::string name;
  std::function<std::unique_ptr<Store>()> make;
};
std::vector<StoreAdapter> store_adapters();
std::string adapter_name(const ::testing::TestParamInfo<StoreAdapter>& info);

inline constexpr Instant kNow = from_unix(1'800'000'000);

inline AppId app(std::string text = "shop") { return AppId::trusted(std::move(text)); }
inline AgentId agent(std::string text = "buyer") { return AgentId::trusted(std::move(text)); }
inline ClientId client_id(std::string text = "shop-minter") {
  return ClientId::trusted(std::move(text));
}
inline WorkflowId workflow_id(std::string text = "purchase") {
  return WorkflowId::trusted(std::move(text));
}
inline ExecutionId execution_id(std::string text = "exec_1") {
  return ExecutionId::trusted(std::move(text));
}
inline StepId step_id(std::string text) { return StepId::trusted(std::move(text)); }

// some_key returns one of a few key pairs that live as long as the program.
const crypto::PrivateKey& some_key(std::size_t which = 0);

Application make_application(const AppId& app_id);
Client make_client(const AppId& app_id, const ClientId& id);
// make_registration's registration_id is "<app>.<agent>.<version>".
Registration make_registration(const AppId& app_id, const AgentId& agent_id, std::int64_t version);
// make_workflow has the steps find, pay and ship, each of the agent "buyer".
StoredWorkflow make_workflow(const AppId& app_id, const WorkflowId& id, std::int64_t version);
Execution make_execution(const StoredWorkflow& workflow, const ExecutionId& id);
Grant make_grant(std::string scope);
AuditEntry make_audit(const AppId& app_id, std::string decision_id = "dec_1", Basis basis = {});
// make_change begins or ends a step of the execution as loaded.
StepChange make_change(const Execution& execution, std::string_view step, StepStatus status);

// StoreContract holds an empty store of one adapter.
class StoreContract : public ::testing::TestWithParam<StoreAdapter> {
 protected:
  void SetUp() override;

  // seed writes the application "shop" with its client, agent and workflow, all at version 1.
  void seed();
  // seed_execution opens an execution of the seeded workflow.
  void seed_execution(const ExecutionId& id);
  Execution load(const ExecutionId& id);
  Registration newest(const AgentId& agent_id);
  // last_sequence is the sequence of the newest leaf of the audit log.
  std::int64_t last_sequence();
  // mint_of is a mint of the seeded agent that all facts allow.
  MintCommit mint_of(std::string decision_id);

  std::unique_ptr<Store> store_;
};

}  // namespace ajwt::authority
