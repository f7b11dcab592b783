// SPDX-License-Identifier: Apache-2.0
#include "authority/mint/checks.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "jose/jwk.h"
#include "json/parse.h"
#include "tests/support/matchers.h"

namespace ajwt::authority {
namespace {

constexpr std::string_view kIssuer = "https://as.example";
constexpr std::string_view kApi = "https://api.example";
const Instant kNow = from_unix(1'800'000'000);

crypto::PrivateKey make_key(std::uint8_t fill) {
  return *crypto::PrivateKey::from_ed25519_seed(Bytes(32, fill));
}

VerifiedProof prove(const crypto::PrivateKey& key) {
  const auto proof = build_dpop_proof(key, ProofClaims{.method = "POST",
                                                       .uri = "https://as.example/intent/token",
                                                       .jti = "jti-1",
                                                       .now = kNow,
                                                       .nonce = std::nullopt,
                                                       .access_token = std::nullopt,
                                                       .body = std::nullopt,
                                                       .query = std::nullopt,
                                                       .agent_checksum = std::nullopt,
                                                       .agent_id = std::nullopt,
                                                       .beside_jkt = std::nullopt});
  return *verify_dpop_proof(*proof,
                            ProofFacts{.method = "POST",
                                       .uri = "https://as.example/intent/token",
                                       .now = kNow,
                                       .nonces = nullptr,
                                       .exact_nonce = std::nullopt,
                                       .access_token = std::nullopt,
                                       .jkt = std::nullopt,
                                       .binding = ProofFacts::Binding::kIfPresent,
                                       .body = std::nullopt,
                                       .query = ""},
                            jose::AlgorithmSet::all());
}

// Scene is one mint that every check allows: the planner asks for `plan` after the reader did
// `read`. A test changes one thing and names the check and the reason that must refuse it.
struct Scene {
  AuthorityOptions options{.issuer = std::string(kIssuer)};
  crypto::PrivateKey key = make_key(1);
  VerifiedProof proof = prove(key);
  Application application{.app_id = AppId::trusted("fleet"),
                          .name = "Fleet",
                          .workflow_rule = WorkflowRule::kRequired,
                          .checksum_in_tokens = false,
                          .accepts_reference_checksum = false,
                          .audiences = {std::string(kApi)},
                          .row_version = 1,
                          .created_at = kNow};
  MintRequest request{
      .agent_id = AgentId::trusted("planner"),
      .computed_checksum = "sha256:" + std::string(64, 'a'),
      .requested_scopes = {"plan:write"},
      .audience = std::string(kApi),
      .tool = "plan",
      .within = MintRequest::Within{WorkflowId::trusted("patch"), StepId::trusted("plan"),
                                    ExecutionId::trusted("exec_1")},
      .claimed_chain = std::vector<std::string>{"reader"},
      .claimed_completed_steps = std::vector<std::string>{"read"}};
  MintRecords records;

  Scene() {
    records.registration =
        Registration{.registration_id = RegistrationId::trusted("reg_planner"),
                     .app_id = application.app_id,
                     .agent_id = request.agent_id,
                     .version = 1,
                     .state = RegistrationState::kRegistered,
                     .checksum = request.computed_checksum,
                     .profile = ChecksumProfile::kSha256,
                     .recomputed = true,
                     .key = key.public_key(),
                     .jkt = jose::thumbprint(key.public_key()),
                     .grant = Grant{Permission{std::string(kApi), "plan", {"plan:write"}}},
                     .grant_origin = GrantOrigin::kStated,
                     .autonomy = Autonomy::kSemi,
                     .sealed_components = {},
                     .registered_at = kNow,
                     .activated_at = kNow,
                     .row_version = 1};
    const auto definition = json::parse_object(R"({"workflow_id":"patch","steps":{
        "read":{"agent_id":"reader","action":"read","scopes":["manifest:read"],
                "audience":"https://api.example"},
        "plan":{"agent_id":"planner","action":"plan","scopes":["plan:write"],
                "audience":"https://api.example","dependencies":["read"]},
        "review":{"approval_gate":true,"required":false},
        "apply":{"agent_id":"planner","action":"apply","scopes":["manifest:write"],
                 "audience":"https://api.example","requires_approval":true,
                 "dependencies":["plan"],"required":false}}})");
    records.workflow = StoredWorkflow{.app_id = application.app_id,
                                      .version = 1,
                                      .workflow = *parse_workflow(*definition),
                                      .registered_at = kNow,
                                      .registered_by = ClientId::trusted("registrar")};
    records.execution = Execution{.execution_id = ExecutionId::trusted("exec_1"),
                                  .app_id = application.app_id,
                                  .workflow_id = WorkflowId::trusted("patch"),
                                  .workflow_version = 1,
                                  .status = ExecutionStatus::kOpen,
                                  .steps = {},
                                  .created_at = kNow,
                                  .expires_at = kNow + Seconds(60),
                                  .row_version = 1};
    for (const auto& step : records.workflow->workflow.steps) {
      records.execution->steps.push_back(StepRecord{.step_id = step.step_id,
                                                    .status = StepStatus::kPending,
                                                    .uses = 0,
                                                    .agent_id = std::nullopt,
                                                    .registration_id = std::nullopt,
                                                    .jkt = std::nullopt,
                                                    .sequence = 0,
                                                    .changed_at = kNow});
    }
    finish("read", "reader", 1);
  }

  StepRecord& record(std::string_view step) {
    for (auto& record : records.execution->steps) {
      if (record.step_id.str() == step) return record;
    }
    std::abort();
  }

  void finish(std::string_view step, std::string_view agent, std::int64_t sequence) {
    StepRecord& done = record(step);
    done.status = StepStatus::kDone;
    done.uses = 1;
    done.sequence = sequence;
    done.agent_id = AgentId::trusted(std::string(agent));
    done.registration_id = RegistrationId::trusted("reg_" + std::string(agent));
    done.jkt = std::string(43, 'x');
  }

  // decide returns what the pipeline would: the first refusal and the name of the check.
  std::pair<Status, std::string_view> decide() const {
    const MintFacts facts = build_facts(options, application, request, proof, records, kNow);
    for (const auto& check : mint_checks()) {
      if (auto status = check.rule(facts); !status) return {std::move(status), check.name};
    }
    return {ok(), ""};
  }
};

struct Case {
  std::string_view check;
  Code reason;
  std::function<void(Scene&)> change;
};

const std::vector<Case>& refused_cases() {
  static const std::vector<Case> cases = {
      {"agent_registered", Code::k_agent_unknown, [](Scene& s) { s.records.registration.reset(); }},
      {"agent_active", Code::k_agent_revoked,
       [](Scene& s) { s.records.registration->state = RegistrationState::kRevoked; }},
      {"agent_key", Code::k_agent_key_unknown, [](Scene& s) { s.proof = prove(make_key(2)); }},
      {"agent_checksum", Code::k_agent_checksum_mismatch,
       [](Scene& s) { s.request.computed_checksum.back() = 'b'; }},
      {"workflow_rule", Code::k_workflow_required, [](Scene& s) { s.request.within.reset(); }},
      {"stated_grant", Code::k_grant_not_stated,
       [](Scene& s) {
         s.request.within.reset();
         s.application.workflow_rule = WorkflowRule::kOptional;
         s.records.registration->grant_origin = GrantOrigin::kFrozen;
       }},
      {"execution_live", Code::k_execution_unknown, [](Scene& s) { s.records.execution.reset(); }},
      {"execution_live", Code::k_execution_closed,
       [](Scene& s) { s.records.execution->status = ExecutionStatus::kClosed; }},
      {"execution_live", Code::k_execution_expired,
       [](Scene& s) { s.records.execution->expires_at = kNow; }},
      {"execution_workflow", Code::k_execution_workflow_differs,
       [](Scene& s) { s.request.within->workflow_id = WorkflowId::trusted("other"); }},
      {"workflow_known", Code::k_workflow_unknown, [](Scene& s) { s.records.workflow.reset(); }},
      {"step_known", Code::k_step_unknown,
       [](Scene& s) { s.request.within->workflow_step = StepId::trusted("deploy"); }},
      {"claimed_chain", Code::k_delegation_chain_differs,
       [](Scene& s) {
         s.request.claimed_chain = std::vector<std::string>{"approver", "reader"};
       }},
      {"claimed_chain", Code::k_delegation_chain_differs,
       [](Scene& s) { s.request.claimed_chain = std::vector<std::string>{}; }},
      {"step_is_no_gate", Code::k_step_is_gate,
       [](Scene& s) {
         s.request.claimed_chain.reset();
         s.request.within->workflow_step = StepId::trusted("review");
       }},
      {"step_agent", Code::k_step_agent_differs,
       [](Scene& s) {
         s.request.claimed_chain.reset();
         s.request.within->workflow_step = StepId::trusted("read");
       }},
      {"step_tool", Code::k_step_tool_differs, [](Scene& s) { s.request.tool = "apply"; }},
      {"predecessors", Code::k_step_predecessors_missing,
       [](Scene& s) {
         s.request.claimed_chain.reset();
         s.record("read").status = StepStatus::kActive;
       }},
      {"approval_gate", Code::k_step_needs_approval,
       [](Scene& s) {
         s.finish("plan", "planner", 2);
         s.request.within->workflow_step = StepId::trusted("apply");
         s.request.tool = "apply";
       }},
      {"claimed_steps", Code::k_completed_steps_differ,
       [](Scene& s) {
         s.request.claimed_completed_steps = std::vector<std::string>{"read", "review"};
       }},
      {"step_available", Code::k_step_uses_exhausted,
       [](Scene& s) { s.finish("plan", "planner", 2); }},
      {"step_available", Code::k_step_held,
       [](Scene& s) {
         s.record("plan").status = StepStatus::kActive;
         s.record("plan").jkt = std::string(43, 'y');
       }},
      {"application_ceiling", Code::k_audience_exceeds_ceiling,
       [](Scene& s) { s.application.audiences.clear(); }},
      {"application_ceiling", Code::k_audience_exceeds_ceiling,
       [](Scene& s) {
         s.application.audiences.emplace_back(kIssuer);
         s.request.audience = kIssuer;
       }},
      {"step_ceiling", Code::k_scope_exceeds_ceiling,
       [](Scene& s) { s.request.requested_scopes.emplace_back("manifest:write"); }},
      {"step_ceiling", Code::k_scope_exceeds_ceiling,
       [](Scene& s) { s.request.requested_scopes = {"PLAN:write"}; }},
      {"step_ceiling", Code::k_audience_exceeds_ceiling,
       [](Scene& s) {
         s.application.audiences.emplace_back("https://other.example");
         s.request.audience = "https://other.example";
       }},
      {"agent_ceiling", Code::k_audience_exceeds_ceiling,
       [](Scene& s) { s.records.registration->grant.reset(); }},
      {"agent_ceiling", Code::k_scope_exceeds_ceiling,
       [](Scene& s) {
         s.records.registration->grant = Grant{Permission{std::string(kApi), "plan", {"x"}}};
       }},
  };
  return cases;
}

TEST(MintChecks, AllowWhatEveryCeilingAllows) {
  const Scene scene;

  EXPECT_THAT(scene.decide().first, IsOk());
}

TEST(MintChecks, AllowTheRenewalOfAStepThatTheSameKeyHolds) {
  Scene scene;
  scene.record("plan").status = StepStatus::kActive;
  scene.record("plan").uses = 1;
  scene.record("plan").jkt = scene.proof.jkt();

  EXPECT_THAT(scene.decide().first, IsOk());
}

TEST(MintChecks, AllowAClaimedChainThatEndsWithTheRequester) {
  Scene scene;
  scene.request.claimed_chain = std::vector<std::string>{"reader", "planner"};

  EXPECT_THAT(scene.decide().first, IsOk());
}

TEST(MintChecks, AllowAnAgentOutsideAWorkflowByAnExplicitGrantWhereTheApplicationSaysSo) {
  Scene scene;
  scene.application.workflow_rule = WorkflowRule::kOptional;
  scene.request.within.reset();
  scene.request.claimed_chain.reset();
  scene.request.claimed_completed_steps.reset();

  EXPECT_THAT(scene.decide().first, IsOk());
}

TEST(MintChecks, RefuseEachCaseByItsOwnCheckAndReason) {
  for (const auto& refused : refused_cases()) {
    Scene scene;
    refused.change(scene);

    const auto [status, check] = scene.decide();

    EXPECT_THAT(status, RefusedWith(refused.reason)) << refused.check;
    EXPECT_EQ(check, refused.check) << reason_of(refused.reason).name;
  }
}

TEST(MintChecks, HaveARefusedCaseForEveryRow) {
  std::map<std::string_view, int> covered;
  for (const auto& refused : refused_cases()) ++covered[refused.check];

  for (const auto& check : mint_checks()) EXPECT_GT(covered[check.name], 0) << check.name;
  EXPECT_EQ(covered.size(), mint_checks().size());
}

TEST(MintChecks, NameTheStepsThatAreMissing) {
  Scene scene;
  scene.request.claimed_chain.reset();
  scene.record("read").status = StepStatus::kFailed;

  const auto [status, check] = scene.decide();

  ASSERT_THAT(status, RefusedWith(Code::k_step_predecessors_missing));
  EXPECT_EQ(status.error().items(), std::vector<std::string>{"read"});
}

}  // namespace
}  // namespace ajwt::authority
