// SPDX-License-Identifier: Apache-2.0
//
// The grant agent_checksum (draft 4; protocol 5): one pipeline behind both doors.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/context.h"
#include "base/result.h"
#include "json/value.h"
#include "protocol/proof.h"

namespace ajwt::authority {

// MintRequest is a well-formed request for an intent token. What a client claims about the past
// (`claimed_*`) is only ever compared with the authority's record (P3).
struct MintRequest {
  AgentId agent_id;
  std::string computed_checksum;  // of one of the forms of profile_of
  Scopes requested_scopes;        // at least one
  std::string audience;
  std::optional<std::string> tool;
  // Present together: a mint within a workflow names all three.
  struct Within {
    WorkflowId workflow_id;
    StepId workflow_step;
    ExecutionId execution_id;
  };
  std::optional<Within> within;
  std::optional<std::vector<std::string>> claimed_chain;
  std::optional<std::vector<std::string>> claimed_completed_steps;
};

// parse_mint_request reads the JSON door's body (draft 4.2.1) after the members that authenticate
// (client_assertion*, client_id, key_proofs) were removed; grant_type was looked at before.
// Refuses k_parameter_missing, k_parameter_malformed, k_audience_not_single, k_scope_malformed,
// k_identifier_malformed, k_json_unknown_member.
Result<MintRequest> parse_mint_request(const json::Object& body);

// MintAnswer is what the token endpoint returns (draft 4.4.1, RFC 9449 5).
struct MintAnswer {
  std::string access_token;
  Seconds expires_in;
  Scopes scope;
};

// MintTrace collects what log and audit say of a decision, as far as it got.
struct MintTrace {
  std::string subject;
  std::string execution_id;
  std::string workflow_id;
  std::string workflow_step;
};

// mint decides and, if allowed, issues: load -> checks -> sign -> verify own output -> commit.
// `agent_proof` was verified on its own; that its key is the agent's is a check here. The refused
// decision's audit entry is the caller's to write; the allowed one's is written here.
Result<MintAnswer> mint(Context& context, const Caller& caller, const VerifiedProof& agent_proof,
                        const MintRequest& request, std::string_view decision_id, Instant now,
                        MintTrace& trace);

}  // namespace ajwt::authority
