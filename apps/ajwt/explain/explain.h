// SPDX-License-Identifier: Apache-2.0
//
// What a token permits, and why it would be refused now: by the verifier's own rules, each of them
// run by itself, so that one refusal does not hide the next.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "apps/ajwt/support/guard_input.h"
#include "base/clock.h"
#include "base/result.h"
#include "gateway/guard_options.h"
#include "jose/jwk.h"
#include "json/value.h"
#include "protocol/access_token.h"
#include "protocol/draft_token.h"

namespace ajwt::app {

// ExplainFacts is all that an explanation rests on. What the pointers show outlives the call.
struct ExplainFacts {
  std::string_view token;
  const jose::KeySet& keys;
  std::string issuer;                            // whose token it must be
  const gateway::GuardOptions* guard = nullptr;  // null: no guard's rules are applied
  const RequestLine* request = nullptr;          // only beside a guard
  Instant now;
};

// Cause is one rule that refuses, as the guard's answer would name it, and what differs.
struct Cause {
  std::string rule;  // "expiry", "scope": names of guard::Check where it is one of those
  Code code;
  std::string differs;
};

// ExplainedToken is a token of either profile.
using ExplainedToken = std::variant<AccessToken, DraftToken>;

struct Explanation {
  ExplainedToken token;  // verified: by a key of the issuer
  std::vector<Cause> causes;
  std::vector<std::string> open_routes;  // "POST /proposals": of the guard, that it opens
};

// explain refuses what verify_access_token, or for a token that calls itself one of profile
// draft-00 verify_draft_token, does for a token that no key of the issuer signed or that is
// malformed: such a token says nothing worth explaining. Everything else is a cause.
Result<Explanation> explain(const ExplainFacts& facts);

}  // namespace ajwt::app
