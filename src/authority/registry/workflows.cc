// SPDX-License-Identifier: Apache-2.0
#include "authority/registry/workflows.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "authority/retry.h"
#include "json/members.h"
#include "json/write.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::authority {
namespace {

// add_permission joins a permission to a grant, merging scopes of the same audience and tool.
void add_permission(Grant& grant, const Permission& permission) {
  for (auto& known : grant) {
    if (known.audience != permission.audience || known.tool != permission.tool) continue;
    for (const auto& scope : permission.scopes) {
      if (!has_scope(known.scopes, scope)) known.scopes.push_back(scope);
    }
    return;
  }
  grant.push_back(permission);
}

std::map<AgentId, Grant> needed_grants(const Workflow& workflow) {
  std::map<AgentId, Grant> needed;
  for (const auto& step : workflow.steps) {
    if (!step.agent_id) continue;
    Grant& grant = needed[*step.agent_id];
    if (const auto permission = step.permission()) add_permission(grant, *permission);
  }
  return needed;
}

// check_permissions: a step without audience or scopes is within no ceiling, so it could never
// begin and whatever comes after it would wait for ever (protocol 4.1: unreachable steps).
Status check_permissions(const Workflow& workflow) {
  for (const auto& step : workflow.steps) {
    if (step.agent_id && !step.permission()) {
      return refuse(Code::k_workflow_malformed,
                    "Step " + step.step_id.str() + " needs an audience and at least one scope.");
    }
  }
  return ok();
}

Status check_audiences(const Workflow& workflow, const Application& application,
                       const std::string& issuer) {
  for (const auto& step : workflow.steps) {
    if (!step.audience) continue;
    const auto& allowed = application.audiences;
    if (*step.audience == issuer ||
        std::find(allowed.begin(), allowed.end(), *step.audience) == allowed.end()) {
      return refuse(Code::k_audience_exceeds_ceiling,
                    "Step " + step.step_id.str() + ": the application may not use this audience.");
    }
  }
  return ok();
}

// freeze_grants checks every agent's steps against its frozen grant and returns the default grants
// to freeze (protocol 3.3). It notes the registrations that it looked at in `basis`.
Result<std::vector<FrozenGrant>> freeze_grants(Context& context, const AppId& app_id,
                                               const Workflow& workflow, Basis& basis) {
  std::vector<FrozenGrant> frozen;
  for (const auto& [agent_id, needed] : needed_grants(workflow)) {
    AJWT_ASSIGN(const auto registration, context.store.find_registration(app_id, agent_id));
    if (!registration || registration->state == RegistrationState::kRevoked) {
      return refuse(Code::k_workflow_agent_unknown, agent_id.str());
    }
    basis.registrations.push_back(as_loaded(*registration));
    if (!registration->grant) {
      frozen.push_back({registration->registration_id, needed});
      continue;
    }
    for (const auto& permission : needed) {
      if (auto within = check_within(permission, *registration->grant, "the agent's grant");
          !within) {
        return refuse(Code::k_workflow_exceeds_grant,
                      agent_id.str() + ": " + within.error().message());
      }
    }
  }
  return frozen;
}

AuditEntry workflow_audit(const Caller& caller, const StoredWorkflow& stored,
                          const std::vector<FrozenGrant>& frozen, Basis basis,
                          std::string_view decision_id) {
  json::Object facts;
  facts.set(names::kWorkflowId, stored.workflow.workflow_id.str());
  facts.set(names::kVersion, stored.version);
  json::Array grants;
  for (const auto& grant : frozen) {
    json::Object one;
    one.set(names::kRegistrationId, grant.registration_id.str());
    one.set(names::kGrant, to_json(grant.grant));
    grants.emplace_back(std::move(one));
  }
  facts.set("frozen_grants", std::move(grants));
  return build_audit(stored.app_id, decision_id, "register_workflow",
                     allowed_to(caller, std::move(basis)), stored.registered_at, facts);
}

}  // namespace

Result<RegisterWorkflowRequest> parse_register_workflow(const json::Object& body,
                                                        const AppId& own) {
  json::Object definition = body;
  AppId app_id = own;
  if (const json::Value* value = body.find(names::kAppId)) {
    if (value->find_string() == nullptr) {
      return refuse(Code::k_parameter_malformed, std::string(names::kAppId));
    }
    AJWT_ASSIGN(app_id, parse_app_id(value->as_string()));
    definition.remove(names::kAppId);
  }
  AJWT_ASSIGN(auto workflow, parse_workflow(definition));
  return RegisterWorkflowRequest{std::move(app_id), std::move(workflow)};
}

Result<RegisterWorkflowAnswer> register_workflow(Context& context, const Caller& caller,
                                                 const RegisterWorkflowRequest& request,
                                                 std::string_view decision_id, Instant now) {
  const bool administrator = has_scope(caller.scopes(), names::kScopeAdminWorkflows);
  if (!caller.owns(request.app_id) && !administrator) {
    return refuse(Code::k_client_unauthorized, "app_id is not the caller's application.");
  }
  return retry_on_change([&]() -> Result<RegisterWorkflowAnswer> {
    AJWT_ASSIGN(const auto application, context.store.find_application(request.app_id));
    if (!application) return refuse(Code::k_not_found, std::string(names::kAppId));
    AJWT_TRY(check_permissions(request.workflow));
    AJWT_TRY(check_audiences(request.workflow, *application, context.options.issuer));
    AJWT_ASSIGN(const auto newest,
                context.store.find_workflow(request.app_id, request.workflow.workflow_id));
    if (newest && newest->workflow == request.workflow) {
      return RegisterWorkflowAnswer{WorkflowOutcome::kUnchanged, *newest};
    }
    Basis basis;
    basis.application = as_loaded(*application);
    AJWT_ASSIGN(const auto frozen, freeze_grants(context, request.app_id, request.workflow, basis));
    StoredWorkflow stored{.app_id = request.app_id,
                          .version = newest ? newest->version + 1 : 1,
                          .workflow = request.workflow,
                          .registered_at = now};
    AJWT_TRY(context.store.add_workflow(
        stored, frozen, workflow_audit(caller, stored, frozen, std::move(basis), decision_id)));
    return RegisterWorkflowAnswer{WorkflowOutcome::kCreated, std::move(stored)};
  });
}

json::Object write_workflow(const StoredWorkflow& stored) {
  json::Object out;
  out.set(names::kStatus, "registered");
  out.set(names::kAppId, stored.app_id.str());
  out.set(names::kVersion, stored.version);
  out.set("registered_at", to_unix(stored.registered_at));
  const json::Object definition = to_json(stored.workflow);
  for (const auto& member : definition.members()) out.set(member.name, member.value);
  return out;
}

}  // namespace ajwt::authority
