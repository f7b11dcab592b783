// SPDX-License-Identifier: Apache-2.0
#include "authority/draft/mint.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "authority/draft/registry.h"
#include "authority/keys/key_ring.h"
#include "authority/oauth/rate_limiter.h"
#include "authority/retry.h"
#include "base/bytes.h"
#include "crypto/random.h"
#include "jose/jwk.h"
#include "protocol/digest.h"
#include "protocol/names.h"
#include "protocol/scope.h"
#include "protocol/subject.h"

namespace ajwt::authority {
namespace {

Status check_in_profile(const DraftMintFacts& facts) {
  if (facts.agent && facts.agent->agent.is_open() && facts.agent->registration) return ok();
  return refuse(Code::k_draft_agent_refused, facts.request.agent_id.str());
}

Status check_draft_checksum(const DraftMintFacts& facts) {
  return facts.checksum_matches ? ok() : refuse(Code::k_agent_checksum_mismatch);
}

// The application's setting decides whether workflows bind, here as everywhere (threats T8).
Status check_draft_workflow_rule(const DraftMintFacts& facts) {
  if (!facts.request.within && facts.application.workflow_rule == WorkflowRule::kRequired) {
    return refuse(Code::k_workflow_required);
  }
  return ok();
}

Status check_draft_workflow_known(const DraftMintFacts& facts) {
  if (facts.request.within && !facts.workflow) return refuse(Code::k_workflow_unknown);
  return ok();
}

Status check_draft_step_known(const DraftMintFacts& facts) {
  if (facts.request.within && facts.step == nullptr) {
    return refuse(Code::k_step_unknown, facts.request.within->workflow_step.str());
  }
  return ok();
}

// No person's yes is ever taken on a client's word: neither a gate nor what lies behind one.
Status check_no_approval(const DraftMintFacts& facts) {
  if (facts.step == nullptr) return ok();
  if (facts.step->approval_gate) return refuse(Code::k_step_is_gate);
  const Workflow& workflow = facts.workflow->workflow;
  std::set<std::string> seen;
  std::vector<const WorkflowStep*> open{facts.step};
  while (!open.empty()) {
    const WorkflowStep* step = open.back();
    open.pop_back();
    if (step->approval_gate || step->requires_approval) return refuse(Code::k_step_needs_approval);
    for (const StepId& before : workflow.predecessors(*step)) {
      if (seen.insert(before.str()).second) open.push_back(workflow.find(before));
    }
  }
  return ok();
}

// The reference clients name the step's agent beside the agent that asks; two names for one caller
// must be one (threats T7).
Status check_draft_step_agent(const DraftMintFacts& facts) {
  if (facts.step == nullptr) return ok();
  const auto& named = facts.request.within->step_agent;
  if (facts.step->agent_id != facts.request.agent_id ||
      (named && *named != facts.request.agent_id.str())) {
    return refuse(Code::k_step_agent_differs, facts.step->step_id.str());
  }
  return ok();
}

Status check_draft_step_tool(const DraftMintFacts& facts) {
  if (facts.step == nullptr || !facts.request.within->tool) return ok();
  if (facts.request.within->tool != facts.step->action) return refuse(Code::k_step_tool_differs);
  return ok();
}

// What is claimed is written down: so it is of this workflow, and each step once.
Status check_draft_claimed_steps(const DraftMintFacts& facts) {
  std::set<std::string> seen;
  for (const StepId& step : facts.request.claimed_completed_steps) {
    if (facts.workflow->workflow.find(step) == nullptr || !seen.insert(step.str()).second) {
      return refuse(Code::k_step_unknown, step.str());
    }
  }
  return ok();
}

Status check_draft_predecessors(const DraftMintFacts& facts) {
  if (facts.step == nullptr) return ok();
  const auto& done = facts.request.claimed_completed_steps;
  std::vector<std::string> missing;
  for (const auto& needed : facts.workflow->workflow.predecessors(*facts.step)) {
    if (std::find(done.begin(), done.end(), needed) == done.end()) missing.push_back(needed.str());
  }
  if (missing.empty()) return ok();
  return refuse(Code::k_step_predecessors_missing).with_items(std::move(missing));
}

Status check_draft_chain(const DraftMintFacts& facts) {
  return facts.chain_is_known ? ok() : refuse(Code::k_delegation_chain_differs);
}

Status check_draft_application_ceiling(const DraftMintFacts& facts) {
  const auto& audiences = facts.application.audiences;
  const auto& asked = facts.request.audience;
  if (asked == facts.options.issuer || asked == names::kDraftAudience ||
      std::find(audiences.begin(), audiences.end(), asked) == audiences.end()) {
    return refuse(Code::k_audience_exceeds_ceiling,
                  "The application may not ask for this audience.");
  }
  return ok();
}

// The draft's own example has steps without scopes: those state no ceiling, and the grant that an
// administrator set is the one there is.
Status check_draft_step_scopes(const DraftMintFacts& facts) {
  if (facts.step == nullptr || facts.step->scopes.empty()) return ok();
  for (const auto& scope : facts.request.requested_scopes) {
    if (!has_scope(facts.step->scopes, scope)) {
      return refuse(Code::k_scope_exceeds_ceiling, "Not the workflow step's: " + scope + ".")
          .with_items({scope});
    }
  }
  return ok();
}

// A grant of the profile names no tools, since its tokens name none.
Status check_draft_grant(const DraftMintFacts& facts) {
  const Permission asked{.audience = facts.request.audience,
                         .tool = std::nullopt,
                         .scopes = facts.request.requested_scopes};
  return check_within(asked, facts.agent->agent.grant, "the agent's grant");
}

constexpr auto kDraftMintChecks = std::to_array<DraftMintCheck>({
    {"protocol 5.3", "in_profile", check_in_profile},
    {"draft 4.3.1 (3)", "checksum", check_draft_checksum},
    {"protocol 5 (8)", "workflow_rule", check_draft_workflow_rule},
    {"draft 4.3.3 (1)", "workflow_known", check_draft_workflow_known},
    {"draft 4.3.3 (2)", "step_known", check_draft_step_known},
    {"protocol 5.3", "no_approval", check_no_approval},
    {"draft 4.5.5", "step_agent", check_draft_step_agent},
    {"protocol 5 (10)", "step_tool", check_draft_step_tool},
    {"draft 4.3.3 (3)", "claimed_steps", check_draft_claimed_steps},
    {"draft 4.3.3 (3)", "predecessors", check_draft_predecessors},
    {"draft 4.3.4", "chain", check_draft_chain},
    {"protocol 5 (11)", "application_ceiling", check_draft_application_ceiling},
    {"protocol 5 (11)", "step_scopes", check_draft_step_scopes},
    {"protocol 5 (11)", "grant", check_draft_grant},
});

// Compared with where there is no registration; as long as a checksum is.
constexpr std::string_view kNoDraftChecksum =
    "----------------------------------------------------------------";

// knows_chain tells whether every agent of the chain is of the profile, and notes them in `basis`.
Result<bool> knows_chain(Store& store, const AppId& app_id, const std::vector<AgentId>& chain,
                         std::vector<DraftAgentAsLoaded>& basis) {
  for (const auto& agent_id : chain) {
    AJWT_ASSIGN(const auto found, store.find_draft_agent(app_id, agent_id));
    if (!found || !found->agent.is_open()) return false;
    basis.push_back(as_loaded(found->agent));
  }
  return true;
}

template <class Id>
std::vector<std::string> texts_of(const std::vector<Id>& ids) {
  std::vector<std::string> texts;
  texts.reserve(ids.size());
  for (const Id& id : ids) texts.push_back(id.str());
  return texts;
}

// sequence_of is the draft's input of its hashes: what came before, then the present one.
template <class Id>
std::vector<std::string> sequence_of(const std::vector<Id>& before, const Id& last) {
  std::vector<std::string> texts = texts_of(before);
  if (before.empty() || before.back() != last) texts.push_back(last.str());
  return texts;
}

DraftToken build_draft_token(const DraftMintFacts& facts, Instant now) {
  const auto& request = facts.request;
  const auto& registration = *facts.agent->registration;
  DraftToken::Agent agent{
      .step = std::nullopt,
      .delegation_chain = draft_sequence_hash(sequence_of(request.claimed_chain, request.agent_id)),
      .step_sequence_hash = draft_sequence_hash(texts_of(request.claimed_completed_steps)),
      .registration_id = registration.registration_id,
      .agent_checksum = registration.checksum,
      .claimed_key = registration.claimed_key};
  if (request.within) {
    agent.step =
        DraftToken::Agent::Step{request.within->workflow_id, request.within->workflow_step};
    agent.step_sequence_hash = draft_sequence_hash(
        sequence_of(request.claimed_completed_steps, request.within->workflow_step));
  }
  return DraftToken{.iss = facts.options.issuer,
                    .aud = request.audience,
                    .sub = request.agent_id.str(),
                    .client_id = facts.application.app_id,
                    .iat = now,
                    .nbf = now,
                    .exp = now + facts.options.intent_token_lifetime,
                    .jti = crypto::random_token(names::kJtiBytes),
                    .scope = request.requested_scopes,
                    .agent = std::move(agent)};
}

// audit_facts has what the client claimed as well: no record of the authority's says it.
json::Object audit_facts(const DraftToken& token, const DraftMintRequest& request) {
  json::Object entry;
  entry.set(names::kProfile, names::kDraft00);
  entry.set(names::kSub, AgentName{token.client_id, AgentId::trusted(token.sub)}.str());
  entry.set(names::kRegistrationId, token.agent->registration_id.str());
  entry.set(names::kJti, token.jti);
  entry.set(names::kAud, token.aud);
  entry.set(names::kScope, join_scopes(token.scope));
  entry.set(names::kExp, to_unix(token.exp));
  if (token.agent->step) {
    entry.set(names::kWorkflowId, token.agent->step->workflow_id.str());
    entry.set(names::kWorkflowStep, token.agent->step->workflow_step.str());
  }
  if (token.agent->claimed_key) {
    entry.set("claimed_jkt", jose::thumbprint(*token.agent->claimed_key));
  }
  entry.set("claimed_chain", json::string_array(texts_of(request.claimed_chain)));
  entry.set("claimed_completed_steps",
            json::string_array(texts_of(request.claimed_completed_steps)));
  return entry;
}

Result<MintAnswer> attempt_draft(Exchange& exchange, const DraftCaller& caller,
                                 const DraftMintRequest& request) {
  Context& context = exchange.context();
  const Application& application = caller.application();
  AJWT_TRY(check_takes_draft_agents(application));
  if (request.within) AJWT_TRY(check_takes_draft_workflows(application));
  AJWT_ASSIGN(const auto agent,
              context.store.find_draft_agent(application.app_id, request.agent_id));
  std::optional<DraftWorkflow> workflow;
  if (request.within) {
    AJWT_ASSIGN(workflow,
                context.store.find_draft_workflow(application.app_id, request.within->workflow_id));
  }
  std::vector<DraftAgentAsLoaded> basis;
  AJWT_ASSIGN(const bool chain_is_known,
              knows_chain(context.store, application.app_id, request.claimed_chain, basis));
  const std::string_view registered = agent && agent->registration
                                          ? std::string_view(agent->registration->checksum)
                                          : kNoDraftChecksum;
  const DraftMintFacts facts{
      .options = context.options,
      .application = application,
      .request = request,
      .agent = agent,
      .workflow = workflow,
      .step = workflow ? workflow->workflow.find(request.within->workflow_step) : nullptr,
      .checksum_matches = equal_constant_time(request.computed_checksum, registered),
      .chain_is_known = chain_is_known};
  for (const auto& check : draft_mint_checks()) AJWT_TRY(check.rule(facts));

  const DraftToken token = build_draft_token(facts, exchange.now);
  AJWT_ASSIGN(std::string compact, issue_draft_verified(context, token));
  basis.push_back(as_loaded(agent->agent));
  AJWT_TRY(context.store.append_audit(
      build_audit(application.app_id, exchange.decision_id, exchange.operation,
                  caller.allowed(std::move(basis)), exchange.now, audit_facts(token, request))));
  return MintAnswer{.access_token = std::move(compact),
                    .expires_in = token.exp - token.iat,
                    .scope = token.scope};
}

// counts_as_failure: refusals for what the agent is or claims to be, by which a client could guess.
bool counts_as_failure(Code code) {
  return code == Code::k_draft_agent_refused || code == Code::k_agent_checksum_mismatch;
}

}  // namespace

std::span<const DraftMintCheck> draft_mint_checks() { return kDraftMintChecks; }

Result<MintAnswer> draft_mint(Exchange& exchange, const DraftCaller& caller,
                              const DraftMintRequest& request) {
  exchange.trace.subject = AgentName{caller.application().app_id, request.agent_id}.str();
  if (request.within) {
    exchange.trace.workflow_id = request.within->workflow_id.str();
    exchange.trace.workflow_step = request.within->workflow_step.str();
  }
  auto& limits = exchange.context().limits;
  // By client as well: one client's wrong guesses must not lock another one out.
  const std::string guesser =
      draft_bucket(exchange.trace.subject) + ":" + caller.client().client_id.str();
  AJWT_TRY(limits.check(Limit::kAgentFailures, guesser, exchange.now));
  AJWT_TRY(limits.take(Limit::kAgentMint, guesser, exchange.now));
  auto answer = retry_on_change([&] { return attempt_draft(exchange, caller, request); });
  if (!answer && counts_as_failure(answer.error().code())) {
    (void)limits.take(Limit::kAgentFailures, guesser, exchange.now);
  }
  return answer;
}

Result<std::string> issue_draft_verified(const Context& context, const DraftToken& token) {
  const auto signer = context.keys.active();
  AJWT_ASSIGN(std::string compact, issue_draft_token(token, signer.key, signer.kid));
  const TokenRules rules{.issuer = context.options.issuer,
                         .audience = token.aud,
                         .algorithms = jose::AlgorithmSet::all(),
                         .skew = Seconds(0)};
  auto verified = verify_draft_token(compact, rules, *context.keys.published(), token.iat);
  if (!verified) {
    return refuse(Code::k_internal_error)
        .with_detail("own token refused: " + std::string(verified.error().reason().name));
  }
  return compact;
}

}  // namespace ajwt::authority
