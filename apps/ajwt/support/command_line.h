// SPDX-License-Identifier: Apache-2.0
//
// How the commands of `ajwt` are declared, so that all of them look alike: summary, examples, docs
// pointer, exit codes, and no exception on the way out.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/ajwt/support/session.h"
#include "base/result.h"

namespace ajwt::app {

// Reaches tells what a command talks to: kAuthority ones take the profile options
// (support/profile.h).
enum class Reaches { kNothing, kAuthority };

// CommandHelp is what the help page of a command shows. `examples` are lines that run as they
// stand, at least two.
struct CommandHelp {
  std::string_view name;
  std::string_view summary;
  std::vector<std::string_view> examples;
  Reaches reaches = Reaches::kNothing;
};

// make_root returns the app `ajwt` with what every command accepts: --output, --json, --help,
// --version. The options write into `session`, which outlives the app.
std::unique_ptr<CLI::App> make_root(Session& session);

// add_noun adds a command that has subcommands, exactly one of which must follow.
CLI::App& add_noun(CLI::App& parent, const CommandHelp& help);

// add_command adds a command that does something; its options are the caller's to declare. Ends
// with `body`'s Status as exit code and message.
CLI::App& add_command(CLI::App& parent, Session& session, const CommandHelp& help,
                      std::function<Status()> body);

// add_verb is add_command for the usual shape: options in a struct, a function that declares them
// and one that runs.
template <class Options>
CLI::App& add_verb(CLI::App& parent, Session& session, const CommandHelp& help,
                   void (*declare)(CLI::App&, Options&), Status (*run)(Session&, const Options&)) {
  auto options = std::make_shared<Options>();
  CLI::App& command = add_command(parent, session, help,
                                  [&session, run, options] { return run(session, *options); });
  declare(command, *options);
  return command;
}

// run_command_line parses the arguments and runs the command that they name. Everything that goes
// wrong ends as a message and an exit code; usage errors exit with kUsage and name the nearest
// command or option.
ExitCode run_command_line(CLI::App& root, Session& session, int argc, const char* const* argv);

}  // namespace ajwt::app
