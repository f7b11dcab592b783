// SPDX-License-Identifier: Apache-2.0
//
// MintFacts: everything that the checks of a mint may look at, frozen before the first of them.
#pragma once

#include <string>
#include <vector>

#include "authority/mint/mint.h"

namespace ajwt::authority {

// MintFacts is made by build_facts. All references outlive the checks.
struct MintFacts {
  const AuthorityOptions& options;
  const Application& application;
  const MintRequest& request;
  const VerifiedProof& agent_proof;
  const MintRecords& records;
  Instant now;

  // Compared in constant time whether or not the agent exists, so that an unknown agent costs what
  // a wrong checksum costs (protocol 5). Meaningless without records.registration.
  bool checksum_matches;
  bool key_matches;

  const WorkflowStep* step;       // of the pinned workflow; null outside or unknown
  const StepRecord* step_record;  // of the execution; null likewise

  // What the authority's own record says of the past (P3), for a step within an execution.
  std::vector<const StepRecord*> done;        // every completed step, in order of completion
  std::vector<const StepRecord*> delegators;  // who handed the work here, farthest first
};

// build_facts derives the facts from what was loaded; it decides nothing.
MintFacts build_facts(const AuthorityOptions& options, const Application& application,
                      const MintRequest& request, const VerifiedProof& agent_proof,
                      const MintRecords& records, Instant now);

}  // namespace ajwt::authority
