// SPDX-License-Identifier: Apache-2.0
#include "authority/execution/executions.h"

#include <algorithm>
#include <utility>

#include "authority/record_names.h"
#include "authority/retry.h"
#include "crypto/random.h"
#include "json/members.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::authority {
namespace {

json::Object audit_facts(const Execution& execution) {
  json::Object facts;
  facts.set(names::kExecutionId, execution.execution_id.str());
  facts.set(names::kWorkflowId, execution.workflow_id.str());
  facts.set(names::kWorkflowVersion, execution.workflow_version);
  return facts;
}

json::Object report_facts(const Execution& execution, const StepRecord& ended,
                          const StepReport& report) {
  json::Object facts = audit_facts(execution);
  facts.set(names::kWorkflowStep, ended.step_id.str());
  facts.set(names::kSub, AgentName{execution.app_id, report.agent_id}.str());
  facts.set(names::kJkt, *ended.jkt);
  facts.set("step_status", name(ended.status));
  return facts;
}

// get_reporter returns the acting registration if `proof` was made with its key. Compared before
// anything is said about the agent, so that its existence costs the same as its absence.
Result<Registration> get_reporter(Context& context, const AppId& app_id, const AgentId& agent_id,
                                  const VerifiedProof& proof) {
  AJWT_ASSIGN(auto registration, context.store.find_acting_registration(app_id, agent_id));
  const std::string expected = registration ? registration->jkt : std::string(43, '-');
  const bool key_matches = equal_constant_time(proof.jkt(), expected);
  if (!registration) return refuse(Code::k_agent_unknown, agent_id.str());
  if (registration->state == RegistrationState::kRevoked) {
    return refuse(Code::k_agent_revoked, agent_id.str());
  }
  if (!registration->is_activated()) return refuse(Code::k_agent_inactive, agent_id.str());
  if (!key_matches) return refuse(Code::k_agent_key_unknown);
  return *std::move(registration);
}

// get_workflow returns the version that is asked for, or the newest usable one.
Result<StoredWorkflow> get_workflow(Context& context, const AppId& app_id,
                                    const OpenExecutionRequest& request) {
  const std::string id = request.workflow_id.str();
  if (!request.workflow_version) {
    AJWT_ASSIGN(auto usable, context.store.find_usable_workflow(app_id, request.workflow_id));
    if (usable) return *std::move(usable);
  }
  AJWT_ASSIGN(auto found,
              context.store.find_workflow(app_id, request.workflow_id, request.workflow_version));
  if (!found) return refuse(Code::k_workflow_unknown, id);
  if (!found->is_usable()) {
    return refuse(Code::k_workflow_unconfirmed, id + " version " + std::to_string(found->version));
  }
  return *std::move(found);
}

StepStatus status_of(StepOutcome outcome) {
  return outcome == StepOutcome::kDone ? StepStatus::kDone : StepStatus::kFailed;
}

}  // namespace

Result<OpenExecutionRequest> parse_open_execution(const json::Object& body) {
  json::Members members(body);
  AJWT_ASSIGN(const std::string workflow, members.get_string(names::kWorkflowId));
  AJWT_ASSIGN(auto workflow_id, WorkflowId::parse(workflow));
  AJWT_ASSIGN(const auto version, members.find_integer(names::kWorkflowVersion));
  AJWT_ASSIGN(const auto seconds, members.find_integer(names::kExpiresIn));
  AJWT_TRY(members.check_no_others());
  if (seconds && *seconds < 1) return refuse(Code::k_parameter_malformed, "expires_in");
  OpenExecutionRequest request{std::move(workflow_id), version, std::nullopt};
  if (seconds) request.lifetime = Seconds(*seconds);
  return request;
}

Result<Execution> open_execution(Context& context, const Caller& caller,
                                 const OpenExecutionRequest& request, std::string_view decision_id,
                                 Instant now) {
  const AppId& app_id = caller.application().app_id;
  AJWT_ASSIGN(const StoredWorkflow stored, get_workflow(context, app_id, request));
  const Seconds lifetime = request.lifetime.value_or(context.options.execution_lifetime);
  if (lifetime > context.options.execution_lifetime_max) {
    return refuse(Code::k_limit_exceeded,
                  "expires_in is at most " +
                      std::to_string(context.options.execution_lifetime_max.count()) + ".");
  }
  Execution execution{.execution_id = ExecutionId::trusted(crypto::make_id("exec", now)),
                      .app_id = app_id,
                      .workflow_id = request.workflow_id,
                      .workflow_version = stored.version,
                      .status = ExecutionStatus::kOpen,
                      .steps = {},
                      .created_at = now,
                      .expires_at = now + lifetime,
                      .row_version = 1};
  for (const auto& step : stored.workflow.steps) {
    execution.steps.push_back(StepRecord{.step_id = step.step_id,
                                         .status = StepStatus::kPending,
                                         .uses = 0,
                                         .agent_id = std::nullopt,
                                         .registration_id = std::nullopt,
                                         .jkt = std::nullopt,
                                         .sequence = 0,
                                         .changed_at = now});
  }
  AJWT_TRY(context.store.open_execution(
      execution, build_audit(app_id, decision_id, "open_execution", allowed_to(caller), now,
                             audit_facts(execution))));
  return execution;
}

Result<StepReport> parse_step_report(const json::Object& body) {
  json::Members members(body);
  AJWT_ASSIGN(const std::string agent, members.get_string(names::kAgentId));
  AJWT_ASSIGN(auto agent_id, AgentId::parse(agent));
  AJWT_ASSIGN(const std::string outcome, members.get_string(names::kOutcome));
  AJWT_TRY(members.check_no_others());
  if (outcome == "done") return StepReport{std::move(agent_id), StepOutcome::kDone};
  if (outcome == "failed") return StepReport{std::move(agent_id), StepOutcome::kFailed};
  return refuse(Code::k_parameter_malformed, "outcome is done or failed.");
}

Result<Execution> report_step(Context& context, const Caller& caller,
                              const VerifiedProof& agent_proof, const ExecutionId& execution_id,
                              const StepId& step_id, const StepReport& report,
                              std::string_view decision_id, Instant now) {
  const AppId& app_id = caller.application().app_id;
  return retry_on_change([&]() -> Result<Execution> {
    AJWT_ASSIGN(const auto reporter, get_reporter(context, app_id, report.agent_id, agent_proof));
    AJWT_ASSIGN(auto execution, get_execution(context, caller, execution_id));
    if (execution.status == ExecutionStatus::kClosed) return refuse(Code::k_execution_closed);
    if (execution.has_expired(now)) return refuse(Code::k_execution_expired);
    const StepRecord* record = execution.find(step_id);
    if (record == nullptr) return refuse(Code::k_step_unknown, step_id.str());
    // The agent as well as its key: two agents may have been registered with one.
    if (record->jkt != reporter.jkt || record->agent_id != reporter.agent_id) {
      return refuse(Code::k_step_not_active, step_id.str());
    }
    if (record->status == status_of(report.outcome)) return execution;  // reported before
    if (record->status != StepStatus::kActive) {
      return refuse(Code::k_step_not_active, step_id.str());
    }
    StepRecord ended = *record;
    ended.status = status_of(report.outcome);
    ended.changed_at = now;
    Basis basis;
    basis.registrations.push_back(as_loaded(reporter));
    AJWT_TRY(context.store.change_step(
        StepChange{as_loaded(execution), ended},
        build_audit(app_id, decision_id, "report_step", allowed_to(caller, std::move(basis)), now,
                    report_facts(execution, ended, report))));
    return get_execution(context, caller, execution_id);
  });
}

Result<Execution> close_execution(Context& context, const Caller& caller,
                                  const ExecutionId& execution_id, std::string_view decision_id,
                                  Instant now) {
  return retry_on_change([&]() -> Result<Execution> {
    AJWT_ASSIGN(auto execution, get_execution(context, caller, execution_id));
    if (execution.status == ExecutionStatus::kClosed) return execution;
    AJWT_TRY(context.store.close_execution(
        execution_id, execution.row_version, now,
        build_audit(execution.app_id, decision_id, "close_execution", allowed_to(caller), now,
                    audit_facts(execution))));
    return get_execution(context, caller, execution_id);
  });
}

Result<Execution> get_execution(Context& context, const Caller& caller,
                                const ExecutionId& execution_id) {
  AJWT_ASSIGN(auto execution,
              context.store.find_execution(caller.application().app_id, execution_id));
  if (!execution) return refuse(Code::k_execution_unknown);
  return *std::move(execution);
}

json::Object write_execution(const Execution& execution, Instant now) {
  json::Object out;
  out.set(names::kExecutionId, execution.execution_id.str());
  out.set(names::kAppId, execution.app_id.str());
  out.set(names::kWorkflowId, execution.workflow_id.str());
  out.set(names::kWorkflowVersion, execution.workflow_version);
  const bool closed = execution.status == ExecutionStatus::kClosed;
  out.set(names::kStatus, closed ? "closed" : (execution.has_expired(now) ? "expired" : "open"));
  out.set("created_at", to_unix(execution.created_at));
  out.set("expires_at", to_unix(execution.expires_at));
  json::Array steps;
  for (const auto& record : execution.steps) {
    json::Object step;
    step.set(names::kStepId, record.step_id.str());
    step.set(names::kStatus, name(record.status));
    step.set("uses", record.uses);
    if (record.agent_id) step.set(names::kAgentId, record.agent_id->str());
    if (record.registration_id) {
      step.set(names::kRegistrationId, record.registration_id->str());
    }
    if (record.sequence != 0) step.set("sequence", record.sequence);
    step.set("changed_at", to_unix(record.changed_at));
    steps.emplace_back(std::move(step));
  }
  out.set(names::kSteps, std::move(steps));
  return out;
}

}  // namespace ajwt::authority
