// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/setting.h"

#include <gtest/gtest.h>

#include <set>

#include "apps/ajwt/support/serve_config.h"
#include "tests/support/matchers.h"

namespace ajwt::app {
namespace {

using Variables = std::map<std::string, std::string>;

Environment environment_of(Variables variables) {
  return [variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

Result<SettingValues> resolve(const std::string& toml, const Variables& variables = {},
                              const Variables& flags = {}) {
  AJWT_ASSIGN(config::Document document, config::parse_toml(toml, "ajwt.toml"));
  return SettingValues::resolve(flags, environment_of(variables), document);
}

Result<ServeOptions> build(const std::string& toml) {
  AJWT_ASSIGN(const SettingValues values, resolve(toml));
  return build_serve_options(values);
}

std::string message_of(const Result<SettingValues>& result) {
  return result ? "accepted" : result.error().message();
}

TEST(Settings, PreferFlagsOverEnvironmentOverFileOverDefaults) {
  const std::string file = "skew = 1\nkey_overlap = 1\nlog_level = \"warn\"\n";
  const auto values =
      resolve(file, {{"AJWT_SKEW", "2"}, {"AJWT_KEY_OVERLAP", "2"}}, {{"skew", "3"}});
  ASSERT_THAT(values, IsOk());
  EXPECT_EQ(values->number("skew"), 3);
  EXPECT_EQ(values->find("skew")->place, "--skew");
  EXPECT_EQ(values->number("key_overlap"), 2);
  EXPECT_EQ(values->find("key_overlap")->place, "AJWT_KEY_OVERLAP");
  EXPECT_EQ(values->text("log_level"), "warn");
  EXPECT_EQ(values->find("log_level")->place, "ajwt.toml:3:1");
  EXPECT_EQ(values->text("listen"), "127.0.0.1:8710");
  EXPECT_EQ(values->find("listen")->origin, Origin::kDefault);
}

TEST(Settings, RefuseAnUnknownKeyWithItsPlaceAndTheKeyThatWasMeant) {
  const auto values = resolve("skew = 1\nlissten = \"127.0.0.1:1\"\n");
  EXPECT_THAT(values, RefusedWith(Code::k_configuration_refused));
  EXPECT_EQ(message_of(values), "ajwt.toml:2:1: unknown key 'lissten'; did you mean 'listen'?");
}

TEST(Settings, RefuseAnUnknownKeyOfATable) {
  const auto values = resolve("[tls]\ncertificat = \"a.pem\"\n");
  EXPECT_THAT(values, RefusedWith(Code::k_configuration_refused));
  EXPECT_NE(message_of(values).find("did you mean 'certificate'?"), std::string::npos);
}

TEST(Settings, RefuseAValueOfAnotherTypeInTheFile) {
  EXPECT_THAT(resolve("skew = \"60\"\n"), RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(resolve("listen = 8710\n"), RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(resolve("tls = 1\n"), RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(resolve("[tls]\nproxy = \"true\"\n"), RefusedWith(Code::k_configuration_refused));
}

TEST(Settings, RefuseANumberOutOfRangeWhereverItComesFrom) {
  EXPECT_THAT(resolve("skew = 301\n"), RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(resolve("", {{"AJWT_SKEW", "-1"}}), RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(resolve("", {{"AJWT_SKEW", "6 0"}}), RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(resolve("", {}, {{"skew", ""}}), RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(resolve("", {{"AJWT_TLS_PROXY", "1"}}), RefusedWith(Code::k_configuration_refused));
}

TEST(Settings, HaveOneFlagAndOneVariableEach) {
  std::set<std::string> names;
  for (const Setting& setting : serve_settings()) {
    EXPECT_TRUE(names.insert(flag_of(setting)).second) << setting.key;
    EXPECT_TRUE(names.insert(environment_of(setting)).second) << setting.key;
  }
}

TEST(ServeConfig, TakesTheDefaultsOfTheAuthorityWhereNothingIsSaid) {
  const auto options = build("");
  ASSERT_THAT(options, IsOk());
  const authority::AuthorityOptions defaults;
  EXPECT_EQ(options->authority.intent_token_lifetime, defaults.intent_token_lifetime);
  EXPECT_EQ(options->authority.access_token_lifetime, defaults.access_token_lifetime);
  EXPECT_EQ(options->authority.nonce_lifetime, defaults.nonce_lifetime);
  EXPECT_EQ(options->authority.skew, defaults.skew);
  EXPECT_EQ(options->authority.execution_lifetime, defaults.execution_lifetime);
  EXPECT_EQ(options->authority.execution_lifetime_max, defaults.execution_lifetime_max);
  EXPECT_EQ(options->authority.key_overlap, defaults.key_overlap);
  EXPECT_EQ(options->authority.hints, authority::HintRule::kOwner);
}

TEST(ServeConfig, TakesTheDefaultRateLimitsOfTheAuthority) {
  const auto options = build("");
  ASSERT_THAT(options, IsOk());
  const authority::RateLimits defaults;
  const authority::RateLimits& limits = options->authority.rate_limits;
  const auto same = [](const authority::Budget& a, const authority::Budget& b) {
    EXPECT_DOUBLE_EQ(a.per_second, b.per_second);
    EXPECT_DOUBLE_EQ(a.burst, b.burst);
  };
  same(limits.address, defaults.address);
  same(limits.address_failures, defaults.address_failures);
  same(limits.client_mint, defaults.client_mint);
  same(limits.client_registration, defaults.client_registration);
  same(limits.client_calls, defaults.client_calls);
  same(limits.client_failures, defaults.client_failures);
  same(limits.agent_mint, defaults.agent_mint);
  same(limits.agent_registration, defaults.agent_registration);
  same(limits.agent_failures, defaults.agent_failures);
}

TEST(ServeConfig, RefusesToListenBeyondLoopbackInClearText) {
  EXPECT_THAT(build("listen = \"0.0.0.0:8710\"\npublic_url = \"http://as.example.com\"\n"),
              RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(build("listen = \"[::]:8710\"\npublic_url = \"http://as.example.com\"\n"),
              RefusedWith(Code::k_configuration_refused));
}

TEST(ServeConfig, ListensAnywhereBehindAProxyThatEndsTls) {
  const auto options = build(
      "listen = \"0.0.0.0:8710\"\npublic_url = \"https://as.example.com/\"\ntls = \"proxy\"\n");
  ASSERT_THAT(options, IsOk());
  EXPECT_EQ(options->public_url, "https://as.example.com");
  EXPECT_EQ(options->clear_text, ClearText::kBehindTlsProxy);
  EXPECT_EQ(options->authority.address_limits, authority::AddressLimits::kOff);
}

TEST(ServeConfig, NeedsAPublicUrlOfTheSchemeThatClientsUse) {
  EXPECT_THAT(build("listen = \"0.0.0.0:8710\"\ntls = \"proxy\"\n"),
              RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(build("tls = \"proxy\"\npublic_url = \"http://as.example.com\"\n"),
              RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(build("public_url = \"https://as.example.com\"\n"),
              RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(build("public_url = \"http://127.0.0.1:8710/as\"\n"),
              RefusedWith(Code::k_configuration_refused));
}

TEST(ServeConfig, NeedsCertificateAndKeyTogether) {
  EXPECT_THAT(build("[tls]\ncertificate = \"a.pem\"\n"),
              RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(build("[tls]\ncertificate = \"a.pem\"\nkey = \"b.pem\"\nproxy = true\n"),
              RefusedWith(Code::k_configuration_refused));
}

TEST(ServeConfig, RefusesAListenAddressThatIsNone) {
  for (const char* listen : {"8710", "localhost:8710", "127.0.0.1:", "127.0.0.1:65536", "::1:80",
                             "127.0.0.1:80x", "[127.0.0.1]:80", ""}) {
    EXPECT_THAT(build("listen = \"" + std::string(listen) + "\"\n"),
                RefusedWith(Code::k_configuration_refused))
        << listen;
  }
}

}  // namespace
}  // namespace ajwt::app
