// SPDX-License-Identifier: Apache-2.0
#include "authority/mint/token.h"

#include <algorithm>
#include <utility>

#include "protocol/digest.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::authority {
namespace {

// append_link adds who one hop was: application, agent, registration and key (protocol 5.1).
void append_link(std::vector<std::string>& texts, const AppId& app, const AgentId& agent,
                 const RegistrationId& registration, const std::string& jkt) {
  texts.push_back(app.str());
  texts.push_back(agent.str());
  texts.push_back(registration.str());
  texts.push_back(jkt);
}

void set_delegation(const MintFacts& facts, IntentClaims& intent) {
  const auto& own = *facts.records.registration;
  std::vector<std::string> ids;
  std::vector<std::string> links;
  for (const auto* record : facts.delegators) {
    ids.push_back(record->agent_id->str());
    append_link(links, own.app_id, *record->agent_id, *record->registration_id, *record->jkt);
    intent.delegators.insert(intent.delegators.begin(),
                             AgentName{own.app_id, *record->agent_id}.str());
  }
  ids.push_back(own.agent_id.str());
  append_link(links, own.app_id, own.agent_id, own.registration_id, own.jkt);
  intent.delegation_chain = draft_sequence_hash(ids);
  intent.delegation_digest = sequence_digest("ajwt-delegation-v1", links);
}

void set_steps(const MintFacts& facts, IntentClaims& intent) {
  std::vector<std::string> steps;
  for (const auto* record : facts.done) steps.push_back(record->step_id.str());
  if (facts.step != nullptr) steps.push_back(facts.step->step_id.str());
  intent.step_sequence_hash = draft_sequence_hash(steps);
  intent.step_sequence_digest = sequence_digest("ajwt-steps-v1", steps);
}

IntentClaims build_intent(const MintFacts& facts, const std::string& subject) {
  IntentClaims intent;
  if (facts.request.within) {
    const auto& execution = *facts.records.execution;
    intent.step = IntentClaims::Step{.workflow_id = execution.workflow_id,
                                     .workflow_version = execution.workflow_version,
                                     .workflow_step = facts.request.within->workflow_step,
                                     .execution_id = execution.execution_id};
  }
  intent.executed_by = subject;
  intent.initiated_by = "app:" + facts.application.app_id.str();
  set_delegation(facts, intent);
  set_steps(facts, intent);
  return intent;
}

Instant expiry(const MintFacts& facts) {
  const Instant latest = facts.now + facts.options.intent_token_lifetime;
  if (!facts.request.within) return latest;
  return std::min(latest, facts.records.execution->expires_at);
}

}  // namespace

AccessToken build_intent_token(const MintFacts& facts, std::string jti) {
  const auto& registration = *facts.records.registration;
  const std::string subject = AgentName{registration.app_id, registration.agent_id}.str();
  std::optional<std::string> shown_checksum;
  if (facts.application.checksum_in_tokens) shown_checksum = registration.checksum;
  return AccessToken{
      .iss = facts.options.issuer,
      .aud = facts.request.audience,
      .sub = subject,
      .client_id = registration.app_id,
      .iat = facts.now,
      .nbf = facts.now,
      .exp = expiry(facts),
      .jti = std::move(jti),
      .scope = facts.request.requested_scopes,
      .cnf_jkt = registration.jkt,
      .sub_profile = std::string(names::kAgent),
      .intent = build_intent(facts, subject),
      .agent_proof = AgentProofClaims{.registration_id = registration.registration_id,
                                      .agent_checksum = std::move(shown_checksum)},
      .tool = facts.step != nullptr ? facts.step->action : facts.request.tool};
}

}  // namespace ajwt::authority
