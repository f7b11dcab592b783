// SPDX-License-Identifier: Apache-2.0
//
// `ajwt serve`: the authority.
#include "apps/ajwt/support/authority_process.h"
#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/process.h"
#include "apps/ajwt/support/serve_config.h"
#include "apps/ajwt/support/version.h"

namespace ajwt::app {
namespace {

void log_start(Log& log, const AuthorityProcess& process, const ServeOptions& options) {
  if (process.administrator().created) {
    log.write(LogLevel::kInfo, "first start: made the administrator's credential",
              {{"key_file", process.administrator().key_file},
               {"use", "ajwt app list --profile " + process.administrator().profile}});
  }
  json::Object ready{{"version", version()},
                     {"issuer", process.issuer()},
                     {"address", options.address},
                     {"port", static_cast<std::int64_t>(process.port())},
                     {"data", options.data}};
  if (options.management) {
    ready.append("management_address", options.management->address);
    ready.append("management_port", static_cast<std::int64_t>(process.management_port()));
  }
  log.write(LogLevel::kInfo, "ready", ready);
}

Status run(Session&, const ServeFlags& flags) {
  AJWT_ASSIGN(const SettingValues values, load_settings(flags, process_environment()));
  AJWT_ASSIGN(const ServeOptions options, build_serve_options(values));
  AJWT_ASSIGN(const LogOptions log_options, build_log_options(values));
  AJWT_TRY(harden_process());
  StopSignals signals;
  Log log(log_options);
  AJWT_ASSIGN(const auto process, AuthorityProcess::start(options, &log));
  log_start(log, *process, options);
  signals.wait();
  log.write(LogLevel::kInfo, "stopping: requests under way are finished first");
  process->stop();
  log.write(LogLevel::kInfo, "stopped");
  return ok();
}

}  // namespace

void add_serve_command(CLI::App& root, Session& session) {
  add_verb<ServeFlags>(
      root, session,
      {.name = "serve",
       .summary = "Run the authority until SIGTERM or Ctrl-C.",
       .examples = {"ajwt serve --data ./ajwt-data", "ajwt serve --config /etc/ajwt/authority.toml",
                    "AJWT_LISTEN=127.0.0.1:9000 ajwt serve --log-level debug"}},
      declare_serve_flags, run);
}

}  // namespace ajwt::app
