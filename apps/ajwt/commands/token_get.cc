// SPDX-License-Identifier: Apache-2.0
//
// `ajwt token get`: an access token by client_credentials (RFC 6749 4.4), bound to a key by DPoP.
#include <ostream>

#include "apps/ajwt/commands/token.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/profile.h"
#include "crypto/random.h"
#include "files/key_file.h"
#include "http/client.h"
#include "jose/jwk.h"
#include "jose/jws.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/names.h"
#include "protocol/proof.h"
#include "shim/answer.h"

namespace ajwt::app {
namespace {

constexpr Seconds kAssertionLifetime{60};

struct GetOptions {
  std::vector<std::string> scopes;
  std::string audience;
  std::string dpop_key;
  bool show_token = false;
};

// Request is what stays the same when the authority asks for a nonce.
struct Request {
  const GetOptions& options;
  const Profile& profile;
  crypto::PrivateKey client_key;
  crypto::PrivateKey dpop_key;
};

Result<std::string> build_assertion(const Request& request, Instant now) {
  const std::string& client = request.profile.client_id;
  const json::Object claims{{names::kIss, client},
                            {names::kSub, client},
                            {names::kAud, request.profile.issuer},
                            {names::kJti, crypto::random_token(names::kJtiBytes)},
                            {names::kIat, to_unix(now)},
                            {names::kExp, to_unix(now + kAssertionLifetime)}};
  return jose::sign_jws(json::write(claims), request.client_key, {});
}

Result<HttpCall> build_call(const Request& request, const std::optional<std::string>& nonce,
                            Instant now) {
  AJWT_ASSIGN(const std::string assertion, build_assertion(request, now));
  HttpCall call{
      .method = "POST", .url = request.profile.issuer + "/oauth/token", .headers = {}, .body = {}};
  const auto add = [&](std::string_view name, std::string_view value) {
    call.body += (call.body.empty() ? "" : "&") + std::string(name) + "=" + path_segment(value);
  };
  add(names::kGrantType, names::kClientCredentials);
  add(names::kScope, join_scopes(request.options.scopes));
  if (!request.options.audience.empty()) add(names::kAudience, request.options.audience);
  add(names::kClientAssertionType, names::kJwtBearerAssertion);
  add(names::kClientAssertion, assertion);
  const std::string jti = crypto::random_token(names::kJtiBytes);
  ProofClaims claims{.method = call.method, .uri = call.url, .jti = jti, .now = now};
  if (nonce) claims.nonce = *nonce;
  claims.body = as_bytes(call.body);
  AJWT_ASSIGN(std::string proof, build_dpop_proof(request.dpop_key, claims));
  call.headers.add("Content-Type", "application/x-www-form-urlencoded");
  call.headers.add("Accept", "application/json");
  call.headers.add(names::kDpopHeader, std::move(proof));
  return call;
}

Result<json::Object> request_token(const Request& request) {
  http::CurlClientOptions http_options;
  http_options.ca_file = request.profile.ca_file;
  http::CurlClient http(http_options);
  const SystemClock clock;
  std::optional<std::string> nonce;
  for (int attempt = 1;; ++attempt) {
    AJWT_ASSIGN(const HttpCall call, build_call(request, nonce, clock.now()));
    AJWT_ASSIGN(const HttpResponse response, http.send(call));
    if (response.status == 200) return json::parse_object(response.body);
    Error refused = shim::read_refusal(response, {});
    const auto fresh = response.headers.find(names::kDpopNonce);
    if (refused.reason().oauth_error != "use_dpop_nonce" || !fresh || attempt == 2) return refused;
    nonce = std::string(*fresh);
  }
}

void declare(CLI::App& command, GetOptions& options) {
  command.add_option("--scope", options.scopes, "What to ask for; repeatable")
      ->required()
      ->expected(1)
      ->take_all();
  command
      .add_option("--audience", options.audience, "Whom the token is for; default: the authority")
      ->type_name("URL");
  command
      .add_option("--dpop-key", options.dpop_key,
                  "The key file that the token is bound to; default: a key that is thrown away")
      ->type_name("FILE");
  command.add_flag("--show-token", options.show_token, "Print the token itself too");
}

Result<crypto::PrivateKey> dpop_key(const GetOptions& options) {
  if (!options.dpop_key.empty()) return files::load_key_file(options.dpop_key);
  return crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
}

Status run(Session& session, const GetOptions& options) {
  AJWT_TRY(check_scopes(options.scopes));
  AJWT_ASSIGN(const Profile profile,
              resolve_profile(session.profile, process_environment(), Role::kAdministrator));
  AJWT_TRY(check_plain_http(profile.issuer));
  AJWT_ASSIGN(crypto::PrivateKey client_key, files::load_key_file(profile.key_file));
  AJWT_ASSIGN(crypto::PrivateKey key, dpop_key(options));
  const std::string jkt = jose::thumbprint(key.public_key());
  AJWT_ASSIGN(json::Object answer,
              request_token({options, profile, std::move(client_key), std::move(key)}));
  json::Members members(answer);
  AJWT_ASSIGN(const std::string token, members.get_string(names::kAccessToken));
  if (!options.show_token) answer.remove(names::kAccessToken);
  answer.set("client_id", profile.client_id);
  answer.set("jkt", jkt);
  session.print_fields(answer);
  if (!options.show_token) session.note("The token is not shown; --show-token prints it.");
  return ok();
}

}  // namespace

void add_token_get(CLI::App& token, Session& session) {
  add_verb<GetOptions>(token, session,
                       {.name = "get",
                        .summary = "Get an access token by client_credentials.",
                        .examples = {"ajwt token get --scope admin:apps",
                                     "ajwt token get --scope admin:apps --dpop-key my.key.pem "
                                     "--show-token"},
                        .reaches = Reaches::kAuthority},
                       declare, run);
}

}  // namespace ajwt::app
