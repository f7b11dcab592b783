// SPDX-License-Identifier: Apache-2.0
#include "authority/mint/mint.h"

#include <array>
#include <utility>

#include "authority/keys/key_ring.h"
#include "authority/mint/checks.h"
#include "authority/mint/token.h"
#include "authority/retry.h"
#include "crypto/random.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::authority {
namespace {

MintQuery query_of(const Caller& caller, const MintRequest& request) {
  MintQuery query{.app_id = caller.application().app_id,
                  .agent_id = request.agent_id,
                  .workflow_id = std::nullopt,
                  .execution_id = std::nullopt};
  if (request.within) {
    query.workflow_id = request.within->workflow_id;
    query.execution_id = request.within->execution_id;
  }
  return query;
}

// sign_and_verify issues the token and puts it through our own verifier: a claim that we would
// refuse never leaves the house.
Result<std::string> sign_and_verify(const Context& context, const AccessToken& token) {
  const auto signer = context.keys.active();
  AJWT_ASSIGN(std::string compact, issue_access_token(token, signer.key, signer.kid));
  const TokenRules rules{.issuer = context.options.issuer,
                         .audience = token.aud,
                         .algorithms = jose::AlgorithmSet::all(),
                         .skew = Seconds(0)};
  auto verified = verify_access_token(compact, rules, *context.keys.published(), token.iat);
  if (!verified) {
    return refuse(Code::k_internal_error)
        .with_detail("own token refused: " + std::string(verified.error().reason().name));
  }
  return compact;
}

StepRecord begun(const MintFacts& facts) {
  StepRecord record = *facts.step_record;
  record.status = StepStatus::kActive;
  record.uses += 1;
  record.agent_id = facts.request.agent_id;
  record.registration_id = facts.records.registration->registration_id;
  record.jkt = facts.agent_proof.jkt();
  record.sequence = 0;
  record.changed_at = facts.now;
  return record;
}

json::Object audit_facts(const MintFacts& facts, const AccessToken& token) {
  json::Object entry;
  const auto& intent = *token.intent;
  entry.set(std::string(names::kSub), token.sub);
  entry.set(std::string(names::kRegistrationId), token.agent_proof->registration_id.str());
  entry.set(std::string(names::kJkt), token.cnf_jkt);
  entry.set(std::string(names::kJti), token.jti);
  entry.set(std::string(names::kAud), token.aud);
  entry.set(std::string(names::kScope), join_scopes(token.scope));
  entry.set(std::string(names::kExp), to_unix(token.exp));
  if (token.tool) entry.set(std::string(names::kTool), *token.tool);
  if (intent.step) {
    entry.set(std::string(names::kWorkflowId), intent.step->workflow_id.str());
    entry.set(std::string(names::kWorkflowVersion), intent.step->workflow_version);
    entry.set(std::string(names::kWorkflowStep), intent.step->workflow_step.str());
    entry.set(std::string(names::kExecutionId), intent.step->execution_id.str());
    entry.set("renewal", facts.step_record->status == StepStatus::kActive);
  }
  entry.set(std::string(names::kDelegationDigest), intent.delegation_digest);
  entry.set(std::string(names::kStepSequenceDigest), intent.step_sequence_digest);
  return entry;
}

MintCommit build_commit(const MintFacts& facts, const Caller& caller, const AccessToken& token,
                        std::string_view decision_id) {
  const auto& registration = *facts.records.registration;
  MintCommit commit{
      .app_id = facts.application.app_id,
      .application_row_version = facts.application.row_version,
      .client_id = caller.client().client_id,
      .client_row_version = caller.client().row_version,
      .registration_id = registration.registration_id,
      .registration_row_version = registration.row_version,
      .first_mint = registration.state == RegistrationState::kRegistered,
      .step = std::nullopt,
      .unchanged_execution = std::nullopt,
      .audit = build_audit(facts.application.app_id, decision_id, "mint", std::nullopt,
                           caller.client().client_id, facts.now, audit_facts(facts, token))};
  if (facts.step_record == nullptr) return commit;
  const auto& execution = *facts.records.execution;
  if (facts.step_record->status == StepStatus::kActive) {
    commit.unchanged_execution.emplace(execution.execution_id, execution.row_version);
  } else {
    commit.step = StepChange{.execution_id = execution.execution_id,
                             .expected_row_version = execution.row_version,
                             .step = begun(facts)};
  }
  return commit;
}

// attempt is one pass from load to commit. It refuses k_state_changed when another write came
// between; nothing was written then, and a fresh look decides anew.
Result<MintAnswer> attempt(Context& context, const Caller& caller, const VerifiedProof& agent_proof,
                           const MintRequest& request, std::string_view decision_id, Instant now) {
  AJWT_ASSIGN(const MintRecords records,
              context.store.load_mint_records(query_of(caller, request)));
  const MintFacts facts =
      build_facts(context.options, caller.application(), request, agent_proof, records, now);
  for (const auto& check : mint_checks()) AJWT_TRY(check.rule(facts));

  const AccessToken token = build_intent_token(facts, crypto::random_token(names::kJtiBytes));
  AJWT_ASSIGN(std::string compact, sign_and_verify(context, token));

  const std::array<MintCommit, 1> commit{build_commit(facts, caller, token, decision_id)};
  auto answers = context.store.commit(commit);
  AJWT_TRY(std::move(answers.front()));
  return MintAnswer{.access_token = std::move(compact),
                    .expires_in = token.exp - token.iat,
                    .scope = token.scope};
}

}  // namespace

Result<MintAnswer> mint(Context& context, const Caller& caller, const VerifiedProof& agent_proof,
                        const MintRequest& request, std::string_view decision_id, Instant now,
                        MintTrace& trace) {
  trace.subject = AgentName{caller.application().app_id, request.agent_id}.str();
  if (request.within) {
    trace.execution_id = request.within->execution_id.str();
    trace.workflow_step = request.within->workflow_step.str();
  }
  return retry_on_change(
      [&] { return attempt(context, caller, agent_proof, request, decision_id, now); });
}

}  // namespace ajwt::authority
