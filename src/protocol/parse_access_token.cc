// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <utility>

#include "json/parse.h"
#include "protocol/access_token.h"
#include "protocol/agent_checksum.h"
#include "protocol/claims.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt {
namespace {

constexpr json::Limits kPayloadLimits{kMaxTokenBytes, 16};
constexpr std::size_t kDraftHashDigits = 16;

Result<std::string> get_digest(const Claims& claims, std::string_view name) {
  AJWT_ASSIGN(const auto text, claims.get_text(name));
  if (!is_sha256_base64url(text)) return claims.malformed(name);
  return std::string(text);
}

Result<std::string> get_draft_hash(const Claims& claims, std::string_view name) {
  AJWT_ASSIGN(const auto text, claims.get_text(name));
  if (!is_lowercase_hex(text, kDraftHashDigits)) return claims.malformed(name);
  return std::string(text);
}

// get_audience refuses a list: a token with two audiences could be carried on by the one to the
// other (protocol 5.1).
Result<std::string> get_audience(const json::Object& payload, const Claims& claims) {
  const json::Value* value = payload.find(names::kAud);
  if (value != nullptr && value->find_array() != nullptr) {
    return refuse(Code::k_audience_mismatch, "Claim aud must name one audience.");
  }
  return claims.get_string(names::kAud);
}

Result<Scopes> get_scope(const Claims& claims) {
  AJWT_ASSIGN(const auto text, claims.get_text(names::kScope));
  auto scopes = parse_scope(text);
  if (!scopes) return claims.malformed(names::kScope);
  return scopes;
}

Result<std::string> get_confirmation(const Claims& claims) {
  AJWT_ASSIGN(const json::Object* cnf, claims.find_object(names::kCnf));
  if (cnf == nullptr || !cnf->contains(names::kJkt)) return refuse(Code::k_confirmation_missing);
  return get_digest(Claims(*cnf, Code::k_claim_missing, Code::k_claim_malformed), names::kJkt);
}

Result<std::optional<IntentClaims::Step>> find_step(const Claims& intent) {
  const auto all = {names::kWorkflowId, names::kWorkflowVersion, names::kWorkflowStep,
                    names::kExecutionId};
  // All or none: a step without its execution could not be held against any record.
  if (std::none_of(all.begin(), all.end(), [&](auto name) { return intent.contains(name); })) {
    return std::optional<IntentClaims::Step>();
  }
  AJWT_ASSIGN(auto workflow_id, intent.get_id<WorkflowId>(names::kWorkflowId));
  AJWT_ASSIGN(const auto version, intent.get_integer(names::kWorkflowVersion));
  if (version < 1) return intent.malformed(names::kWorkflowVersion);
  AJWT_ASSIGN(auto workflow_step, intent.get_id<StepId>(names::kWorkflowStep));
  AJWT_ASSIGN(auto execution_id, intent.get_id<ExecutionId>(names::kExecutionId));
  return std::optional(IntentClaims::Step{std::move(workflow_id), version, std::move(workflow_step),
                                          std::move(execution_id)});
}

Result<std::vector<std::string>> get_delegators(const Claims& intent) {
  AJWT_ASSIGN(const json::Array* array, intent.get_array(names::kDelegators));
  std::vector<std::string> delegators;
  for (const json::Value& value : *array) {
    const std::string* text = value.find_string();
    if (text == nullptr || text->empty()) return intent.malformed(names::kDelegators);
    delegators.push_back(*text);
  }
  return delegators;
}

Result<IntentClaims> parse_intent(const json::Object& object) {
  const Claims intent(object, Code::k_claim_missing, Code::k_claim_malformed);
  IntentClaims claims;
  AJWT_ASSIGN(claims.step, find_step(intent));
  AJWT_ASSIGN(claims.executed_by, intent.get_string(names::kExecutedBy));
  AJWT_ASSIGN(claims.initiated_by, intent.get_string(names::kInitiatedBy));
  AJWT_ASSIGN(claims.delegators, get_delegators(intent));
  AJWT_ASSIGN(claims.delegation_chain, get_draft_hash(intent, names::kDelegationChain));
  AJWT_ASSIGN(claims.step_sequence_hash, get_draft_hash(intent, names::kStepSequenceHash));
  AJWT_ASSIGN(claims.delegation_digest, get_digest(intent, names::kDelegationDigest));
  AJWT_ASSIGN(claims.step_sequence_digest, get_digest(intent, names::kStepSequenceDigest));
  return claims;
}

Result<AgentProofClaims> parse_agent_proof(const json::Object& object) {
  const Claims proof(object, Code::k_claim_missing, Code::k_claim_malformed);
  AJWT_ASSIGN(auto registration_id, proof.get_id<RegistrationId>(names::kRegistrationId));
  AJWT_ASSIGN(const auto checksum, proof.find_text(names::kAgentChecksum));
  if (checksum && !profile_of(*checksum)) return proof.malformed(names::kAgentChecksum);
  return AgentProofClaims{std::move(registration_id), std::optional<std::string>(checksum)};
}

// read_agent_claims reads what makes an intent token. One of the three alone is no weaker form of
// token but none: a reader that looks at another of them would take it for something else.
Status read_agent_claims(const Claims& claims, AccessToken& token) {
  if (!claims.contains(names::kIntent) && !claims.contains(names::kAgentProof) &&
      !claims.contains(names::kSubProfile)) {
    return ok();
  }
  AJWT_ASSIGN(token.sub_profile, claims.get_string(names::kSubProfile));
  AJWT_ASSIGN(const json::Object* intent, claims.get_object(names::kIntent));
  AJWT_ASSIGN(token.intent, parse_intent(*intent));
  AJWT_ASSIGN(const json::Object* proof, claims.get_object(names::kAgentProof));
  AJWT_ASSIGN(token.agent_proof, parse_agent_proof(*proof));
  if (token.intent->executed_by != token.sub) return claims.malformed(names::kExecutedBy);
  if (token.sub_profile == names::kAgent && !AgentName::parse(token.sub)) {
    return claims.malformed(names::kSub);
  }
  return ok();
}

// find_tool reads authorization_details. What it says narrows the token, so whatever is not
// understood to the last member must not be passed over (RFC 9396 5).
Result<std::optional<std::string>> find_tool(const json::Object& payload) {
  const json::Value* value = payload.find(names::kAuthorizationDetails);
  if (value == nullptr) return std::optional<std::string>();
  const json::Array* array = value->find_array();
  const json::Object* details =
      array != nullptr && array->size() == 1 ? array->front().find_object() : nullptr;
  if (details == nullptr) return refuse(Code::k_constraints_refused);
  std::optional<std::string> type;
  std::optional<std::string> tool;
  for (const json::Member& member : details->members()) {
    const std::string* text = member.value.find_string();
    const json::Object* object = member.value.find_object();
    if (member.name == names::kType && text != nullptr) {
      type = *text;
    } else if (member.name == names::kTool && text != nullptr && !text->empty()) {
      tool = *text;
    } else if (member.name != names::kConstraints || object == nullptr || !object->empty()) {
      return refuse(Code::k_constraints_refused);
    }
  }
  if (type != names::kAgentTool || !tool) return refuse(Code::k_constraints_refused);
  return tool;
}

}  // namespace

Result<AccessToken> parse_access_token(ByteView payload) {
  auto object = json::parse_object(as_text(payload), kPayloadLimits);
  if (!object) {
    return refuse(Code::k_claim_malformed).with_detail(std::string(object.error().reason().name));
  }
  const Claims claims(*object, Code::k_claim_missing, Code::k_claim_malformed);
  if (claims.contains(names::kProfile)) return refuse(Code::k_profile_refused);
  AJWT_ASSIGN(auto iss, claims.get_string(names::kIss));
  AJWT_ASSIGN(auto aud, get_audience(*object, claims));
  AJWT_ASSIGN(auto sub, claims.get_string(names::kSub));
  AJWT_ASSIGN(auto client_id, claims.get_id<AppId>(names::kClientId));
  AJWT_ASSIGN(const auto iat, claims.get_time(names::kIat));
  AJWT_ASSIGN(const auto nbf, claims.get_time(names::kNbf));
  AJWT_ASSIGN(const auto exp, claims.get_time(names::kExp));
  AJWT_ASSIGN(auto jti, claims.get_string(names::kJti));
  if (jti.size() > names::kMaxJtiLength) return claims.malformed(names::kJti);
  AJWT_ASSIGN(auto scope, get_scope(claims));
  AJWT_ASSIGN(auto cnf_jkt, get_confirmation(claims));
  AccessToken token{.iss = std::move(iss),
                    .aud = std::move(aud),
                    .sub = std::move(sub),
                    .client_id = std::move(client_id),
                    .iat = iat,
                    .nbf = nbf,
                    .exp = exp,
                    .jti = std::move(jti),
                    .scope = std::move(scope),
                    .cnf_jkt = std::move(cnf_jkt)};
  AJWT_TRY(read_agent_claims(claims, token));
  AJWT_ASSIGN(token.tool, find_tool(*object));
  return token;
}

}  // namespace ajwt
