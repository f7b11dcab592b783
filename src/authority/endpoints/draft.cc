// SPDX-License-Identifier: Apache-2.0
//
// The endpoints of profile draft-00 (protocol 5.3).
#include <algorithm>
#include <utility>

#include "authority/draft/mint.h"
#include "authority/draft/registry.h"
#include "authority/draft/routes.h"
#include "authority/endpoints/request_body.h"
#include "authority/endpoints/token_answer.h"
#include "crypto/random.h"
#include "json/write.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::authority {
namespace {

// check_draft_client_audience: the authority, under its own name or the one that the draft gives
// it.
Status check_draft_client_audience(const Form& form, const std::string& issuer) {
  for (const auto name : {names::kAudience, names::kResource}) {
    for (const auto audience : form.all(name)) {
      if (audience != issuer && audience != names::kDraftAudience) {
        return refuse(Code::k_audience_exceeds_ceiling,
                      "The client may not ask for this audience.");
      }
    }
  }
  return ok();
}

DraftToken build_draft_client_token(const Exchange& exchange, const DraftCaller& caller,
                                    Scopes scopes) {
  const auto& options = exchange.context().options;
  return DraftToken{.iss = options.issuer,
                    .aud = options.issuer,
                    .sub = caller.client().client_id.str(),
                    .client_id = caller.client().app_id,
                    .iat = exchange.now,
                    .nbf = exchange.now,
                    .exp = exchange.now + options.access_token_lifetime,
                    .jti = crypto::random_token(names::kJtiBytes),
                    .scope = std::move(scopes)};
}

json::Object write_draft_registration(const DraftRegistration& registration) {
  json::Object body;
  body.set(names::kAgentId, registration.agent_id.str());
  body.set(names::kRegistrationId, registration.registration_id.str());
  body.set(names::kChecksum, registration.checksum);
  return body;
}

json::Object write_draft_workflow(const DraftWorkflow& workflow) {
  json::Object body;
  body.set(names::kStatus, "registered");
  body.set(names::kWorkflowId, workflow.workflow.workflow_id.str());
  return body;
}

HttpResponse write_json_array(json::Array array) {
  HttpResponse response = write_json_response(200, json::Object());
  response.body = json::write(json::Value(std::move(array)));
  return response;
}

// get_batch returns the objects of a batch's one member.
Result<std::vector<json::Object>> get_batch(const json::Object& body, std::string_view name) {
  json::Members members(body);
  AJWT_ASSIGN(const json::Array* array, members.get_array(name));
  AJWT_TRY(members.check_no_others());
  std::vector<json::Object> objects;
  for (const json::Value& element : *array) {
    if (element.find_object() == nullptr) {
      return refuse(Code::k_parameter_malformed, std::string(name));
    }
    objects.push_back(element.as_object());
  }
  return objects;
}

Result<std::vector<DraftRegistration>> register_all(Exchange& exchange, const DraftCaller& caller,
                                                    const std::vector<json::Object>& bodies) {
  std::vector<DraftRegistrationRequest> requests;
  for (const auto& body : bodies) {
    AJWT_ASSIGN(auto request, parse_draft_registration(body, caller.application().app_id));
    requests.push_back(std::move(request));
  }
  return register_draft_agents(exchange, caller, requests);
}

}  // namespace

Result<HttpResponse> handle_draft_secret(Exchange& exchange, const Form& form) {
  exchange.operation = "draft_client_credentials";
  AJWT_ASSIGN(const std::string_view grant_type, form.get(names::kGrantType));
  AJWT_ASSIGN(const DraftCaller caller, authenticate_draft_secret(exchange, form));
  AJWT_TRY(take_draft_budget(exchange, caller, DraftBudget::kMint));
  if (grant_type != names::kClientCredentials) return refuse(Code::k_grant_type_unsupported);
  AJWT_ASSIGN(const auto scope, form.get(names::kScope));
  AJWT_ASSIGN(Scopes scopes, parse_scope(scope));
  for (const auto& asked : scopes) {
    if (!has_scope(caller.client().scopes, asked)) {
      return refuse(Code::k_scope_exceeds_ceiling, "Not the client's: " + asked + ".")
          .with_items({asked});
    }
  }
  const auto& context = exchange.context();
  AJWT_TRY(check_draft_client_audience(form, context.options.issuer));
  const DraftToken token = build_draft_client_token(exchange, caller, std::move(scopes));
  exchange.trace.subject = token.sub;
  AJWT_ASSIGN(const std::string compact, issue_draft_verified(context, token));
  json::Object facts;
  facts.set(names::kProfile, names::kDraft00);
  facts.set(names::kSub, token.sub);
  facts.set(names::kScope, join_scopes(token.scope));
  facts.set(names::kJti, token.jti);
  facts.set(names::kExp, to_unix(token.exp));
  AJWT_TRY(context.store.append_audit(build_audit(token.client_id, exchange.decision_id,
                                                  exchange.operation, caller.allowed(),
                                                  exchange.now, facts)));
  return write_token(names::kBearer, compact, context.options.access_token_lifetime, token.scope);
}

Result<HttpResponse> handle_draft_token(Exchange& exchange, const DraftCaller& caller) {
  AJWT_ASSIGN(const json::Object body, parse_json_body(exchange.request));
  const json::Value* grant = body.find(names::kGrantType);
  const std::string* grant_type = grant == nullptr ? nullptr : grant->find_string();
  if (grant_type == nullptr || !is_agent_checksum(*grant_type)) {
    return refuse(Code::k_grant_type_unsupported);
  }
  AJWT_ASSIGN(const DraftMintRequest request, parse_draft_mint(body));
  AJWT_ASSIGN(const MintAnswer answer, draft_mint(exchange, caller, request));
  return write_token(names::kBearer, answer.access_token, answer.expires_in, answer.scope);
}

Result<HttpResponse> handle_draft_register_agent(Exchange& exchange, const DraftCaller& caller) {
  AJWT_ASSIGN(const json::Object body, parse_json_body(exchange.request));
  AJWT_ASSIGN(const auto registered, register_all(exchange, caller, {body}));
  return write_json_response(200, write_draft_registration(registered.front()));
}

Result<HttpResponse> handle_draft_register_agents(Exchange& exchange, const DraftCaller& caller) {
  AJWT_ASSIGN(const json::Object body, parse_json_body(exchange.request));
  AJWT_ASSIGN(const auto bodies, get_batch(body, names::kRegistrationRequests));
  AJWT_ASSIGN(const auto registered, register_all(exchange, caller, bodies));
  json::Array list;
  for (const auto& one : registered) list.emplace_back(write_draft_registration(one));
  return write_json_array(std::move(list));
}

Result<HttpResponse> handle_draft_register_workflow(Exchange& exchange, const DraftCaller& caller) {
  AJWT_ASSIGN(const json::Object body, parse_json_body(exchange.request));
  AJWT_ASSIGN(const auto registered, register_draft_workflows(exchange, caller, {body}));
  return write_json_response(200, write_draft_workflow(registered.front()));
}

Result<HttpResponse> handle_draft_register_workflows(Exchange& exchange,
                                                     const DraftCaller& caller) {
  AJWT_ASSIGN(const json::Object body, parse_json_body(exchange.request));
  AJWT_ASSIGN(const auto definitions, get_batch(body, names::kWorkflowDefinitions));
  AJWT_ASSIGN(const auto registered, register_draft_workflows(exchange, caller, definitions));
  json::Array list;
  for (const auto& one : registered) list.emplace_back(write_draft_workflow(one));
  return write_json_array(std::move(list));
}

// The reference clients look here for what they have registered before. No prompt is in it.
Result<HttpResponse> handle_draft_list_agents(Exchange& exchange, const DraftCaller& caller) {
  AJWT_ASSIGN(const AppId app_id, parse_path_id<AppId>(exchange, 0));
  if (app_id != caller.application().app_id) return refuse(Code::k_not_found);
  AJWT_ASSIGN(const auto agents, exchange.context().store.list_draft_agents(app_id));
  json::Array list;
  for (const auto& [agent, registration] : agents) {
    if (!registration || !agent.is_open()) continue;
    json::Object one = write_draft_registration(*registration);
    one.set(names::kAppId, app_id.str());
    one.set(names::kVersion, registration->version);
    one.set("registered_at", to_unix(registration->registered_at) * 1000);  // draft 5.4.2
    if (registration->claimed_key) {
      one.set(names::kPublicKey, registration->claimed_key->to_pem());
    }
    list.emplace_back(std::move(one));
  }
  json::Object body;
  body.set(app_id.str(), std::move(list));
  return write_json_response(200, body);
}

}  // namespace ajwt::authority
