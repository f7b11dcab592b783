// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/explain/explain.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "apps/ajwt/support/time_text.h"
#include "guard/checks.h"
#include "http/gate.h"
#include "jose/peek.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

constexpr Seconds kGuardSkew{60};  // a guard's, unless its file says otherwise

// authenticate verifies the token as of when it was issued, for whoever it is for: what is then
// wrong with time, issuer or audience is a cause among others.
Result<AccessToken> authenticate(const ExplainFacts& facts) {
  AJWT_ASSIGN(const json::Object claims, jose::peek_payload(facts.token, kMaxTokenBytes));
  const std::string issuer = claims.text(names::kIss);
  const std::string audience = claims.text(names::kAud);
  const std::int64_t* issued = claims.find_integer(names::kIat);
  const std::int64_t* not_before = claims.find_integer(names::kNbf);
  Instant then = facts.now;
  if (issued != nullptr) then = from_unix(std::max(*issued, not_before ? *not_before : *issued));
  return verify_access_token(facts.token,
                             {.issuer = issuer,
                              .audience = audience,
                              .algorithms = jose::AlgorithmSet::all(),
                              .skew = kGuardSkew},
                             facts.keys, then);
}

std::string spaced(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : " ") + item;
  return text;
}

template <class Id>
std::string ids_of(const std::vector<Id>& ids) {
  std::vector<std::string> texts;
  texts.reserve(ids.size());
  for (const Id& id : ids) texts.push_back(id.str());
  return spaced(texts);
}

// difference_of puts what the token has beside what the route demands.
std::string difference_of(std::string_view check, const AccessToken& token,
                          const guard::Route& route) {
  const auto differs = [](const std::string& has, const std::string& needs) {
    return "the token has " + (has.empty() ? "none" : has) + ", the route needs " + needs;
  };
  const IntentClaims::Step* step =
      token.intent && token.intent->step ? &*token.intent->step : nullptr;
  if (check == "token_kind") {
    return differs(token.is_intent_token() ? "an agent's intent" : "no intent",
                   route.token == guard::TokenKind::kIntent ? "an intent token"
                                                            : "an application's own token");
  }
  if (check == "subject_profile") {
    return differs(token.sub_profile.value_or(""), std::string(names::kAgent));
  }
  if (check == "application") return differs(token.client_id.str(), ids_of(route.apps));
  if (check == "scope") return differs(spaced(token.scope), spaced(route.scopes));
  if (check == "workflow") {
    return differs(step == nullptr ? "" : step->workflow_id.str(),
                   route.workflow ? route.workflow->str() : "none");
  }
  if (check == "step") {
    return differs(step == nullptr ? "" : step->workflow_step.str(), ids_of(route.steps));
  }
  if (check == "tool") return differs(token.tool.value_or(""), route.tool.value_or("none"));
  return {};
}

void judge_route(const AccessToken& token, const guard::Route& route, std::vector<Cause>& causes) {
  for (const auto& checks : {guard::token_checks(), guard::route_checks()}) {
    for (const guard::Check& check : checks) {
      const Status status = check.rule({.token = token, .route = route});
      if (status) continue;
      causes.push_back({std::string(check.name), status.error().code(),
                        difference_of(check.name, token, route)});
    }
  }
}

void judge_request(const ExplainFacts& facts, const AccessToken& token,
                   std::vector<Cause>& causes) {
  const RequestLine& request = *facts.request;
  const gateway::GuardOptions& guard = *facts.guard;
  if (!request.origin.empty() && request.origin != guard.public_url) {
    causes.push_back({"uri", Code::k_proof_uri_mismatch,
                      "the request is for " + request.origin + ", the guard takes proofs for " +
                          guard.public_url});
  }
  if (const Status path = http::check_path(request.path); !path) {
    causes.push_back({"path", path.error().code(), path.error().message()});
    return;
  }
  const auto route = guard.policy.find(request.method, request.path);
  if (!route) {
    causes.push_back({"route", route.error().code(),
                      "the policy names no " + request.method + " " + request.path});
    return;
  }
  judge_route(token, **route, causes);
}

void judge_time(const AccessToken& token, Seconds skew, Instant now, std::vector<Cause>& causes) {
  const Status status = check_token_time(token, skew, now);
  if (status) return;
  std::string differs = "it expired " + relative_text(token.exp, now);
  if (status.error().code() != Code::k_token_expired) {
    differs = "it begins " + relative_text(std::max(token.nbf, token.iat), now);
  }
  causes.push_back({"time", status.error().code(), differs});
}

std::vector<std::string> find_open_routes(const AccessToken& token, const guard::Policy& policy) {
  std::vector<std::string> open;
  for (const guard::Route& route : policy.routes()) {
    std::vector<Cause> causes;
    judge_route(token, route, causes);
    if (causes.empty()) open.push_back(route.method + " " + route.path);
  }
  return open;
}

}  // namespace

Result<Explanation> explain(const ExplainFacts& facts) {
  AJWT_ASSIGN(AccessToken token, authenticate(facts));
  Explanation explanation{.token = std::move(token), .causes = {}, .open_routes = {}};
  const AccessToken& verified = explanation.token;
  std::vector<Cause>& causes = explanation.causes;
  if (verified.iss != facts.issuer) {
    causes.push_back({"issuer", Code::k_issuer_mismatch,
                      "it is of " + verified.iss + ", expected is " + facts.issuer});
  }
  if (facts.guard != nullptr && verified.aud != facts.guard->audience) {
    causes.push_back({"audience", Code::k_audience_mismatch,
                      "it is for " + verified.aud + ", the guard is " + facts.guard->audience});
  }
  judge_time(verified, facts.guard != nullptr ? facts.guard->skew : kGuardSkew, facts.now, causes);
  if (facts.guard == nullptr) return explanation;
  explanation.open_routes = find_open_routes(verified, facts.guard->policy);
  if (facts.request != nullptr) judge_request(facts, verified, causes);
  return explanation;
}

}  // namespace ajwt::app
