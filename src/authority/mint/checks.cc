// SPDX-License-Identifier: Apache-2.0
#include "authority/mint/checks.h"

#include <algorithm>
#include <array>
#include <string>

namespace ajwt::authority {
namespace {

Status check_agent_registered(const MintFacts& facts) {
  if (!facts.records.registration)
    return refuse(Code::k_agent_unknown, facts.request.agent_id.str());
  return ok();
}

Status check_agent_active(const MintFacts& facts) {
  if (facts.records.registration->state == RegistrationState::kRevoked) {
    return refuse(Code::k_agent_revoked, facts.request.agent_id.str());
  }
  return ok();
}

// Whoever may register must not thereby let it act (protocol 3.2).
Status check_agent_activated(const MintFacts& facts) {
  if (!facts.records.registration->is_activated()) {
    return refuse(Code::k_agent_inactive, facts.request.agent_id.str());
  }
  return ok();
}

// Without this, whoever knows a checksum (it is public) and the application's credential is every
// agent of the application (threats T3: "no shim at all"). It also is what keeps one agent from
// naming another as itself (threats T7).
Status check_agent_key(const MintFacts& facts) {
  if (!facts.key_matches) return refuse(Code::k_agent_key_unknown);
  return ok();
}

Status check_agent_checksum(const MintFacts& facts) {
  if (!facts.checksum_matches) return refuse(Code::k_agent_checksum_mismatch);
  return ok();
}

// The application's setting decides whether workflows bind, never the request (threats T8).
Status check_workflow_rule(const MintFacts& facts) {
  if (!facts.request.within && facts.application.workflow_rule == WorkflowRule::kRequired) {
    return refuse(Code::k_workflow_required);
  }
  return ok();
}

// A frozen grant sums up steps; outside them it would be the steps without their order, their
// predecessors and their uses (protocol 3.3, threats T8).
Status check_stated_grant(const MintFacts& facts) {
  const auto& registration = *facts.records.registration;
  if (!facts.request.within && registration.grant_origin == GrantOrigin::kFrozen) {
    return refuse(Code::k_grant_not_stated);
  }
  return ok();
}

Status check_execution_live(const MintFacts& facts) {
  if (!facts.request.within) return ok();
  if (!facts.records.execution) return refuse(Code::k_execution_unknown);
  if (facts.records.execution->status == ExecutionStatus::kClosed) {
    return refuse(Code::k_execution_closed);
  }
  if (facts.records.execution->has_expired(facts.now)) return refuse(Code::k_execution_expired);
  return ok();
}

Status check_execution_workflow(const MintFacts& facts) {
  if (!facts.request.within) return ok();
  if (facts.records.execution->workflow_id != facts.request.within->workflow_id) {
    return refuse(Code::k_execution_workflow_differs);
  }
  return ok();
}

Status check_workflow_known(const MintFacts& facts) {
  if (facts.request.within && !facts.records.workflow) return refuse(Code::k_workflow_unknown);
  return ok();
}

Status check_step_known(const MintFacts& facts) {
  if (!facts.request.within) return ok();
  if (facts.step == nullptr || facts.step_record == nullptr) {
    return refuse(Code::k_step_unknown, facts.request.within->workflow_step.str());
  }
  return ok();
}

Status check_step_is_no_gate(const MintFacts& facts) {
  if (facts.step != nullptr && facts.step->approval_gate) return refuse(Code::k_step_is_gate);
  return ok();
}

Status check_step_agent(const MintFacts& facts) {
  if (facts.step == nullptr) return ok();
  if (!facts.step->agent_id || *facts.step->agent_id != facts.request.agent_id) {
    return refuse(Code::k_step_agent_differs, facts.step->step_id.str());
  }
  return ok();
}

Status check_step_tool(const MintFacts& facts) {
  if (facts.step == nullptr || !facts.request.tool) return ok();
  if (facts.request.tool != facts.step->action) return refuse(Code::k_step_tool_differs);
  return ok();
}

bool is_done(const MintFacts& facts, std::string_view step_id) {
  return std::any_of(facts.done.begin(), facts.done.end(),
                     [&](const auto* record) { return record->step_id.str() == step_id; });
}

Status check_predecessors(const MintFacts& facts) {
  if (facts.step == nullptr) return ok();
  std::vector<std::string> missing;
  for (const auto& needed : facts.records.workflow->workflow.predecessors(*facts.step)) {
    if (!is_done(facts, needed.str())) missing.push_back(needed.str());
  }
  if (missing.empty()) return ok();
  std::string list;
  for (const auto& step : missing) list += (list.empty() ? "" : ", ") + step;
  return refuse(Code::k_step_predecessors_missing, "Missing: " + list + ".")
      .with_items(std::move(missing));
}

Status check_approval_gate(const MintFacts& facts) {
  if (facts.step == nullptr || !facts.step->requires_approval) return ok();
  const WorkflowStep* gate = facts.records.workflow->workflow.gate_before(*facts.step);
  if (gate == nullptr || !is_done(facts, gate->step_id.str())) {
    std::vector<std::string> missing;
    if (gate != nullptr) missing.push_back(gate->step_id.str());
    return refuse(Code::k_step_needs_approval).with_items(std::move(missing));
  }
  return ok();
}

// P3: claims about the past are compared with the record; a true one changes nothing.
Status check_claimed_steps(const MintFacts& facts) {
  if (!facts.request.claimed_completed_steps) return ok();
  for (const auto& claimed : *facts.request.claimed_completed_steps) {
    if (!is_done(facts, claimed)) {
      return refuse(Code::k_completed_steps_differ).with_items({claimed});
    }
  }
  return ok();
}

// The draft shows the chain both with and without the requester at its end (4.2.2, 6.6.3); anything
// else than the record's own order is a chain that did not happen (threats T11).
Status check_claimed_chain(const MintFacts& facts) {
  if (!facts.request.claimed_chain) return ok();
  std::vector<std::string> chain;
  for (const auto* record : facts.delegators) chain.push_back(record->agent_id->str());
  if (*facts.request.claimed_chain == chain) return ok();
  chain.push_back(facts.request.agent_id.str());
  if (*facts.request.claimed_chain == chain) return ok();
  return refuse(Code::k_delegation_chain_differs);
}

Status check_step_available(const MintFacts& facts) {
  if (facts.step_record == nullptr) return ok();
  const auto& record = *facts.step_record;
  if (record.status == StepStatus::kActive) {
    if (record.jkt == facts.agent_proof.jkt()) return ok();  // a renewal: the same use
    return refuse(Code::k_step_held, record.step_id.str());
  }
  if (record.uses >= facts.step->max_uses) {
    return refuse(Code::k_step_uses_exhausted, record.step_id.str());
  }
  return ok();
}

Permission asked_permission(const MintFacts& facts) {
  return Permission{.audience = facts.request.audience,
                    .tool = facts.step != nullptr ? facts.step->action : facts.request.tool,
                    .scopes = facts.request.requested_scopes};
}

// A token for the authority itself would be an administrator's in an agent's hand (threats T9).
Status check_application_ceiling(const MintFacts& facts) {
  const auto& audiences = facts.application.audiences;
  const auto& asked = facts.request.audience;
  if (asked == facts.options.issuer ||
      std::find(audiences.begin(), audiences.end(), asked) == audiences.end()) {
    return refuse(Code::k_audience_exceeds_ceiling,
                  "The application may not ask for this audience.");
  }
  return ok();
}

Status check_step_ceiling(const MintFacts& facts) {
  if (facts.step == nullptr) return ok();
  const auto permission = facts.step->permission();
  return check_within(asked_permission(facts), permission ? Grant{*permission} : Grant{},
                      "the workflow step");
}

Status check_agent_ceiling(const MintFacts& facts) {
  const auto& grant = facts.records.registration->grant;
  return check_within(asked_permission(facts), grant ? *grant : Grant{}, "the agent's grant");
}

constexpr auto kMintChecks = std::to_array<MintCheck>({
    {"draft 4.3.1 (2)", "agent_registered", check_agent_registered},
    {"protocol 3.2", "agent_active", check_agent_active},
    {"protocol 3.2", "agent_activated", check_agent_activated},
    {"protocol 5 (6)", "agent_key", check_agent_key},
    {"draft 4.3.1 (3)", "agent_checksum", check_agent_checksum},
    {"protocol 5 (8)", "workflow_rule", check_workflow_rule},
    {"protocol 3.3", "stated_grant", check_stated_grant},
    {"protocol 5 (8)", "execution_live", check_execution_live},
    {"protocol 5 (8)", "execution_workflow", check_execution_workflow},
    {"draft 4.3.3 (1)", "workflow_known", check_workflow_known},
    {"draft 4.3.3 (2)", "step_known", check_step_known},
    {"protocol 5 (9)", "claimed_chain", check_claimed_chain},
    {"protocol 4.2", "step_is_no_gate", check_step_is_no_gate},
    {"draft 4.5.5", "step_agent", check_step_agent},
    {"protocol 5 (10)", "step_tool", check_step_tool},
    {"draft 4.3.3 (3)", "predecessors", check_predecessors},
    {"draft 4.3.3 (4)", "approval_gate", check_approval_gate},
    {"protocol P3", "claimed_steps", check_claimed_steps},
    {"protocol 4.1", "step_available", check_step_available},
    {"protocol 5 (11)", "application_ceiling", check_application_ceiling},
    {"protocol 5 (11)", "step_ceiling", check_step_ceiling},
    {"protocol 5 (11)", "agent_ceiling", check_agent_ceiling},
});

}  // namespace

std::span<const MintCheck> mint_checks() { return kMintChecks; }

}  // namespace ajwt::authority
