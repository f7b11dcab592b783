// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/serve_config.h"

#include <utility>

#include "http/listen_address.h"

namespace ajwt::app {
namespace {

constexpr std::string_view kRateLimits = "rate_limits.";

authority::Budget budget_of(const SettingValues& values, const std::string& name) {
  const std::string key = std::string(kRateLimits) + name;
  return {.per_second = static_cast<double>(values.number(key + "_per_minute")) / 60.0,
          .burst = static_cast<double>(values.number(key + "_burst"))};
}

authority::RateLimits rate_limits_of(const SettingValues& values) {
  authority::RateLimits limits;
  limits.address = budget_of(values, "address");
  limits.address_failures = budget_of(values, "address_failures");
  limits.client_mint = budget_of(values, "client_mint");
  limits.client_registration = budget_of(values, "client_registration");
  limits.client_calls = budget_of(values, "client_calls");
  limits.client_failures = budget_of(values, "client_failures");
  limits.agent_mint = budget_of(values, "agent_mint");
  limits.agent_registration = budget_of(values, "agent_registration");
  limits.agent_failures = budget_of(values, "agent_failures");
  return limits;
}

authority::AuthorityOptions authority_options_of(const SettingValues& values) {
  const auto seconds = [&](std::string_view key) { return Seconds(values.number(key)); };
  authority::AuthorityOptions options;
  options.intent_token_lifetime = seconds("intent_token_lifetime");
  options.access_token_lifetime = seconds("access_token_lifetime");
  options.nonce_lifetime = seconds("nonce_lifetime");
  options.skew = seconds("skew");
  options.execution_lifetime = seconds("execution_lifetime");
  options.execution_lifetime_max = seconds("execution_lifetime_max");
  options.key_announce = seconds("key_announce");
  options.key_overlap = seconds("key_overlap");
  options.signing_key_lifetime = seconds("signing_key_lifetime");
  options.rate_limits = rate_limits_of(values);
  return options;
}

Status set_tls(const SettingValues& values, ServeOptions& options) {
  const std::string certificate = values.text("tls.certificate");
  const std::string key = values.text("tls.key");
  if (certificate.empty() != key.empty()) {
    return values.fault(key.empty() ? "tls.certificate" : "tls.key",
                        "certificate and key are needed together.");
  }
  const bool proxy = values.is_on("tls.proxy");
  if (proxy && !key.empty()) {
    return values.fault("tls.proxy", "either TLS ends before the authority or at it, not both.");
  }
  if (proxy) options.clear_text = ClearText::kBehindTlsProxy;
  if (!key.empty()) options.tls = http::TlsFiles{certificate, key};
  return ok();
}

}  // namespace

void declare_serve_flags(CLI::App& command, ServeFlags& flags) {
  command.add_option("--config", flags.config, "A TOML file with settings (AJWT_CONFIG)")
      ->type_name("FILE");
  for (const Setting& setting : serve_settings()) {
    if (setting.key.starts_with(kRateLimits)) continue;
    std::string text(setting.meaning);
    if (!setting.default_value.empty()) text += " [" + std::string(setting.default_value) + "]";
    text += " (" + environment_of(setting) + ")";
    const std::string key(setting.key);
    if (setting.type == SettingType::kSwitch) {
      command.add_flag_callback(
          flag_of(setting), [&flags, key] { flags.values[key] = "true"; }, text);
      continue;
    }
    command
        .add_option_function<std::string>(
            flag_of(setting),
            [&flags, key](const std::string& value) { flags.values[key] = value; }, text)
        ->type_name(setting.type == SettingType::kNumber ? "NUMBER" : "TEXT");
  }
}

Result<SettingValues> load_settings(const ServeFlags& flags, const Environment& environment) {
  const auto path = flags.config ? flags.config : environment("AJWT_CONFIG");
  std::optional<config::Document> file;
  if (path) {
    auto document = config::load_toml(*path);
    if (!document) {
      // A file that cannot be read is a wrong command line.
      return refuse(Code::k_configuration_refused, document.error().message());
    }
    file = *std::move(document);
  }
  return SettingValues::resolve(flags.values, environment, file);
}

Result<ServeOptions> build_serve_options(const SettingValues& values) {
  ServeOptions options;
  options.data = values.text("data");
  const auto listen = http::parse_listen_address(values.text("listen"));
  if (!listen) return values.fault("listen", listen.error().message());
  options.address = listen->address;
  options.port = listen->port;
  options.public_url = values.text("public_url");
  while (options.public_url.ends_with('/')) options.public_url.pop_back();
  if (const std::string text = values.text("management_listen"); !text.empty()) {
    const auto management = http::parse_listen_address(text);
    if (!management) return values.fault("management_listen", management.error().message());
    options.management = *management;
  }
  options.otlp_endpoint = values.text("otlp_endpoint");
  AJWT_TRY(set_tls(values, options));
  options.worker_threads = static_cast<std::size_t>(values.number("worker_threads"));
  options.max_connections = static_cast<std::size_t>(values.number("max_connections"));
  options.authority = authority_options_of(values);
  if (options.clear_text == ClearText::kBehindTlsProxy) {
    options.authority.address_limits = authority::AddressLimits::kOff;
  }
  if (options.authority.execution_lifetime > options.authority.execution_lifetime_max) {
    return values.fault("execution_lifetime", "is above execution_lifetime_max.");
  }
  if (options.authority.signing_key_lifetime != Seconds(0) &&
      options.authority.signing_key_lifetime <= options.authority.key_announce) {
    return values.fault("signing_key_lifetime", "must be 0 or longer than key_announce.");
  }
  AJWT_TRY(check_serve_options(options));
  return options;
}

Result<LogOptions> build_log_options(const SettingValues& values) {
  const auto level = find_log_level(values.text("log_level"));
  if (!level) return values.fault("log_level", "must be debug, info, warn or error.");
  const std::string format = values.text("log_format");
  if (format == "json") return LogOptions{*level, LogFormat::kJson};
  if (format == "pretty") return LogOptions{*level, LogFormat::kPretty};
  if (format == "auto") return LogOptions{*level, default_log_format()};
  return values.fault("log_format", "must be json, pretty or auto.");
}

}  // namespace ajwt::app
