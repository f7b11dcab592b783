// SPDX-License-Identifier: Apache-2.0
#include "authority/oauth/authenticate.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "authority/keys/key_ring.h"
#include "authority/oauth/rate_limiter.h"
#include "crypto/hash.h"
#include "guard/token_cache.h"
#include "json/members.h"
#include "json/write.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

// A request proves the agent's key and, where a key changes, the one before.
constexpr std::size_t kMaxKeyProofs = 2;

constexpr std::array kAuthenticatingMembers{names::kClientId, names::kClientAssertion,
                                            names::kClientAssertionType, names::kKeyProofs};

Result<BodyCredentials> read_body_credentials(const json::Object& body) {
  json::Members members(body);
  BodyCredentials credentials;
  AJWT_ASSIGN(credentials.client_id, members.find_string(names::kClientId));
  AJWT_ASSIGN(credentials.client_assertion, members.find_string(names::kClientAssertion));
  AJWT_ASSIGN(credentials.client_assertion_type, members.find_string(names::kClientAssertionType));
  credentials.has_client_secret = body.contains(names::kClientSecret);
  return credentials;
}

BodyCredentials read_form_credentials(const Form& form) {
  const auto find = [&](std::string_view name) {
    const auto value = form.find(name);
    return value ? std::optional<std::string>(*value) : std::nullopt;
  };
  return BodyCredentials{.client_id = find(names::kClientId),
                         .client_assertion = find(names::kClientAssertion),
                         .client_assertion_type = find(names::kClientAssertionType),
                         .has_client_secret = form.has(names::kClientSecret)};
}

// TokenBinding is what a proof beside an access token is bound to.
struct TokenBinding {
  std::string_view token;
  std::string_view jkt;
};

Result<VerifiedProof> verify_dpop_header(const Exchange& exchange, ProofFacts::Binding binding,
                                         const std::optional<TokenBinding>& token) {
  const auto fields = exchange.request.headers.all(names::kDpopHeader);
  if (fields.empty()) return refuse(Code::k_proof_missing);
  if (fields.size() > 1) return refuse(Code::k_proof_duplicated);
  const std::string uri = exchange.uri();
  ProofFacts facts{.method = exchange.request.method,
                   .uri = uri,
                   .now = exchange.now,
                   .nonces = &exchange.context().nonces,
                   .exact_nonce = std::nullopt,
                   .access_token = std::nullopt,
                   .jkt = std::nullopt,
                   .binding = binding,
                   .body = as_bytes(exchange.request.body),
                   .query = exchange.request.query};
  if (token) {
    facts.access_token = token->token;
    facts.jkt = token->jkt;
  }
  return verify_dpop_proof(fields.front(), facts, jose::AlgorithmSet::all());
}

Result<std::vector<VerifiedProof>> verify_key_proofs(const Exchange& exchange,
                                                     const json::Object& body,
                                                     const VerifiedProof& dpop) {
  json::Members members(body);
  AJWT_ASSIGN(const auto compact, members.find_strings(names::kKeyProofs));
  std::vector<VerifiedProof> proofs;
  if (!compact) return proofs;
  if (compact->size() > kMaxKeyProofs) {
    return refuse(Code::k_limit_exceeded, "There are too many key_proofs.");
  }
  json::Object rest = body;
  rest.remove(names::kKeyProofs);
  AJWT_ASSIGN(const std::string canonical, json::write_jcs(json::Value(std::move(rest))));
  const std::string uri = exchange.uri();
  const AgentProofFacts facts{.method = exchange.request.method,
                              .uri = uri,
                              .now = exchange.now,
                              .nonces = &exchange.context().nonces,
                              .body_without_proofs = as_bytes(canonical),
                              .beside_jkt = dpop.jkt()};
  for (const auto& proof : *compact) {
    AJWT_ASSIGN(VerifiedProof verified,
                verify_agent_proof(proof, facts, jose::AlgorithmSet::all()));
    proofs.push_back(std::move(verified));
  }
  return proofs;
}

// verify_token returns the claims of a plain token of ours, from the cache if it was verified by
// the same keys before.
Result<std::shared_ptr<const AccessToken>> verify_token(const Exchange& exchange,
                                                        std::string_view token) {
  const Context& context = exchange.context();
  const TokenRules rules{.issuer = context.options.issuer,
                         .audience = context.options.issuer,
                         .algorithms = jose::AlgorithmSet::all(),
                         .skew = context.options.skew};
  AJWT_ASSIGN(auto known, exchange.services.tokens.verify(token, crypto::sha256(token), rules,
                                                          context.keys.published(), exchange.now));
  // An agent's token is for a protected service, never for us: it would be the application's
  // authority in an agent's hand (protocol 5.1, threats T9).
  if (known->is_intent_token()) return refuse(Code::k_intent_refused);
  return known;
}

// load_token_client looks again at the client that the token was issued to: one that was disabled
// or lost scopes since has lost its tokens too.
Result<Client> load_token_client(Context& context, const AccessToken& token) {
  const auto client_id = ClientId::parse(token.sub);
  if (!client_id) return refuse(Code::k_token_client_refused);
  AJWT_ASSIGN(auto client, context.store.find_client(*client_id));
  const bool holds_scopes =
      client && std::all_of(token.scope.begin(), token.scope.end(),
                            [&](const auto& scope) { return has_scope(client->scopes, scope); });
  if (!client || client->disabled || client->app_id != token.client_id || !holds_scopes) {
    return refuse(Code::k_token_client_refused);
  }
  return *std::move(client);
}

Limit limit_of(Budgeted budgeted) {
  switch (budgeted) {
    case Budgeted::kMint:
      return Limit::kClientMint;
    case Budgeted::kRegistration:
      return Limit::kClientRegistration;
    case Budgeted::kNone:
    case Budgeted::kAddress:
    case Budgeted::kCalls:
      return Limit::kClientCalls;
  }
  return Limit::kClientCalls;
}

Status take_budget(Exchange& exchange, const Caller& caller) {
  AJWT_TRY(exchange.context().limits.take(limit_of(exchange.budgeted),
                                          caller.client().client_id.str(), exchange.now));
  exchange.counted = true;
  return ok();
}

// remember uses up every proof, before the operation that rests on them commits (protocol 6.1).
Status remember(Exchange& exchange, const Authenticated& authenticated) {
  auto& replays = exchange.context().replays;
  const auto& dpop = authenticated.dpop;
  AJWT_TRY(replays.remember(dpop.jkt(), dpop.jti(), dpop.remember_until(), exchange.now));
  for (const auto& proof : authenticated.key_proofs) {
    AJWT_TRY(replays.remember(proof.jkt(), proof.jti(), proof.remember_until(), exchange.now));
  }
  return ok();
}

// authenticate_client judges a secret or an assertion.
Result<AuthenticatedClient> authenticate_client(const Exchange& exchange,
                                                const Credentials& credentials) {
  const auto& clients = exchange.services.clients;
  if (const auto* basic = std::get_if<BasicCredentials>(&credentials)) {
    return clients.authenticate(*basic);
  }
  if (const auto* assertion = std::get_if<ClientAssertion>(&credentials)) {
    return clients.authenticate(*assertion, exchange.now);
  }
  return refuse(Code::k_client_unauthenticated).with_detail("no credentials");
}

}  // namespace

Result<VerifiedProof> Authenticated::get_agent_proof() const {
  const bool direct = caller.via() == Caller::Via::kDirect;
  if (direct && key_proofs.empty()) return dpop;
  if (!direct && key_proofs.empty()) return refuse(Code::k_key_proof_missing);
  if (!direct && key_proofs.size() == 1) return key_proofs.front();
  return refuse(Code::k_proof_duplicated, std::string(names::kKeyProofs));
}

Result<VerifiedProof> Authenticated::get_key_proof(std::string_view jkt) const {
  if (caller.via() == Caller::Via::kDirect && dpop.jkt() == jkt) return dpop;
  for (const auto& proof : key_proofs) {
    if (proof.jkt() == jkt) return proof;
  }
  return refuse(Code::k_key_proof_missing);
}

std::optional<VerifiedProof> Authenticated::find_other_key_proof(std::string_view jkt) const {
  for (const auto& proof : key_proofs) {
    if (proof.jkt() != jkt) return proof;
  }
  return std::nullopt;
}

Status Authenticated::check_proof_claims(const AgentId& agent_id,
                                         const std::optional<std::string>& checksum) const {
  const auto differs = [&](const VerifiedProof& proof) {
    return (proof.agent_id() && *proof.agent_id() != agent_id.str()) ||
           (checksum && proof.agent_checksum() && *proof.agent_checksum() != *checksum);
  };
  if (differs(dpop) || std::any_of(key_proofs.begin(), key_proofs.end(), differs)) {
    return refuse(Code::k_proof_claims_differ);
  }
  return ok();
}

Result<Caller> CallerAuthenticator::build_caller(Exchange& exchange, Client client, Caller::Via via,
                                                 Scopes scopes) {
  AJWT_ASSIGN(auto application, exchange.context().store.find_application(client.app_id));
  if (!application) {
    return refuse(Code::k_store_damaged).with_detail("client without application");
  }
  exchange.identity =
      ClientIdentity{.client_id = client.client_id, .app_id = client.app_id, .scopes = scopes};
  return Caller(std::move(client), *std::move(application), via, std::move(scopes));
}

Result<Authenticated> CallerAuthenticator::authenticate_token(Exchange& exchange,
                                                              const PresentedToken& presented) {
  AJWT_ASSIGN(const auto token, verify_token(exchange, presented.token));
  AJWT_ASSIGN(VerifiedProof proof,
              verify_dpop_header(exchange, ProofFacts::Binding::kBound,
                                 TokenBinding{presented.token, token->cnf_jkt}));
  AJWT_ASSIGN(Client client, load_token_client(exchange.context(), *token));
  AJWT_ASSIGN(Caller caller,
              build_caller(exchange, std::move(client), Caller::Via::kToken, token->scope));
  exchange.proof_jkt = proof.jkt();
  return Authenticated{std::move(caller), std::move(proof), {}, {}};
}

Result<Authenticated> CallerAuthenticator::authenticate_direct(
    Exchange& exchange, const Result<AuthenticatedClient>& client,
    const Result<VerifiedProof>& proof) {
  if (!client) return client.error();
  AJWT_ASSIGN(Caller caller, build_caller(exchange, client->client(), Caller::Via::kDirect,
                                          client->client().scopes));
  if (!proof) return proof.error();
  exchange.proof_jkt = proof->jkt();
  return Authenticated{std::move(caller), *proof, {}, {}};
}

Result<Authenticated> CallerAuthenticator::authenticate_json(Exchange& exchange, json::Object body,
                                                             Accepts accepts) {
  AJWT_ASSIGN(const BodyCredentials members, read_body_credentials(body));
  AJWT_ASSIGN(const Credentials credentials, read_credentials(exchange.request.headers, members));
  if (const auto* token = std::get_if<PresentedToken>(&credentials)) {
    AJWT_ASSIGN(Authenticated authenticated, authenticate_token(exchange, *token));
    AJWT_ASSIGN(authenticated.key_proofs, verify_key_proofs(exchange, body, authenticated.dpop));
    if (accepts == Accepts::kToken) {
      // Where only a token authenticates, client_id is the operation's own member.
      body.remove(names::kKeyProofs);
      authenticated.body = std::move(body);
    } else {
      if (members.client_id &&
          *members.client_id != authenticated.caller.client().client_id.str()) {
        return refuse(Code::k_client_unauthenticated, "client_id differs from the token's.");
      }
      authenticated.body = without_authentication(std::move(body));
    }
    AJWT_TRY(take_budget(exchange, authenticated.caller));
    AJWT_TRY(remember(exchange, authenticated));
    return authenticated;
  }
  const bool none = std::holds_alternative<NoCredentials>(credentials);
  if (accepts == Accepts::kToken || (none && exchange.door == Door::kResource)) {
    return refuse(Code::k_token_required);
  }
  // The proof first: it costs the same whoever the client is.
  const auto proof = verify_dpop_header(exchange, ProofFacts::Binding::kBound, std::nullopt);
  const auto client = authenticate_client(exchange, credentials);
  AJWT_ASSIGN(Authenticated authenticated, authenticate_direct(exchange, client, proof));
  AJWT_ASSIGN(authenticated.key_proofs, verify_key_proofs(exchange, body, authenticated.dpop));
  authenticated.body = without_authentication(std::move(body));
  AJWT_TRY(take_budget(exchange, authenticated.caller));
  AJWT_TRY(remember(exchange, authenticated));
  AJWT_TRY(exchange.services.clients.consume(*client, exchange.now));
  return authenticated;
}

Result<Authenticated> CallerAuthenticator::authenticate_form(Exchange& exchange, const Form& form,
                                                             ProofFacts::Binding binding) {
  AJWT_ASSIGN(const Credentials credentials,
              read_credentials(exchange.request.headers, read_form_credentials(form)));
  if (std::holds_alternative<PresentedToken>(credentials)) {
    return refuse(Code::k_client_unauthenticated,
                  "This endpoint takes no access token; POST /intent/token does.");
  }
  const auto proof = verify_dpop_header(exchange, binding, std::nullopt);
  const auto client = authenticate_client(exchange, credentials);
  AJWT_ASSIGN(Authenticated authenticated, authenticate_direct(exchange, client, proof));
  AJWT_TRY(take_budget(exchange, authenticated.caller));
  AJWT_TRY(remember(exchange, authenticated));
  AJWT_TRY(exchange.services.clients.consume(*client, exchange.now));
  return authenticated;
}

Status CallerAuthenticator::check_client(Exchange& exchange, const Credentials& credentials) {
  if (const auto* token = std::get_if<PresentedToken>(&credentials)) {
    return authenticate_token(exchange, *token).map([](const auto&) {});
  }
  AJWT_ASSIGN(const AuthenticatedClient client, authenticate_client(exchange, credentials));
  return build_caller(exchange, client.client(), Caller::Via::kDirect, client.client().scopes)
      .map([](const auto&) {});
}

Status CallerAuthenticator::check_form_client(Exchange& exchange, const Form& form) {
  AJWT_ASSIGN(const Credentials credentials,
              read_credentials(exchange.request.headers, read_form_credentials(form)));
  return check_client(exchange, credentials);
}

Status CallerAuthenticator::check_json_client(Exchange& exchange, const json::Object& body) {
  AJWT_ASSIGN(const BodyCredentials members, read_body_credentials(body));
  AJWT_ASSIGN(const Credentials credentials, read_credentials(exchange.request.headers, members));
  return check_client(exchange, credentials);
}

json::Object without_authentication(json::Object body) {
  for (const auto name : kAuthenticatingMembers) body.remove(name);
  return body;
}

}  // namespace ajwt::authority
