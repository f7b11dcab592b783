// SPDX-License-Identifier: Apache-2.0
//
// Executions (protocol 4.2): open, report a step, close. Steps begin at mint and nowhere else.
#pragma once

#include <optional>
#include <string_view>

#include "authority/context.h"
#include "base/result.h"
#include "json/value.h"
#include "protocol/proof.h"

namespace ajwt::authority {

// OpenExecutionRequest is the body of POST /intent/executions.
struct OpenExecutionRequest {
  WorkflowId workflow_id;
  std::optional<std::int64_t> workflow_version;  // absent: the newest
  std::optional<Seconds> lifetime;
};

// parse_open_execution reads {workflow_id, workflow_version?, expires_in?}.
Result<OpenExecutionRequest> parse_open_execution(const json::Object& body);

// open_execution pins the workflow version. Refuses k_workflow_unknown.
Result<Execution> open_execution(Context& context, const Caller& caller,
                                 const OpenExecutionRequest& request, std::string_view decision_id,
                                 Instant now);

// StepReport is an agent's own word on the step that it holds.
enum class StepOutcome { kDone, kFailed };
struct StepReport {
  AgentId agent_id;
  StepOutcome outcome;
};
// parse_step_report reads {agent_id, outcome: "done"|"failed"}.
Result<StepReport> parse_step_report(const json::Object& body);

// report_step ends a step that the reporting agent's key holds active (the agent's own proof-bound
// word). Refuses k_execution_unknown, k_execution_closed, k_execution_expired, k_step_unknown,
// k_step_not_active (also when another key holds it), k_agent_unknown, k_agent_revoked,
// k_agent_key_unknown, k_state_changed. Reporting again what was reported is the same answer.
Result<Execution> report_step(Context& context, const Caller& caller,
                              const VerifiedProof& agent_proof, const ExecutionId& execution_id,
                              const StepId& step_id, const StepReport& report,
                              std::string_view decision_id, Instant now);

// close_execution ends a run; closing a closed one is the same answer. Refuses k_execution_unknown.
Result<Execution> close_execution(Context& context, const Caller& caller,
                                  const ExecutionId& execution_id, std::string_view decision_id,
                                  Instant now);

// get_execution refuses k_execution_unknown, also for another application's.
Result<Execution> get_execution(Context& context, const Caller& caller,
                                const ExecutionId& execution_id);

// write_execution returns the run as answers show it; `now` tells whether it has expired.
json::Object write_execution(const Execution& execution, Instant now);

}  // namespace ajwt::authority
