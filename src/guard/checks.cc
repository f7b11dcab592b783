// SPDX-License-Identifier: Apache-2.0
#include "guard/checks.h"

#include <algorithm>
#include <array>

#include "protocol/names.h"

namespace ajwt::guard {
namespace {

// A plain token says nothing of agent, workflow or step; one that is taken where an intent token
// is due would be the way around all of them. The other way round, an agent's token would carry an
// agent into an interface that is for applications (protocol 8).
Status check_token_kind(const GuardFacts& facts) {
  const bool is_intent = facts.token.intent.has_value();
  switch (facts.route.token) {
    case TokenKind::kIntent:
      return is_intent && facts.token.agent_proof ? ok() : refuse(Code::k_intent_missing);
    case TokenKind::kPlain:
      return is_intent || facts.token.agent_proof ? refuse(Code::k_intent_refused) : ok();
  }
  return refuse(Code::k_internal_error);
}

// One form of token is known: `sub` is the agent (protocol 5.1). Tokens of profile draft-00 have no
// such claim and never come here: draft_checks judge those.
Status check_subject_profile(const GuardFacts& facts) {
  if (facts.route.token == TokenKind::kPlain) return ok();
  if (facts.token.sub_profile == names::kAgent) return ok();
  return refuse(Code::k_subject_profile_refused);
}

// Another application may have registered a workflow, a step and a tool of the same names.
Status check_taken_application(const AppId& app_id, const Route& route) {
  const auto& taken = route.apps;
  if (std::find(taken.begin(), taken.end(), app_id) != taken.end()) return ok();
  return refuse(Code::k_application_refused);
}

Status check_application(const GuardFacts& facts) {
  return check_taken_application(facts.token.client_id, facts.route);
}

// Scopes are compared whole and with case: "manifest:read" is neither "Manifest:Read" nor part of
// "manifest:readwrite".
Status check_needed_scopes(const Scopes& held, const Scopes& needed) {
  const bool has_all =
      !needed.empty() && std::all_of(needed.begin(), needed.end(), [&](const std::string& scope) {
        return has_scope(held, scope);
      });
  if (has_all) return ok();
  return refuse(Code::k_scope_insufficient, "Needed: " + join_scopes(needed) + ".")
      .with_items(needed);
}

Status check_scope(const GuardFacts& facts) {
  return check_needed_scopes(facts.token.scope, facts.route.scopes);
}

// `workflow_id` and `step` are null where the token is for none.
Status check_taken_workflow(const WorkflowId* workflow_id, const Route& route) {
  if (workflow_id == nullptr) return refuse(Code::k_workflow_refused, "The token is for none.");
  if (route.workflow == *workflow_id) return ok();
  return refuse(Code::k_workflow_refused, "The token is for " + workflow_id->str() + ".");
}

Status check_taken_step(const StepId* step, const Route& route) {
  if (step == nullptr) return refuse(Code::k_step_refused, "The token is for none.");
  const auto& taken = route.steps;
  if (std::find(taken.begin(), taken.end(), *step) != taken.end()) return ok();
  return refuse(Code::k_step_refused, "The token is for " + step->str() + ".");
}

Status check_workflow(const GuardFacts& facts) {
  if (facts.route.token == TokenKind::kPlain) return ok();
  const IntentClaims::Step* step = facts.token.find_step();
  return check_taken_workflow(step == nullptr ? nullptr : &step->workflow_id, facts.route);
}

Status check_step(const GuardFacts& facts) {
  if (facts.route.token == TokenKind::kPlain) return ok();
  const IntentClaims::Step* step = facts.token.find_step();
  return check_taken_step(step == nullptr ? nullptr : &step->workflow_step, facts.route);
}

Status check_tool(const GuardFacts& facts) {
  if (facts.route.token == TokenKind::kPlain) return ok();
  if (facts.route.tool && facts.token.tool == facts.route.tool) return ok();
  return refuse(Code::k_tool_refused);
}

// A client's own token is for the authority.
Status check_draft_agent(const DraftFacts& facts) {
  return facts.token.agent ? ok() : refuse(Code::k_intent_missing);
}

Status check_draft_application(const DraftFacts& facts) {
  return check_taken_application(facts.token.client_id, facts.route);
}

Status check_draft_scope(const DraftFacts& facts) {
  return check_needed_scopes(facts.token.scope, facts.route.scopes);
}

Status check_draft_workflow(const DraftFacts& facts) {
  if (!facts.route.workflow) return ok();
  const DraftToken::Agent::Step* step = facts.token.find_step();
  return check_taken_workflow(step == nullptr ? nullptr : &step->workflow_id, facts.route);
}

Status check_draft_step(const DraftFacts& facts) {
  if (!facts.route.workflow) return ok();
  const DraftToken::Agent::Step* step = facts.token.find_step();
  return check_taken_step(step == nullptr ? nullptr : &step->workflow_step, facts.route);
}

// The documented order. To add a rule: a row here, a reason in base/reasons.def, an accepted and a
// refused case in checks_test.cc.
// Each row: specification, name, rule.
constexpr auto kTokenChecks = std::to_array<Check>({
    {"protocol 8", "token_kind", check_token_kind},
    {"protocol 8", "subject_profile", check_subject_profile},
});

constexpr auto kRouteChecks = std::to_array<Check>({
    {"protocol 8", "application", check_application},
    {"RFC 6750 3.1", "scope", check_scope},
    {"protocol 8", "workflow", check_workflow},
    {"protocol 8", "step", check_step},
    {"protocol 8", "tool", check_tool},
});

constexpr auto kDraftChecks = std::to_array<DraftCheck>({
    {"protocol 5.3", "token_kind", check_draft_agent},
    {"protocol 8", "application", check_draft_application},
    {"RFC 6750 3.1", "scope", check_draft_scope},
    {"protocol 8", "workflow", check_draft_workflow},
    {"protocol 8", "step", check_draft_step},
});

}  // namespace

std::span<const Check> token_checks() { return kTokenChecks; }
std::span<const Check> route_checks() { return kRouteChecks; }
std::span<const DraftCheck> draft_checks() { return kDraftChecks; }

Status run_checks(std::span<const Check> checks, const GuardFacts& facts) {
  for (const Check& check : checks) AJWT_TRY(check.rule(facts));
  return ok();
}

Status run_checks(std::span<const DraftCheck> checks, const DraftFacts& facts) {
  for (const DraftCheck& check : checks) AJWT_TRY(check.rule(facts));
  return ok();
}

}  // namespace ajwt::guard
