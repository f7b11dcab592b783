// SPDX-License-Identifier: Apache-2.0
//
// `ajwt dev`: everything on loopback, for one person on one machine.
#include <stdlib.h>

#include <ostream>

#include "apps/ajwt/demo/agents.h"
#include "apps/ajwt/dev/dev_system.h"
#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/process.h"
#include "apps/ajwt/support/version.h"

namespace ajwt::app {
namespace {

struct DevFlags {
  std::string data = demo::default_dev_folder().string();
  std::uint16_t port_base = 8710;
  bool ephemeral = false;
  std::string otlp_endpoint;
};

void declare(CLI::App& command, DevFlags& flags) {
  auto* data = command.add_option("--data", flags.data, "Folder for keys, database and log");
  command.add_option("--port-base", flags.port_base,
                     "Ports of authority, guard and sample API: this and the next two; 0: any");
  command.add_flag("--ephemeral", flags.ephemeral, "Keep nothing: a temporary folder")
      ->excludes(data);
  command
      .add_option("--otlp-endpoint", flags.otlp_endpoint,
                  "Send the spans of authority and guard to this collector")
      ->envname("AJWT_OTLP_ENDPOINT")
      ->type_name("URL");
}

// A folder that goes when the command ends.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> create() {
    std::string path = (std::filesystem::temp_directory_path() / "ajwt-dev-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) return refuse(Code::k_io_failed, path);
    return TemporaryFolder(path);
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

void print_banner(Session& session, const demo::DevInfo& info, const DevFlags& flags) {
  if (session.is_json()) {
    json::Object banner = demo::to_json(info);
    banner.remove("control");
    session.print_json(std::move(banner));
    session.out() << std::flush;
    return;
  }
  const bool elsewhere = flags.ephemeral || flags.data != demo::default_dev_folder().string();
  const std::string dev = elsewhere ? " --dev " + info.data : "";
  const std::string profile = elsewhere ? " --profile " + info.data + "/dev.json" : "";
  session.out() << "\n  ajwt " << version() << "  dev: loopback only, data in " << info.data
                << (flags.ephemeral ? " (removed at the end)" : " (kept)")
                << ". Never use it in production.\n\n"
                << "  Authority  " << info.issuer << "\n  Guard      " << info.guard_url
                << "  in front of the sample API, audience " << demo::kAudience << "\n  Fleet      "
                << demo::kAppId << ": supervisor, classifier, planner, patcher\n  Log        "
                << info.log_file << "\n\n  Try next:\n"
                << "    ajwt demo run" << dev << "              # the fleet patches a manifest\n"
                << "    ajwt demo attack --all" << dev
                << "     # eleven attacks; all must be refused\n"
                << "    ajwt execution list" << profile << "        # what the authority recorded\n"
                << "    ajwt audit list" << profile << "            # every decision\n\n"
                << "  Ctrl-C ends it.\n"
                << std::flush;
}

Status run(Session& session, const DevFlags& flags) {
  StopSignals signals;
  AJWT_TRY(harden_process());
  DevOptions options{
      .data = flags.data, .port_base = flags.port_base, .otlp_endpoint = flags.otlp_endpoint};
  std::optional<TemporaryFolder> temporary;
  if (flags.ephemeral) {
    AJWT_ASSIGN(auto folder, TemporaryFolder::create());
    temporary.emplace(std::move(folder));
    options.data = temporary->path();
  }
  AJWT_ASSIGN(const auto system, DevSystem::start(options));
  print_banner(session, system->info(), flags);
  signals.wait();
  return ok();
}

}  // namespace

void add_dev_command(CLI::App& root, Session& session) {
  add_verb<DevFlags>(root, session,
                     {.name = "dev",
                      .summary = "Authority, guard, sample API and a fleet on loopback, at once.",
                      .examples = {"ajwt dev", "ajwt dev --ephemeral --port-base 9710"}},
                     declare, run);
}

}  // namespace ajwt::app
