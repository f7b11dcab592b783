// SPDX-License-Identifier: Apache-2.0
//
// Agents: registration, reading (the owner's alone), and what administrators may change.
#include "authority/registry/agents.h"

#include <algorithm>
#include <utility>

#include "authority/endpoints/endpoints.h"
#include "authority/endpoints/request_body.h"
#include "authority/oauth/rate_limiter.h"
#include "authority/registry/component_hashes.h"
#include "json/members.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::authority {
namespace {

bool is_administrator(const Caller& caller) {
  return has_scope(caller.scopes(), names::kScopeAdminAgents);
}

// check_may_register: by register:intent for the caller's own application, by admin:agents for any.
Status check_may_register(const Caller& caller, const AppId& app_id) {
  if (is_administrator(caller) || caller.owns(app_id)) return ok();
  return refuse(Code::k_client_unauthorized, "app_id is not the caller's application.");
}

// check_may_read comes before anything is looked up: another's application costs and reads what a
// missing one does (threats T12).
Status check_may_read(const Caller& caller, const AppId& app_id) {
  if (is_administrator(caller) || caller.owns(app_id)) return ok();
  return refuse(Code::k_not_found);
}

// may_read_prompts: prompts are for those of the application itself who register its agents; not
// for its fleet, and not for the administrators of the authority (P10).
bool may_read_prompts(const Caller& caller, const AppId& app_id) {
  return caller.owns(app_id) &&
         (has_scope(caller.scopes(), names::kScopeRegisterAgent) || is_administrator(caller));
}

// record_diff notes how many parts were compared and differ, and none of them.
Status record_diff(const Exchange& exchange, const Caller& caller, const Registration& registration,
                   const std::vector<ComponentDrift>& drifts) {
  const auto differ = std::count_if(drifts.begin(), drifts.end(), [](const ComponentDrift& drift) {
    return drift.drift != Drift::kSame;
  });
  json::Object facts;
  facts.set(names::kSub, exchange.trace.subject);
  facts.set(names::kRegistrationId, registration.registration_id.str());
  facts.set("compared", static_cast<std::int64_t>(drifts.size()));
  facts.set("differ", static_cast<std::int64_t>(differ));
  return exchange.context().store.append_audit(
      build_audit(registration.app_id, exchange.decision_id, exchange.operation, allowed_to(caller),
                  exchange.now, facts));
}

}  // namespace

Result<HttpResponse> handle_register_agent(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const RegisterAgentRequest request, parse_register_agent(caller.body));
  exchange.trace.subject = AgentName{request.app_id, request.agent_id}.str();
  AJWT_TRY(check_may_register(caller.caller, request.app_id));
  const std::string jkt = jose::thumbprint(request.key);
  AJWT_ASSIGN(const VerifiedProof key_proof, caller.get_key_proof(jkt));
  AJWT_ASSIGN(const std::string checksum, compute_checksum(request));
  AJWT_TRY(caller.check_proof_claims(request.agent_id, checksum));
  AJWT_TRY(exchange.context().limits.take(Limit::kAgentRegistration, exchange.trace.subject,
                                          exchange.now));

  const KeyChange key_change =
      is_administrator(caller.caller) ? KeyChange::kByAdministrator : KeyChange::kNeedsOldKey;
  AJWT_ASSIGN(const RegisterAgentAnswer answer,
              register_agent(exchange.context(), caller.caller, request, key_proof,
                             caller.find_other_key_proof(jkt), key_change, exchange.decision_id,
                             exchange.now));
  const int status = answer.outcome == RegistrationOutcome::kCreated ? 201 : 200;
  return write_json_response(status, write_registration(answer.registration));
}

Result<HttpResponse> handle_list_agents(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const AppId app_id, parse_path_id<AppId>(exchange, 0));
  auto& store = exchange.context().store;
  AJWT_TRY(check_may_read(caller.caller, app_id));
  AJWT_ASSIGN(const auto application, store.find_application(app_id));
  if (!application) return refuse(Code::k_not_found);
  AJWT_ASSIGN(const auto registrations, store.list_registrations(app_id));
  json::Array agents;
  for (const auto& registration : registrations)
    agents.emplace_back(write_registration(registration));
  json::Object body;
  body.set(names::kAppId, app_id.str());
  body.set("agents", std::move(agents));
  return write_json_response(200, body);
}

Result<HttpResponse> handle_get_agent(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const AppId app_id, parse_path_id<AppId>(exchange, 0));
  AJWT_ASSIGN(const AgentId agent_id, parse_path_id<AgentId>(exchange, 1));
  AJWT_TRY(check_may_read(caller.caller, app_id));
  AJWT_ASSIGN(const auto versions, exchange.context().store.list_versions(app_id, agent_id));
  if (versions.empty()) return refuse(Code::k_not_found);
  const Registration& newest = versions.front();
  json::Object body = write_registration(newest);
  body.set(names::kJwk, jose::to_json(newest.key));
  if (may_read_prompts(caller.caller, app_id)) {
    AJWT_ASSIGN(auto components, open_components(exchange.context(), newest));
    if (components) body.set(names::kAgentComponents, *std::move(components));
  }
  json::Array history;
  for (const auto& version : versions) history.emplace_back(write_registration(version));
  body.set("versions", std::move(history));
  return write_json_response(200, body);
}

Result<HttpResponse> handle_activate_agent(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const AppId app_id, parse_path_id<AppId>(exchange, 0));
  AJWT_ASSIGN(const AgentId agent_id, parse_path_id<AgentId>(exchange, 1));
  exchange.trace.subject = AgentName{app_id, agent_id}.str();
  json::Members members(caller.body);
  AJWT_ASSIGN(const std::string id, members.get_string(names::kRegistrationId));
  AJWT_TRY(members.check_no_others());
  AJWT_ASSIGN(const auto registration_id, RegistrationId::parse(id));
  AJWT_ASSIGN(const Registration activated,
              activate_agent(exchange.context(), caller.caller, app_id, agent_id, registration_id,
                             exchange.decision_id, exchange.now));
  return write_json_response(200, write_registration(activated));
}

Result<HttpResponse> handle_diff_agent(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const AppId app_id, parse_path_id<AppId>(exchange, 0));
  AJWT_ASSIGN(const AgentId agent_id, parse_path_id<AgentId>(exchange, 1));
  AJWT_TRY(check_may_read(caller.caller, app_id));
  // An answer tells whether a guessed text is right: it is for those who may read the text.
  if (!may_read_prompts(caller.caller, app_id)) {
    return refuse(Code::k_client_unauthorized, "An agent's parts are its own application's.");
  }
  exchange.trace.subject = AgentName{app_id, agent_id}.str();
  json::Members members(caller.body);
  AJWT_ASSIGN(const json::Object* hashes, members.get_object(names::kComponentHashes));
  AJWT_TRY(members.check_no_others());
  AJWT_ASSIGN(const ComponentDigests live, parse_component_hashes(*hashes));
  auto& context = exchange.context();
  // A registration tells as much, so both draw on one budget.
  AJWT_TRY(context.limits.take(Limit::kAgentRegistration, exchange.trace.subject, exchange.now));
  AJWT_ASSIGN(const auto newest, context.store.find_acting_registration(app_id, agent_id));
  if (!newest) return refuse(Code::k_not_found);
  AJWT_ASSIGN(const auto drifts, find_drift(context, *newest, live));
  AJWT_TRY(record_diff(exchange, caller.caller, *newest, drifts));

  json::Array components;
  for (const auto& drift : drifts) components.emplace_back(to_json(drift));
  json::Object body = write_registration(*newest);
  body.set("components", std::move(components));
  return write_json_response(200, body);
}

Result<HttpResponse> handle_revoke_agent(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const AppId app_id, parse_path_id<AppId>(exchange, 0));
  AJWT_ASSIGN(const AgentId agent_id, parse_path_id<AgentId>(exchange, 1));
  exchange.trace.subject = AgentName{app_id, agent_id}.str();
  AJWT_TRY(json::Members(caller.body).check_no_others());
  auto& context = exchange.context();
  AJWT_TRY(
      revoke_agent(context, caller.caller, app_id, agent_id, exchange.decision_id, exchange.now));
  AJWT_ASSIGN(const auto newest, context.store.find_registration(app_id, agent_id));
  if (!newest) return refuse(Code::k_not_found);
  return write_json_response(200, write_registration(*newest));
}

Result<HttpResponse> handle_change_grant(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const AppId app_id, parse_path_id<AppId>(exchange, 0));
  AJWT_ASSIGN(const AgentId agent_id, parse_path_id<AgentId>(exchange, 1));
  exchange.trace.subject = AgentName{app_id, agent_id}.str();
  json::Members members(caller.body);
  AJWT_ASSIGN(const json::Array* array, members.get_array(names::kGrant));
  AJWT_TRY(members.check_no_others());
  AJWT_ASSIGN(const Grant grant, parse_grant(*array));
  auto& context = exchange.context();
  AJWT_TRY(change_grant(context, caller.caller, app_id, agent_id, grant, exchange.decision_id,
                        exchange.now));
  AJWT_ASSIGN(const auto changed, context.store.find_acting_registration(app_id, agent_id));
  if (!changed) return refuse(Code::k_not_found);
  return write_json_response(200, write_registration(*changed));
}

}  // namespace ajwt::authority
