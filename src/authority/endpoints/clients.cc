// SPDX-License-Identifier: Apache-2.0
//
// Clients of applications, for administrators. Names of members are those of RFC 7591 2.
#include <algorithm>
#include <utility>

#include "authority/endpoints/endpoints.h"
#include "authority/endpoints/request_body.h"
#include "authority/key_member.h"
#include "authority/record_names.h"
#include "authority/retry.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "json/members.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

constexpr std::size_t kSecretBytes = 32;  // 256 bits (protocol 7)

constexpr std::string_view kAuthMethod = "token_endpoint_auth_method";
constexpr std::string_view kRegisterPrefix = "register:";

json::Object write_client(const Client& client) {
  json::Object body;
  body.set(names::kClientId, client.client_id.str());
  body.set(names::kAppId, client.app_id.str());
  body.set(kAuthMethod, name(client.auth));
  body.set(names::kScope, join_scopes(client.scopes));
  body.set(kAudiences, json::string_array(client.audiences));
  if (client.public_key) {
    body.set(names::kJkt, jose::thumbprint(*client.public_key));
  }
  body.set("disabled", client.disabled);
  body.set("created_at", to_unix(client.created_at));
  return body;
}

AuditEntry client_audit(const Exchange& exchange, const Caller& caller, const Client& client) {
  json::Object facts;
  facts.set(names::kSub, client.client_id.str());
  facts.set(names::kScope, join_scopes(client.scopes));
  facts.set(kAudiences, json::string_array(client.audiences));
  facts.set("disabled", client.disabled);
  return build_audit(client.app_id, exchange.decision_id, exchange.operation, allowed_to(caller),
                     exchange.now, facts);
}

// check_scope_rules keeps registering apart from minting (protocol 3.2): the credential that a
// fleet runs with must not be able to change what the fleet is. And nobody hands out an
// administrative scope that is not their own (P2).
Status check_scope_rules(const Scopes& scopes, const Caller& caller) {
  const auto is_admin = [](const auto& scope) {
    return scope.starts_with(names::kAdminScopePrefix);
  };
  const bool registers = std::any_of(scopes.begin(), scopes.end(), [&](const auto& scope) {
    return is_admin(scope) || scope.starts_with(kRegisterPrefix);
  });
  if (registers && has_scope(scopes, names::kScopeMint)) return refuse(Code::k_scopes_conflict);
  for (const auto& scope : scopes) {
    if (is_admin(scope) && !has_scope(caller.scopes(), scope)) {
      return refuse(Code::k_scope_exceeds_ceiling, "The caller does not hold: " + scope + ".");
    }
  }
  return ok();
}

Result<ClientId> parse_client_id(const std::optional<std::string>& given, Instant now) {
  if (!given) return ClientId::trusted(crypto::make_id("client", now));
  // A client's name is its tokens' subject, and those of agents have colons.
  if (given->find(':') != std::string::npos) {
    return refuse(Code::k_identifier_malformed, std::string(names::kClientId));
  }
  return ClientId::parse(*given);
}

Result<ClientAuth> parse_auth(const std::string& text) {
  if (const auto auth = find_named<ClientAuth>(text)) return *auth;
  return refuse(Code::k_client_metadata_malformed,
                "token_endpoint_auth_method is private_key_jwt or client_secret_basic.");
}

Result<Client> parse_client(json::Members& members, const AppId& app_id, Instant now) {
  AJWT_ASSIGN(const auto given_id, members.find_string(names::kClientId));
  AJWT_ASSIGN(ClientId client_id, parse_client_id(given_id, now));
  AJWT_ASSIGN(const std::string method, members.get_string(kAuthMethod));
  AJWT_ASSIGN(const ClientAuth auth, parse_auth(method));
  AJWT_ASSIGN(const std::string scope, members.get_string(names::kScope));
  AJWT_ASSIGN(Scopes scopes, parse_scope(scope));
  AJWT_ASSIGN(auto key, find_public_key(members));
  AJWT_ASSIGN(auto audiences, find_audiences(members));
  AJWT_TRY(members.check_no_others());
  if (key.has_value() != (auth == ClientAuth::kPrivateKeyJwt)) {
    return refuse(Code::k_client_metadata_malformed,
                  "private_key_jwt needs jwk or public_key; client_secret_basic has none.");
  }
  return Client{.client_id = std::move(client_id),
                .app_id = app_id,
                .auth = auth,
                .secret_sha256 = std::nullopt,
                .public_key = std::move(key),
                .scopes = std::move(scopes),
                .audiences = std::move(audiences).value_or(std::vector<std::string>()),
                .disabled = false,
                .row_version = 1,
                .created_at = now};
}

// draw_secret gives the client a new secret, of which only the hash is kept, and returns it: this
// answer is the one place where it is ever shown.
Secret draw_secret(Client& client) {
  Secret secret(crypto::random_token(kSecretBytes));
  client.secret_sha256 = crypto::sha256(secret.reveal());
  return secret;
}

HttpResponse write_with_secret(int status, const Client& client, const Secret& secret) {
  json::Object body = write_client(client);
  body.set(names::kClientSecret, secret.reveal());
  return write_json_response(status, body);
}

Result<Client> get_client(const Exchange& exchange) {
  AJWT_ASSIGN(const ClientId client_id, parse_path_id<ClientId>(exchange, 0));
  AJWT_ASSIGN(auto client, exchange.context().store.find_client(client_id));
  if (!client) return refuse(Code::k_not_found);
  return *std::move(client);
}

// check_may_change: who may not hand out a scope may not take over a client that has it either.
Status check_may_change(const Client& client, const Caller& caller) {
  for (const auto& scope : client.scopes) {
    if (scope.starts_with(names::kAdminScopePrefix) && !has_scope(caller.scopes(), scope)) {
      return refuse(Code::k_scope_exceeds_ceiling, "The caller does not hold: " + scope + ".");
    }
  }
  return ok();
}

}  // namespace

Result<HttpResponse> handle_list_clients(Exchange& exchange, Authenticated&) {
  AJWT_ASSIGN(const AppId app_id, parse_path_id<AppId>(exchange, 0));
  auto& store = exchange.context().store;
  AJWT_ASSIGN(const auto application, store.find_application(app_id));
  if (!application) return refuse(Code::k_not_found);
  AJWT_ASSIGN(const auto clients, store.list_clients(app_id));
  json::Array list;
  for (const auto& client : clients) list.emplace_back(write_client(client));
  json::Object body;
  body.set(names::kAppId, app_id.str());
  body.set("clients", std::move(list));
  return write_json_response(200, body);
}

Result<HttpResponse> handle_create_client(Exchange& exchange, Authenticated& caller) {
  AJWT_ASSIGN(const AppId app_id, parse_path_id<AppId>(exchange, 0));
  json::Object request = caller.body;
  json::Members members(request);
  AJWT_ASSIGN(Client client, parse_client(members, app_id, exchange.now));
  AJWT_TRY(check_scope_rules(client.scopes, caller.caller));
  auto& store = exchange.context().store;
  if (client.auth == ClientAuth::kPrivateKeyJwt) {
    AJWT_TRY(store.create_client(client, client_audit(exchange, caller.caller, client)));
    return write_json_response(201, write_client(client));
  }
  const Secret secret = draw_secret(client);
  AJWT_TRY(store.create_client(client, client_audit(exchange, caller.caller, client)));
  return write_with_secret(201, client, secret);
}

Result<HttpResponse> handle_disable_client(Exchange& exchange, Authenticated& caller) {
  AJWT_TRY(json::Members(caller.body).check_no_others());
  return retry_on_change([&]() -> Result<HttpResponse> {
    AJWT_ASSIGN(Client client, get_client(exchange));
    AJWT_TRY(check_may_change(client, caller.caller));
    if (!client.disabled) {
      client.disabled = true;
      AJWT_TRY(exchange.context().store.update_client(
          client, client_audit(exchange, caller.caller, client)));
    }
    return write_json_response(200, write_client(client));
  });
}

Result<HttpResponse> handle_rotate_secret(Exchange& exchange, Authenticated& caller) {
  AJWT_TRY(json::Members(caller.body).check_no_others());
  return retry_on_change([&]() -> Result<HttpResponse> {
    AJWT_ASSIGN(Client client, get_client(exchange));
    AJWT_TRY(check_may_change(client, caller.caller));
    if (client.auth != ClientAuth::kClientSecretBasic) {
      return refuse(Code::k_client_metadata_malformed, "The client has a key and no secret.");
    }
    const Secret secret = draw_secret(client);
    AJWT_TRY(exchange.context().store.update_client(client,
                                                    client_audit(exchange, caller.caller, client)));
    return write_with_secret(200, client, secret);
  });
}

}  // namespace ajwt::authority
