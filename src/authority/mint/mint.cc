// SPDX-License-Identifier: Apache-2.0
#include "authority/mint/mint.h"

#include <array>
#include <utility>

#include "authority/issue.h"
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
  entry.set(names::kSub, token.sub);
  entry.set(names::kRegistrationId, token.agent_proof->registration_id.str());
  entry.set(names::kJkt, token.cnf_jkt);
  entry.set(names::kJti, token.jti);
  entry.set(names::kAud, token.aud);
  entry.set(names::kScope, join_scopes(token.scope));
  entry.set(names::kExp, to_unix(token.exp));
  if (token.tool) entry.set(names::kTool, *token.tool);
  if (intent.step) {
    entry.set(names::kWorkflowId, intent.step->workflow_id.str());
    entry.set(names::kWorkflowVersion, intent.step->workflow_version);
    entry.set(names::kWorkflowStep, intent.step->workflow_step.str());
    entry.set(names::kExecutionId, intent.step->execution_id.str());
    entry.set("renewal", facts.step_record->status == StepStatus::kActive);
  }
  entry.set(names::kDelegationDigest, intent.delegation_digest);
  entry.set(names::kStepSequenceDigest, intent.step_sequence_digest);
  return entry;
}

MintCommit build_commit(const MintFacts& facts, const Caller& caller, const AccessToken& token,
                        std::string_view decision_id) {
  const auto& registration = *facts.records.registration;
  Basis basis;
  basis.application = as_loaded(facts.application);
  basis.registrations.push_back(as_loaded(registration));
  std::optional<StepChange> step;
  if (facts.step_record != nullptr) {
    const ExecutionAsLoaded execution = as_loaded(*facts.records.execution);
    if (facts.step_record->status == StepStatus::kActive) {
      basis.execution = execution;  // a renewal
    } else {
      step = StepChange{execution, begun(facts)};
    }
  }
  std::optional<RegistrationId> first_mint_of;
  if (registration.state == RegistrationState::kRegistered) {
    first_mint_of = registration.registration_id;
  }
  return MintCommit{.first_mint_of = std::move(first_mint_of),
                    .step = std::move(step),
                    .audit = build_audit(facts.application.app_id, decision_id, "mint",
                                         allowed_to(caller, std::move(basis)), facts.now,
                                         audit_facts(facts, token))};
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
  AJWT_ASSIGN(std::string compact, issue_verified(context, token));

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
    trace.workflow_id = request.within->workflow_id.str();
    trace.workflow_step = request.within->workflow_step.str();
  }
  return retry_on_change(
      [&] { return attempt(context, caller, agent_proof, request, decision_id, now); });
}

}  // namespace ajwt::authority
