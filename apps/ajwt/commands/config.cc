// SPDX-License-Identifier: Apache-2.0
//
// `ajwt config`: what is in force and where it comes from; whether a file is good; the table of
// settings, from which docs/reference/config.md is made.
#include <ostream>
#include <utility>

#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/serve_config.h"
#include "gateway/guard_options.h"

namespace ajwt::app {
namespace {

struct ShowOptions {
  ServeFlags flags;
  bool origin = false;
};

void declare_show(CLI::App& command, ShowOptions& options) {
  declare_serve_flags(command, options.flags);
  command.add_flag("--origin", options.origin, "Show where each value comes from");
}

std::string origin_text(const SettingValue& value) {
  switch (value.origin) {
    case Origin::kDefault:
      return "default";
    case Origin::kFile:
    case Origin::kEnvironment:
    case Origin::kFlag:
      return value.place;
  }
  return {};
}

// No setting is a secret: keys and certificates are named by their files.
Status show(Session& session, const ShowOptions& options) {
  AJWT_ASSIGN(const SettingValues values, load_settings(options.flags, process_environment()));
  json::Array rows;
  for (const Setting& setting : serve_settings()) {
    const SettingValue* value = values.find(setting.key);
    json::Object row{{"key", setting.key}};
    if (value != nullptr) row.set("value", value->text);
    row.set("origin", value == nullptr ? "unset" : origin_text(*value));
    rows.emplace_back(std::move(row));
  }
  if (options.origin) {
    session.print_rows({"key", "value", "origin"}, rows);
  } else {
    session.print_rows({"key", "value"}, rows);
  }
  return ok();
}

struct CheckOptions {
  std::string file;
  std::string kind = "auto";
};

void declare_check(CLI::App& command, CheckOptions& options) {
  command.add_option("FILE", options.file, "The TOML file")->required();
  command.add_option("--kind", options.kind, "Whose file it is; auto: by its keys")
      ->check(CLI::IsMember({"auto", "serve", "guard"}))
      ->capture_default_str();
}

bool is_guard_file(const CheckOptions& options, const config::Document& document) {
  if (options.kind != "auto") return options.kind == "guard";
  return document.root.contains("upstream") || document.root.contains("route");
}

Status check(Session& session, const CheckOptions& options) {
  const auto loaded = config::load_toml(options.file);
  if (!loaded) return refuse(Code::k_configuration_refused, loaded.error().message());
  const config::Document& document = *loaded;
  const bool guard = is_guard_file(options, document);
  if (guard) {
    AJWT_TRY(gateway::parse_guard_options(document));
  } else {
    const Environment nothing = [](const char*) { return std::optional<std::string>(); };
    AJWT_ASSIGN(const SettingValues values, SettingValues::resolve({}, nothing, document));
    AJWT_TRY(build_serve_options(values));
    AJWT_TRY(build_log_options(values));
  }
  session.print_fields(
      {{"file", options.file}, {"kind", guard ? "guard" : "serve"}, {"status", "good"}});
  return ok();
}

struct OptionsOptions {
  bool markdown = false;
};

void declare_options(CLI::App& command, OptionsOptions& options) {
  command.add_flag("--markdown", options.markdown, "As docs/reference/config.md has them");
}

std::string meaning_of(const Setting& setting) {
  std::string meaning(setting.meaning);
  if (setting.type == SettingType::kNumber) {
    meaning += "; " + std::to_string(setting.least) + " to " + std::to_string(setting.most);
  }
  return meaning;
}

bool has_flag(const Setting& setting) { return !setting.key.starts_with("rate_limits."); }

Status list_options(Session& session, const OptionsOptions& options) {
  if (options.markdown) {
    session.out()
        << "| TOML key | flag | environment | default | meaning |\n|---|---|---|---|---|\n";
    for (const Setting& setting : serve_settings()) {
      session.out() << "| `" << setting.key << "` | "
                    << (has_flag(setting) ? "`" + flag_of(setting) + "`" : "") << " | `"
                    << environment_of(setting) << "` | "
                    << (setting.default_value.empty()
                            ? std::string()
                            : "`" + std::string(setting.default_value) + "`")
                    << " | " << meaning_of(setting) << " |\n";
    }
    return ok();
  }
  json::Array rows;
  for (const Setting& setting : serve_settings()) {
    rows.emplace_back(json::Object{{"key", setting.key},
                                   {"flag", has_flag(setting) ? flag_of(setting) : std::string()},
                                   {"environment", environment_of(setting)},
                                   {"default", setting.default_value},
                                   {"meaning", meaning_of(setting)}});
  }
  session.print_rows({"key", "environment", "default", "meaning"}, rows);
  return ok();
}

}  // namespace

void add_config_command(CLI::App& root, Session& session) {
  CLI::App& config =
      add_noun(root, {.name = "config",
                      .summary = "See and check the configuration of authority and guard.",
                      .examples = {"ajwt config show --origin", "ajwt config check guard.toml"}});
  add_verb<ShowOptions>(config, session,
                        {.name = "show",
                         .summary = "Show the settings with which `ajwt serve` would run.",
                         .examples = {"ajwt config show --origin",
                                      "ajwt config show --config authority.toml -o json"}},
                        declare_show, show);
  add_verb<CheckOptions>(config, session,
                         {.name = "check",
                          .summary = "Check a file of `ajwt serve` or `ajwt guard`.",
                          .examples = {"ajwt config check authority.toml",
                                       "ajwt config check --kind guard guard.toml"}},
                         declare_check, check);
  add_verb<OptionsOptions>(config, session,
                           {.name = "options",
                            .summary = "List every setting of `ajwt serve`.",
                            .examples = {"ajwt config options", "ajwt config options -o json"}},
                           declare_options, list_options);
}

}  // namespace ajwt::app
