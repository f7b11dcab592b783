// SPDX-License-Identifier: Apache-2.0
//
// `ajwt token verify`: signature, issuer, audience and times, against the issuer's published keys.
#include "apps/ajwt/commands/token.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/time_text.h"
#include "apps/ajwt/support/token_keys.h"
#include "apps/ajwt/support/token_kind.h"
#include "base/clock.h"
#include "protocol/access_token.h"
#include "protocol/draft_token.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

constexpr Seconds kSkew{60};

struct VerifyOptions {
  std::string token;
  std::string issuer;
  std::string audience;
  TokenKeyOptions keys;
  std::string profile;
};

// own_audience reads the audience that the token itself names: used where none was asked for, and
// said so in the output.
std::string own_audience(const std::string& token) {
  const auto decoded = decode_token(token);
  return decoded ? decoded->claims.text(names::kAud) : std::string();
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
  command
      .add_option("--token-profile", options.profile,
                  "The profile that it must be of, if any: draft-00 is for bearer tokens of "
                  "draft-goswami-agentic-jwt-00")
      ->check(CLI::IsMember({std::string(names::kDraft00)}));
}

Status refuse_token(Session& session, const Error& error, std::string_view hint = {}) {
  session.fail(error, hint);
  session.finish(ExitCode::kDenied);
  return ok();
}

// holder_of names who may use the token, note_on says it.
json::Member holder_of(const AccessToken& token) { return {"jkt", token.cnf_jkt}; }
json::Member holder_of(const DraftToken&) {
  return {std::string(names::kProfile), names::kDraft00};
}
std::string_view note_on(const AccessToken&) {
  return "Bound to the key jkt: good only with a fresh proof by that key.";
}
std::string_view note_on(const DraftToken&) {
  return "A bearer token: whoever holds it may use it, on routes that name the profile.";
}

template <class Token>
Status report(Session& session, const VerifyOptions& options, const Result<Token>& token,
              Instant now) {
  if (!token) return refuse_token(session, token.error());
  json::Object out{{"verified", true},
                   {"kind", kind_of(*token)},
                   {"issuer", token->iss},
                   {"audience", token->aud},
                   {"audience_checked", !options.audience.empty()},
                   {"subject", token->sub},
                   {"scope", join_scopes(token->scope)},
                   {"expires", dated_text(token->exp, now)}};
  out.append(holder_of(*token));
  session.print_fields(out);
  session.note(note_on(*token));
  return ok();
}

Status run(Session& session, const VerifyOptions& options) {
  AJWT_ASSIGN(const std::string text, read_token(options.token, options.keys));
  AJWT_ASSIGN(const jose::KeySet keys, load_token_keys(options.keys, options.issuer));
  const std::string audience = options.audience.empty() ? own_audience(text) : options.audience;
  const TokenRules rules{.issuer = options.issuer,
                         .audience = audience,
                         .algorithms = jose::AlgorithmSet::all(),
                         .skew = kSkew};
  const Instant now = SystemClock().now();
  if (!options.profile.empty()) {
    return report(session, options, verify_draft_token(text, rules, keys, now), now);
  }
  // What a guard says to its bearer where the route does not name the profile.
  if (const auto decoded = decode_token(text); decoded && decoded->is_draft()) {
    return refuse_token(
        session, refuse(Code::k_token_scheme_refused, "It is a bearer token of profile draft-00."),
        "--token-profile draft-00 verifies it by that profile's rules");
  }
  return report(session, options, verify_access_token(text, rules, keys, now), now);
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
