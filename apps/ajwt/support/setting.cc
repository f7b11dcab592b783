// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/setting.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

namespace ajwt::app {
namespace {

using enum SettingType;

constexpr std::int64_t kDay = 86400;
constexpr std::int64_t kManyTokens = 100'000'000;

// clang-format off
constexpr auto kSettings = std::to_array<Setting>({
    {"data", kText, "ajwt-data", "Directory of the database, the signing keys and the administrator's credential; made with mode 0700 if it is missing"},
    {"listen", kText, "127.0.0.1:8710", "Address and port to listen on; port 0 is any free one. Beyond loopback, TLS or tls-proxy is needed"},
    {"public_url", kText, "", "The URL by which clients address the authority, and the issuer of its tokens; default: the address listened on, where that is loopback"},
    {"tls.certificate", kText, "", "The certificate with its chain, PEM", 0, 0, "--tls-cert"},
    {"tls.key", kText, "", "The certificate's private key, PEM", 0, 0, "--tls-key"},
    {"tls.proxy", kSwitch, "false", "Something before the authority ends TLS, so plain HTTP may be listened for anywhere, and addresses, which are the proxy's, are not limited; in a file also tls = \"proxy\""},
    {"log_level", kText, "info", "debug, info, warn or error"},
    {"log_format", kText, "auto", "json, pretty, or auto: pretty on a terminal"},
    {"management_listen", kText, "", "Address and port where health and metrics are answered, and then not at `listen`; beyond loopback as `listen`, with its TLS"},
    {"otlp_endpoint", kText, "", "A collector of OpenTelemetry's that spans are sent to (OTLP/HTTP with JSON), as http://127.0.0.1:4318; https beyond loopback"},
    {"intent_token_lifetime", kNumber, "300", "Seconds that an intent token lives", 1, 3600},
    {"access_token_lifetime", kNumber, "600", "Seconds that an application's own token lives", 1, kDay},
    {"nonce_lifetime", kNumber, "300", "Seconds that a DPoP nonce is good for", 8, 3600},
    {"skew", kNumber, "60", "Seconds by which a client's clock may be wrong", 0, 300},
    {"execution_lifetime", kNumber, "3600", "Seconds that an execution may run when it names no time", 1, 30 * kDay},
    {"execution_lifetime_max", kNumber, "86400", "The longest time that an execution may ask for", 1, 30 * kDay},
    {"key_announce", kNumber, "1200", "Seconds that a new signing key is published before it signs, so that every guard knows it; the published keys may be cached for a quarter of it, at most 300 s", 20, 30 * kDay},
    {"key_overlap", kNumber, "3600", "Seconds that a rotated signing key stays published; never less than a token lives", 0, 30 * kDay},
    {"signing_key_lifetime", kNumber, "7776000", "Seconds after which the next signing key is announced by itself, longer than key_announce; 0 is never", 0, 3650 * kDay},
    {"worker_threads", kNumber, "0", "Threads that answer requests; 0 fits the machine", 0, 1024},
    {"max_connections", kNumber, "10000", "Connections at a time", 1, 1'000'000},
    {"rate_limits.address_per_minute", kNumber, "300000", "Requests of one address", 1, kManyTokens},
    {"rate_limits.address_burst", kNumber, "20000", "The same, at once", 1, kManyTokens},
    {"rate_limits.address_failures_per_minute", kNumber, "1200", "Failed authentications of one address", 1, kManyTokens},
    {"rate_limits.address_failures_burst", kNumber, "500", "The same, at once", 1, kManyTokens},
    {"rate_limits.client_mint_per_minute", kNumber, "120000", "Token requests of one client", 1, kManyTokens},
    {"rate_limits.client_mint_burst", kNumber, "10000", "The same, at once", 1, kManyTokens},
    {"rate_limits.client_registration_per_minute", kNumber, "3000", "Registrations of one client", 1, kManyTokens},
    {"rate_limits.client_registration_burst", kNumber, "1000", "The same, at once", 1, kManyTokens},
    {"rate_limits.client_calls_per_minute", kNumber, "30000", "Other requests of one client", 1, kManyTokens},
    {"rate_limits.client_calls_burst", kNumber, "5000", "The same, at once", 1, kManyTokens},
    {"rate_limits.client_failures_per_minute", kNumber, "1200", "Requests of one client that are refused for a proof, or for a grant type that there is not", 1, kManyTokens},
    {"rate_limits.client_failures_burst", kNumber, "500", "The same, at once", 1, kManyTokens},
    {"rate_limits.agent_mint_per_minute", kNumber, "60000", "Mints for one agent", 1, kManyTokens},
    {"rate_limits.agent_mint_burst", kNumber, "5000", "The same, at once", 1, kManyTokens},
    {"rate_limits.agent_registration_per_minute", kNumber, "60", "Registrations of one agent", 1, kManyTokens},
    {"rate_limits.agent_registration_burst", kNumber, "60", "The same, at once", 1, kManyTokens},
    {"rate_limits.agent_failures_per_minute", kNumber, "12", "Mints refused for what the agent is", 1, kManyTokens},
    {"rate_limits.agent_failures_burst", kNumber, "60", "The same, at once", 1, kManyTokens},
});
// clang-format on

constexpr std::string_view kTls = "tls";

std::string pointer_of(std::string_view key) {
  std::string pointer = "/" + std::string(key);
  std::replace(pointer.begin(), pointer.end(), '.', '/');
  return pointer;
}

Error wrong_value(const Setting& setting, const SettingValue& value) {
  std::string what = value.place.empty() ? std::string(setting.key) : value.place;
  what += ": " + std::string(setting.key) + " must be ";
  what += setting.type == kSwitch ? "true or false"
                                  : "a number from " + std::to_string(setting.least) + " to " +
                                        std::to_string(setting.most);
  return refuse(Code::k_configuration_refused, what + ".");
}

Status check_value(const Setting& setting, const SettingValue& value) {
  if (setting.type == kText) return ok();
  if (setting.type == kSwitch) {
    if (value.text == "true" || value.text == "false") return ok();
    return wrong_value(setting, value);
  }
  std::int64_t number = 0;
  const char* end = value.text.data() + value.text.size();
  const auto read = std::from_chars(value.text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || number < setting.least ||
      number > setting.most) {
    return wrong_value(setting, value);
  }
  return ok();
}

// FileReader checks the file's keys and finds its values.
class FileReader {
 public:
  explicit FileReader(const config::Document& document) : document_(document) {}

  Status check_keys() const {
    std::map<std::string_view, std::vector<std::string_view>> tables;
    for (const Setting& setting : kSettings) {
      const std::size_t dot = setting.key.find('.');
      if (dot == std::string_view::npos) {
        tables[""].push_back(setting.key);
      } else {
        tables[setting.key.substr(0, dot)].push_back(setting.key.substr(dot + 1));
      }
    }
    std::vector<std::string_view>& top = tables[""];
    for (const auto& [table, keys] : tables) {
      if (!table.empty()) top.push_back(table);
    }
    AJWT_TRY(config::check_keys(document_, document_.root, "", top));
    for (const auto& [table, keys] : tables) {
      const json::Value* value = table.empty() ? nullptr : document_.root.find(table);
      if (value == nullptr || is_proxy_shorthand(table, *value)) continue;
      const std::string pointer = "/" + std::string(table);
      if (value->find_object() == nullptr) return document_.refuse_at(pointer, "must be a table");
      AJWT_TRY(config::check_keys(document_, value->as_object(), pointer, keys));
    }
    return ok();
  }

  Result<std::optional<SettingValue>> find(const Setting& setting) const {
    const std::size_t dot = setting.key.find('.');
    const json::Value* value = document_.root.find(setting.key.substr(0, dot));
    if (value == nullptr) return std::optional<SettingValue>();
    if (dot != std::string_view::npos) {
      const std::string_view table = setting.key.substr(0, dot);
      if (is_proxy_shorthand(table, *value)) {
        if (setting.key != "tls.proxy") return std::optional<SettingValue>();
        return std::optional<SettingValue>(at("/tls", "true"));
      }
      value = value->as_object().find(setting.key.substr(dot + 1));
      if (value == nullptr) return std::optional<SettingValue>();
    }
    const std::string pointer = pointer_of(setting.key);
    if (const std::string* text = value->find_string(); text && setting.type == kText) {
      return std::optional<SettingValue>(at(pointer, *text));
    }
    if (const std::int64_t* number = value->find_integer(); number && setting.type == kNumber) {
      return std::optional<SettingValue>(at(pointer, std::to_string(*number)));
    }
    if (const bool* on = value->find_boolean(); on && setting.type == kSwitch) {
      return std::optional<SettingValue>(at(pointer, *on ? "true" : "false"));
    }
    const std::string_view wanted = setting.type == kText     ? "must be a text in quotes"
                                    : setting.type == kNumber ? "must be a number"
                                                              : "must be true or false";
    return document_.refuse_at(pointer, wanted);
  }

 private:
  static bool is_proxy_shorthand(std::string_view table, const json::Value& value) {
    return table == kTls && value == json::Value("proxy");
  }

  SettingValue at(const std::string& pointer, std::string text) const {
    std::string place = document_.source_name;
    if (const auto position = document_.find_position(pointer)) {
      place += ":" + std::to_string(position->line) + ":" + std::to_string(position->column);
    }
    return SettingValue{std::move(text), Origin::kFile, std::move(place)};
  }

  const config::Document& document_;
};

std::string capitals(std::string_view key) {
  std::string text(key);
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

}  // namespace

std::span<const Setting> serve_settings() { return kSettings; }

std::string flag_of(const Setting& setting) {
  if (!setting.flag.empty()) return std::string(setting.flag);
  std::string flag = "--" + std::string(setting.key);
  std::replace_if(
      flag.begin(), flag.end(), [](char c) { return c == '_' || c == '.'; }, '-');
  return flag;
}

std::string environment_of(const Setting& setting) { return "AJWT_" + capitals(setting.key); }

Result<SettingValues> SettingValues::resolve(const std::map<std::string, std::string>& flags,
                                             const Environment& environment,
                                             const std::optional<config::Document>& file) {
  std::optional<FileReader> reader;
  if (file) {
    reader.emplace(*file);
    AJWT_TRY(reader->check_keys());
  }
  SettingValues values;
  for (const Setting& setting : kSettings) {
    std::optional<SettingValue> value;
    if (!setting.default_value.empty()) {
      value = SettingValue{std::string(setting.default_value), Origin::kDefault, {}};
    }
    if (reader) {
      AJWT_ASSIGN(auto found, reader->find(setting));
      if (found) value = std::move(found);
    }
    const std::string variable = environment_of(setting);
    if (auto text = environment(variable.c_str())) {
      value = SettingValue{*std::move(text), Origin::kEnvironment, variable};
    }
    if (const auto flag = flags.find(std::string(setting.key)); flag != flags.end()) {
      value = SettingValue{flag->second, Origin::kFlag, flag_of(setting)};
    }
    if (!value) continue;
    AJWT_TRY(check_value(setting, *value));
    values.values_.emplace(setting.key, *std::move(value));
  }
  return values;
}

const SettingValue* SettingValues::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

std::string SettingValues::text(std::string_view key) const {
  const SettingValue* value = find(key);
  return value == nullptr ? std::string() : value->text;
}

std::int64_t SettingValues::number(std::string_view key) const {
  const std::string digits = text(key);
  std::int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

Error SettingValues::fault(std::string_view key, std::string_view what) const {
  const SettingValue* value = find(key);
  std::string message =
      value == nullptr || value->place.empty() ? std::string() : value->place + ": ";
  message += std::string(key) + ": " + std::string(what);
  return refuse(Code::k_configuration_refused, std::move(message));
}

}  // namespace ajwt::app
