// SPDX-License-Identifier: Apache-2.0
//
// `ajwt draft-00`: who may speak draft-goswami-agentic-jwt-00 as its reference clients do.
#include "apps/ajwt/support/answer.h"
#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/input.h"
#include "apps/ajwt/support/profile.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

const Scopes kDraftAppScopes{std::string(names::kScopeAdminApps)};
const Scopes kDraftAgentScopes{std::string(names::kScopeAdminAgents)};

struct DraftOptions {
  std::string app;
  std::string agent;
  std::string client;
  std::string scope;
  std::string grant;
};

std::string draft_path(const DraftOptions& options) {
  return "/admin/draft-00/" + path_segment(options.app);
}

std::string draft_agent_path(const DraftOptions& options) {
  return draft_path(options) + "/agents/" + path_segment(options.agent);
}

void declare_draft_app(CLI::App& command, DraftOptions& options) {
  command.add_option("APP", options.app, "The application")->required();
}

void declare_draft_agent(CLI::App& command, DraftOptions& options) {
  declare_draft_app(command, options);
  command.add_option("AGENT", options.agent, "The agent")->required();
}

void declare_set_agent(CLI::App& command, DraftOptions& options) {
  declare_draft_agent(command, options);
  command
      .add_option("-f,--file", options.grant,
                  "The grant: {\"grant\":[{\"audience\",\"scopes\"},..]}; - is standard input")
      ->required()
      ->type_name("FILE");
}

void declare_create_client(CLI::App& command, DraftOptions& options) {
  declare_draft_app(command, options);
  command.add_option("CLIENT", options.client, "The client's id")->required();
  command
      .add_option("--scope", options.scope,
                  "generate:intent-token, or register:intent and register:workflow; read:agents "
                  "with either")
      ->required()
      ->type_name("SCOPES");
}

void declare_draft_client(CLI::App& command, DraftOptions& options) {
  command.add_option("CLIENT", options.client, "The client's id")->required();
}

Status list_draft(Session& session, const DraftOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const json::Object answer, connection->get(draft_path(options), kDraftAgentScopes));
  if (session.is_json()) {
    session.print_json(answer);
    return ok();
  }
  AJWT_ASSIGN(const json::Array clients, get_rows(answer, "clients"));
  AJWT_ASSIGN(const json::Array agents, get_rows(answer, "agents"));
  session.print_rows({"client_id", "scope", "disabled", "created_at"}, clients);
  session.print_rows({"agent_id", "status", "version", "checksum", "set_by", "set_at"}, agents);
  return ok();
}

Status set_agent(Session& session, const DraftOptions& options) {
  AJWT_ASSIGN(json::Object body, read_json_input(options.grant));
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const json::Object answer, connection->send("PUT", draft_agent_path(options),
                                                          std::move(body), kDraftAgentScopes));
  session.print_fields(answer);
  return ok();
}

Status end_agent(Session& session, const DraftOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const json::Object answer,
              connection->send("POST", draft_agent_path(options) + "/end", {}, kDraftAgentScopes));
  session.print_fields(answer);
  return ok();
}

Status create_client(Session& session, const DraftOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  json::Object body{{names::kClientId, options.client}, {names::kScope, options.scope}};
  AJWT_ASSIGN(const json::Object answer, connection->send("POST", draft_path(options) + "/clients",
                                                          std::move(body), kDraftAppScopes));
  session.print_fields(answer);
  session.note("The secret is shown this once.");
  return ok();
}

Status disable_client(Session& session, const DraftOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const json::Object answer,
              connection->send(
                  "POST", "/admin/draft-00/clients/" + path_segment(options.client) + "/disable",
                  {}, kDraftAppScopes));
  session.print_fields(answer);
  return ok();
}

}  // namespace

void add_draft_command(CLI::App& root, Session& session) {
  CLI::App& draft = add_noun(
      root,
      {.name = "draft-00",
       .summary = "Let clients of draft-goswami-agentic-jwt-00 in, one by one: bearer tokens, "
                  "no keys.",
       .examples = {"ajwt draft-00 list patch-fleet",
                    "ajwt draft-00 set-agent patch-fleet planner -f grant.json"}});
  add_verb<DraftOptions>(
      draft, session,
      {.name = "list",
       .summary = "List an application's clients and agents of the profile.",
       .examples = {"ajwt draft-00 list patch-fleet", "ajwt draft-00 list patch-fleet -o json"},
       .reaches = Reaches::kAuthority},
      declare_draft_app, list_draft);
  add_verb<DraftOptions>(
      draft, session,
      {.name = "set-agent",
       .summary = "Let an agent that never had a key register and mint without one.",
       .examples = {"ajwt draft-00 set-agent shop refund-bot -f grant.json",
                    "ajwt draft-00 set-agent shop refund-bot -f - < grant.json"},
       .reaches = Reaches::kAuthority},
      declare_set_agent, set_agent);
  add_verb<DraftOptions>(draft, session,
                         {.name = "end-agent",
                          .summary = "End that.",
                          .examples = {"ajwt draft-00 end-agent shop refund-bot",
                                       "ajwt draft-00 end-agent shop refund-bot -o json"},
                          .reaches = Reaches::kAuthority},
                         declare_draft_agent, end_agent);
  add_verb<DraftOptions>(
      draft, session,
      {.name = "create-client",
       .summary = "Create a client that authenticates by a secret in the body.",
       .examples = {"ajwt draft-00 create-client shop old-fleet --scope generate:intent-token",
                    "ajwt draft-00 create-client shop old-ci --scope 'register:intent "
                    "register:workflow'"},
       .reaches = Reaches::kAuthority},
      declare_create_client, create_client);
  add_verb<DraftOptions>(draft, session,
                         {.name = "disable-client",
                          .summary = "Disable one, and its tokens with it.",
                          .examples = {"ajwt draft-00 disable-client old-fleet",
                                       "ajwt draft-00 disable-client old-fleet -o json"},
                          .reaches = Reaches::kAuthority},
                         declare_draft_client, disable_client);
}

}  // namespace ajwt::app
