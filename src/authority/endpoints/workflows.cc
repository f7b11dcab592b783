// SPDX-License-Identifier: Apache-2.0
#include "authority/registry/workflows.h"

#include "authority/endpoints/endpoints.h"
#include "authority/endpoints/request_body.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::authority {

Result<HttpResponse> handle_register_workflow(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const RegisterWorkflowRequest request,
              parse_register_workflow(caller.body, caller.caller.application().app_id));
  exchange.trace.subject = request.workflow.workflow_id.str();
  AJWT_ASSIGN(const RegisterWorkflowAnswer answer,
              register_workflow(exchange.context(), caller.caller, request, exchange.decision_id,
                                exchange.now));
  const int status = answer.outcome == WorkflowOutcome::kCreated ? 201 : 200;
  return write_json_response(status, write_workflow(answer.workflow));
}

Result<HttpResponse> handle_list_workflows(Exchange& exchange, Authenticated&) {
  AJWT_ASSIGN(const Form query, parse_query(exchange.request, {names::kAppId}));
  AJWT_ASSIGN(const auto text, query.get(names::kAppId));
  AJWT_ASSIGN(const AppId app_id, parse_app_id(text));
  AJWT_ASSIGN(const auto stored, exchange.context().store.list_workflows(app_id));
  json::Array workflows;
  for (const auto& workflow : stored) workflows.emplace_back(write_workflow(workflow));
  json::Object body;
  body.set(names::kAppId, app_id.str());
  body.set("workflows", std::move(workflows));
  return write_json_response(200, body);
}

}  // namespace ajwt::authority
