// SPDX-License-Identifier: Apache-2.0
//
// The token endpoints: POST /oauth/token (form; client_credentials and agent_checksum) and POST
// /intent/token (JSON; agent_checksum). One pipeline mints for both doors (protocol 5).
#include <algorithm>
#include <array>
#include <utility>

#include "authority/draft/routes.h"
#include "authority/endpoints/endpoints.h"
#include "authority/endpoints/request_body.h"
#include "authority/endpoints/token_answer.h"
#include "authority/issue.h"
#include "authority/oauth/rate_limiter.h"
#include "crypto/random.h"
#include "json/parse.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

// find_audience returns the one audience that a form names, as `audience` or as `resource`.
Result<std::optional<std::string>> find_audience(const Form& form) {
  auto named = form.all(names::kAudience);
  const auto resources = form.all(names::kResource);
  named.insert(named.end(), resources.begin(), resources.end());
  if (named.empty()) return std::optional<std::string>();
  if (named.size() > 1) return refuse(Code::k_audience_not_single);
  return std::optional<std::string>(named.front());
}

// form_to_json turns the form door's parameters into the JSON door's body (protocol 5), so that one
// parser and one set of rules judge both. Parameters that the grant does not know are ignored (RFC
// 6749 3.2).
Result<json::Object> form_to_json(const Form& form) {
  json::Object body;
  AJWT_ASSIGN(const auto scope, form.get(names::kScope));
  AJWT_ASSIGN(const Scopes scopes, parse_scope(scope));
  body.set(names::kRequestedScopes, json::string_array(scopes));
  AJWT_ASSIGN(auto audience, find_audience(form));
  if (audience) body.set(names::kAudience, *std::move(audience));
  for (const auto name : {names::kAgentId, names::kComputedChecksum, names::kWorkflowId,
                          names::kWorkflowStep, names::kExecutionId, names::kTool}) {
    if (const auto value = form.find(name)) body.set(name, *value);
  }
  if (const auto enabled = form.find(names::kWorkflowEnabled)) {
    if (*enabled != "true" && *enabled != "false") {
      return refuse(Code::k_parameter_malformed, "workflow_enabled is true or false.");
    }
    body.set(names::kWorkflowEnabled, *enabled == "true");
  }
  if (const auto context = form.find(names::kDelegationContext)) {
    AJWT_ASSIGN(json::Object parsed, json::parse_object(*context));
    body.set(names::kDelegationContext, std::move(parsed));
  }
  return body;
}

// check_agent_claims holds the agent's proof against the request. At mint the proof itself must
// name the checksum: whoever signs it says what runs (protocol 5).
Status check_agent_claims(const Authenticated& caller, const VerifiedProof& agent_proof,
                          const MintRequest& request) {
  if (!agent_proof.agent_checksum()) {
    return refuse(Code::k_proof_claim_missing, std::string(names::kAgentChecksum));
  }
  return caller.check_proof_claims(request.agent_id, request.computed_checksum);
}

// counts_as_failure: refusals for what the agent is or claims to be, from a key that may guess on.
bool counts_as_failure(Code code) {
  constexpr std::array kCodes{Code::k_agent_unknown, Code::k_agent_revoked, Code::k_agent_inactive,
                              Code::k_agent_key_unknown, Code::k_agent_checksum_mismatch};
  return std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

Result<HttpResponse> mint_for(Exchange& exchange, const Authenticated& caller,
                              const MintRequest& request) {
  AJWT_TRY(caller.caller.check_scope(names::kScopeMint));
  AJWT_ASSIGN(const VerifiedProof agent_proof, caller.get_agent_proof());
  exchange.proof_jkt = agent_proof.jkt();
  AJWT_TRY(check_agent_claims(caller, agent_proof, request));

  auto& limits = exchange.context().limits;
  const std::string agent = caller.caller.application().app_id.str() + ":" + request.agent_id.str();
  // By key as well: one agent's wrong guesses must not lock another one out.
  const std::string guesser = agent + ":" + agent_proof.jkt();
  AJWT_TRY(limits.check(Limit::kAgentFailures, guesser, exchange.now));
  AJWT_TRY(limits.take(Limit::kAgentMint, guesser, exchange.now));
  auto answer = mint(exchange.context(), caller.caller, agent_proof, request, exchange.decision_id,
                     exchange.now, exchange.trace);
  if (!answer) {
    if (counts_as_failure(answer.error().code())) {
      (void)limits.take(Limit::kAgentFailures, guesser, exchange.now);
    }
    return std::move(answer).error();
  }
  return write_token(names::kDpop, answer->access_token, answer->expires_in, answer->scope);
}

// check_client_scopes: what the client may ask for, never silently less (protocol 7).
Status check_client_scopes(const Scopes& asked, const Client& client) {
  Scopes beyond;
  std::copy_if(asked.begin(), asked.end(), std::back_inserter(beyond),
               [&](const auto& scope) { return !has_scope(client.scopes, scope); });
  if (beyond.empty()) return ok();
  std::string list = "Not the client's: " + join_scopes(beyond) + ".";
  return refuse(Code::k_scope_exceeds_ceiling, std::move(list)).with_items(std::move(beyond));
}

// is_for_authority: scopes that mean something at the authority alone.
bool is_for_authority(const std::string& scope) {
  return scope == names::kScopeMint || scope.starts_with("register:") ||
         scope.starts_with(names::kAdminScopePrefix);
}

Status check_client_audience(const std::string& audience, const Scopes& scopes,
                             const Client& client, const std::string& issuer) {
  if (audience == issuer) return ok();
  // A service that was shown such a token could not use it, but nobody should have to rely on that
  // (protocol 7).
  if (std::any_of(scopes.begin(), scopes.end(), is_for_authority)) {
    return refuse(Code::k_audience_exceeds_ceiling,
                  "A scope of the authority needs the authority as audience.");
  }
  const auto& own = client.audiences;
  if (std::find(own.begin(), own.end(), audience) != own.end()) return ok();
  return refuse(Code::k_audience_exceeds_ceiling, "The client may not ask for this audience.");
}

AccessToken build_plain_token(const Exchange& exchange, const Authenticated& caller, Scopes scopes,
                              std::string audience) {
  const auto& options = exchange.context().options;
  const auto& client = caller.caller.client();
  // sub is the client itself (RFC 9068 2.2); client_id the application, as in intent tokens.
  return AccessToken{.iss = options.issuer,
                     .aud = std::move(audience),
                     .sub = client.client_id.str(),
                     .client_id = client.app_id,
                     .iat = exchange.now,
                     .nbf = exchange.now,
                     .exp = exchange.now + options.access_token_lifetime,
                     .jti = crypto::random_token(names::kJtiBytes),
                     .scope = std::move(scopes),
                     .cnf_jkt = caller.dpop.jkt()};
}

Status record_issued(const Exchange& exchange, const Caller& caller, const AccessToken& token) {
  json::Object facts;
  facts.set(names::kSub, token.sub);
  facts.set(names::kAud, token.aud);
  facts.set(names::kScope, join_scopes(token.scope));
  facts.set(names::kJkt, token.cnf_jkt);
  facts.set(names::kJti, token.jti);
  facts.set(names::kExp, to_unix(token.exp));
  return exchange.context().store.append_audit(build_audit(token.client_id, exchange.decision_id,
                                                           exchange.operation, allowed_to(caller),
                                                           exchange.now, facts));
}

Result<HttpResponse> grant_client_credentials(Exchange& exchange, const Form& form) {
  exchange.operation = "client_credentials";
  const auto scope = form.find(names::kScope);
  // RFC 6749 3.3: no default is defined, so a request without a scope fails.
  if (!scope) return refuse(Code::k_scope_malformed, "scope is required.");
  AJWT_ASSIGN(Scopes scopes, parse_scope(*scope));
  AJWT_ASSIGN(auto audience, find_audience(form));
  AJWT_ASSIGN(const Authenticated caller, CallerAuthenticator::authenticate_form(
                                              exchange, form, ProofFacts::Binding::kIfPresent));
  auto& context = exchange.context();
  AJWT_TRY(check_client_scopes(scopes, caller.caller.client()));
  if (!audience) audience = context.options.issuer;
  AJWT_TRY(
      check_client_audience(*audience, scopes, caller.caller.client(), context.options.issuer));

  const AccessToken token =
      build_plain_token(exchange, caller, std::move(scopes), *std::move(audience));
  exchange.trace.subject = token.sub;
  AJWT_ASSIGN(const std::string compact, issue_verified(context, token));
  // The record is durable before the token leaves (P5).
  AJWT_TRY(record_issued(exchange, caller.caller, token));
  return write_token(names::kDpop, compact, context.options.access_token_lifetime, token.scope);
}

Result<HttpResponse> grant_agent_checksum(Exchange& exchange, const Form& form) {
  exchange.operation = "mint";
  AJWT_ASSIGN(const json::Object body, form_to_json(form));
  AJWT_ASSIGN(const MintRequest request, parse_mint_request(body));
  AJWT_ASSIGN(const Authenticated caller,
              CallerAuthenticator::authenticate_form(exchange, form, ProofFacts::Binding::kBound));
  return mint_for(exchange, caller, request);
}

Result<std::string> get_grant_type(const json::Object& body) {
  const json::Value* value = body.find(names::kGrantType);
  if (value == nullptr) return refuse(Code::k_parameter_missing, std::string(names::kGrantType));
  if (value->find_string() == nullptr) {
    return refuse(Code::k_parameter_malformed, std::string(names::kGrantType));
  }
  return value->as_string();
}

}  // namespace

Result<HttpResponse> handle_oauth_token(Exchange& exchange) {
  AJWT_ASSIGN(const Form form, parse_form_body(exchange.request));
  if (form.has(names::kClientSecret)) return handle_draft_secret(exchange, form);
  AJWT_ASSIGN(const std::string_view grant_type, form.get(names::kGrantType));
  if (grant_type == names::kClientCredentials) return grant_client_credentials(exchange, form);
  if (is_agent_checksum(grant_type)) return grant_agent_checksum(exchange, form);
  // The client first: what is supported here is told to clients alone.
  AJWT_TRY(CallerAuthenticator::check_form_client(exchange, form));
  return refuse(Code::k_grant_type_unsupported);
}

Result<HttpResponse> handle_intent_token(Exchange& exchange) {
  AJWT_ASSIGN(json::Object body, parse_json_body(exchange.request));
  AJWT_ASSIGN(const std::string grant_type, get_grant_type(body));
  if (!is_agent_checksum(grant_type)) {
    AJWT_TRY(CallerAuthenticator::check_json_client(exchange, body));
    return refuse(Code::k_grant_type_unsupported);
  }
  AJWT_ASSIGN(const MintRequest request, parse_mint_request(without_authentication(body)));
  AJWT_ASSIGN(const Authenticated caller, CallerAuthenticator::authenticate_json(
                                              exchange, std::move(body), Accepts::kTokenOrDirect));
  return mint_for(exchange, caller, request);
}

}  // namespace ajwt::authority
