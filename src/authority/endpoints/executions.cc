// SPDX-License-Identifier: Apache-2.0
#include "authority/execution/executions.h"

#include "authority/endpoints/endpoints.h"
#include "authority/endpoints/request_body.h"
#include "json/members.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::authority {
namespace {

constexpr std::size_t kMaxListed = 100;

// get_execution_id reads the path's first parameter and notes it for log and audit.
Result<ExecutionId> get_execution_id(Exchange& exchange) {
  AJWT_ASSIGN(ExecutionId id, parse_path_id<ExecutionId>(exchange, 0));
  exchange.trace.execution_id = id.str();
  return id;
}

// write: under a path an unknown execution is a resource that is not there; for a mint it
// is an invalid grant.
Result<HttpResponse> write(const Result<Execution>& execution, int status, Instant now) {
  if (execution) return write_json_response(status, write_execution(*execution, now));
  if (execution.error().code() == Code::k_execution_unknown) return refuse(Code::k_not_found);
  return execution.error();
}

}  // namespace

Result<HttpResponse> handle_open_execution(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const OpenExecutionRequest request, parse_open_execution(caller.body));
  const auto execution = open_execution(exchange.context(), caller.caller, request,
                                        exchange.decision_id, exchange.now);
  if (execution) exchange.trace.execution_id = execution->execution_id.str();
  return write(execution, 201, exchange.now);
}

Result<HttpResponse> handle_list_executions(Exchange& exchange, Authenticated& caller) {
  AJWT_TRY(parse_query(exchange.request, {}));
  AJWT_ASSIGN(const auto executions, exchange.context().store.list_executions(
                                         caller.caller.application().app_id, kMaxListed));
  json::Array list;
  for (const auto& execution : executions) {
    list.emplace_back(write_execution(execution, exchange.now));
  }
  json::Object body;
  body.set("executions", std::move(list));
  return write_json_response(200, body);
}

Result<HttpResponse> handle_get_execution(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const ExecutionId id, get_execution_id(exchange));
  return write(get_execution(exchange.context(), caller.caller, id), 200, exchange.now);
}

Result<HttpResponse> handle_complete_step(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const ExecutionId id, get_execution_id(exchange));
  AJWT_ASSIGN(const StepId step_id, parse_path_id<StepId>(exchange, 1));
  exchange.trace.workflow_step = step_id.str();
  AJWT_ASSIGN(const StepReport report, parse_step_report(caller.body));
  exchange.trace.subject = AgentName{caller.caller.application().app_id, report.agent_id}.str();
  AJWT_ASSIGN(const VerifiedProof agent_proof, caller.get_agent_proof());
  exchange.proof_jkt = agent_proof.jkt();
  AJWT_TRY(caller.check_proof_claims(report.agent_id, std::nullopt));
  return write(report_step(exchange.context(), caller.caller, agent_proof, id, step_id, report,
                           exchange.decision_id, exchange.now),
               200, exchange.now);
}

Result<HttpResponse> handle_close_execution(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const ExecutionId id, get_execution_id(exchange));
  AJWT_TRY(json::Members(caller.body).check_no_others());
  return write(
      close_execution(exchange.context(), caller.caller, id, exchange.decision_id, exchange.now),
      200, exchange.now);
}

}  // namespace ajwt::authority
