// SPDX-License-Identifier: Apache-2.0
//
// Tokens of profile draft-00, as typed values (draft 4.4.2; protocol 5.3): bearer tokens, for the
// agents and clients that an administrator set to that profile. They share no type, no `typ` and no
// parser with the tokens of access_token.h, whose reader refuses them by their claim `profile`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/key.h"
#include "jose/jwk.h"
#include "protocol/access_token.h"
#include "protocol/scope.h"

namespace ajwt {

// DraftToken is the claims of a token. Whoever holds it may use it: that is what the profile gives
// up.
struct DraftToken {
  // Agent is what an agent's token says beside what every token says; a client's own has none.
  struct Agent {
    // Present together or absent together.
    struct Step {
      WorkflowId workflow_id;
      StepId workflow_step;
    };
    std::optional<Step> step = {};
    std::string delegation_chain;    // draft 4.4.4, 16 hex, over what the client claimed
    std::string step_sequence_hash;  // likewise
    RegistrationId registration_id;
    std::string agent_checksum;  // 64 hex digits
    // cnf.jwk: the key that the registration named. It never proved itself, and proves nothing
    // here.
    std::optional<crypto::PublicKey> claimed_key = {};
  };
  std::string iss;
  std::string aud;
  std::string sub;  // the bare agent_id, or the client_id
  AppId client_id;
  Instant iat;
  Instant nbf;
  Instant exp;
  std::string jti;
  Scopes scope;
  std::optional<Agent> agent = {};

  // find_step returns the step that the token is for; null outside of workflows.
  const Agent::Step* find_step() const { return agent && agent->step ? &*agent->step : nullptr; }
};

// to_json returns the payload, which says `"profile": "draft-00"`.
json::Object to_json(const DraftToken& token);

// issue_draft_token signs the token with typ JWT, as the draft's example has it. Refuses
// k_crypto_failed, k_limit_exceeded above kMaxTokenBytes, k_scope_malformed.
Result<std::string> issue_draft_token(const DraftToken& token, const crypto::PrivateKey& key,
                                      std::string_view kid);

// verify_draft_token goes from bytes to claims: size, form, typ JWT, kid and alg in `keys`,
// signature, the claim profile, claims, then iss, aud, exp, nbf, iat. Refuses what
// verify_access_token refuses, k_profile_refused without `"profile": "draft-00"`.
Result<DraftToken> verify_draft_token(std::string_view token, const TokenRules& rules,
                                      const jose::KeySet& keys, Instant now);

}  // namespace ajwt
