// SPDX-License-Identifier: Apache-2.0
#include "authority/registry/workflows.h"

#include "authority/endpoints/endpoints.h"
#include "authority/endpoints/request_body.h"
#include "json/members.h"
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

Result<HttpResponse> handle_get_workflow(Exchange& exchange, Authenticated&) {
  AJWT_ASSIGN(const AppId app_id, parse_path_id<AppId>(exchange, 0));
  AJWT_ASSIGN(const WorkflowId workflow_id, parse_path_id<WorkflowId>(exchange, 1));
  AJWT_ASSIGN(const auto versions,
              exchange.context().store.list_workflow_versions(app_id, workflow_id));
  if (versions.empty()) return refuse(Code::k_not_found);
  json::Array list;
  for (const auto& version : versions) list.emplace_back(write_workflow(version));
  json::Object body;
  body.set(names::kAppId, app_id.str());
  body.set(names::kWorkflowId, workflow_id.str());
  body.set("versions", std::move(list));
  return write_json_response(200, body);
}

Result<HttpResponse> handle_confirm_workflow(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const AppId app_id, parse_path_id<AppId>(exchange, 0));
  AJWT_ASSIGN(const WorkflowId workflow_id, parse_path_id<WorkflowId>(exchange, 1));
  exchange.trace.subject = workflow_id.str();
  json::Members members(caller.body);
  AJWT_ASSIGN(const std::int64_t version, members.get_integer(names::kVersion));
  AJWT_TRY(members.check_no_others());
  AJWT_ASSIGN(const StoredWorkflow confirmed,
              confirm_workflow(exchange.context(), caller.caller, app_id, workflow_id, version,
                               exchange.decision_id, exchange.now));
  return write_json_response(200, write_workflow(confirmed));
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
