// SPDX-License-Identifier: Apache-2.0
//
// Access tokens of the authority as typed values: the intent token (protocol 5.1, draft 4.4.2) and
// the plain token that an application gets by client_credentials. Both are RFC 9068 JWTs bound to
// a key (RFC 9449 6).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/key.h"
#include "jose/jwk.h"
#include "jose/jws.h"
#include "protocol/scope.h"

namespace ajwt {

inline constexpr std::size_t kMaxTokenBytes = 8192;

// IntentClaims is the claim `intent`: at which step of which workflow, for whom, through whom.
struct IntentClaims {
  // Present together or absent together: a token outside any workflow has none of them.
  struct Step {
    WorkflowId workflow_id;
    std::int64_t workflow_version;
    StepId workflow_step;
    ExecutionId execution_id;
    friend bool operator==(const Step&, const Step&) = default;
  };
  std::optional<Step> step = {};
  std::string executed_by;              // equals sub
  std::string initiated_by;             // "app:<app_id>": unattended; a user when intents exist
  std::vector<std::string> delegators;  // subjects, nearest first
  std::string delegation_chain;         // draft 4.4.4, 16 hex
  std::string step_sequence_hash;       // draft 4.4.4, 16 hex
  std::string delegation_digest;        // base64url SHA-256
  std::string step_sequence_digest;     // base64url SHA-256
  friend bool operator==(const IntentClaims&, const IntentClaims&) = default;
};

// AgentProofClaims is the claim `agent_proof`: which registration. The checksum is shown only
// where the application asks for it (protocol 5.1).
struct AgentProofClaims {
  RegistrationId registration_id;
  std::optional<std::string> agent_checksum = {};
  friend bool operator==(const AgentProofClaims&, const AgentProofClaims&) = default;
};

// AccessToken is the claims of a token. `intent`, `agent_proof` and `sub_profile` are present
// together (an intent token) or absent together (a plain token).
struct AccessToken {
  std::string iss;
  std::string aud;
  std::string sub;
  AppId client_id;
  Instant iat;
  Instant nbf;
  Instant exp;
  std::string jti;
  Scopes scope;
  std::string cnf_jkt;
  std::optional<std::string> sub_profile = {};
  std::optional<IntentClaims> intent = {};
  std::optional<AgentProofClaims> agent_proof = {};
  std::optional<std::string> tool = {};  // authorization_details of type agent_tool

  bool is_intent_token() const { return intent.has_value(); }
  // find_step returns the step that the token is for; null outside of executions.
  const IntentClaims::Step* find_step() const {
    return intent && intent->step ? &*intent->step : nullptr;
  }
};

// to_json returns the payload (RFC 9068 2.2; protocol 5.1). Claims that the token lacks are left
// out.
json::Object to_json(const AccessToken& token);

// parse_access_token reads the payload of a verified JWS. Refuses k_claim_missing and
// k_claim_malformed (naming the claim), k_audience_mismatch for an array audience,
// k_confirmation_missing without cnf.jkt, k_constraints_refused for authorization_details that this
// version cannot judge (fail closed), k_profile_refused for a `profile` claim. Other claims that it
// does not know are ignored.
Result<AccessToken> parse_access_token(ByteView payload);

// issue_access_token signs the token with typ at+jwt. Refuses k_crypto_failed, k_limit_exceeded
// above kMaxTokenBytes, k_scope_malformed for a token without scopes: parse_access_token would.
Result<std::string> issue_access_token(const AccessToken& token, const crypto::PrivateKey& key,
                                       std::string_view kid);

// TokenRules is what a verifier expects of a token; nothing here has a permissive default.
struct TokenRules {
  std::string_view issuer;
  std::string_view audience;
  jose::AlgorithmSet algorithms;
  Seconds skew;  // applied to nbf and iat, never to exp (protocol 8)
};

// verify_access_token goes from bytes to claims: size, form, typ at+jwt, kid and alg in `keys`,
// signature, claims, then iss, aud, exp, nbf, iat. It does not look at proof, scope or intent.
// Refuses k_jws_*, k_key_unknown, k_claim_*, k_issuer_mismatch, k_audience_mismatch,
// k_token_expired, k_token_not_yet_valid, k_token_from_future, k_confirmation_missing.
Result<AccessToken> verify_access_token(std::string_view token, const TokenRules& rules,
                                        const jose::KeySet& keys, Instant now);

// verify_token_signature is the part of verify_access_token before the claims, for a token of this
// `typ` (lower case): size, form, typ, kid and alg in `keys`, signature.
Result<jose::VerifiedJws> verify_token_signature(std::string_view token, std::string_view typ,
                                                 const jose::AlgorithmSet& algorithms,
                                                 const jose::KeySet& keys);

// check_token_time applies the rules about exp, nbf and iat alone: for a token that was verified
// before and comes from a cache.
Status check_token_time(Instant iat, Instant nbf, Instant exp, Seconds skew, Instant now);
inline Status check_token_time(const AccessToken& token, Seconds skew, Instant now) {
  return check_token_time(token.iat, token.nbf, token.exp, skew, now);
}

}  // namespace ajwt
