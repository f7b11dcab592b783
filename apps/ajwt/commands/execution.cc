// SPDX-License-Identifier: Apache-2.0
//
// `ajwt execution`: runs of workflows, as the application's own client.
#include "apps/ajwt/support/answer.h"
#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/profile.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

const Scopes kExecutionScopes{std::string(names::kScopeMint)};

struct ExecutionOptions {
  std::string id;
  std::string workflow;
  std::optional<std::int64_t> version;
  std::optional<std::int64_t> expires_in;
};

Status print(Session& session, json::Object execution) {
  if (session.is_json()) {
    session.print_json(std::move(execution));
    return ok();
  }
  AJWT_ASSIGN(const json::Array steps, get_rows(execution, names::kSteps));
  execution.remove(names::kSteps);
  session.print_fields(execution);
  session.print_rows({"step_id", "status", "agent_id", "uses", "sequence", "changed_at"}, steps);
  return ok();
}

void declare_id(CLI::App& command, ExecutionOptions& options) {
  command.add_option("EXECUTION", options.id, "The execution's id")->required();
}

void declare_nothing(CLI::App&, ExecutionOptions&) {}

void declare_open(CLI::App& command, ExecutionOptions& options) {
  command.add_option("WORKFLOW", options.workflow, "The workflow to run")->required();
  command.add_option("--workflow-version", options.version, "Default: the newest");
  command.add_option("--expires-in", options.expires_in, "How long it may run")
      ->type_name("SECONDS");
}

Status open(Session& session, const ExecutionOptions& options) {
  json::Object body{{names::kWorkflowId, options.workflow}};
  if (options.version) body.set(names::kWorkflowVersion, *options.version);
  if (options.expires_in) body.set(names::kExpiresIn, *options.expires_in);
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kApplication));
  AJWT_ASSIGN(json::Object answer,
              connection->send("POST", "/intent/executions", std::move(body), kExecutionScopes));
  return print(session, std::move(answer));
}

Status show(Session& session, const ExecutionOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kApplication));
  AJWT_ASSIGN(json::Object answer,
              connection->get("/intent/executions/" + path_segment(options.id), kExecutionScopes));
  return print(session, std::move(answer));
}

Status list(Session& session, const ExecutionOptions&) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kApplication));
  AJWT_ASSIGN(const json::Object answer, connection->get("/intent/executions", kExecutionScopes));
  AJWT_ASSIGN(const json::Array executions, get_rows(answer, "executions"));
  session.print_rows({"execution_id", "workflow_id", "workflow_version", "status", "created_at"},
                     executions);
  return ok();
}

Status close(Session& session, const ExecutionOptions& options) {
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kApplication));
  AJWT_ASSIGN(json::Object answer,
              connection->send("POST", "/intent/executions/" + path_segment(options.id) + "/close",
                               {}, kExecutionScopes));
  return print(session, std::move(answer));
}

}  // namespace

void add_execution_command(CLI::App& root, Session& session) {
  CLI::App& execution =
      add_noun(root, {.name = "execution",
                      .summary = "Open, watch and close runs of a workflow.",
                      .examples = {"ajwt execution list", "ajwt execution open refunds"}});
  add_verb<ExecutionOptions>(execution, session,
                             {.name = "open",
                              .summary = "Open a run of a workflow.",
                              .examples = {"ajwt execution open dependency-patching",
                                           "ajwt execution open refunds --expires-in 600"},
                              .reaches = Reaches::kAuthority},
                             declare_open, open);
  add_verb<ExecutionOptions>(
      execution, session,
      {.name = "show",
       .summary = "Show a run: its steps, who did them, in which order.",
       .examples = {"ajwt execution show exec_01jx2m3n4p5q6r7s8t9v0w1x2y",
                    "ajwt execution show exec_01jx2m3n4p5q6r7s8t9v0w1x2y -o json"},
       .reaches = Reaches::kAuthority},
      declare_id, show);
  add_verb<ExecutionOptions>(execution, session,
                             {.name = "list",
                              .summary = "List the application's newest runs.",
                              .examples = {"ajwt execution list", "ajwt execution list -o json"},
                              .reaches = Reaches::kAuthority},
                             declare_nothing, list);
  add_verb<ExecutionOptions>(
      execution, session,
      {.name = "close",
       .summary = "Close a run: nothing more is minted under it.",
       .examples = {"ajwt execution close exec_01jx2m3n4p5q6r7s8t9v0w1x2y",
                    "ajwt execution close exec_01jx2m3n4p5q6r7s8t9v0w1x2y -o json"},
       .reaches = Reaches::kAuthority},
      declare_id, close);
}

}  // namespace ajwt::app
