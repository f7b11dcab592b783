// SPDX-License-Identifier: Apache-2.0
#include "authority/mint/facts.h"

#include <algorithm>

#include "base/bytes.h"

namespace ajwt::authority {
namespace {

// What an unknown agent's key is compared with; no real value looks like this. Its checksum is
// compared with as many of these characters as the request's has, whatever its profile.
constexpr std::string_view kNoThumbprint = "-------------------------------------------";

std::vector<const StepRecord*> completed_steps(const Execution& execution) {
  std::vector<const StepRecord*> done;
  for (const auto& record : execution.steps) {
    if (record.status == StepStatus::kDone) done.push_back(&record);
  }
  std::sort(done.begin(), done.end(),
            [](const auto* a, const auto* b) { return a->sequence < b->sequence; });
  return done;
}

// The chain of delegation, from the record: the agents that completed what this step rests on, in
// the order in which they first did, without the requester itself.
std::vector<const StepRecord*> chain_to(const Workflow& workflow, const WorkflowStep& step,
                                        const AgentId& requester,
                                        const std::vector<const StepRecord*>& done) {
  const auto needed = workflow.predecessors(step);
  std::vector<const StepRecord*> chain;
  for (const auto* record : done) {
    if (!record->agent_id || *record->agent_id == requester) continue;
    if (std::find(needed.begin(), needed.end(), record->step_id) == needed.end()) continue;
    const bool known = std::any_of(chain.begin(), chain.end(), [&](const auto* earlier) {
      return earlier->agent_id == record->agent_id;
    });
    if (!known) chain.push_back(record);
  }
  return chain;
}

}  // namespace

MintFacts build_facts(const AuthorityOptions& options, const Application& application,
                      const MintRequest& request, const VerifiedProof& agent_proof,
                      const MintRecords& records, Instant now) {
  const auto& registration = records.registration;
  const std::string no_checksum(request.computed_checksum.size(), '-');
  MintFacts facts{
      .options = options,
      .application = application,
      .request = request,
      .agent_proof = agent_proof,
      .records = records,
      .now = now,
      .checksum_matches = equal_constant_time(request.computed_checksum,
                                              registration ? registration->checksum : no_checksum),
      .key_matches =
          equal_constant_time(agent_proof.jkt(), registration ? registration->jkt : kNoThumbprint),
      .step = nullptr,
      .step_record = nullptr,
      .done = {},
      .delegators = {}};
  if (!request.within) return facts;
  if (records.workflow) facts.step = records.workflow->workflow.find(request.within->workflow_step);
  if (records.execution) {
    facts.step_record = records.execution->find(request.within->workflow_step);
    facts.done = completed_steps(*records.execution);
  }
  if (facts.step != nullptr && records.execution) {
    facts.delegators =
        chain_to(records.workflow->workflow, *facts.step, request.agent_id, facts.done);
  }
  return facts;
}

}  // namespace ajwt::authority
