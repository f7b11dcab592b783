// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/store_contract.h"

#include <utility>

#include "base/check.h"
#include "files/scratch_directory.h"
#include "jose/jwk.h"
#include "store/sqlite_store.h"

namespace ajwt::authority {

namespace {

template <class T>
std::unique_ptr<Store> opened(Result<std::unique_ptr<T>> store) {
  EXPECT_THAT(store, IsOk());
  if (!store) return nullptr;
  return *std::move(store);
}

std::unique_ptr<Store> open_in_file() {
  auto directory = files::ScratchDirectory::create();
  EXPECT_THAT(directory, IsOk());
  if (!directory) return nullptr;
  auto store = opened(store::SqliteStore::open({.directory = (*directory)->path() + "/data"}));
  if (store == nullptr) return nullptr;
  // The directory outlives the store: they go when the program ends.
  static std::vector<std::unique_ptr<files::ScratchDirectory>> kept;
  kept.push_back(*std::move(directory));
  return store;
}

}  // namespace

std::vector<StoreAdapter> store_adapters() {
  return {{"sqlite_in_memory", [] { return opened(store::SqliteStore::open_in_memory()); }},
          {"sqlite_in_file", open_in_file}};
}

std::string adapter_name(const ::testing::TestParamInfo<StoreAdapter>& info) {
  return info.param.name;
}

const crypto::PrivateKey& some_key(std::size_t which) {
  static const auto keys = [] {
    std::vector<crypto::PrivateKey> made;
    for (const crypto::KeyKind kind : {crypto::KeyKind::kEd25519, crypto::KeyKind::kP256,
                                       crypto::KeyKind::kEd25519, crypto::KeyKind::kEd25519}) {
      auto key = crypto::PrivateKey::generate(kind);
      AJWT_CHECK(key.has_value());
      made.push_back(*std::move(key));
    }
    return made;
  }();
  return keys.at(which);
}

Application make_application(const AppId& app_id) {
  return {.app_id = app_id,
          .name = "The " + app_id.str(),
          .workflow_rule = WorkflowRule::kRequired,
          .checksum_in_tokens = true,
          .accepts_reference_checksum = false,
          .activation = ActivationRule::kAtRegistration,
          .workflow_confirmation = ConfirmationRule::kNone,
          .audiences = {"https://api.example"},
          .row_version = 1,
          .created_at = kNow};
}

Client make_client(const AppId& app_id, const ClientId& id) {
  return {.client_id = id,
          .app_id = app_id,
          .auth = ClientAuth::kPrivateKeyJwt,
          .secret_sha256 = std::nullopt,
          .public_key = some_key(1).public_key(),
          .scopes = {"generate:intent-token"},
          .audiences = {"https://api.example"},
          .disabled = false,
          .row_version = 1,
          .created_at = kNow};
}

Registration make_registration(const AppId& app_id, const AgentId& agent_id, std::int64_t version) {
  return {.registration_id = RegistrationId::trusted(app_id.str() + "." + agent_id.str() + "." +
                                                     std::to_string(version)),
          .app_id = app_id,
          .agent_id = agent_id,
          .version = version,
          .state = RegistrationState::kRegistered,
          .checksum = "sha256:" + std::string(64, 'a'),
          .profile = ChecksumProfile::kSha256,
          .recomputed = true,
          .key = some_key(0).public_key(),
          .jkt = jose::thumbprint(some_key(0).public_key()),
          .grant = std::nullopt,
          .grant_origin = GrantOrigin::kStated,
          .autonomy = Autonomy::kSupervised,
          .sealed_components = {0, 1, 255},
          .registered_at = kNow,
          .activated_at = kNow,
          .row_version = 1};
}

StoredWorkflow make_workflow(const AppId& app_id, const WorkflowId& id, std::int64_t version) {
  Workflow workflow{.workflow_id = id, .steps = {}};
  for (const char* name : {"find", "pay", "ship"}) {
    WorkflowStep step{.step_id = step_id(name),
                      .agent_id = agent(),
                      .action = std::string(name) + "_tool",
                      .scopes = {"orders:write"},
                      .audience = "https://api.example",
                      .dependencies = {},
                      .required = true,
                      .approval_gate = false,
                      .requires_approval = false,
                      .max_uses = 3};
    if (!workflow.steps.empty()) step.dependencies = {workflow.steps.back().step_id};
    workflow.steps.push_back(std::move(step));
  }
  return {.app_id = app_id,
          .version = version,
          .workflow = std::move(workflow),
          .registered_at = kNow,
          .registered_by = client_id(),
          .confirmation_rule = ConfirmationRule::kNone,
          .confirmation = std::nullopt};
}

Execution make_execution(const StoredWorkflow& workflow, const ExecutionId& id) {
  Execution execution{.execution_id = id,
                      .app_id = workflow.app_id,
                      .workflow_id = workflow.workflow.workflow_id,
                      .workflow_version = workflow.version,
                      .status = ExecutionStatus::kOpen,
                      .steps = {},
                      .created_at = kNow,
                      .expires_at = kNow + Seconds(3600),
                      .row_version = 1};
  for (const WorkflowStep& step : workflow.workflow.steps) {
    execution.steps.push_back(StepRecord{.step_id = step.step_id,
                                         .status = StepStatus::kPending,
                                         .uses = 0,
                                         .agent_id = std::nullopt,
                                         .registration_id = std::nullopt,
                                         .jkt = std::nullopt,
                                         .sequence = 0,
                                         .changed_at = kNow});
  }
  return execution;
}

Grant make_grant(std::string scope) {
  return {Permission{
      .audience = "https://api.example", .tool = std::nullopt, .scopes = {std::move(scope)}}};
}

AuditEntry make_audit(const AppId& app_id, std::string decision_id, Basis basis) {
  json::Object entry{{"operation", "test"}, {"decision_id", decision_id}, {"time", 1'800'000'000}};
  return {.app_id = app_id,
          .decision_id = std::move(decision_id),
          .entry = std::move(entry),
          .basis = std::move(basis),
          .salt = Bytes(16, 7)};
}

StepChange make_change(const Execution& execution, std::string_view step, StepStatus status) {
  return {.execution = as_loaded(execution),
          .step = StepRecord{.step_id = step_id(std::string(step)),
                             .status = status,
                             .uses = 1,
                             .agent_id = agent(),
                             .registration_id = RegistrationId::trusted("shop.buyer.1"),
                             .jkt = "thumbprint",
                             .sequence = 0,
                             .changed_at = kNow + Seconds(5)}};
}

void StoreContract::SetUp() {
  store_ = GetParam().make();
  ASSERT_NE(store_, nullptr);
}

void StoreContract::seed() {
  ASSERT_THAT(store_->create_application(make_application(app()), make_audit(app())), IsOk());
  ASSERT_THAT(store_->create_client(make_client(app(), client_id()), make_audit(app())), IsOk());
  ASSERT_THAT(store_->add_registration(make_registration(app(), agent(), 1), make_audit(app())),
              IsOk());
  ASSERT_THAT(store_->add_workflow(make_workflow(app(), workflow_id(), 1), {}, make_audit(app())),
              IsOk());
}

void StoreContract::seed_execution(const ExecutionId& id) {
  ASSERT_THAT(store_->open_execution(make_execution(make_workflow(app(), workflow_id(), 1), id),
                                     make_audit(app())),
              IsOk());
}

Execution StoreContract::load(const ExecutionId& id) {
  auto found = store_->find_execution(app(), id);
  AJWT_CHECK(found.has_value() && found->has_value());
  return **std::move(found);
}

Registration StoreContract::newest(const AgentId& agent_id) {
  auto found = store_->find_registration(app(), agent_id);
  AJWT_CHECK(found.has_value() && found->has_value());
  return **std::move(found);
}

std::int64_t StoreContract::last_sequence() {
  auto leaves = store_->list_audit(0, 1'000'000, std::nullopt);
  AJWT_CHECK(leaves.has_value());
  return leaves->empty() ? 0 : leaves->back().sequence;
}

MintCommit StoreContract::mint_of(std::string decision_id) {
  const Registration registration = newest(agent());
  std::optional<RegistrationId> first;
  if (registration.state == RegistrationState::kRegistered) first = registration.registration_id;
  return {.first_mint_of = std::move(first),
          .step = std::nullopt,
          .audit = make_audit(app(), std::move(decision_id),
                              Basis{.client = ClientAsLoaded{app(), client_id(), 1},
                                    .application = ApplicationAsLoaded{app(), 1},
                                    .registrations = {as_loaded(registration)},
                                    .execution = std::nullopt})};
}

}  // namespace ajwt::authority
