// SPDX-License-Identifier: Apache-2.0
//
// The checks of `ajwt doctor`, as tables of pure functions over the evidence.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "apps/ajwt/doctor/evidence.h"
#include "apps/ajwt/doctor/finding.h"

namespace ajwt::app {

// AuthorityCheck, GuardCheck and PromiseCheck are rows: name, who demands it, rule.
struct AuthorityCheck {
  std::string_view name;
  std::string_view source;
  Judgement (*judge)(const AuthorityEvidence&);
};
struct GuardCheck {
  std::string_view name;
  std::string_view source;
  Judgement (*judge)(const GuardEvidence&, const AuthorityEvidence&);
};
struct PromiseCheck {
  std::string_view name;
  std::string_view source;
  Judgement (*judge)(const Evidence&, const std::vector<Finding>& found);
};

std::span<const AuthorityCheck> authority_checks();
std::span<const GuardCheck> guard_checks();
// promise_checks rest on what the other checks found.
std::span<const PromiseCheck> promise_checks();

// examine runs all of them, in order.
std::vector<Finding> examine(const Evidence& evidence);

// Judgements that authority and guard share.
//
// judge_clock compares an answer's Date with ours. A proof is taken from 60 s ago to 30 s ahead
// (protocol 6.1), so that is what a difference may be; half of it is a warning.
Judgement judge_clock(const Observed& observed);
// judge_certificate: the end of it is less than three weeks off: kWarn.
Judgement judge_certificate(std::string_view url,
                            const std::optional<Result<http::Certificate>>& certificate,
                            Instant now);
// judge_refusal: a request without a token is refused with 401, a DPoP challenge, a nonce, and is
// not to be stored.
Judgement judge_refusal(const Observed& observed);
Judgement judge_authorization(const Observed& observed);
Judgement judge_cache(const Doors& doors);
Judgement judge_path(const Observed& observed);
// unreachable is the judgement about a target that does not answer; no_answer that of every other
// check which would have needed its answer.
Judgement unreachable(const Observed& observed, std::string_view next);
Judgement no_answer(const Observed& observed, std::string_view next);
// is_health_elsewhere tells whether one of ours answered a health check with "not_found": it has
// its health at a management address, which is not for those who reach it here.
bool is_health_elsewhere(const Observed& health);
Judgement health_elsewhere();

}  // namespace ajwt::app
