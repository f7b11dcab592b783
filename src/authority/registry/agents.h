// SPDX-License-Identifier: Apache-2.0
//
// Registration of agents (draft 5.4; protocol 3.2, 3.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "authority/context.h"
#include "base/result.h"
#include "json/value.h"
#include "protocol/agent_checksum.h"
#include "protocol/proof.h"
#include "protocol/strict_checksum.h"

namespace ajwt::authority {

// RegisterAgentRequest is a well-formed request: components, or, without any text (P10), hashes of
// them or a checksum or both. Of hashes alone the profile is kStrictSha256.
struct RegisterAgentRequest {
  AppId app_id;
  AgentId agent_id;
  std::optional<AgentDefinition> components;
  std::optional<ComponentDigests> component_hashes;
  std::optional<std::string> checksum;  // must equal what we compute, where we can
  ChecksumProfile profile;
  crypto::PublicKey key;
  std::optional<Grant> grant;
  std::optional<Autonomy> autonomy;  // absent: semi
};

// parse_register_agent reads {app_id, agent_components | agent_id + component_hashes? + checksum?,
// public_key (PEM) | jwk, grant?, autonomy?, profile?} after authenticating members were removed.
Result<RegisterAgentRequest> parse_register_agent(const json::Object& body);

// compute_checksum returns what is registered: the checksum of the components, in profile
// kStrictSha256 also that of their hashes, or else the one that is given. Refuses
// k_checksum_differs, and what compute_agent_checksum refuses.
Result<std::string> compute_checksum(const RegisterAgentRequest& request);

// RegisterAgentAnswer: kUnchanged returns what was registered before.
enum class RegistrationOutcome { kCreated, kUnchanged };

struct RegisterAgentAnswer {
  RegistrationOutcome outcome;
  Registration registration;
};

// register_agent: same id, checksum and key is the same registration (kUnchanged); another
// checksum under the same key is a new version; another key needs `old_key_proof` by the key
// registered now, or KeyChange::kByAdministrator. `key_proof` must be made with request.key.
// Refuses k_proof_key_mismatch, k_duplicate_agent, k_registration_revoked, k_checksum_differs,
// k_client_unauthorized (an application that is not the caller's), k_components_malformed,
// k_already_exists (registered with another grant or autonomy, or with less), k_not_found,
// k_state_changed.
enum class KeyChange { kNeedsOldKey, kByAdministrator };
Result<RegisterAgentAnswer> register_agent(Context& context, const Caller& caller,
                                           const RegisterAgentRequest& request,
                                           const VerifiedProof& key_proof,
                                           const std::optional<VerifiedProof>& old_key_proof,
                                           KeyChange key_change, std::string_view decision_id,
                                           Instant now);

// activate_agent lets the newest version act, which must be the one that is named: nobody activates
// what was registered after they looked. What acts already is returned as it is. Refuses
// k_not_found, k_registration_superseded, k_registration_revoked.
Result<Registration> activate_agent(Context& context, const Caller& caller, const AppId& app_id,
                                    const AgentId& agent_id, const RegistrationId& registration_id,
                                    std::string_view decision_id, Instant now);

// revoke_agent revokes the agent for good: the version that acts and one that waits. Refuses
// k_not_found.
Status revoke_agent(Context& context, const Caller& caller, const AppId& app_id,
                    const AgentId& agent_id, std::string_view decision_id, Instant now);

// change_grant replaces the grant of the version that acts, or of the newest if none was ever
// activated. Refuses k_not_found,
// k_registration_revoked.
Status change_grant(Context& context, const Caller& caller, const AppId& app_id,
                    const AgentId& agent_id, const Grant& grant, std::string_view decision_id,
                    Instant now);

// write_registration returns what the owner may read, without prompt and tools.
json::Object write_registration(const Registration& registration);
// open_components returns the components as registered, for the owner alone; nothing if hashes
// only.
Result<std::optional<json::Object>> open_components(const Context& context,
                                                    const Registration& registration);

}  // namespace ajwt::authority
