// SPDX-License-Identifier: Apache-2.0
//
// `ajwt workflow`.
#include "protocol/workflow.h"
#include "apps/ajwt/support/answer.h"
#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/input.h"
#include "apps/ajwt/support/profile.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

const Scopes kRegisterScopes{std::string(names::kScopeRegisterWorkflow),
                             std::string(names::kScopeAdminWorkflows)};
const Scopes kWorkflowScopes{std::string(names::kScopeAdminWorkflows)};

struct WorkflowOptions {
  std::string file;
  std::string app;
  std::string workflow;
  std::optional<std::int64_t> version;
  bool versions = false;
};

void declare_register(CLI::App& command, WorkflowOptions& options) {
  command
      .add_option("-f,--file,FILE", options.file,
                  "The workflow: {\"workflow_id\",\"steps\"} as JSON; - is standard input")
      ->required();
  command.add_option("--app", options.app, "The application that it belongs to")->type_name("ID");
}

Status register_workflow(Session& session, const WorkflowOptions& options) {
  AJWT_ASSIGN(json::Object body, read_json_input(options.file));
  body.remove(names::kAppId);
  // Judged here first: a cycle is told without a network.
  AJWT_TRY(parse_workflow(body));
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const std::string app_id, connection->get_app_id(options.app));
  body.set(names::kAppId, app_id);
  AJWT_ASSIGN(json::Object answer, connection->send("POST", "/intent/register/workflow",
                                                    std::move(body), kRegisterScopes));
  if (!session.is_json()) answer.remove(names::kSteps);
  session.print_fields(answer);
  return ok();
}

void declare_list(CLI::App& command, WorkflowOptions& options) {
  command.add_option("--app,APP", options.app, "The application")->type_name("ID");
}

Status list(Session& session, const WorkflowOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const std::string app_id, connection->get_app_id(options.app));
  AJWT_ASSIGN(const json::Object answer,
              connection->get("/admin/workflows?app_id=" + path_segment(app_id), kWorkflowScopes));
  AJWT_ASSIGN(const json::Array workflows, get_rows(answer, "workflows"));
  session.print_rows({"workflow_id", "version", "status", "registered_by", "registered_at"},
                     workflows);
  return ok();
}

void declare_show(CLI::App& command, WorkflowOptions& options) {
  command.add_option("APP", options.app, "The application")->required();
  command.add_option("WORKFLOW", options.workflow, "The workflow")->required();
  auto* version = command.add_option("--workflow-version", options.version, "Default: the newest");
  command.add_flag("--versions", options.versions, "List every version instead")->excludes(version);
}

std::string workflow_path(const WorkflowOptions& options) {
  return "/admin/workflows/" + path_segment(options.app) + "/" + path_segment(options.workflow);
}

// find_version returns the wanted version, or the newest, of versions that stand newest first.
const json::Object* find_version(const json::Array& versions, std::optional<std::int64_t> wanted) {
  for (const json::Value& row : versions) {
    const json::Object& workflow = row.as_object();
    const json::Value* number = workflow.find(names::kVersion);
    if (!wanted || (number != nullptr && *number == json::Value(*wanted))) return &workflow;
  }
  return nullptr;
}

Status show(Session& session, const WorkflowOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const json::Object answer, connection->get(workflow_path(options), kWorkflowScopes));
  AJWT_ASSIGN(const json::Array versions, get_rows(answer, "versions"));
  if (options.versions) {
    session.print_rows({"version", "status", "registered_by", "registered_at", "confirmed_by"},
                       versions);
    return ok();
  }
  const json::Object* workflow = find_version(versions, options.version);
  if (workflow == nullptr) return refuse(Code::k_not_found, options.workflow);
  if (session.is_json()) {
    session.print_json(*workflow);
    return ok();
  }
  AJWT_ASSIGN(const json::Array steps, get_rows(*workflow, names::kSteps));
  json::Object head = *workflow;
  head.remove(names::kSteps);
  session.print_fields(head);
  session.print_rows({"step_id", "agent_id", "action", "scopes", "audience", "dependencies",
                      "required", "max_uses"},
                     steps);
  return ok();
}

void declare_confirm(CLI::App& command, WorkflowOptions& options) {
  command.add_option("APP", options.app, "The application")->required();
  command.add_option("WORKFLOW", options.workflow, "The workflow")->required();
  command.add_option("VERSION", options.version, "The version that waits")->required();
}

Status confirm(Session& session, const WorkflowOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  json::Object body{{names::kVersion, *options.version}};
  AJWT_ASSIGN(json::Object answer, connection->send("POST", workflow_path(options) + "/confirm",
                                                    std::move(body), kWorkflowScopes));
  if (!session.is_json()) answer.remove(names::kSteps);
  session.print_fields(answer);
  return ok();
}

}  // namespace

void add_workflow_command(CLI::App& root, Session& session) {
  CLI::App& workflow = add_noun(root, {.name = "workflow",
                                       .summary = "Register workflows and look at them.",
                                       .examples = {"ajwt workflow list patch-fleet",
                                                    "ajwt workflow show patch-fleet "
                                                    "dependency-patching"}});
  add_verb<WorkflowOptions>(workflow, session,
                            {.name = "register",
                             .summary = "Register a workflow, or its next version.",
                             .examples = {"ajwt workflow register -f workflow.json --app shop",
                                          "ajwt workflow register -f - --app shop < w.json"},
                             .reaches = Reaches::kAuthority},
                            declare_register, register_workflow);
  add_verb<WorkflowOptions>(workflow, session,
                            {.name = "list",
                             .summary = "List an application's workflows.",
                             .examples = {"ajwt workflow list patch-fleet",
                                          "ajwt workflow list --app patch-fleet -o json"},
                             .reaches = Reaches::kAuthority},
                            declare_list, list);
  add_verb<WorkflowOptions>(workflow, session,
                            {.name = "show",
                             .summary = "Show a workflow's steps.",
                             .examples = {"ajwt workflow show patch-fleet dependency-patching",
                                          "ajwt workflow show shop refunds --workflow-version 2"},
                             .reaches = Reaches::kAuthority},
                            declare_show, show);
  add_verb<WorkflowOptions>(
      workflow, session,
      {.name = "confirm",
       .summary = "Make a version usable that waits for a second administrator.",
       .examples = {"ajwt workflow confirm shop refunds 3",
                    "ajwt workflow confirm shop refunds 3 -o json"},
       .reaches = Reaches::kAuthority},
      declare_confirm, confirm);
}

}  // namespace ajwt::app
