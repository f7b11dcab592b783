// SPDX-License-Identifier: Apache-2.0
//
// Profile draft-00 (protocol 5.3): what the authority keeps of clients and agents that speak
// draft-goswami-agentic-jwt-00 as its reference clients do, and the port of its store. Nothing here
// is a Client, a Registration or a StoredWorkflow: what an administrator did not set to the profile
// cannot be taken for something of it, nor the other way round.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "authority/records.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/key.h"
#include "json/value.h"
#include "protocol/agent_definition.h"
#include "protocol/scope.h"
#include "protocol/workflow.h"

namespace ajwt::authority {

// DraftClient authenticates by a secret in the body and gets bearer tokens.
struct DraftClient {
  ClientId client_id;
  AppId app_id;
  Digest secret_sha256;  // of a generated secret of 256 bits
  Scopes scopes;
  bool disabled = false;
  std::int64_t row_version = 1;
  Instant created_at;
};

// DraftAgent is an administrator's permission: this agent_id of this application may register and
// mint without a key, within this grant.
struct DraftAgent {
  AppId app_id;
  AgentId agent_id;
  Grant grant;
  ClientId set_by;
  Instant set_at;
  std::optional<Instant> ended_at = {};
  bool has_key = false;  // registered outside the profile, now or ever: the profile is over
  std::int64_t row_version = 1;

  bool is_open() const { return !ended_at && !has_key; }
};

// DraftRegistration is one version of a draft agent; the newest mints. What its checksum was
// computed from is not kept: nothing would read it (protocol 1, P10).
struct DraftRegistration {
  RegistrationId registration_id;
  AppId app_id;
  AgentId agent_id;
  std::int64_t version;
  std::string checksum;  // 64 hex digits
  ChecksumProfile profile;
  std::optional<crypto::PublicKey> claimed_key;  // named by the client, never proven
  Instant registered_at;
};

// DraftWorkflow never changes.
struct DraftWorkflow {
  AppId app_id;
  json::Object definition;  // as it was sent, for parse_draft_workflow
  Workflow workflow;
  ClientId registered_by;
  Instant registered_at;
};

// DraftAgentRecords is an agent with its newest registration.
struct DraftAgentRecords {
  DraftAgent agent;
  std::optional<DraftRegistration> registration;
};

// DraftCounts says how much of the authority speaks the profile.
struct DraftCounts {
  std::int64_t clients = 0;  // not disabled
  std::int64_t agents = 0;   // DraftAgent::is_open
};

DraftAgentAsLoaded as_loaded(const DraftAgent& agent);

// DraftStore is a part of Store, under the same rules (authority/ports.h).
class DraftStore {
 public:
  virtual ~DraftStore() = default;
  // create_draft_client refuses k_already_exists, also for the id of a Client.
  virtual Status create_draft_client(const DraftClient& client, const AuditEntry& audit) = 0;
  virtual Result<std::optional<DraftClient>> find_draft_client(const ClientId& client_id) = 0;
  virtual Result<std::vector<DraftClient>> list_draft_clients(const AppId& app_id) = 0;
  // disable_draft_client refuses k_not_found.
  virtual Status disable_draft_client(const ClientId& client_id, const AuditEntry& audit) = 0;

  // set_draft_agent sets or replaces the permission, and opens one again that was ended. Refuses
  // k_draft_profile_closed for an agent that was ever registered with a key.
  virtual Status set_draft_agent(const DraftAgent& agent, const AuditEntry& audit) = 0;
  // end_draft_agent refuses k_not_found.
  virtual Status end_draft_agent(const AppId& app_id, const AgentId& agent_id, Instant now,
                                 const AuditEntry& audit) = 0;
  virtual Result<std::optional<DraftAgentRecords>> find_draft_agent(const AppId& app_id,
                                                                    const AgentId& agent_id) = 0;
  // list_draft_agents returns every agent, by agent_id.
  virtual Result<std::vector<DraftAgentRecords>> list_draft_agents(const AppId& app_id) = 0;

  // add_draft_registrations appends every one of them or none. Refuses k_state_changed unless each
  // is the next version of its agent.
  virtual Status add_draft_registrations(std::span<const DraftRegistration> registrations,
                                         const AuditEntry& audit) = 0;
  // add_draft_workflows writes every one of them or none. Refuses k_state_changed if one is there.
  virtual Status add_draft_workflows(std::span<const DraftWorkflow> workflows,
                                     const AuditEntry& audit) = 0;
  virtual Result<std::optional<DraftWorkflow>> find_draft_workflow(
      const AppId& app_id, const WorkflowId& workflow_id) = 0;

  // count_draft_00 counts over all applications.
  virtual Result<DraftCounts> count_draft_00() = 0;
};

}  // namespace ajwt::authority
