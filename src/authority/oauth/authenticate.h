// SPDX-License-Identifier: Apache-2.0
//
// CallerAuthenticator: who calls, by which key, and with which other keys beside it (protocol 6.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/context.h"
#include "authority/exchange.h"
#include "authority/oauth/client_authentication.h"
#include "authority/oauth/form.h"
#include "base/result.h"
#include "json/value.h"
#include "protocol/proof.h"

namespace ajwt::authority {

// Authenticated is a caller whose every proof was verified and is used up.
struct Authenticated {
  Caller caller;
  // The DPoP header's: made with the key of the token, or, when direct, with the agent's key.
  VerifiedProof dpop;
  std::vector<VerifiedProof> key_proofs;
  json::Object body;  // without the members that authenticate

  // get_agent_proof returns the one proof of an agent's key: the DPoP header's when direct, else
  // the one in key_proofs. Refuses k_key_proof_missing, and k_proof_duplicated for more than one.
  Result<VerifiedProof> get_agent_proof() const;
  // get_key_proof returns the proof made with the key of this thumbprint; refuses
  // k_key_proof_missing.
  Result<VerifiedProof> get_key_proof(std::string_view jkt) const;
  // find_other_key_proof returns the first proof in key_proofs by another key than this one.
  std::optional<VerifiedProof> find_other_key_proof(std::string_view jkt) const;
  // check_proof_claims refuses k_proof_claims_differ if a proof names another agent or checksum
  // than the request (protocol 6.2). An absent `checksum` is not compared.
  Status check_proof_claims(const AgentId& agent_id,
                            const std::optional<std::string>& checksum) const;
};

// Accepts: kToken takes an access token alone; kTokenOrDirect also a secret or an assertion.
enum class Accepts { kToken, kTokenOrDirect };

// CallerAuthenticator is the only maker of Caller. Its functions note in the exchange who the
// client is as soon as that is known.
//
// Order: the token's or the proof's own signature first, before anything is looked up (protocol 5);
// then the client; then further keys; then budgets; then everything single-use is used up. Of a
// wrong client and a wrong proof, the client is reported.
//
// Refuses k_token_required, k_client_unauthenticated, k_client_credentials_doubled,
// k_token_client_refused, k_intent_refused (an intent token), what verify_access_token,
// verify_dpop_proof and verify_agent_proof refuse, k_rate_limited, k_client_assertion_replayed,
// k_proof_replayed, k_replay_memory_full.
class CallerAuthenticator {
 public:
  // authenticate_json authenticates the sender of a JSON body (an empty object where there is
  // none); its proofs bind the body (protocol 6.2).
  static Result<Authenticated> authenticate_json(Exchange& exchange, json::Object body,
                                                 Accepts accepts);
  // authenticate_form authenticates the sender of a form, by secret or assertion alone.
  static Result<Authenticated> authenticate_form(Exchange& exchange, const Form& form,
                                                 ProofFacts::Binding binding);
  // check_form_client and check_json_client authenticate the client alone, for a request that is
  // refused whatever its proof is: nothing is used up, and nothing may be done on the strength of
  // it.
  static Status check_form_client(Exchange& exchange, const Form& form);
  static Status check_json_client(Exchange& exchange, const json::Object& body);

 private:
  static Status check_client(Exchange& exchange, const Credentials& credentials);
  static Result<Authenticated> authenticate_token(Exchange& exchange, const PresentedToken& token);
  static Result<Authenticated> authenticate_direct(Exchange& exchange,
                                                   const Result<AuthenticatedClient>& client,
                                                   const Result<VerifiedProof>& proof);
  static Result<Caller> build_caller(Exchange& exchange, Client client, Caller::Via via,
                                     Scopes scopes);
};

// without_authentication returns the body without the members that authenticate.
json::Object without_authentication(json::Object body);

}  // namespace ajwt::authority
