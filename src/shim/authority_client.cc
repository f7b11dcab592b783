// SPDX-License-Identifier: Apache-2.0
#include "shim/authority_client.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/random.h"
#include "jose/jwk.h"
#include "json/write.h"
#include "protocol/names.h"
#include "protocol/proof.h"
#include "protocol/uri.h"
#include "shim/answer.h"
#include "shim/internal/client_authentication.h"
#include "shim/internal/nonce_book.h"
#include "shim/internal/token_cache.h"
#include "shim/internal/transport.h"

namespace ajwt::shim {
namespace {

constexpr std::string_view kTokenPath = "/oauth/token";
constexpr std::string_view kInvalidToken = "invalid_token";
constexpr std::size_t kMaxAccessTokens = 64;  // as many sets of scopes

Status check_issuer(const std::string& issuer, PlainHttp plain_http) {
  const auto uri = parse_http_uri(issuer);
  if (!uri || uri->query || uri->fragment || issuer.ends_with('/')) {
    return refuse(Code::k_configuration_refused,
                  "issuer must be an http(s) URI without query, fragment or a slash at its end.");
  }
  return check_transport("issuer", issuer, plain_http);
}

// Target is a URL as proofs name it.
struct Target {
  std::string url;
  std::string query;  // of `url`, without '?'
};

Target target_of(const std::string& issuer, const std::string& path) {
  Target target{.url = issuer + path, .query = {}};
  const std::size_t mark = target.url.find('?');
  if (mark != std::string::npos) target.query = target.url.substr(mark + 1);
  return target;
}

// Whoever waits for a token that another call asks for has that call's trace there, not its own.
TraceParent trace_of(const AuthorityCall& call) {
  return call.trace ? *call.trace : new_trace(crypto::random_bytes(kSpanRandomBytes));
}

}  // namespace

// Parts is the client behind its header.
class AuthorityClient::Parts {
 public:
  Parts(AuthorityOptions options, std::string origin, crypto::PrivateKey token_key,
        HttpClient& http, const Clock& clock, Sleeper& sleeper)
      : options_(std::move(options)),
        origin_(std::move(origin)),
        token_key_(std::move(token_key)),
        token_jkt_(jose::thumbprint(token_key_.public_key())),
        http_(http),
        clock_(clock),
        sleeper_(sleeper),
        tokens_(kMaxAccessTokens, clock),
        hidden_(hidden_texts(options_.credential)) {}

  const AuthorityOptions& options() const { return options_; }

  // call_by_token asks with an access token; the keys of `agents`, if any, prove themselves too.
  Result<json::Value> call_by_token(const AuthorityCall& call, const Scopes& scopes,
                                    std::span<const AgentIdentity> agents);
  Result<json::Value> call_as_agent(const AuthorityCall& call, const AgentIdentity& agent);

 private:
  using Nonce = std::optional<std::string>;

  Result<TokenCache::Token> access_token(const std::string& key, const Scopes& scopes,
                                         const TraceParent& trace);
  Result<HeldToken> request_token(const Scopes& scopes, const TraceParent& trace);
  Result<HttpCall> build_token_request(const Scopes& scopes, const Nonce& nonce) const;
  Result<HttpCall> build_by_token(const AuthorityCall& call, std::span<const AgentIdentity> agents,
                                  const HeldToken& token, const Nonce& nonce) const;
  Result<HttpCall> build_as_agent(const AuthorityCall& call, const AgentIdentity& agent,
                                  const Nonce& nonce) const;
  Result<std::string> build_key_proof(const AuthorityCall& call, const Target& target,
                                      const AgentIdentity& agent, const json::Object& body,
                                      const Nonce& nonce) const;
  Result<HttpResponse> send(Repeat repeat, const TraceParent& trace, const BuildCall& build);
  HttpCall make_http_call(const AuthorityCall& call, const Target& target,
                          const std::optional<json::Object>& body) const;
  ProofClaims claims_for(const HttpCall& http_call, const Target& target, const std::string& jti,
                         const Nonce& nonce) const;

  const AuthorityOptions options_;
  const std::string origin_;
  const crypto::PrivateKey token_key_;
  const std::string token_jkt_;
  HttpClient& http_;
  const Clock& clock_;
  Sleeper& sleeper_;
  NonceBook nonces_;
  TokenCache tokens_;
  const std::vector<Secret> hidden_;
};

Result<std::unique_ptr<AuthorityClient>> AuthorityClient::create(AuthorityOptions options,
                                                                 HttpClient& http,
                                                                 const Clock& clock,
                                                                 Sleeper& sleeper) {
  AJWT_TRY(check_issuer(options.issuer, options.plain_http));
  AJWT_ASSIGN(std::string origin, origin_of(options.issuer));
  if (!options.token_key) {
    AJWT_ASSIGN(options.token_key, crypto::PrivateKey::generate(crypto::KeyKind::kEd25519));
  }
  crypto::PrivateKey token_key = *options.token_key;
  return std::unique_ptr<AuthorityClient>(new AuthorityClient(std::make_unique<Parts>(
      std::move(options), std::move(origin), std::move(token_key), http, clock, sleeper)));
}

AuthorityClient::AuthorityClient(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
AuthorityClient::~AuthorityClient() = default;

const std::string& AuthorityClient::issuer() const { return parts_->options().issuer; }

bool AuthorityClient::authenticates_by_secret() const {
  return std::holds_alternative<Secret>(parts_->options().credential.authenticator);
}

Result<json::Value> AuthorityClient::call(const AuthorityCall& call, const Scopes& scopes) {
  return parts_->call_by_token(call, scopes, {});
}

Result<json::Value> AuthorityClient::call_with_agent(const AuthorityCall& call,
                                                     const Scopes& scopes,
                                                     const AgentIdentity& agent) {
  return parts_->call_by_token(call, scopes, {&agent, 1});
}

Result<json::Value> AuthorityClient::call_with_agents(const AuthorityCall& call,
                                                      const Scopes& scopes,
                                                      std::span<const AgentIdentity> agents) {
  return parts_->call_by_token(call, scopes, agents);
}

Result<json::Value> AuthorityClient::call_as_agent(const AuthorityCall& call,
                                                   const AgentIdentity& agent) {
  return parts_->call_as_agent(call, agent);
}

Result<json::Value> AuthorityClient::Parts::call_by_token(const AuthorityCall& call,
                                                          const Scopes& scopes,
                                                          std::span<const AgentIdentity> agents) {
  if (scopes.empty()) return refuse(Code::k_scope_malformed, "At least one scope is needed.");
  Scopes sorted = scopes;
  std::sort(sorted.begin(), sorted.end());
  const std::string key = join_scopes(sorted);
  const TraceParent trace = trace_of(call);
  for (bool first = true;; first = false) {
    AJWT_ASSIGN(const TokenCache::Token token, access_token(key, sorted, trace));
    AJWT_ASSIGN(const HttpResponse response, send(call.repeat, trace, [&](const Nonce& nonce) {
                  return build_by_token(call, agents, *token, nonce);
                }));
    // An authority that lost or changed its keys refuses a token that we think good, and has then
    // done nothing else: a new one is worth one attempt.
    if (first && has_error(response, Server::kAuthorization, kInvalidToken)) {
      tokens_.evict(key, token);
      continue;
    }
    return read_answer(response, hidden_);
  }
}

Result<json::Value> AuthorityClient::Parts::call_as_agent(const AuthorityCall& call,
                                                          const AgentIdentity& agent) {
  AJWT_ASSIGN(const HttpResponse response,
              send(call.repeat, trace_of(call),
                   [&](const Nonce& nonce) { return build_as_agent(call, agent, nonce); }));
  return read_answer(response, hidden_);
}

Result<TokenCache::Token> AuthorityClient::Parts::access_token(const std::string& key,
                                                               const Scopes& scopes,
                                                               const TraceParent& trace) {
  return tokens_.get(key, [&] { return request_token(scopes, trace); });
}

Result<HeldToken> AuthorityClient::Parts::request_token(const Scopes& scopes,
                                                        const TraceParent& trace) {
  const Instant sent_at = clock_.now();
  AJWT_ASSIGN(const HttpResponse response, send(Repeat::kSafe, trace, [&](const Nonce& nonce) {
                return build_token_request(scopes, nonce);
              }));
  AJWT_ASSIGN(const json::Value answer, read_answer(response, hidden_));
  return read_token(answer, scopes, sent_at);
}

Result<HttpResponse> AuthorityClient::Parts::send(Repeat repeat, const TraceParent& trace,
                                                  const BuildCall& build) {
  const BuildCall in_trace = [&](const Nonce& nonce) -> Result<HttpCall> {
    AJWT_ASSIGN(HttpCall call, build(nonce));
    call.headers.set(kTraceParentField, write_traceparent(trace));
    return call;
  };
  return send_with_retries(options_.retries, repeat, sleeper_, [&] {
    return exchange(http_, nonces_, Server::kAuthorization, origin_, in_trace);
  });
}

Result<HttpCall> AuthorityClient::Parts::build_token_request(const Scopes& scopes,
                                                             const Nonce& nonce) const {
  AJWT_ASSIGN(auto authentication,
              build_client_authentication(options_.credential, options_.issuer, clock_.now()));
  authentication.parameters.emplace_back(names::kGrantType, names::kClientCredentials);
  authentication.parameters.emplace_back(names::kScope, join_scopes(scopes));
  const Target target = target_of(options_.issuer, std::string(kTokenPath));
  HttpCall call{.method = "POST", .url = target.url, .headers = {}, .body = {}};
  for (const auto& [name, value] : authentication.parameters) {
    if (!call.body.empty()) call.body += '&';
    call.body += form_encode(name) + "=" + form_encode(value);
  }
  call.headers.add("Content-Type", "application/x-www-form-urlencoded");
  call.headers.add("Accept", "application/json");
  if (!authentication.authorization.empty()) {
    call.headers.add(names::kAuthorization, std::move(authentication.authorization));
  }
  const std::string jti = crypto::random_token(names::kJtiBytes);
  AJWT_ASSIGN(std::string proof,
              build_dpop_proof(token_key_, claims_for(call, target, jti, nonce)));
  call.headers.add(names::kDpopHeader, std::move(proof));
  return call;
}

Result<HttpCall> AuthorityClient::Parts::build_by_token(const AuthorityCall& call,
                                                        std::span<const AgentIdentity> agents,
                                                        const HeldToken& token,
                                                        const Nonce& nonce) const {
  const Target target = target_of(options_.issuer, call.path);
  std::optional<json::Object> body = call.body;
  if (!agents.empty()) {
    if (!body) body.emplace();
    body->remove(names::kKeyProofs);
    json::Array key_proofs;
    for (const AgentIdentity& agent : agents) {
      AJWT_ASSIGN(std::string key_proof, build_key_proof(call, target, agent, *body, nonce));
      key_proofs.emplace_back(std::move(key_proof));
    }
    body->set(names::kKeyProofs, std::move(key_proofs));
  }
  HttpCall http_call = make_http_call(call, target, body);
  const std::string jti = crypto::random_token(names::kJtiBytes);
  ProofClaims claims = claims_for(http_call, target, jti, nonce);
  claims.access_token = token.token.reveal();
  AJWT_ASSIGN(std::string proof, build_dpop_proof(token_key_, claims));
  http_call.headers.add(names::kAuthorization,
                        std::string(names::kDpop) + " " + std::string(token.token.reveal()));
  http_call.headers.add(names::kDpopHeader, std::move(proof));
  return http_call;
}

Result<std::string> AuthorityClient::Parts::build_key_proof(const AuthorityCall& call,
                                                            const Target& target,
                                                            const AgentIdentity& agent,
                                                            const json::Object& body,
                                                            const Nonce& nonce) const {
  AJWT_ASSIGN(const std::string canonical, json::write_jcs(body));
  const std::string jti = crypto::random_token(names::kJtiBytes);
  ProofClaims claims{.method = call.method,
                     .uri = target.url,
                     .jti = jti,
                     .now = clock_.now(),
                     .nonce = std::nullopt,
                     .access_token = std::nullopt,
                     .body = as_bytes(canonical),
                     .query = std::nullopt,
                     .agent_checksum = std::nullopt,
                     .agent_id = agent.agent_id.str(),
                     .beside_jkt = token_jkt_};
  if (nonce) claims.nonce = *nonce;
  if (agent.agent_checksum) claims.agent_checksum = *agent.agent_checksum;
  return build_agent_proof(agent.key, claims);
}

Result<HttpCall> AuthorityClient::Parts::build_as_agent(const AuthorityCall& call,
                                                        const AgentIdentity& agent,
                                                        const Nonce& nonce) const {
  AJWT_ASSIGN(auto authentication,
              build_client_authentication(options_.credential, options_.issuer, clock_.now()));
  const Target target = target_of(options_.issuer, call.path);
  json::Object body = call.body.value_or(json::Object());
  for (const auto& [name, value] : authentication.parameters) body.set(name, value);
  HttpCall http_call = make_http_call(call, target, body);
  if (!authentication.authorization.empty()) {
    http_call.headers.add(names::kAuthorization, std::move(authentication.authorization));
  }
  const std::string jti = crypto::random_token(names::kJtiBytes);
  ProofClaims claims = claims_for(http_call, target, jti, nonce);
  claims.agent_id = agent.agent_id.str();
  if (agent.agent_checksum) claims.agent_checksum = *agent.agent_checksum;
  AJWT_ASSIGN(std::string proof, build_dpop_proof(agent.key, claims));
  http_call.headers.add(names::kDpopHeader, std::move(proof));
  return http_call;
}

HttpCall AuthorityClient::Parts::make_http_call(const AuthorityCall& call, const Target& target,
                                                const std::optional<json::Object>& body) const {
  HttpCall http_call{.method = call.method, .url = target.url, .headers = {}, .body = {}};
  http_call.headers.add("Accept", "application/json");
  if (body) {
    http_call.body = json::write(*body);
    http_call.headers.add("Content-Type", "application/json");
  }
  return http_call;
}

ProofClaims AuthorityClient::Parts::claims_for(const HttpCall& http_call, const Target& target,
                                               const std::string& jti, const Nonce& nonce) const {
  ProofClaims claims{.method = http_call.method,
                     .uri = http_call.url,
                     .jti = jti,
                     .now = clock_.now(),
                     .nonce = std::nullopt,
                     .access_token = std::nullopt,
                     .body = std::nullopt,
                     .query = std::nullopt,
                     .agent_checksum = std::nullopt,
                     .agent_id = std::nullopt,
                     .beside_jkt = std::nullopt};
  if (nonce) claims.nonce = *nonce;
  if (!http_call.body.empty()) claims.body = as_bytes(http_call.body);
  if (!target.query.empty()) claims.query = std::string_view(target.query);
  return claims;
}

}  // namespace ajwt::shim
