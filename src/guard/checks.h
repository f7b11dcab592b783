// SPDX-License-Identifier: Apache-2.0
//
// The check table: what a route demands of a token beyond its being authentic. Names feed metrics
// and documents; a test walks the table and demands an accepted and a refused case of each row.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "guard/policy.h"
#include "protocol/access_token.h"
#include "protocol/draft_token.h"

namespace ajwt::guard {

// GuardFacts is everything that a check may look at, frozen.
struct GuardFacts {
  const AccessToken& token;
  const Route& route;
};

// Check is one row. Rules are pure and independent of one another: their order decides only which
// reason wins.
struct Check {
  std::string_view spec;
  std::string_view name;
  Status (*rule)(const GuardFacts&);
};

// token_checks run between token and proof: whether this kind of token is taken here at all.
std::span<const Check> token_checks();
// route_checks run after the proof: whether the token allows what the route demands.
std::span<const Check> route_checks();

// DraftFacts and DraftCheck are the same for a route and a token of profile draft-00.
struct DraftFacts {
  const DraftToken& token;
  const Route& route;
};
struct DraftCheck {
  std::string_view spec;
  std::string_view name;
  Status (*rule)(const DraftFacts&);
};

// draft_checks are all rules of a route of profile draft-00: an agent's token, application, scope,
// and workflow and step where the route names them (protocol 5.3).
std::span<const DraftCheck> draft_checks();

// run_checks returns the first refusal.
Status run_checks(std::span<const Check> checks, const GuardFacts& facts);
Status run_checks(std::span<const DraftCheck> checks, const DraftFacts& facts);

}  // namespace ajwt::guard
