// SPDX-License-Identifier: Apache-2.0
#include "gateway/guard_options.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "gateway/guard_endpoints.h"
#include "tests/support/matchers.h"

namespace ajwt::gateway {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kRoute = R"(
[[route]]
method = "GET"
path = "/manifests/{name}"
app = "acme"
scope = "manifest:read"
workflow = "patch"
step = ["plan", "apply"]
tool = "read_manifest"
)";

constexpr std::string_view kSettings = R"(issuer = "https://authority.example"
public_url = "https://api.example"
listen = "127.0.0.1:8443"
upstream = "http://127.0.0.1:3000"
)";

Result<GuardOptions> parse(std::string_view settings, std::string_view route = kRoute) {
  const auto document = config::parse_toml(std::string(settings) + std::string(route), "g.toml");
  if (!document) return document.error();
  return parse_guard_options(*document);
}

// with adds settings, or replaces the line that begins with the same word.
std::string with(std::string_view line) {
  const std::string key(line.substr(0, line.find(' ')));
  std::string settings(kSettings);
  const std::size_t at = settings.find(key + " =");
  if (at == std::string::npos) return settings + std::string(line) + "\n";
  return settings.replace(at, settings.find('\n', at) - at, line);
}

TEST(ParseGuardOptions, FillsInWhatIsNotSaid) {
  const auto options = parse(kSettings);

  ASSERT_THAT(options, IsOk());
  EXPECT_EQ(options->issuer, "https://authority.example");
  EXPECT_EQ(options->audience, "https://api.example");
  EXPECT_EQ(options->public_url, "https://api.example");
  EXPECT_EQ(options->proxy.address, "127.0.0.1");
  EXPECT_EQ(options->proxy.port, 8443);
  EXPECT_EQ(options->proxy.upstream, "http://127.0.0.1:3000");
  EXPECT_FALSE(options->proxy.tls.has_value());
  EXPECT_EQ(options->keys.url, "https://authority.example/.well-known/jwks.json");
  EXPECT_EQ(options->skew, Seconds(60));
  EXPECT_EQ(options->metrics, MetricsEndpoint::kServed);
  EXPECT_FALSE(options->management);
  EXPECT_EQ(options->otlp_endpoint, "");
  ASSERT_EQ(options->policy.routes().size(), 1U);
  EXPECT_EQ(options->policy.routes().front().tool, "read_manifest");
}

TEST(ParseGuardOptions, ReadsEverySetting) {
  const auto options = parse(R"(issuer = "https://authority.example/"
audience = "https://resource.example/v1"
public_url = "https://api.example:8443"
listen = "[::]:0"
upstream = "http://service:80"
jwks_uri = "https://keys.example/k"
tls = { certificate = "c.pem", key = "k.pem" }
ca_file = "ca.pem"
skew = 0
token_cache = 0
replay_capacity = 5
replay_capacity_per_key = 4
metrics = false
management_listen = "[::1]:9091"
otlp_endpoint = "http://127.0.0.1:4318"
)");

  ASSERT_THAT(options, IsOk());
  EXPECT_EQ(options->audience, "https://resource.example/v1");
  EXPECT_EQ(options->proxy.address, "::");
  EXPECT_EQ(options->proxy.port, 0);
  ASSERT_TRUE(options->proxy.tls.has_value());
  EXPECT_EQ(options->proxy.tls->certificate_chain, "c.pem");
  EXPECT_EQ(options->proxy.tls->private_key, "k.pem");
  EXPECT_EQ(options->keys.url, "https://keys.example/k");
  EXPECT_EQ(options->ca_file, "ca.pem");
  EXPECT_EQ(options->skew, Seconds(0));
  EXPECT_EQ(options->token_cache_capacity, 0U);
  EXPECT_EQ(options->replays.capacity, 5U);
  EXPECT_EQ(options->replays.capacity_per_key, 4U);
  EXPECT_EQ(options->metrics, MetricsEndpoint::kHidden);
  ASSERT_TRUE(options->management);
  EXPECT_EQ(options->management->address, "::1");
  EXPECT_EQ(options->management->port, 9091);
  EXPECT_EQ(options->otlp_endpoint, "http://127.0.0.1:4318");
}

TEST(ParseGuardOptions, NamesWhatIsMissing) {
  for (const std::string_view key : {"issuer", "public_url", "listen", "upstream"}) {
    std::string settings(kSettings);
    const std::size_t at = settings.find(std::string(key) + " =");
    settings.erase(at, settings.find('\n', at) - at + 1);
    const auto options = parse(settings);

    ASSERT_THAT(options, RefusedWith(Code::k_configuration_refused)) << key;
    EXPECT_THAT(options.error().message(), HasSubstr("g.toml: " + std::string(key)));
  }
  EXPECT_THAT(parse(kSettings, ""), RefusedWith(Code::k_configuration_refused));
}

TEST(ParseGuardOptions, RefusesUnknownKeysAndSaysWhatWasMeant) {
  const auto options = parse("listne = \"127.0.0.1:1\"\n" + std::string(kSettings));

  ASSERT_THAT(options, RefusedWith(Code::k_configuration_refused));
  EXPECT_EQ(options.error().message(), "g.toml:1:1: unknown key 'listne'; did you mean 'listen'?");
}

TEST(ParseGuardOptions, RefusesMalformedSettingsWithTheirPlace) {
  struct Case {
    std::string_view line;
    std::string_view place;
  };
  constexpr auto kCases = std::to_array<Case>({
      {"issuer = \"authority\"", "g.toml:1:1: issuer"},
      {"issuer = 1", "g.toml:1:1: issuer"},
      {"issuer = \"\"", "g.toml:1:1: issuer"},
      {"public_url = \"https://api.example/\"", "g.toml:2:1: public_url"},
      {"public_url = \"https://api.example/v1\"", "g.toml:2:1: public_url"},
      {"public_url = \"https://u@api.example\"", "g.toml:2:1: public_url"},
      {"public_url = \"ftp://api.example\"", "g.toml:2:1: public_url"},
      {"listen = \"8443\"", "g.toml:3:1: listen"},
      {"listen = \"127.0.0.1:\"", "g.toml:3:1: listen"},
      {"listen = \"127.0.0.1:65536\"", "g.toml:3:1: listen"},
      {"listen = \"127.0.0.1:80x\"", "g.toml:3:1: listen"},
      {"listen = \":80\"", "g.toml:3:1: listen"},
      {"listen = \"localhost:80\"", "g.toml:3:1: listen"},
      {"listen = \"::1:80\"", "g.toml:3:1: listen"},
      {"upstream = \"https://127.0.0.1\"", "g.toml:4:1: upstream"},
      {"upstream = \"http://127.0.0.1/api\"", "g.toml:4:1: upstream"},
      {"audience = \"api\"", "g.toml:5:1: audience"},
      {"jwks_uri = \"keys\"", "g.toml:5:1: jwks_uri"},
      {"tls = \"yes\"", "g.toml:5:1: tls"},
      {"tls = true", "g.toml:5:1: tls"},
      {"tls = { certificate = \"a\" }", "g.toml:5:1: tls"},
      {"tls = { certificate = \"a\", key = \"b\", chain = \"c\" }", "g.toml:5:"},
      {"skew = 301", "g.toml:5:1: skew"},
      {"skew = -1", "g.toml:5:1: skew"},
      {"skew = \"60\"", "g.toml:5:1: skew"},
      {"replay_capacity = 0", "g.toml:5:1: replay_capacity"},
      {"metrics = 1", "g.toml:5:1: metrics"},
      {"management_listen = \"localhost\"", "g.toml:5:1: management_listen"},
      {"management_listen = \"0.0.0.0:9091\"", "g.toml:5:1: management_listen"},
      {"otlp_endpoint = 4318", "g.toml:5:1: otlp_endpoint"},
  });
  for (const Case& c : kCases) {
    const auto options = parse(with(c.line));
    ASSERT_THAT(options, RefusedWith(Code::k_configuration_refused)) << c.line;
    EXPECT_THAT(options.error().message(), ::testing::StartsWith(std::string(c.place))) << c.line;
  }
}

TEST(ParseGuardOptions, RefusesToListenInTheClearBeyondLoopback) {
  for (const std::string_view address : {"0.0.0.0:80", "192.0.2.1:80", "[::]:80"}) {
    const std::string line = "listen = \"" + std::string(address) + "\"";
    EXPECT_THAT(parse(with(line)), RefusedWith(Code::k_configuration_refused)) << address;
    EXPECT_THAT(parse(with(line) + "tls = \"proxy\"\n"), IsOk()) << address;
  }
  for (const std::string_view address : {"127.0.0.1:80", "127.1.2.3:80", "[::1]:80"}) {
    EXPECT_THAT(parse(with("listen = \"" + std::string(address) + "\"")), IsOk()) << address;
  }
}

TEST(ParseGuardOptions, RefusesToFetchKeysInTheClearBeyondLoopback) {
  EXPECT_THAT(parse(with("jwks_uri = \"http://keys.example/k\"")),
              RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(parse(with("issuer = \"http://authority.example\"")),
              RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(parse(with("issuer = \"http://127.0.0.1:8080\"")), IsOk());
  EXPECT_THAT(parse(with("issuer = \"http://localhost:8080\"")), IsOk());
  EXPECT_THAT(parse(with("issuer = \"http://[::1]:8080\"")), IsOk());
}

TEST(ParseGuardOptions, RefusesAPublicUrlThatNoProofCouldBeFor) {
  const std::string settings = with("public_url = \"http://api.example\"");
  EXPECT_THAT(parse(settings), IsOk());
  EXPECT_THAT(parse(settings + "tls = { certificate = \"a\", key = \"b\" }\n"),
              RefusedWith(Code::k_configuration_refused));
}

TEST(ParseGuardOptions, NamesTheLineOfARouteThatIsRefused) {
  std::string route(kRoute);
  route.replace(route.find("\"/manifests/{name}\""), 19, "\"manifests\"");
  const auto options = parse(kSettings, route);

  ASSERT_THAT(options, RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(options.error().message(), HasSubstr("g.toml:8:1: Route 1, path: must begin with"));
}

TEST(ParseGuardOptions, NamesTheKeyOfARouteThatWasMeant) {
  std::string route(kRoute);
  route.replace(route.find("method"), 6, "metod");
  const auto options = parse(kSettings, route);

  ASSERT_THAT(options, RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(options.error().message(),
              HasSubstr("g.toml:7:1: unknown key 'metod'; did you mean 'method'?"));
}

TEST(ParseGuardOptions, RefusesRoutesAtItsOwnPaths) {
  for (const std::string_view path :
       {"/-", "/-/metrics", "/-/{x}", "/.well-known/oauth-protected-resource"}) {
    std::string route(kRoute);
    route.replace(route.find("/manifests/{name}"), 17, path);
    const auto options = parse(kSettings, route);

    ASSERT_THAT(options, RefusedWith(Code::k_configuration_refused)) << path;
    EXPECT_THAT(options.error().message(), HasSubstr("g.toml:8:1: Route 1, path")) << path;
  }
}

// --- The form auth_request, which sees neither bodies nor answers.

std::string asked(std::string_view also = {}) {
  std::string settings(kSettings);
  settings.erase(settings.find("upstream"));
  return "form = \"auth_request\"\n" + settings + std::string(also);
}

std::string route_with(std::string_view line) {
  return std::string(kRoute) + std::string(line) + "\n";
}

TEST(ParseGuardOptions, ReadsTheForm) {
  EXPECT_EQ(parse(kSettings)->form, GuardForm::kProxy);
  EXPECT_EQ(parse(with("form = \"proxy\""))->form, GuardForm::kProxy);
  for (const std::string_view proof : {"head", "rfc9449"}) {
    const auto options = parse(asked(), route_with("proof = \"" + std::string(proof) + "\""));
    ASSERT_THAT(options, IsOk()) << proof;
    EXPECT_EQ(options->form, GuardForm::kAuthRequest);
    EXPECT_EQ(options->proxy.upstream, "");
  }
  const auto other = parse(with("form = \"ext_authz\""));
  ASSERT_THAT(other, RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(other.error().message(), HasSubstr("g.toml:5:1: form: must be"));
}

TEST(ParseGuardOptions, RefusesAnUpstreamWhereNothingIsForwarded) {
  const auto options =
      parse(asked("upstream = \"http://127.0.0.1:3000\"\n"), route_with("proof = \"head\""));
  ASSERT_THAT(options, RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(options.error().message(), HasSubstr("g.toml:5:1: upstream"));
}

// A binding that nobody can judge would only look like one.
TEST(ParseGuardOptions, RefusesARouteThatItsFormCannotJudge) {
  for (const std::string_view line : {"", "proof = \"bound\""}) {
    const auto options = parse(asked(), route_with(line));
    ASSERT_THAT(options, RefusedWith(Code::k_configuration_refused)) << line;
    EXPECT_THAT(options.error().message(), HasSubstr("Route 1, proof: must be \"head\""));
    EXPECT_THAT(options.error().message(), HasSubstr("g.toml:")) << line;
  }
  const auto proxy = parse(kSettings, route_with("proof = \"head\""));
  ASSERT_THAT(proxy, RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(proxy.error().message(), HasSubstr("Route 1, proof: \"head\" is for form"));
}

TEST(ParseGuardOptions, RefusesALimitOnBodiesThatAreNeverRead) {
  const auto options = parse(asked(), route_with("proof = \"head\"\nmax_body = 262144"));
  ASSERT_THAT(options, RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(options.error().message(), HasSubstr("Route 1, max_body"));
}

TEST(ParseGuardOptions, TakesTlsToNginxWhateverClientsUse) {
  std::string settings = asked("tls = { certificate = \"c.pem\", key = \"k.pem\" }\n");
  settings.replace(settings.find("https://api"), 5, "http");
  EXPECT_THAT(parse(settings, route_with("proof = \"head\"")), IsOk());
}

TEST(CheckGuardOptions, HoldsProgramsToTheSameRulesAboutForms) {
  const auto read = parse(asked(), route_with("proof = \"head\""));
  ASSERT_THAT(read, IsOk());
  GuardOptions options = *read;
  EXPECT_THAT(check_guard_options(options), IsOk());
  options.upstream_headers = {{"X-Guard-Secret", "s"}};
  EXPECT_THAT(check_guard_options(options), RefusedWith(Code::k_configuration_refused));
  options = *read;
  options.public_url.clear();
  EXPECT_THAT(check_guard_options(options), RefusedWith(Code::k_configuration_refused));
  options = *read;
  options.form = GuardForm::kProxy;
  options.proxy.upstream = "http://127.0.0.1:3000";
  EXPECT_THAT(check_guard_options(options), RefusedWith(Code::k_configuration_refused));
}

TEST(IsGuardPath, IsThePathOrWhatIsBelowIt) {
  for (const std::string_view path :
       {"/-", "/-/", "/-/health/live", "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/v1"}) {
    EXPECT_TRUE(is_guard_path(path)) << path;
  }
  for (const std::string_view path :
       {"/", "/-a", "/a/-", "/.well-known/oauth-protected-resources", "/.well-known", ""}) {
    EXPECT_FALSE(is_guard_path(path)) << path;
  }
}

}  // namespace
}  // namespace ajwt::gateway
