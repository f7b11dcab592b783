// SPDX-License-Identifier: Apache-2.0
#include "protocol/draft_token.h"

#include <utility>

#include "jose/jws.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/claims.h"
#include "protocol/names.h"

namespace ajwt {
namespace {

constexpr json::Limits kDraftPayloadLimits{kMaxTokenBytes, 16};

json::Object write_draft_intent(const DraftToken& token, const DraftToken::Agent& agent) {
  json::Object intent;
  if (agent.step) {
    intent.append(names::kWorkflowId, agent.step->workflow_id.str());
    intent.append(names::kWorkflowStep, agent.step->workflow_step.str());
  }
  intent.append(names::kExecutedBy, token.sub);
  intent.append(names::kDelegationChain, agent.delegation_chain);
  intent.append(names::kStepSequenceHash, agent.step_sequence_hash);
  return intent;
}

void append_agent(json::Object& payload, const DraftToken& token) {
  const DraftToken::Agent& agent = *token.agent;
  if (agent.claimed_key) {
    json::Object cnf;
    cnf.append(names::kJwk, jose::to_json(*agent.claimed_key));
    payload.append(names::kCnf, std::move(cnf));
  }
  payload.append(names::kIntent, write_draft_intent(token, agent));
  json::Object proof;
  proof.append(names::kAgentChecksum, agent.agent_checksum);
  proof.append(names::kRegistrationId, agent.registration_id.str());
  payload.append(names::kAgentProof, std::move(proof));
}

Result<std::optional<DraftToken::Agent::Step>> find_draft_step(const Claims& intent) {
  if (!intent.contains(names::kWorkflowId) && !intent.contains(names::kWorkflowStep)) {
    return std::optional<DraftToken::Agent::Step>();
  }
  AJWT_ASSIGN(auto workflow_id, intent.get_id<WorkflowId>(names::kWorkflowId));
  AJWT_ASSIGN(auto workflow_step, intent.get_id<StepId>(names::kWorkflowStep));
  return std::optional(DraftToken::Agent::Step{std::move(workflow_id), std::move(workflow_step)});
}

Result<std::optional<crypto::PublicKey>> find_claimed_key(const Claims& claims) {
  AJWT_ASSIGN(const json::Object* cnf, claims.find_object(names::kCnf));
  if (cnf == nullptr) return std::optional<crypto::PublicKey>();
  const Claims confirmation(*cnf, Code::k_claim_missing, Code::k_claim_malformed);
  AJWT_ASSIGN(const json::Object* jwk, confirmation.get_object(names::kJwk));
  auto key = jose::parse_jwk(*jwk);
  if (!key) return claims.malformed(names::kCnf);
  return std::optional<crypto::PublicKey>(std::move(key->key));
}

// find_agent reads intent and agent_proof, which stand together or not at all.
Result<std::optional<DraftToken::Agent>> find_agent(const Claims& claims, const std::string& sub) {
  if (!claims.contains(names::kIntent) && !claims.contains(names::kAgentProof)) {
    return std::optional<DraftToken::Agent>();
  }
  AJWT_ASSIGN(const json::Object* intent_object, claims.get_object(names::kIntent));
  AJWT_ASSIGN(const json::Object* proof_object, claims.get_object(names::kAgentProof));
  const Claims intent(*intent_object, Code::k_claim_missing, Code::k_claim_malformed);
  const Claims proof(*proof_object, Code::k_claim_missing, Code::k_claim_malformed);
  AJWT_ASSIGN(const auto executed_by, intent.get_text(names::kExecutedBy));
  if (executed_by != sub) return intent.malformed(names::kExecutedBy);
  AJWT_ASSIGN(auto step, find_draft_step(intent));
  AJWT_ASSIGN(auto chain, intent.get_string(names::kDelegationChain));
  AJWT_ASSIGN(auto sequence, intent.get_string(names::kStepSequenceHash));
  AJWT_ASSIGN(auto registration_id, proof.get_id<RegistrationId>(names::kRegistrationId));
  AJWT_ASSIGN(auto checksum, proof.get_string(names::kAgentChecksum));
  AJWT_ASSIGN(auto key, find_claimed_key(claims));
  return std::optional(DraftToken::Agent{.step = std::move(step),
                                         .delegation_chain = std::move(chain),
                                         .step_sequence_hash = std::move(sequence),
                                         .registration_id = std::move(registration_id),
                                         .agent_checksum = std::move(checksum),
                                         .claimed_key = std::move(key)});
}

Result<DraftToken> parse_draft_token(ByteView payload) {
  auto object = json::parse_object(as_text(payload), kDraftPayloadLimits);
  if (!object) {
    return refuse(Code::k_claim_malformed).with_detail(std::string(object.error().reason().name));
  }
  const json::Value* profile = object->find(names::kProfile);
  if (profile == nullptr || *profile != json::Value(names::kDraft00)) {
    return refuse(Code::k_profile_refused);
  }
  const Claims claims(*object, Code::k_claim_missing, Code::k_claim_malformed);
  AJWT_ASSIGN(auto iss, claims.get_string(names::kIss));
  AJWT_ASSIGN(auto aud, claims.get_string(names::kAud));
  AJWT_ASSIGN(auto sub, claims.get_string(names::kSub));
  AJWT_ASSIGN(auto client_id, claims.get_id<AppId>(names::kClientId));
  AJWT_ASSIGN(const auto iat, claims.get_time(names::kIat));
  AJWT_ASSIGN(const auto nbf, claims.get_time(names::kNbf));
  AJWT_ASSIGN(const auto exp, claims.get_time(names::kExp));
  AJWT_ASSIGN(auto jti, claims.get_string(names::kJti));
  if (jti.size() > names::kMaxJtiLength) return claims.malformed(names::kJti);
  AJWT_ASSIGN(const auto scope_text, claims.get_text(names::kScope));
  auto scope = parse_scope(scope_text);
  if (!scope) return claims.malformed(names::kScope);
  AJWT_ASSIGN(auto agent, find_agent(claims, sub));
  return DraftToken{.iss = std::move(iss),
                    .aud = std::move(aud),
                    .sub = std::move(sub),
                    .client_id = std::move(client_id),
                    .iat = iat,
                    .nbf = nbf,
                    .exp = exp,
                    .jti = std::move(jti),
                    .scope = *std::move(scope),
                    .agent = std::move(agent)};
}

}  // namespace

json::Object to_json(const DraftToken& token) {
  json::Object payload;
  payload.append(names::kProfile, names::kDraft00);
  payload.append(names::kIss, token.iss);
  payload.append(names::kAud, token.aud);
  payload.append(names::kSub, token.sub);
  payload.append(names::kClientId, token.client_id.str());
  payload.append(names::kIat, to_unix(token.iat));
  payload.append(names::kNbf, to_unix(token.nbf));
  payload.append(names::kExp, to_unix(token.exp));
  payload.append(names::kJti, token.jti);
  payload.append(names::kScope, join_scopes(token.scope));
  if (token.agent) append_agent(payload, token);
  return payload;
}

Result<std::string> issue_draft_token(const DraftToken& token, const crypto::PrivateKey& key,
                                      std::string_view kid) {
  if (token.scope.empty()) return refuse(Code::k_scope_malformed, "A token needs a scope.");
  AJWT_TRY(check_scopes(token.scope));
  jose::SignJwsOptions options;
  options.typ = "JWT";
  options.kid = std::string(kid);
  AJWT_ASSIGN(std::string text, jose::sign_jws(json::write(to_json(token)), key, options));
  if (text.size() > kMaxTokenBytes) return refuse(Code::k_limit_exceeded, "Size of a token.");
  return text;
}

Result<DraftToken> verify_draft_token(std::string_view token, const TokenRules& rules,
                                      const jose::KeySet& keys, Instant now) {
  AJWT_ASSIGN(const auto verified,
              verify_token_signature(token, names::kTypDraftToken, rules.algorithms, keys));
  AJWT_ASSIGN(DraftToken claims, parse_draft_token(verified.payload()));
  if (claims.iss != rules.issuer) return refuse(Code::k_issuer_mismatch);
  if (claims.aud != rules.audience) return refuse(Code::k_audience_mismatch);
  AJWT_TRY(check_token_time(claims.iat, claims.nbf, claims.exp, rules.skew, now));
  return claims;
}

}  // namespace ajwt
