// SPDX-License-Identifier: Apache-2.0
//
// `ajwt token verify`: signature, issuer, audience and times, against the issuer's published keys.
#include <memory>

#include "apps/ajwt/commands/token.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/input.h"
#include "apps/ajwt/support/profile.h"
#include "apps/ajwt/support/time_text.h"
#include "base/clock.h"
#include "http/client.h"
#include "jose/base64url.h"
#include "json/parse.h"
#include "protocol/access_token.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

constexpr Seconds kSkew{60};
constexpr std::size_t kMaxJwksBytes = 64 * 1024;

struct VerifyOptions {
  std::string token;
  std::string issuer;
  std::string audience;
  std::string jwks;
  std::string ca_file;
};

Result<json::Object> fetch_object(HttpClient& http, const std::string& url) {
  AJWT_TRY(check_plain_http(url));
  AJWT_ASSIGN(const HttpResponse response,
              http.send({.method = "GET", .url = url, .headers = {}, .body = {}}));
  if (response.status != 200) {
    return refuse(Code::k_response_malformed,
                  url + " answered " + std::to_string(response.status) + ".");
  }
  return json::parse_object(response.body);
}

// find_jwks_uri asks the issuer's metadata (RFC 8414 3), which must be about that very issuer.
Result<std::string> find_jwks_uri(HttpClient& http, const std::string& issuer) {
  AJWT_ASSIGN(const json::Object metadata,
              fetch_object(http, issuer + "/.well-known/oauth-authorization-server"));
  const json::Value* named = metadata.find("issuer");
  const json::Value* uri = metadata.find("jwks_uri");
  if (named == nullptr || *named != json::Value(issuer) || uri == nullptr ||
      uri->find_string() == nullptr) {
    return refuse(Code::k_response_malformed, "The metadata of " + issuer + " is another's.");
  }
  return uri->as_string();
}

Result<jose::KeySet> load_keys(const VerifyOptions& options) {
  const bool is_url = options.jwks.starts_with("http://") || options.jwks.starts_with("https://");
  if (!options.jwks.empty() && !is_url) {
    AJWT_ASSIGN(const std::string text, read_input(options.jwks, kMaxJwksBytes));
    AJWT_ASSIGN(const json::Object set, json::parse_object(text));
    return jose::parse_jwks(set);
  }
  http::CurlClient http({.ca_file = options.ca_file});
  std::string url = options.jwks;
  if (url.empty()) {
    AJWT_ASSIGN(url, find_jwks_uri(http, options.issuer));
  }
  AJWT_ASSIGN(const json::Object set, fetch_object(http, url));
  return jose::parse_jwks(set);
}

// own_audience reads the audience that the token itself names: used where none was asked for, and
// said so in the output.
std::string own_audience(const std::string& token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos) return {};
  const auto bytes =
      jose::decode_base64url(std::string_view(token).substr(first + 1, second - first - 1));
  if (!bytes) return {};
  const auto claims = json::parse_object(as_text(*bytes));
  const json::Value* audience = claims ? claims->find(names::kAud) : nullptr;
  return audience != nullptr && audience->find_string() != nullptr ? audience->as_string()
                                                                   : std::string();
}

void declare(CLI::App& command, VerifyOptions& options) {
  command.add_option("TOKEN", options.token, "An access or intent token; - is standard input")
      ->required();
  command.add_option("--issuer", options.issuer, "Who must have issued it")
      ->required()
      ->type_name("URL");
  command.add_option("--audience", options.audience, "Whom it must be for; default: not checked")
      ->type_name("URL");
  command.add_option("--jwks", options.jwks, "The issuer's keys; default: what its metadata names")
      ->type_name("FILE|URL");
  command
      .add_option("--ca-file", options.ca_file,
                  "Certificate authorities to trust instead of the system's, PEM")
      ->envname("AJWT_CA_FILE")
      ->type_name("FILE");
}

Status run(Session& session, const VerifyOptions& options) {
  if (options.token == "-" && options.jwks == "-") {
    return refuse(Code::k_parameter_malformed, "Only one input can be standard input.");
  }
  AJWT_ASSIGN(const std::string text, read_token_input(options.token));
  AJWT_ASSIGN(const jose::KeySet keys, load_keys(options));
  const std::string audience = options.audience.empty() ? own_audience(text) : options.audience;
  const TokenRules rules{.issuer = options.issuer,
                         .audience = audience,
                         .algorithms = jose::AlgorithmSet::all(),
                         .skew = kSkew};
  const Instant now = SystemClock().now();
  const auto token = verify_access_token(text, rules, keys, now);
  if (!token) {
    session.fail(token.error());
    session.finish(ExitCode::kDenied);
    return ok();
  }
  json::Object out{{"verified", true},
                   {"kind", token->is_intent_token() ? "intent token" : "access token"},
                   {"issuer", token->iss},
                   {"audience", token->aud},
                   {"audience_checked", !options.audience.empty()},
                   {"subject", token->sub},
                   {"scope", join_scopes(token->scope)},
                   {"expires", time_text(token->exp) + " (" + relative_text(token->exp, now) + ")"},
                   {"jkt", token->cnf_jkt}};
  session.print_fields(out);
  session.note("Bound to the key jkt: good only with a fresh proof by that key.");
  return ok();
}

}  // namespace

void add_token_verify(CLI::App& token, Session& session) {
  add_verb<VerifyOptions>(
      token, session,
      {.name = "verify",
       .summary = "Verify a token's signature, issuer, audience and times; exit 3 if refused.",
       .examples = {"ajwt token verify - --issuer http://127.0.0.1:8710 < token.txt",
                    "ajwt token verify - --issuer https://as.example.com --audience "
                    "https://api.example.com --jwks jwks.json < token.txt"}},
      declare, run);
}

}  // namespace ajwt::app
