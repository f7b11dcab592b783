// SPDX-License-Identifier: Apache-2.0
//
// `ajwt app client`: the clients of an application.
#include "apps/ajwt/commands/application.h"
#include "apps/ajwt/support/answer.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/key_input.h"
#include "apps/ajwt/support/profile.h"
#include "jose/jwk.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

const Scopes kClientScopes{std::string(names::kScopeAdminApps)};

struct ClientOptions {
  std::string app;
  std::string client;
  std::vector<std::string> scopes;
  std::vector<std::string> audiences;
  std::string key_file;
  bool secret = false;
};

void declare_add(CLI::App& command, ClientOptions& options) {
  command.add_option("APP", options.app, "The application")->required();
  command.add_option("CLIENT", options.client, "The new client's id")->required();
  command
      .add_option("--scope", options.scopes,
                  "What it may ask for, such as generate:intent-token; repeatable")
      ->required()
      ->expected(1)
      ->take_all();
  command
      .add_option("--audience", options.audiences,
                  "Services that its own tokens may be for, besides the authority; repeatable")
      ->type_name("URL")
      ->expected(1)
      ->take_all();
  auto* key = command.add_option("--key-file", options.key_file,
                                 "Its private key; made (Ed25519, mode 0600) if there is none. "
                                 "Only the public key is sent");
  key->type_name("FILE");
  command.add_flag("--secret", options.secret, "Give it a secret instead, shown once")
      ->excludes(key);
}

// credential_of adds to the body how the client will authenticate itself.
Status credential_of(Session& session, const ClientOptions& options, json::Object& body) {
  if (options.secret) {
    body.set("token_endpoint_auth_method", "client_secret_basic");
    return ok();
  }
  if (options.key_file.empty()) {
    return refuse(Code::k_parameter_missing, "Give --key-file FILE, or --secret.");
  }
  AJWT_ASSIGN(const KeyFile key, load_or_create_key(options.key_file));
  if (key.created) session.note("Made the client's key: " + options.key_file);
  body.set("token_endpoint_auth_method", "private_key_jwt");
  body.set(names::kJwk, jose::to_json(key.key.public_key()));
  return ok();
}

// scopes_to_give: nobody hands out an administrator's scope that is not among their token's.
Scopes scopes_to_give(const Scopes& given) {
  Scopes scopes = kClientScopes;
  for (const std::string& scope : given) {
    if (scope.starts_with(names::kAdminScopePrefix) && !has_scope(scopes, scope)) {
      scopes.push_back(scope);
    }
  }
  return scopes;
}

// held_scopes returns the administrator's scopes that the profile's client may ask for.
Result<Scopes> held_scopes(Connection& connection) {
  AJWT_ASSIGN(const json::Object whoami, connection.get("/admin/whoami", kClientScopes));
  AJWT_ASSIGN(const Scopes all, parse_scope(whoami.text("client_scope")));
  return scopes_to_give(all);
}

Status add(Session& session, const ClientOptions& options) {
  AJWT_TRY(check_scopes(options.scopes));
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  json::Object body{{names::kClientId, options.client},
                    {names::kScope, join_scopes(options.scopes)}};
  if (!options.audiences.empty()) body.set("audiences", json::string_array(options.audiences));
  AJWT_TRY(credential_of(session, options, body));
  AJWT_ASSIGN(
      const json::Object answer,
      connection->send_holding("POST", "/admin/apps/" + path_segment(options.app) + "/clients",
                               std::move(body), scopes_to_give(options.scopes)));
  session.print_fields(answer);
  if (options.secret) session.note("The secret is shown this once; keep it now.");
  return ok();
}

void declare_list(CLI::App& command, ClientOptions& options) {
  command.add_option("--app,APP", options.app, "The application")->type_name("ID");
}

Status list(Session& session, const ClientOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const std::string app_id, connection->get_app_id(options.app));
  AJWT_ASSIGN(const json::Object answer,
              connection->get("/admin/apps/" + path_segment(app_id) + "/clients", kClientScopes));
  AJWT_ASSIGN(const json::Array clients, get_rows(answer, "clients"));
  session.print_rows({"client_id", "token_endpoint_auth_method", "scope", "disabled", "created_at"},
                     clients);
  return ok();
}

void declare_client(CLI::App& command, ClientOptions& options) {
  command.add_option("CLIENT", options.client, "The client's id")->required();
}

Result<json::Object> change(const Session& session, const ClientOptions& options,
                            const std::string& act) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  const std::string path = "/admin/clients/" + path_segment(options.client) + "/" + act;
  auto answer = connection->send("POST", path, {}, kClientScopes);
  // A client with an administrator's scopes is changed by a token that has them.
  if (!answer && answer.error().code() == Code::k_scope_exceeds_ceiling) {
    AJWT_ASSIGN(const Scopes held, held_scopes(*connection));
    return connection->send_holding("POST", path, {}, held);
  }
  return answer;
}

Status disable(Session& session, const ClientOptions& options) {
  AJWT_ASSIGN(const json::Object answer, change(session, options, "disable"));
  session.print_fields(answer);
  return ok();
}

Status rotate_secret(Session& session, const ClientOptions& options) {
  AJWT_ASSIGN(const json::Object answer, change(session, options, "rotate-secret"));
  session.print_fields(answer);
  session.note("The secret is shown this once; the one before works no more.");
  return ok();
}

}  // namespace

void add_app_client(CLI::App& app, Session& session) {
  CLI::App& client = add_noun(
      app,
      {.name = "client",
       .summary = "The clients of an application: who may ask for which tokens.",
       .examples = {"ajwt app client list patch-fleet", "ajwt app client disable patch-fleet-ci"}});
  add_verb<ClientOptions>(
      client, session,
      {.name = "add",
       .summary = "Add a client with a key (private_key_jwt) or a secret.",
       .examples = {"ajwt app client add shop shop-fleet --scope generate:intent-token --key-file "
                    "fleet.key.pem",
                    "ajwt app client add shop shop-ci --scope register:intent --scope "
                    "register:workflow --secret"},
       .reaches = Reaches::kAuthority},
      declare_add, add);
  add_verb<ClientOptions>(client, session,
                          {.name = "list",
                           .summary = "List an application's clients.",
                           .examples = {"ajwt app client list patch-fleet",
                                        "ajwt app client list --app patch-fleet -o json"},
                           .reaches = Reaches::kAuthority},
                          declare_list, list);
  add_verb<ClientOptions>(
      client, session,
      {.name = "disable",
       .summary = "Disable a client: it gets no more tokens.",
       .examples = {"ajwt app client disable shop-ci", "ajwt app client disable shop-ci -o json"},
       .reaches = Reaches::kAuthority},
      declare_client, disable);
  add_verb<ClientOptions>(client, session,
                          {.name = "rotate-secret",
                           .summary = "Give a client a new secret, shown once.",
                           .examples = {"ajwt app client rotate-secret shop-ci",
                                        "ajwt app client rotate-secret shop-ci -o json"},
                           .reaches = Reaches::kAuthority},
                          declare_client, rotate_secret);
}

}  // namespace ajwt::app
