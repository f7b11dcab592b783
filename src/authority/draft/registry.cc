// SPDX-License-Identifier: Apache-2.0
#include "authority/draft/registry.h"

#include <algorithm>
#include <set>
#include <utility>

#include "authority/oauth/rate_limiter.h"
#include "authority/retry.h"
#include "crypto/random.h"
#include "jose/jwk.h"
#include "json/members.h"
#include "protocol/draft_workflow.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::authority {
namespace {

constexpr std::size_t kMaxDraftBatch = 64;

Status check_batch(std::size_t size) {
  if (size == 0) return refuse(Code::k_parameter_missing, "There is nothing to register.");
  if (size > kMaxDraftBatch) return refuse(Code::k_limit_exceeded, "More than 64 at a time.");
  return ok();
}

ChecksumProfile profile_for(const AgentDefinition& definition) {
  const bool listed =
      std::all_of(definition.tools.begin(), definition.tools.end(),
                  [](const Tool& tool) { return tool.signature.has_value() && !tool.parameters; });
  return listed ? ChecksumProfile::kReference : ChecksumProfile::kSha256;
}

Result<std::string> digits_of(const AgentDefinition& definition, ChecksumProfile profile) {
  AJWT_ASSIGN(const std::string checksum, compute_agent_checksum(definition, profile));
  return std::string(checksum_digits(checksum));
}

// get_open_agent loads an agent that the profile is open for.
Result<DraftAgentRecords> get_open_agent(Store& store, const AppId& app_id,
                                         const AgentId& agent_id) {
  AJWT_ASSIGN(auto found, store.find_draft_agent(app_id, agent_id));
  if (!found || !found->agent.is_open()) {
    return refuse(Code::k_draft_agent_refused, agent_id.str());
  }
  return *std::move(found);
}

bool is_same(const DraftRegistration& registered, const DraftRegistrationRequest& request) {
  return registered.checksum == request.checksum && registered.profile == request.profile &&
         registered.claimed_key == request.claimed_key;
}

DraftRegistration build_draft_registration(const Exchange& exchange, const AppId& app_id,
                                           const DraftRegistrationRequest& request,
                                           const DraftAgentRecords& agent) {
  return DraftRegistration{
      .registration_id = RegistrationId::trusted(crypto::make_id("reg", exchange.now)),
      .app_id = app_id,
      .agent_id = agent.agent.agent_id,
      .version = agent.registration ? agent.registration->version + 1 : 1,
      .checksum = request.checksum,
      .profile = request.profile,
      .claimed_key = request.claimed_key,
      .registered_at = exchange.now};
}

// AgentBatch is what a registration of many will write and what it answers with.
struct AgentBatch {
  std::vector<DraftRegistration> fresh;
  std::vector<DraftRegistration> answers;
  std::vector<DraftAgentAsLoaded> basis;
};

Result<AgentBatch> prepare_agents(Exchange& exchange, const AppId& app_id,
                                  const std::vector<DraftRegistrationRequest>& requests) {
  AgentBatch batch;
  for (const auto& request : requests) {
    const AgentId& agent_id = request.agent_id;
    AJWT_ASSIGN(const auto agent, get_open_agent(exchange.context().store, app_id, agent_id));
    batch.basis.push_back(as_loaded(agent.agent));
    if (agent.registration && is_same(*agent.registration, request)) {
      batch.answers.push_back(*agent.registration);
      continue;
    }
    auto registration = build_draft_registration(exchange, app_id, request, agent);
    batch.fresh.push_back(registration);
    batch.answers.push_back(std::move(registration));
  }
  return batch;
}

Status check_no_agent_twice(const std::vector<DraftRegistrationRequest>& requests) {
  std::set<std::string> seen;
  for (const auto& request : requests) {
    if (seen.insert(request.agent_id.str()).second) continue;
    return refuse(Code::k_already_exists, request.agent_id.str() + " is in the batch twice.");
  }
  return ok();
}

// take_registration_budgets takes of every agent's budget or of none, but for a race.
Status take_registration_budgets(Exchange& exchange, const AppId& app_id,
                                 const std::vector<DraftRegistrationRequest>& requests) {
  auto& limits = exchange.context().limits;
  std::vector<std::string> buckets;
  for (const auto& request : requests) {
    buckets.push_back(draft_bucket(AgentName{app_id, request.agent_id}.str()));
    AJWT_TRY(limits.check(Limit::kAgentRegistration, buckets.back(), exchange.now));
  }
  for (const auto& bucket : buckets) {
    AJWT_TRY(limits.take(Limit::kAgentRegistration, bucket, exchange.now));
  }
  return ok();
}

json::Object registrations_facts(const std::vector<DraftRegistration>& registrations) {
  json::Array list;
  for (const auto& registration : registrations) {
    json::Object one;
    one.set(names::kSub, AgentName{registration.app_id, registration.agent_id}.str());
    one.set(names::kRegistrationId, registration.registration_id.str());
    one.set(names::kVersion, registration.version);
    one.set(names::kChecksum, registration.checksum);
    if (registration.claimed_key) {
      one.set("claimed_jkt", jose::thumbprint(*registration.claimed_key));
    }
    list.emplace_back(std::move(one));
  }
  json::Object facts;
  facts.set(names::kProfile, names::kDraft00);
  facts.set("registrations", std::move(list));
  return facts;
}

// check_step_agents notes the agents that the steps name in `basis`, each once.
Status check_step_agents(Store& store, const AppId& app_id, const Workflow& workflow,
                         std::vector<DraftAgentAsLoaded>& basis) {
  for (const auto& step : workflow.steps) {
    if (!step.agent_id) continue;
    const bool noted = std::any_of(basis.begin(), basis.end(), [&](const auto& agent) {
      return agent.agent_id == *step.agent_id;
    });
    if (noted) continue;
    const auto agent = get_open_agent(store, app_id, *step.agent_id);
    if (!agent && agent.error().code() == Code::k_draft_agent_refused) {
      return refuse(Code::k_workflow_agent_unknown, step.agent_id->str());
    }
    if (!agent) return agent.error();
    basis.push_back(as_loaded(agent->agent));
  }
  return ok();
}

// WorkflowBatch is to workflows what AgentBatch is to agents.
struct WorkflowBatch {
  std::vector<DraftWorkflow> fresh;
  std::vector<DraftWorkflow> answers;
  std::vector<DraftAgentAsLoaded> basis;
};

Result<WorkflowBatch> prepare_workflows(Exchange& exchange, const DraftCaller& caller,
                                        const std::vector<json::Object>& definitions) {
  Store& store = exchange.context().store;
  const AppId& app_id = caller.application().app_id;
  WorkflowBatch batch;
  for (const auto& definition : definitions) {
    AJWT_ASSIGN(auto workflow, parse_draft_workflow(definition));
    const WorkflowId id = workflow.workflow_id;
    const bool twice =
        std::any_of(batch.answers.begin(), batch.answers.end(),
                    [&](const auto& earlier) { return earlier.workflow.workflow_id == id; });
    if (twice) return refuse(Code::k_already_exists, id.str() + " is in the batch twice.");
    AJWT_ASSIGN(const auto known, store.find_draft_workflow(app_id, id));
    if (known && known->workflow != workflow) return refuse(Code::k_already_exists, id.str());
    if (known) {
      batch.answers.push_back(*known);
      continue;
    }
    AJWT_TRY(check_step_agents(store, app_id, workflow, batch.basis));
    batch.fresh.push_back(DraftWorkflow{.app_id = app_id,
                                        .definition = without_nulls(definition),
                                        .workflow = std::move(workflow),
                                        .registered_by = caller.client().client_id,
                                        .registered_at = exchange.now});
    batch.answers.push_back(batch.fresh.back());
  }
  return batch;
}

json::Object workflows_facts(const std::vector<DraftWorkflow>& workflows) {
  json::Array ids;
  for (const auto& one : workflows) ids.emplace_back(one.workflow.workflow_id.str());
  json::Object facts;
  facts.set(names::kProfile, names::kDraft00);
  facts.set("workflows", std::move(ids));
  return facts;
}

}  // namespace

Status check_takes_draft_agents(const Application& application) {
  if (application.activation == ActivationRule::kAtRegistration) return ok();
  return refuse(Code::k_not_supported, "The application asks for a separate activation.");
}

Status check_takes_draft_workflows(const Application& application) {
  if (application.workflow_confirmation == ConfirmationRule::kNone) return ok();
  return refuse(Code::k_not_supported, "The application asks for a second administrator.");
}

Result<DraftRegistrationRequest> parse_draft_registration(const json::Object& sent,
                                                          const AppId& own) {
  const json::Object body = without_nulls(sent);
  json::Members members(body);
  AJWT_ASSIGN(const auto app, members.find_string(names::kAppId));
  if (app && *app != own.str()) {
    return refuse(Code::k_client_unauthorized, "app_id is not the caller's application.");
  }
  AJWT_ASSIGN(const json::Object* components, members.get_object(names::kAgentComponents));
  AJWT_ASSIGN(const auto pem, members.find_string(names::kPublicKey));
  AJWT_TRY(members.check_no_others());
  std::optional<crypto::PublicKey> key;
  if (pem) {
    AJWT_ASSIGN(key, crypto::PublicKey::from_pem(*pem));
  }
  AJWT_ASSIGN(const auto definition, parse_agent_components(*components));
  AJWT_ASSIGN(auto agent_id, AgentId::parse(definition.agent_id));
  const ChecksumProfile profile = profile_for(definition);
  AJWT_ASSIGN(auto checksum, digits_of(definition, profile));
  return DraftRegistrationRequest{.agent_id = std::move(agent_id),
                                  .profile = profile,
                                  .checksum = std::move(checksum),
                                  .claimed_key = std::move(key)};
}

Result<std::vector<DraftRegistration>> register_draft_agents(
    Exchange& exchange, const DraftCaller& caller,
    const std::vector<DraftRegistrationRequest>& requests) {
  AJWT_TRY(check_batch(requests.size()));
  AJWT_TRY(check_takes_draft_agents(caller.application()));
  const AppId& app_id = caller.application().app_id;
  AJWT_TRY(check_no_agent_twice(requests));
  AJWT_TRY(take_registration_budgets(exchange, app_id, requests));
  return retry_on_change([&]() -> Result<std::vector<DraftRegistration>> {
    AJWT_ASSIGN(AgentBatch batch, prepare_agents(exchange, app_id, requests));
    if (batch.fresh.empty()) return std::move(batch.answers);
    AJWT_TRY(exchange.context().store.add_draft_registrations(
        batch.fresh, build_audit(app_id, exchange.decision_id, exchange.operation,
                                 caller.allowed(std::move(batch.basis)), exchange.now,
                                 registrations_facts(batch.fresh))));
    return std::move(batch.answers);
  });
}

Result<std::vector<DraftWorkflow>> register_draft_workflows(
    Exchange& exchange, const DraftCaller& caller, const std::vector<json::Object>& definitions) {
  AJWT_TRY(check_batch(definitions.size()));
  AJWT_TRY(check_takes_draft_workflows(caller.application()));
  return retry_on_change([&]() -> Result<std::vector<DraftWorkflow>> {
    AJWT_ASSIGN(WorkflowBatch batch, prepare_workflows(exchange, caller, definitions));
    if (batch.fresh.empty()) return std::move(batch.answers);
    AJWT_TRY(exchange.context().store.add_draft_workflows(
        batch.fresh, build_audit(caller.application().app_id, exchange.decision_id,
                                 exchange.operation, caller.allowed(std::move(batch.basis)),
                                 exchange.now, workflows_facts(batch.fresh))));
    return std::move(batch.answers);
  });
}

}  // namespace ajwt::authority
