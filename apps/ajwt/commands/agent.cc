// SPDX-License-Identifier: Apache-2.0
//
// `ajwt agent`: list, show, activate, grant, revoke.
#include "apps/ajwt/commands/agent.h"

#include <ostream>

#include "apps/ajwt/support/answer.h"
#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/input.h"
#include "apps/ajwt/support/profile.h"
#include "json/members.h"
#include "json/parse.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

const Scopes kReadScopes{std::string(names::kScopeAdminAgents),
                         std::string(names::kScopeRegisterAgent), std::string(names::kScopeMint)};
const Scopes kAgentScopes{std::string(names::kScopeAdminAgents)};

struct AgentOptions {
  std::string app;
  std::string agent;
  std::string grant;
  std::string registration;
  bool versions = false;
  bool components = false;
};

void declare_app(CLI::App& command, AgentOptions& options) {
  command.add_option("--app,APP", options.app, "The application")->type_name("ID");
}

void declare_agent(CLI::App& command, AgentOptions& options) {
  command.add_option("APP", options.app, "The application")->required();
  command.add_option("AGENT", options.agent, "The agent")->required();
}

std::string agent_path(const std::string& prefix, const AgentOptions& options) {
  return prefix + path_segment(options.app) + "/" + path_segment(options.agent);
}

Status list(Session& session, const AgentOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const std::string app_id, connection->get_app_id(options.app));
  AJWT_ASSIGN(const json::Object answer,
              connection->get("/intent/agents/" + path_segment(app_id), kReadScopes));
  AJWT_ASSIGN(const json::Array agents, get_rows(answer, "agents"));
  session.print_rows({"agent_id", "version", "status", "checksum", "registered_at"}, agents);
  return ok();
}

void declare_show(CLI::App& command, AgentOptions& options) {
  declare_agent(command, options);
  command.add_flag("--versions", options.versions, "List every version instead");
  command.add_flag("--components", options.components,
                   "Print the registered agent_components, which only the application's own "
                   "registering client may read");
}

Status show(Session& session, const AgentOptions& options) {
  // Who wants the components asks as the one who may read them.
  AJWT_ASSIGN(
      const auto connection,
      Connection::open(session, options.components ? Role::kRegistrar : Role::kAdministrator));
  const Scopes scopes = options.components ? Scopes{std::string(names::kScopeRegisterAgent),
                                                    std::string(names::kScopeAdminAgents)}
                                           : kReadScopes;
  AJWT_ASSIGN(json::Object answer, connection->get(agent_path("/intent/agents/", options), scopes));
  if (options.components) {
    const json::Value* components = answer.find(names::kAgentComponents);
    if (components == nullptr) {
      return refuse(Code::k_not_found,
                    "The components were not registered, or are not this client's to read.");
    }
    session.print_json(*components);
    return ok();
  }
  if (options.versions) {
    AJWT_ASSIGN(const json::Array versions, get_rows(answer, "versions"));
    session.print_rows({"version", "status", "registration_id", "checksum", "registered_at"},
                       versions);
    return ok();
  }
  if (!session.is_json()) answer.remove("versions");
  answer.remove(names::kAgentComponents);
  session.print_fields(answer);
  return ok();
}

void declare_grant(CLI::App& command, AgentOptions& options) {
  declare_agent(command, options);
  command
      .add_option("-f,--file", options.grant,
                  "The grant: {\"grant\":[{\"audience\",\"tool\",\"scopes\"},..]} or the array "
                  "alone; - is standard input")
      ->required()
      ->type_name("FILE");
}

Result<json::Array> read_grant(const std::string& name) {
  AJWT_ASSIGN(const std::string text, read_input(name));
  AJWT_ASSIGN(const json::Value value, json::parse(text));
  if (const json::Array* array = value.find_array()) return *array;
  if (value.find_object() == nullptr) return refuse(Code::k_json_wrong_type, "grant");
  json::Members members(value.as_object());
  AJWT_ASSIGN(const json::Array* array, members.get_array(names::kGrant));
  AJWT_TRY(members.check_no_others());
  return *array;
}

Status grant(Session& session, const AgentOptions& options) {
  AJWT_ASSIGN(json::Array array, read_grant(options.grant));
  AJWT_TRY(parse_grant(array));
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  json::Object body{{names::kGrant, std::move(array)}};
  AJWT_ASSIGN(const json::Object answer,
              connection->send("PUT", agent_path("/admin/agents/", options) + "/grant",
                               std::move(body), kAgentScopes));
  session.print_fields(answer);
  return ok();
}

void declare_activate(CLI::App& command, AgentOptions& options) {
  declare_agent(command, options);
  command
      .add_option("REGISTRATION", options.registration,
                  "The registration_id that 'ajwt agent show' shows: nothing else is activated")
      ->required();
}

Status activate(Session& session, const AgentOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  json::Object body{{names::kRegistrationId, options.registration}};
  AJWT_ASSIGN(const json::Object answer,
              connection->send("POST", agent_path("/admin/agents/", options) + "/activate",
                               std::move(body), kAgentScopes));
  session.print_fields(answer);
  return ok();
}

Status revoke(Session& session, const AgentOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const json::Object answer,
              connection->send("POST", agent_path("/admin/agents/", options) + "/revoke", {},
                               kAgentScopes));
  session.print_fields(answer);
  return ok();
}

}  // namespace

Result<AgentFile> read_agent_file(const std::string& name) {
  AJWT_ASSIGN(const json::Object object, read_json_input(name));
  if (!object.contains(names::kAgentComponents)) {
    AJWT_ASSIGN(AgentDefinition definition, parse_agent_components(object));
    return AgentFile{std::move(definition), std::nullopt, std::nullopt};
  }
  json::Members members(object);
  AJWT_ASSIGN(const json::Object* components, members.get_object(names::kAgentComponents));
  AJWT_ASSIGN(AgentDefinition definition, parse_agent_components(*components));
  AJWT_ASSIGN(const json::Array* array, members.find_array(names::kGrant));
  std::optional<Grant> granted;
  if (array != nullptr) {
    AJWT_ASSIGN(granted, parse_grant(*array));
  }
  AJWT_ASSIGN(auto autonomy, members.find_string(names::kAutonomy));
  AJWT_TRY(members.check_no_others());
  return AgentFile{std::move(definition), std::move(granted), std::move(autonomy)};
}

void add_agent_command(CLI::App& root, Session& session) {
  CLI::App& agent = add_noun(
      root, {.name = "agent",
             .summary = "Register agents, and see and limit what they may.",
             .examples = {"ajwt agent checksum agent.json", "ajwt agent list patch-fleet"}});
  add_agent_checksum(agent, session);
  add_agent_diff(agent, session);
  add_agent_register(agent, session);
  add_verb<AgentOptions>(
      agent, session,
      {.name = "list",
       .summary = "List an application's agents.",
       .examples = {"ajwt agent list patch-fleet", "ajwt agent list --app patch-fleet -o json"},
       .reaches = Reaches::kAuthority},
      declare_app, list);
  add_verb<AgentOptions>(agent, session,
                         {.name = "show",
                          .summary = "Show one agent's registration.",
                          .examples = {"ajwt agent show patch-fleet patcher",
                                       "ajwt agent show patch-fleet patcher --versions"},
                          .reaches = Reaches::kAuthority},
                         declare_show, show);
  add_verb<AgentOptions>(agent, session,
                         {.name = "grant",
                          .summary = "Replace an agent's grant: all that it may ever ask for.",
                          .examples = {"ajwt agent grant shop refund-bot -f grant.json",
                                       "ajwt agent grant shop refund-bot -f - < grant.json"},
                          .reaches = Reaches::kAuthority},
                         declare_grant, grant);
  add_verb<AgentOptions>(
      agent, session,
      {.name = "activate",
       .summary = "Let a registered version act, where the application asks for that.",
       .examples = {"ajwt agent activate shop refund-bot reg_06f2c0a4k8",
                    "ajwt agent activate shop refund-bot reg_06f2c0a4k8 -o json"},
       .reaches = Reaches::kAuthority},
      declare_activate, activate);
  add_verb<AgentOptions>(agent, session,
                         {.name = "revoke",
                          .summary = "Revoke an agent for good.",
                          .examples = {"ajwt agent revoke shop refund-bot",
                                       "ajwt agent revoke shop refund-bot -o json"},
                          .reaches = Reaches::kAuthority},
                         declare_agent, revoke);
}

}  // namespace ajwt::app
