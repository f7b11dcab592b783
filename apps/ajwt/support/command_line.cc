// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/command_line.h"

#include <exception>
#include <ostream>

#include "apps/ajwt/support/hint.h"
#include "apps/ajwt/support/version.h"
#include "config/toml.h"

namespace ajwt::app {
namespace {

// HelpFormatter adds to every page what holds for every command.
class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_footer(const CLI::App* app) const override {
    std::string footer = CLI::Formatter::make_footer(app);
    footer +=
        "\nEverywhere:\n  -o table|json, --json   output for people or for programs "
        "(AJWT_OUTPUT)\n";
    footer += "Docs: docs/reference/cli.md";
    if (app->get_parent() != nullptr) footer += "#" + anchor(app);
    footer += "\n";
    return footer;
  }

 private:
  // anchor is the heading of the command's section: "ajwt agent list" -> "ajwt-agent-list".
  static std::string anchor(const CLI::App* app) {
    std::string path;
    for (; app != nullptr; app = app->get_parent()) {
      path.insert(0, app->get_name() + (path.empty() ? "" : "-"));
    }
    return path;
  }
};

std::string footer_of(const CommandHelp& help) {
  std::string footer = "Examples:\n";
  for (const std::string_view example : help.examples) {
    footer += "  " + std::string(example) + "\n";
  }
  return footer;
}

void add_profile_options(CLI::App& command, ProfileOptions& profile) {
  constexpr std::string_view kGroup = "Which authority, and as whom";
  const auto add = [&](const char* name, std::optional<std::string>& value, const char* text,
                       const char* type) {
    command.add_option(name, value, text)->group(std::string(kGroup))->type_name(type);
  };
  add("--authority", profile.authority, "Issuer of the authority (AJWT_AUTHORITY)", "URL");
  add("--client-id", profile.client_id, "Client to act as (AJWT_CLIENT_ID)", "ID");
  add("--key", profile.key, "The client's private key file, mode 0600 (AJWT_KEY)", "FILE");
  add("--profile", profile.profile,
      "A file with issuer, client_id and key_file, such as admin.json; default "
      "./.ajwt-dev/dev.json",
      "FILE");
  add("--ca-file", profile.ca_file,
      "Certificate authorities to trust instead of the system's, PEM (AJWT_CA_FILE)", "FILE");
}

const CLI::App& deepest(const CLI::App& root) {
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().back();
  return *app;
}

std::string path_of(const CLI::App& app) {
  const std::string& own = app.get_name();
  return app.get_parent() == nullptr ? own : path_of(*app.get_parent()) + " " + own;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> option_names(const CLI::App* app) {
  std::vector<std::string> names;
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

// usage_message prefers naming a word that nobody understood over what is missing because of it.
std::string usage_message(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App& app = deepest(root);
  const std::vector<std::string> unknown = root.remaining(true);
  if (unknown.empty()) return printable(error.what());
  const std::string& word = unknown.front();
  const bool is_option = word.starts_with("-") && word.size() > 1;
  const bool is_command = !is_option && !command_names(app).empty();
  std::string message = is_option    ? "unknown option '" + printable(word) + "'"
                        : is_command ? "unknown command '" + printable(word) + "'"
                                     : "unexpected argument '" + printable(word) + "'";
  if (!is_option && !is_command) return message;
  const std::string spelled = word.substr(0, word.find('='));
  const std::vector<std::string> names = is_option ? option_names(&app) : command_names(app);
  const std::vector<std::string_view> known(names.begin(), names.end());
  if (const auto near = config::find_nearest(spelled, known)) {
    message += "; did you mean '" + std::string(*near) + "'?";
  }
  return message;
}

ExitCode report_usage(const CLI::App& root, Session& session, const CLI::ParseError& error) {
  const std::string message = usage_message(root, error);
  const std::string command = path_of(deepest(root));
  if (session.is_json()) {
    session.print_json(
        json::Object{{"error", message}, {"reason", "usage"}, {"hint", command + " --help"}});
  } else {
    session.err() << "ajwt: " << message << "; see: " << command << " --help\n";
  }
  return ExitCode::kUsage;
}

// run_guarded turns what a command answers, or throws against all rules, into its exit code.
void run_guarded(Session& session, const std::function<Status()>& body) {
  try {
    const Status status = body();
    if (!status) session.fail(status.error(), hint_for(status.error()));
  } catch (const std::exception& exception) {
    session.fail(refuse(Code::k_internal_error, exception.what()));
  }
}

}  // namespace

std::unique_ptr<CLI::App> make_root(Session& session) {
  auto root = std::make_unique<CLI::App>("Authorization for fleets of AI agents.", "ajwt");
  root->formatter(std::make_shared<HelpFormatter>());
  // What a command does not know itself is looked up in its parents, so that --json may stand
  // anywhere on the line.
  root->fallthrough();
  root->require_subcommand(1);
  root->set_version_flag("--version", version_line());
  root->add_option_function<std::string>(
          "-o,--output",
          [&session](const std::string& format) {
            session.format = format == "json" ? OutputFormat::kJson : OutputFormat::kTable;
          },
          "Output format")
      ->check(CLI::IsMember({"table", "json"}))
      ->envname("AJWT_OUTPUT")
      ->type_name("table|json");
  root->add_flag_callback(
      "--json", [&session] { session.format = OutputFormat::kJson; }, "The same as -o json");
  root->footer(
      footer_of({.name = {},
                 .summary = {},
                 .examples = {"ajwt dev", "ajwt demo run", "ajwt agent checksum agent.json",
                              "ajwt token inspect - < token.txt"}}));
  return root;
}

CLI::App& add_noun(CLI::App& parent, const CommandHelp& help) {
  CLI::App* noun = parent.add_subcommand(std::string(help.name), std::string(help.summary));
  noun->footer(footer_of(help));
  noun->require_subcommand(1);
  return *noun;
}

CLI::App& add_command(CLI::App& parent, Session& session, const CommandHelp& help,
                      std::function<Status()> body) {
  CLI::App* command = parent.add_subcommand(std::string(help.name), std::string(help.summary));
  command->footer(footer_of(help));
  if (help.reaches == Reaches::kAuthority) add_profile_options(*command, session.profile);
  command->callback([&session, body = std::move(body)] { run_guarded(session, body); });
  return *command;
}

ExitCode run_command_line(CLI::App& root, Session& session, int argc, const char* const* argv) {
  try {
    root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    session.out() << root.help();  // of the command that was named, with its path
    return ExitCode::kOk;
  } catch (const CLI::CallForVersion&) {
    session.out() << version_line() << '\n';
    return ExitCode::kOk;
  } catch (const CLI::ParseError& error) {
    return report_usage(root, session, error);
  } catch (const std::exception& exception) {
    session.fail(refuse(Code::k_internal_error, exception.what()));
  }
  return session.exit_code();
}

}  // namespace ajwt::app
