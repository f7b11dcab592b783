// SPDX-License-Identifier: Apache-2.0
#include "protocol/access_token.h"

#include <utility>

#include "json/write.h"
#include "protocol/names.h"

namespace ajwt {
namespace {

json::Object write_confirmation(const AccessToken& token) {
  json::Object cnf;
  cnf.append(names::kJkt, token.cnf_jkt);
  return cnf;
}

json::Object write_intent(const IntentClaims& intent) {
  json::Object object;
  if (intent.step) {
    object.append(names::kWorkflowId, intent.step->workflow_id.str());
    object.append(names::kWorkflowVersion, intent.step->workflow_version);
    object.append(names::kWorkflowStep, intent.step->workflow_step.str());
    object.append(names::kExecutionId, intent.step->execution_id.str());
  }
  object.append(names::kExecutedBy, intent.executed_by);
  object.append(names::kInitiatedBy, intent.initiated_by);
  object.append(names::kDelegators, json::string_array(intent.delegators));
  object.append(names::kDelegationChain, intent.delegation_chain);
  object.append(names::kStepSequenceHash, intent.step_sequence_hash);
  object.append(names::kDelegationDigest, intent.delegation_digest);
  object.append(names::kStepSequenceDigest, intent.step_sequence_digest);
  return object;
}

json::Object write_agent_proof(const AgentProofClaims& proof) {
  json::Object object;
  object.append(names::kRegistrationId, proof.registration_id.str());
  if (proof.agent_checksum) {
    object.append(names::kAgentChecksum, *proof.agent_checksum);
  }
  return object;
}

json::Array write_tool_details(std::string_view tool) {
  json::Object details;
  details.append(names::kType, names::kAgentTool);
  details.append(names::kTool, tool);
  json::Array array;
  array.emplace_back(std::move(details));
  return array;
}

// check_issuable refuses to sign what parse_access_token would refuse to read.
Status check_issuable(const AccessToken& token) {
  if (token.scope.empty()) return refuse(Code::k_scope_malformed, "A token needs a scope.");
  return check_scopes(token.scope);
}

}  // namespace

json::Object to_json(const AccessToken& token) {
  json::Object object;
  object.append(names::kIss, token.iss);
  object.append(names::kAud, token.aud);
  object.append(names::kSub, token.sub);
  object.append(names::kClientId, token.client_id.str());
  object.append(names::kIat, to_unix(token.iat));
  object.append(names::kNbf, to_unix(token.nbf));
  object.append(names::kExp, to_unix(token.exp));
  object.append(names::kJti, token.jti);
  object.append(names::kScope, join_scopes(token.scope));
  object.append(names::kCnf, write_confirmation(token));
  if (token.sub_profile) object.append(names::kSubProfile, *token.sub_profile);
  if (token.intent) object.append(names::kIntent, write_intent(*token.intent));
  if (token.agent_proof) {
    object.append(names::kAgentProof, write_agent_proof(*token.agent_proof));
  }
  if (token.tool) {
    object.append(names::kAuthorizationDetails, write_tool_details(*token.tool));
  }
  return object;
}

Result<std::string> issue_access_token(const AccessToken& token, const crypto::PrivateKey& key,
                                       std::string_view kid) {
  AJWT_TRY(check_issuable(token));
  jose::SignJwsOptions options;
  options.typ = names::kTypAccessToken;
  options.kid = std::string(kid);
  AJWT_ASSIGN(std::string text, jose::sign_jws(json::write(to_json(token)), key, options));
  if (text.size() > kMaxTokenBytes) return refuse(Code::k_limit_exceeded, "Size of a token.");
  return text;
}

Status check_token_time(Instant iat, Instant nbf, Instant exp, Seconds skew, Instant now) {
  // No skew here: a token that is over is over everywhere at once (protocol 8).
  if (now >= exp) return refuse(Code::k_token_expired);
  if (nbf > now + skew) return refuse(Code::k_token_not_yet_valid);
  if (iat > now + skew) return refuse(Code::k_token_from_future);
  return ok();
}

Result<jose::VerifiedJws> verify_token_signature(std::string_view token, std::string_view typ,
                                                 const jose::AlgorithmSet& algorithms,
                                                 const jose::KeySet& keys) {
  AJWT_ASSIGN(auto unverified, jose::UnverifiedJws::parse(token, kMaxTokenBytes));
  const jose::JwsHeader& header = unverified.header();
  // A proof or any other object that the same key signed is no token (RFC 8725 3.11).
  if (header.typ != typ) return refuse(Code::k_jws_type_refused);
  if (!header.kid) return refuse(Code::k_key_unknown, "The token has no kid.");
  AJWT_ASSIGN(const jose::Jwk key, keys.find(*header.kid, header.alg));
  return jose::VerifiedJws::verify(std::move(unverified), key, algorithms);
}

Result<AccessToken> verify_access_token(std::string_view token, const TokenRules& rules,
                                        const jose::KeySet& keys, Instant now) {
  AJWT_ASSIGN(const auto verified,
              verify_token_signature(token, names::kTypAccessToken, rules.algorithms, keys));
  AJWT_ASSIGN(AccessToken claims, parse_access_token(verified.payload()));
  if (claims.iss != rules.issuer) return refuse(Code::k_issuer_mismatch);
  if (claims.aud != rules.audience) return refuse(Code::k_audience_mismatch);
  AJWT_TRY(check_token_time(claims, rules.skew, now));
  return claims;
}

}  // namespace ajwt
