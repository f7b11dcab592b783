// SPDX-License-Identifier: Apache-2.0
//
// `ajwt token verify`: signature, issuer, audience and times, against the issuer's published keys.
#include "apps/ajwt/commands/token.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/input.h"
#include "apps/ajwt/support/time_text.h"
#include "apps/ajwt/support/token_keys.h"
#include "base/clock.h"
#include "jose/peek.h"
#include "protocol/access_token.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

constexpr Seconds kSkew{60};

struct VerifyOptions {
  std::string token;
  std::string issuer;
  std::string audience;
  TokenKeyOptions keys;
};

// own_audience reads the audience that the token itself names: used where none was asked for, and
// said so in the output.
std::string own_audience(const std::string& token) {
  const auto claims = jose::peek_payload(token, kMaxTokenInputBytes);
  return claims ? claims->text(names::kAud) : std::string();
}

void declare(CLI::App& command, VerifyOptions& options) {
  command.add_option("TOKEN", options.token, "An access or intent token; - is standard input")
      ->required();
  command.add_option("--issuer", options.issuer, "Who must have issued it")
      ->required()
      ->type_name("URL");
  command.add_option("--audience", options.audience, "Whom it must be for; default: not checked")
      ->type_name("URL");
  declare_jwks(command, options.keys);
  command
      .add_option("--ca-file", options.keys.ca_file,
                  "Certificate authorities to trust instead of the system's, PEM")
      ->envname("AJWT_CA_FILE")
      ->type_name("FILE");
}

Status run(Session& session, const VerifyOptions& options) {
  if (options.token == "-" && options.keys.jwks == "-") {
    return refuse(Code::k_parameter_malformed, "Only one input can be standard input.");
  }
  AJWT_ASSIGN(const std::string text, read_token_input(options.token));
  AJWT_ASSIGN(const jose::KeySet keys, load_token_keys(options.keys, options.issuer));
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
