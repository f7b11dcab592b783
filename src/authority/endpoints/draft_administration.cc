// SPDX-License-Identifier: Apache-2.0
//
// Who may speak profile draft-00: an administrator's decision, for each client and each agent
// (protocol 5.3).
#include <algorithm>
#include <array>
#include <utility>

#include "authority/draft/records.h"
#include "authority/endpoints/endpoints.h"
#include "authority/endpoints/request_body.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::authority {
namespace {

constexpr std::size_t kDraftSecretBytes = 32;  // 256 bits (protocol 7)

constexpr std::array kDraftScopes{names::kScopeMint, names::kScopeRegisterAgent,
                                  names::kScopeRegisterWorkflow, names::kScopeReadAgents};

Status check_draft_scopes(const Scopes& scopes) {
  bool registers = false;
  for (const auto& scope : scopes) {
    if (std::find(kDraftScopes.begin(), kDraftScopes.end(), scope) == kDraftScopes.end()) {
      return refuse(Code::k_client_metadata_malformed,
                    "A client of profile draft-00 cannot hold: " + scope + ".");
    }
    registers = registers || scope.starts_with("register:");
  }
  if (registers && has_scope(scopes, names::kScopeMint)) return refuse(Code::k_scopes_conflict);
  return ok();
}

json::Object write_draft_client(const DraftClient& client) {
  json::Object body;
  body.set(names::kClientId, client.client_id.str());
  body.set(names::kAppId, client.app_id.str());
  body.set(names::kProfile, names::kDraft00);
  body.set(names::kScope, join_scopes(client.scopes));
  body.set("disabled", client.disabled);
  body.set("created_at", to_unix(client.created_at));
  return body;
}

json::Object write_draft_agent(const DraftAgentRecords& records) {
  const auto& [agent, registration] = records;
  json::Object body;
  body.set(names::kAppId, agent.app_id.str());
  body.set(names::kAgentId, agent.agent_id.str());
  body.set(names::kProfile, names::kDraft00);
  body.set(names::kStatus, agent.has_key ? "has_key" : (agent.ended_at ? "ended" : "open"));
  body.set(names::kGrant, to_json(agent.grant));
  body.set("set_by", agent.set_by.str());
  body.set("set_at", to_unix(agent.set_at));
  if (registration) {
    body.set(names::kRegistrationId, registration->registration_id.str());
    body.set(names::kVersion, registration->version);
    body.set(names::kChecksum, registration->checksum);
  }
  return body;
}

Result<AppId> get_application_id(const Exchange& exchange) {
  AJWT_ASSIGN(AppId app_id, parse_path_id<AppId>(exchange, 0));
  AJWT_ASSIGN(const auto application, exchange.context().store.find_application(app_id));
  if (!application) return refuse(Code::k_not_found);
  return app_id;
}

Result<HttpResponse> show_draft_agent(const Exchange& exchange, const AppId& app_id,
                                      const AgentId& agent_id) {
  AJWT_ASSIGN(const auto records, exchange.context().store.find_draft_agent(app_id, agent_id));
  if (!records) return refuse(Code::k_not_found);
  return write_json_response(200, write_draft_agent(*records));
}

AuditEntry draft_audit(const Exchange& exchange, const Caller& caller, const AppId& app_id,
                       json::Object facts) {
  facts.set(names::kProfile, names::kDraft00);
  return build_audit(app_id, exchange.decision_id, exchange.operation, allowed_to(caller),
                     exchange.now, facts);
}

}  // namespace

Result<HttpResponse> handle_list_draft(Exchange& exchange, Authenticated&) {
  AJWT_ASSIGN(const AppId app_id, get_application_id(exchange));
  auto& store = exchange.context().store;
  AJWT_ASSIGN(const auto clients, store.list_draft_clients(app_id));
  AJWT_ASSIGN(const auto agents, store.list_draft_agents(app_id));
  json::Array client_list;
  for (const auto& client : clients) client_list.emplace_back(write_draft_client(client));
  json::Array agent_list;
  for (const auto& agent : agents) agent_list.emplace_back(write_draft_agent(agent));
  json::Object body;
  body.set(names::kAppId, app_id.str());
  body.set("clients", std::move(client_list));
  body.set("agents", std::move(agent_list));
  return write_json_response(200, body);
}

Result<HttpResponse> handle_create_draft_client(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const AppId app_id, get_application_id(exchange));
  json::Members members(caller.body);
  AJWT_ASSIGN(const std::string id, members.get_string(names::kClientId));
  AJWT_ASSIGN(const std::string scope, members.get_string(names::kScope));
  AJWT_TRY(members.check_no_others());
  // A client's name is its tokens' subject, and those of agents have colons.
  if (id.find(':') != std::string::npos) {
    return refuse(Code::k_identifier_malformed, std::string(names::kClientId));
  }
  AJWT_ASSIGN(auto client_id, ClientId::parse(id));
  AJWT_ASSIGN(Scopes scopes, parse_scope(scope));
  AJWT_TRY(check_draft_scopes(scopes));
  const Secret secret(crypto::random_token(kDraftSecretBytes));
  const DraftClient client{.client_id = std::move(client_id),
                           .app_id = app_id,
                           .secret_sha256 = crypto::sha256(secret.reveal()),
                           .scopes = std::move(scopes),
                           .disabled = false,
                           .row_version = 1,
                           .created_at = exchange.now};
  json::Object facts;
  facts.set(names::kSub, client.client_id.str());
  facts.set(names::kScope, join_scopes(client.scopes));
  AJWT_TRY(exchange.context().store.create_draft_client(
      client, draft_audit(exchange, caller.caller, app_id, std::move(facts))));
  json::Object body = write_draft_client(client);
  body.set(names::kClientSecret, secret.reveal());
  return write_json_response(201, body);
}

Result<HttpResponse> handle_disable_draft_client(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const ClientId client_id, parse_path_id<ClientId>(exchange, 0));
  AJWT_TRY(json::Members(caller.body).check_no_others());
  auto& store = exchange.context().store;
  AJWT_ASSIGN(auto client, store.find_draft_client(client_id));
  if (!client) return refuse(Code::k_not_found);
  json::Object facts;
  facts.set(names::kSub, client_id.str());
  AJWT_TRY(store.disable_draft_client(
      client_id, draft_audit(exchange, caller.caller, client->app_id, std::move(facts))));
  client->disabled = true;
  return write_json_response(200, write_draft_client(*client));
}

Result<HttpResponse> handle_set_draft_agent(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const AppId app_id, get_application_id(exchange));
  AJWT_ASSIGN(const AgentId agent_id, parse_path_id<AgentId>(exchange, 1));
  exchange.trace.subject = AgentName{app_id, agent_id}.str();
  json::Members members(caller.body);
  AJWT_ASSIGN(const json::Array* array, members.get_array(names::kGrant));
  AJWT_TRY(members.check_no_others());
  AJWT_ASSIGN(Grant grant, parse_grant(*array));
  if (std::any_of(grant.begin(), grant.end(), [](const auto& one) { return one.tool; })) {
    return refuse(Code::k_parameter_malformed, "A token of profile draft-00 names no tool.");
  }
  json::Object facts;
  facts.set(names::kSub, exchange.trace.subject);
  facts.set(names::kGrant, to_json(grant));
  const DraftAgent agent{.app_id = app_id,
                         .agent_id = agent_id,
                         .grant = std::move(grant),
                         .set_by = caller.caller.client().client_id,
                         .set_at = exchange.now};
  AJWT_TRY(exchange.context().store.set_draft_agent(
      agent, draft_audit(exchange, caller.caller, app_id, std::move(facts))));
  return show_draft_agent(exchange, app_id, agent_id);
}

Result<HttpResponse> handle_end_draft_agent(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const AppId app_id, get_application_id(exchange));
  AJWT_ASSIGN(const AgentId agent_id, parse_path_id<AgentId>(exchange, 1));
  exchange.trace.subject = AgentName{app_id, agent_id}.str();
  AJWT_TRY(json::Members(caller.body).check_no_others());
  json::Object facts;
  facts.set(names::kSub, exchange.trace.subject);
  AJWT_TRY(exchange.context().store.end_draft_agent(
      app_id, agent_id, exchange.now,
      draft_audit(exchange, caller.caller, app_id, std::move(facts))));
  return show_draft_agent(exchange, app_id, agent_id);
}

}  // namespace ajwt::authority
