// SPDX-License-Identifier: Apache-2.0
//
// `ajwt app`: applications and their settings.
#include "apps/ajwt/commands/application.h"

#include "apps/ajwt/support/answer.h"
#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/profile.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

const Scopes kApplicationScopes{std::string(names::kScopeAdminApps)};

struct AppOptions {
  std::string app;
  std::string name;
  std::string workflow_rule;
  std::string checksum_in_tokens;
  std::string accepts_reference_checksum;
  std::string activation;
  std::string workflow_confirmation;
  std::vector<std::string> audiences;
  bool no_audience = false;
};

void declare_app(CLI::App& command, AppOptions& options) {
  command.add_option("APP", options.app, "The application's id")->required();
}

void declare_settings(CLI::App& command, AppOptions& options) {
  declare_app(command, options);
  command.add_option("--name", options.name, "What people call it");
  command
      .add_option("--audience", options.audiences,
                  "What its agents' tokens may be for: replaces the whole list; repeatable")
      ->type_name("URL")
      ->expected(1)
      ->take_all();
  command
      .add_option("--workflow-rule", options.workflow_rule,
                  "Whether its agents act only within a workflow")
      ->check(CLI::IsMember({"required", "optional"}));
  command
      .add_option("--checksum-in-tokens", options.checksum_in_tokens,
                  "Whether tokens show the agent's checksum")
      ->check(CLI::IsMember({"on", "off"}));
  command
      .add_option("--accept-reference-checksum", options.accepts_reference_checksum,
                  "Whether agents may register under the draft's reference checksum")
      ->check(CLI::IsMember({"on", "off"}));
  command
      .add_option("--activation", options.activation,
                  "Whether a registered agent acts at once, or once 'ajwt agent activate' says so")
      ->check(CLI::IsMember({"at_registration", "separate"}));
  command
      .add_option("--workflow-confirmation", options.workflow_confirmation,
                  "Whether a new version of a workflow waits for 'ajwt workflow confirm' by a "
                  "second administrator")
      ->check(CLI::IsMember({"none", "second_administrator"}));
}

void declare_set(CLI::App& command, AppOptions& options) {
  declare_settings(command, options);
  command.add_flag("--no-audience", options.no_audience, "Empty the list: no more tokens")
      ->excludes(command.get_option("--audience"));
}

json::Object settings_of(const AppOptions& options) {
  json::Object body;
  if (!options.name.empty()) body.set(names::kName, options.name);
  if (!options.workflow_rule.empty()) body.set("workflow_rule", options.workflow_rule);
  if (!options.checksum_in_tokens.empty()) {
    body.set("checksum_in_tokens", options.checksum_in_tokens == "on");
  }
  if (!options.accepts_reference_checksum.empty()) {
    body.set("accepts_reference_checksum", options.accepts_reference_checksum == "on");
  }
  if (!options.activation.empty()) body.set("activation", options.activation);
  if (!options.workflow_confirmation.empty()) {
    body.set("workflow_confirmation", options.workflow_confirmation);
  }
  if (!options.audiences.empty() || options.no_audience) {
    body.set("audiences", json::string_array(options.audiences));
  }
  return body;
}

Status list(Session& session) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const json::Object answer, connection->get("/admin/apps", kApplicationScopes));
  AJWT_ASSIGN(const json::Array applications, get_rows(answer, "applications"));
  session.print_rows({"app_id", "name", "workflow_rule", "audiences", "created_at"}, applications);
  return ok();
}

Status show(Session& session, const AppOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const json::Object answer,
              connection->get("/admin/apps/" + path_segment(options.app), kApplicationScopes));
  session.print_fields(answer);
  return ok();
}

Status create(Session& session, const AppOptions& options) {
  json::Object body = settings_of(options);
  body.set(names::kAppId, options.app);
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const json::Object answer,
              connection->send("POST", "/admin/apps", std::move(body), kApplicationScopes));
  session.print_fields(answer);
  if (options.audiences.empty()) {
    session.note("It has no audience yet, so its agents get no tokens: ajwt app set " +
                 options.app + " --audience URL");
  }
  return ok();
}

Status set(Session& session, const AppOptions& options) {
  json::Object body = settings_of(options);
  if (body.empty()) return refuse(Code::k_parameter_missing, "Name a setting to change.");
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const json::Object answer,
              connection->send("PATCH", "/admin/apps/" + path_segment(options.app), std::move(body),
                               kApplicationScopes));
  session.print_fields(answer);
  return ok();
}

}  // namespace

void add_app_command(CLI::App& root, Session& session) {
  CLI::App& app =
      add_noun(root, {.name = "app",
                      .summary = "Applications, their settings and their clients.",
                      .examples = {"ajwt app list", "ajwt app client list patch-fleet"}});
  add_command(app, session,
              {.name = "list",
               .summary = "List applications.",
               .examples = {"ajwt app list", "ajwt app list -o json"},
               .reaches = Reaches::kAuthority},
              [&session] { return list(session); });
  add_verb<AppOptions>(
      app, session,
      {.name = "show",
       .summary = "Show one application.",
       .examples = {"ajwt app show patch-fleet", "ajwt app show patch-fleet -o json"},
       .reaches = Reaches::kAuthority},
      declare_app, show);
  add_verb<AppOptions>(app, session,
                       {.name = "create",
                        .summary = "Create an application.",
                        .examples = {"ajwt app create shop --audience https://api.shop.example",
                                     "ajwt app create lab --name Laboratory"},
                        .reaches = Reaches::kAuthority},
                       declare_settings, create);
  add_verb<AppOptions>(app, session,
                       {.name = "set",
                        .summary = "Change an application's settings; what is not named stays.",
                        .examples = {"ajwt app set shop --audience https://api.shop.example",
                                     "ajwt app set shop --workflow-rule optional"},
                        .reaches = Reaches::kAuthority},
                       declare_set, set);
  add_app_client(app, session);
}

}  // namespace ajwt::app
