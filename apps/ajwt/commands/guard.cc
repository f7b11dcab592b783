// SPDX-License-Identifier: Apache-2.0
//
// `ajwt guard`: the guard as a reverse proxy, or as what nginx asks.
#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/decision_log.h"
#include "apps/ajwt/support/guard_input.h"
#include "apps/ajwt/support/process.h"
#include "apps/ajwt/support/version.h"
#include "gateway/guard_server.h"

namespace ajwt::app {
namespace {

struct GuardFlags {
  std::string config;
  std::string log_level = "info";
};

void declare(CLI::App& command, GuardFlags& flags) {
  command.add_option("--config", flags.config, "The guard's TOML file: settings and routes")
      ->required()
      ->envname("AJWT_GUARD_CONFIG")
      ->type_name("FILE");
  command.add_option("--log-level", flags.log_level, "debug, info, warn or error")
      ->envname("AJWT_LOG_LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
}

Result<gateway::GuardOptions> load_options(const std::string& path) {
  AJWT_ASSIGN(gateway::GuardOptions options, load_guard_config(path));
  options.version = std::string(version());
  return options;
}

Status run(Session&, const GuardFlags& flags) {
  AJWT_ASSIGN(gateway::GuardOptions options, load_options(flags.config));
  AJWT_TRY(harden_process());
  StopSignals signals;
  Log log({find_log_level(flags.log_level).value_or(LogLevel::kInfo), default_log_format()});
  GuardDecisions decisions(log);
  json::Object fields{{"version", version()}};
  switch (options.form) {
    case gateway::GuardForm::kProxy:
      fields.append("form", "proxy");
      fields.append("upstream", options.proxy.upstream);
      break;
    case gateway::GuardForm::kAuthRequest:
      fields.append("form", "auth_request");
      break;
  }
  const auto routes = static_cast<std::int64_t>(options.policy.routes().size());
  AJWT_ASSIGN(const auto server, gateway::GuardServer::start(std::move(options), &decisions));
  fields.append("public_url", server->public_url());
  fields.append("port", static_cast<std::int64_t>(server->port()));
  fields.append("routes", routes);
  log.write(LogLevel::kInfo, "ready", fields);
  signals.wait();
  log.write(LogLevel::kInfo, "stopping: requests under way are finished first");
  server->stop();
  log.write(LogLevel::kInfo, "stopped");
  return ok();
}

}  // namespace

void add_guard_command(CLI::App& root, Session& session) {
  add_verb<GuardFlags>(root, session,
                       {.name = "guard",
                        .summary = "Run a guard before an HTTP service until SIGTERM or Ctrl-C.",
                        .examples = {"ajwt guard --config guard.toml",
                                     "ajwt guard --config guard.toml --log-level debug"}},
                       declare, run);
}

}  // namespace ajwt::app
