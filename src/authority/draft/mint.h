// SPDX-License-Identifier: Apache-2.0
//
// The grant agent_checksum in profile draft-00 (draft 4; protocol 5.3): for agents without a key,
// outside of executions, on the client's word about what came before.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "authority/draft/caller.h"
#include "authority/draft/records.h"
#include "authority/mint/mint.h"
#include "base/result.h"
#include "json/value.h"
#include "protocol/draft_token.h"

namespace ajwt::authority {

// DraftMintRequest is a well-formed request. `claimed_*` is the client's word, which the draft
// believes (draft 4.3.3); nothing outside the profile does.
struct DraftMintRequest {
  AgentId agent_id;
  std::string computed_checksum;  // 64 hex digits
  Scopes requested_scopes;
  std::string audience;
  struct Within {
    WorkflowId workflow_id;
    StepId workflow_step;
    std::optional<std::string> step_agent;  // of the object form
    std::optional<std::string> tool;        // likewise
  };
  std::optional<Within> within;  // present exactly when a step is named
  std::vector<AgentId> claimed_chain;
  std::vector<StepId> claimed_completed_steps;
};

// parse_draft_mint reads draft 4.2.1's body: workflow_step as a text or as {step_id, agent_id,
// tool_name}, computed_checksum with or without "sha256:", the lists of delegation_context as texts
// or as objects with step_id or agent_id. Members that are null or unknown are passed over. Refuses
// k_parameter_missing, k_parameter_malformed (also workflow_enabled that differs from whether a
// step is named, and completed steps where none is), k_audience_not_single, k_scope_malformed,
// k_identifier_malformed, k_limit_exceeded (a chain of more than 8, more than 512 completed steps).
Result<DraftMintRequest> parse_draft_mint(const json::Object& body);

// DraftMintFacts is what the checks may look at.
struct DraftMintFacts {
  const AuthorityOptions& options;
  const Application& application;
  const DraftMintRequest& request;
  const std::optional<DraftAgentRecords>& agent;
  const std::optional<DraftWorkflow>& workflow;
  const WorkflowStep* step;  // null outside a workflow or unknown
  bool checksum_matches;     // compared in constant time whether or not the agent exists
  bool chain_is_known;       // every agent of the claimed chain is of the profile
};

// DraftMintCheck is one row, as MintCheck is.
struct DraftMintCheck {
  std::string_view source;
  std::string_view name;
  Status (*rule)(const DraftMintFacts&);
};
std::span<const DraftMintCheck> draft_mint_checks();

// draft_mint decides and, if allowed, issues; the audit entry is durable before it returns. It
// looks at the profile's own records alone, so it cannot issue for an agent outside of it.
Result<MintAnswer> draft_mint(Exchange& exchange, const DraftCaller& caller,
                              const DraftMintRequest& request);

// issue_draft_verified signs with the active key and puts the token through our own verifier.
Result<std::string> issue_draft_verified(const Context& context, const DraftToken& token);

}  // namespace ajwt::authority
