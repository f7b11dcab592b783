// SPDX-License-Identifier: Apache-2.0
//
// Registration in profile draft-00 (draft 5.4, 6.3; protocol 5.3): many at a time or one, all of
// them or none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "authority/draft/caller.h"
#include "authority/draft/records.h"
#include "base/result.h"
#include "json/value.h"
#include "protocol/agent_definition.h"

namespace ajwt::authority {

// DraftRegistrationRequest is one agent as reference clients send it. Its checksum is the draft's
// listing (profile reference) if its tools have signatures, else the one over JCS (profile sha256);
// both are compared as 64 hex digits.
struct DraftRegistrationRequest {
  AgentId agent_id;
  ChecksumProfile profile;
  std::string checksum;  // 64 hex digits
  std::optional<crypto::PublicKey> claimed_key;
};

// parse_draft_registration reads {app_id, agent_components, public_key? (PEM)}; null members are
// absent. Refuses k_client_unauthorized for an app_id that is not the caller's, k_components_*,
// k_parameter_*, and what crypto::PublicKey::from_pem refuses.
Result<DraftRegistrationRequest> parse_draft_registration(const json::Object& body,
                                                          const AppId& own);

// register_draft_agents registers all of them, each as the next version of its agent, or as the
// version that is there already if nothing differs. Refuses k_draft_agent_refused for an agent that
// no administrator set to the profile, k_already_exists for one agent twice in a batch,
// k_limit_exceeded for more than 64.
Result<std::vector<DraftRegistration>> register_draft_agents(
    Exchange& exchange, const DraftCaller& caller,
    const std::vector<DraftRegistrationRequest>& requests);

// register_draft_workflows registers all of them; one that is there already and equal stays.
// Refuses k_already_exists for a workflow_id with other steps, k_workflow_agent_unknown for a step
// of an agent that is not of the profile, and what parse_draft_workflow refuses.
Result<std::vector<DraftWorkflow>> register_draft_workflows(
    Exchange& exchange, const DraftCaller& caller, const std::vector<json::Object>& definitions);

// check_takes_draft_agents refuses k_not_supported where the application asks for a separate
// activation, and check_takes_draft_workflows where it asks for a second administrator: the profile
// has neither act, and must not be the way around them (protocol 5.3).
Status check_takes_draft_agents(const Application& application);
Status check_takes_draft_workflows(const Application& application);

}  // namespace ajwt::authority
