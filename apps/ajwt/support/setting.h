// SPDX-License-Identifier: Apache-2.0
//
// The settings of `ajwt serve`: one table, from which flags, environment variables, TOML keys,
// `ajwt config` and docs/reference/config.md come.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "apps/ajwt/support/profile.h"
#include "base/result.h"
#include "config/toml.h"

namespace ajwt::app {

enum class SettingType { kText, kNumber, kSwitch };

// Setting is one row. Its environment variable is "AJWT_" and the key in capitals, with '_' for
// '.'; its flag is "--" and the key with '-' for '_' and '.', unless `flag` says otherwise.
struct Setting {
  std::string_view key;  // "listen", "tls.certificate": path in the TOML file
  SettingType type;
  std::string_view default_value;  // empty: none
  std::string_view meaning;
  std::int64_t least = 0;  // of a number
  std::int64_t most = 0;
  std::string_view flag = {};
};

// serve_settings returns the table.
std::span<const Setting> serve_settings();

std::string flag_of(const Setting& setting);
std::string environment_of(const Setting& setting);

// Origin is where a value came from.
enum class Origin { kDefault, kFile, kEnvironment, kFlag };

struct SettingValue {
  std::string text;
  Origin origin;
  std::string place;  // "ajwt.toml:3:1", "AJWT_LISTEN", "--listen"; empty for a default
};

// SettingValues are the values of all settings, each well-formed for its type. Keys without value
// and without default are absent.
class SettingValues {
 public:
  // resolve applies flags over environment over file over defaults. Refuses
  // k_configuration_refused, naming the place: unknown keys of the file (with the one that was
  // probably meant), values of the wrong type, numbers out of range.
  static Result<SettingValues> resolve(const std::map<std::string, std::string>& flags,
                                       const Environment& environment,
                                       const std::optional<config::Document>& file);

  // find returns a value, or null.
  const SettingValue* find(std::string_view key) const;
  // text returns a value's text; empty if it has none.
  std::string text(std::string_view key) const;
  std::int64_t number(std::string_view key) const;
  bool is_on(std::string_view key) const { return text(key) == "true"; }
  // fault is a k_configuration_refused about this setting, at its place.
  Error fault(std::string_view key, std::string_view what) const;

 private:
  SettingValues() = default;
  std::map<std::string, SettingValue, std::less<>> values_;
};

}  // namespace ajwt::app
