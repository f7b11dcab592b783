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

std::string_view status_of(const StoredWorkflow& stored) {
  return stored.is_usable() ? "registered" : "unconfirmed";
}

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
    AJWT_ASSIGN(const auto registration, context.store.find_acting_registration(app_id, agent_id));
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

// Judged is a version that may be used as the application, its agents and their grants are now: the
// default grants to freeze when it becomes usable, and what that rests on.
struct Judged {
  std::vector<FrozenGrant> frozen;
  Basis basis;
};

Result<Judged> judge(Context& context, const Application& application, const Workflow& workflow) {
  AJWT_TRY(check_permissions(workflow));
  AJWT_TRY(check_audiences(workflow, application, context.options.issuer));
  Judged judged;
  judged.basis.application = as_loaded(application);
  AJWT_ASSIGN(judged.frozen, freeze_grants(context, application.app_id, workflow, judged.basis));
  return judged;
}

Result<Application> get_application(Context& context, const AppId& app_id) {
  AJWT_ASSIGN(auto application, context.store.find_application(app_id));
  if (!application) return refuse(Code::k_not_found, std::string(names::kAppId));
  return *std::move(application);
}

json::Object audit_facts(const StoredWorkflow& stored, const std::vector<FrozenGrant>& frozen) {
  json::Object facts;
  facts.set(names::kWorkflowId, stored.workflow.workflow_id.str());
  facts.set(names::kVersion, stored.version);
  facts.set(names::kStatus, status_of(stored));
  json::Array grants;
  for (const auto& grant : frozen) {
    json::Object one;
    one.set(names::kRegistrationId, grant.registration_id.str());
    one.set(names::kGrant, to_json(grant.grant));
    grants.emplace_back(std::move(one));
  }
  facts.set("frozen_grants", std::move(grants));
  return facts;
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
    AJWT_ASSIGN(const Application application, get_application(context, request.app_id));
    AJWT_ASSIGN(const auto newest,
                context.store.find_workflow(request.app_id, request.workflow.workflow_id));
    if (newest && newest->workflow == request.workflow) {
      return RegisterWorkflowAnswer{WorkflowOutcome::kUnchanged, *newest};
    }
    // While the newest waits for a yes, what is in use is registered, too.
    if (newest && !newest->is_usable()) {
      AJWT_ASSIGN(const auto usable,
                  context.store.find_usable_workflow(request.app_id, request.workflow.workflow_id));
      if (usable && usable->workflow == request.workflow) {
        return RegisterWorkflowAnswer{WorkflowOutcome::kUnchanged, *usable};
      }
    }
    AJWT_ASSIGN(Judged judged, judge(context, application, request.workflow));
    StoredWorkflow stored{.app_id = request.app_id,
                          .version = newest ? newest->version + 1 : 1,
                          .workflow = request.workflow,
                          .registered_at = now,
                          .registered_by = caller.client().client_id,
                          .confirmation_rule = application.workflow_confirmation,
                          .confirmation = std::nullopt};
    // What waits for a yes changes nobody's grant.
    if (!stored.is_usable()) judged.frozen.clear();
    AJWT_TRY(context.store.add_workflow(stored, judged.frozen,
                                        build_audit(stored.app_id, decision_id, "register_workflow",
                                                    allowed_to(caller, std::move(judged.basis)),
                                                    now, audit_facts(stored, judged.frozen))));
    return RegisterWorkflowAnswer{WorkflowOutcome::kCreated, std::move(stored)};
  });
}

Result<StoredWorkflow> confirm_workflow(Context& context, const Caller& caller, const AppId& app_id,
                                        const WorkflowId& workflow_id, std::int64_t version,
                                        std::string_view decision_id, Instant now) {
  return retry_on_change([&]() -> Result<StoredWorkflow> {
    AJWT_ASSIGN(const Application application, get_application(context, app_id));
    AJWT_ASSIGN(auto found, context.store.find_workflow(app_id, workflow_id, version));
    if (!found) return refuse(Code::k_not_found, workflow_id.str());
    StoredWorkflow stored = *std::move(found);
    if (stored.is_usable()) return stored;
    if (stored.registered_by == caller.client().client_id) {
      return refuse(Code::k_second_administrator_needed);
    }
    // Once more: agents, grants and audiences may have changed since it was registered.
    AJWT_ASSIGN(Judged judged, judge(context, application, stored.workflow));
    stored.confirmation =
        Confirmation{.confirmed_by = caller.client().client_id, .confirmed_at = now};
    json::Object facts = audit_facts(stored, judged.frozen);
    facts.set("registered_by", stored.registered_by.str());
    AJWT_TRY(context.store.confirm_workflow(
        stored, judged.frozen,
        build_audit(app_id, decision_id, "confirm_workflow",
                    allowed_to(caller, std::move(judged.basis)), now, facts)));
    return stored;
  });
}

json::Object write_workflow(const StoredWorkflow& stored) {
  json::Object out;
  out.set(names::kStatus, status_of(stored));
  out.set(names::kAppId, stored.app_id.str());
  out.set(names::kVersion, stored.version);
  out.set("registered_at", to_unix(stored.registered_at));
  if (!stored.registered_by.str().empty()) out.set("registered_by", stored.registered_by.str());
  if (stored.confirmation) {
    out.set("confirmed_by", stored.confirmation->confirmed_by.str());
    out.set("confirmed_at", to_unix(stored.confirmation->confirmed_at));
  }
  const json::Object definition = to_json(stored.workflow);
  for (const auto& member : definition.members()) out.set(member.name, member.value);
  return out;
}

}  // namespace ajwt::authority
