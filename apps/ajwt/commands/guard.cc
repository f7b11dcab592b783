// SPDX-License-Identifier: Apache-2.0
//
// `ajwt guard`: the guard as a reverse proxy, or as what nginx asks.
#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/decision_log.h"
#include "apps/ajwt/support/guard_input.h"
#include "apps/ajwt/support/process.h"
#include "apps/ajwt/support/tracing.h"
#include "apps/ajwt/support/version.h"
#include "gateway/guard_server.h"
#include "http/listen_address.h"
#include "http/process_metrics.h"

namespace ajwt::app {
namespace {

struct GuardFlags {
  std::string config;
  std::string log_level = "info";
  std::string management_listen;
  std::string otlp_endpoint;
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
  command
      .add_option("--management-listen", flags.management_listen,
                  "Where health and metrics are answered, instead of the file's management_listen")
      ->envname("AJWT_GUARD_MANAGEMENT_LISTEN")
      ->type_name("ADDRESS:PORT");
  command
      .add_option("--otlp-endpoint", flags.otlp_endpoint,
                  "The collector of spans, instead of the file's otlp_endpoint")
      ->envname("AJWT_OTLP_ENDPOINT")
      ->type_name("URL");
}

Result<gateway::GuardOptions> load_options(const GuardFlags& flags) {
  AJWT_ASSIGN(gateway::GuardOptions options, load_guard_config(flags.config));
  options.version = std::string(version());
  if (!flags.management_listen.empty()) {
    AJWT_ASSIGN(options.management, http::parse_listen_address(flags.management_listen));
  }
  if (!flags.otlp_endpoint.empty()) options.otlp_endpoint = flags.otlp_endpoint;
  AJWT_TRY(check_otlp_endpoint(options.otlp_endpoint));
  return options;
}

Status run(Session&, const GuardFlags& flags) {
  AJWT_ASSIGN(gateway::GuardOptions options, load_options(flags));
  AJWT_TRY(harden_process());
  StopSignals signals;
  Log log({find_log_level(flags.log_level).value_or(LogLevel::kInfo), default_log_format()});
  Tracing tracing(options.otlp_endpoint, "ajwt-guard", &log);
  GuardDecisions decisions(log, tracing);
  options.more_metrics = tracing.metrics();
  options.more_metrics.push_back(log_metrics(log));
  for (auto& source : http::process_metrics()) options.more_metrics.push_back(std::move(source));
  json::Object ready{{"version", version()}};
  switch (options.form) {
    case gateway::GuardForm::kProxy:
      ready.append("form", "proxy");
      ready.append("upstream", options.proxy.upstream);
      break;
    case gateway::GuardForm::kAuthRequest:
      ready.append("form", "auth_request");
      break;
  }
  const auto routes = static_cast<std::int64_t>(options.policy.routes().size());
  AJWT_ASSIGN(const auto server, gateway::GuardServer::start(std::move(options), &decisions));
  ready.append("public_url", server->public_url());
  ready.append("port", static_cast<std::int64_t>(server->port()));
  if (server->management_port() != 0) {
    ready.append("management_port", static_cast<std::int64_t>(server->management_port()));
  }
  ready.append("routes", routes);
  log.write(LogLevel::kInfo, "ready", ready);
  signals.wait();
  log.write(LogLevel::kInfo, "stopping: requests under way are finished first");
  server->stop();
  tracing.stop();
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
