// SPDX-License-Identifier: Apache-2.0
//
// From settings to the options that an authority is started with.
#pragma once

#include <CLI/CLI.hpp>

#include <map>
#include <optional>
#include <string>

#include "apps/ajwt/support/authority_process.h"
#include "apps/ajwt/support/log.h"
#include "apps/ajwt/support/setting.h"
#include "base/result.h"

namespace ajwt::app {

// ServeFlags are the flags of `ajwt serve` and `ajwt config show`, as given.
struct ServeFlags {
  std::optional<std::string> config;  // the file; else AJWT_CONFIG; else none
  std::map<std::string, std::string> values;
};

// declare_serve_flags adds --config and a flag for every setting but the rate limits.
void declare_serve_flags(CLI::App& command, ServeFlags& flags);

// load_settings reads the file that flags or environment name and resolves all settings.
Result<SettingValues> load_settings(const ServeFlags& flags, const Environment& environment);

// build_serve_options turns settings into options; refuses k_configuration_refused with the place
// of what is wrong, also for what check_serve_options refuses.
Result<ServeOptions> build_serve_options(const SettingValues& values);

// build_log_options refuses k_configuration_refused for an unknown level or format.
Result<LogOptions> build_log_options(const SettingValues& values);

}  // namespace ajwt::app
