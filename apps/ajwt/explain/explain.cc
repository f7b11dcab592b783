// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/explain/explain.h"

#include <algorithm>
#include <span>
#include <type_traits>

#include "apps/ajwt/support/time_text.h"
#include "apps/ajwt/support/token_kind.h"
#include "guard/checks.h"
#include "http/gate.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

constexpr Seconds kGuardSkew{60};  // a guard's, unless its file says otherwise

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

// Named is what a token names of that which routes demand; empty where it names none.
struct Named {
  std::string kind;
  std::string sub_profile;
  std::string application;
  std::string scope;
  std::string workflow;
  std::string step;
  std::string tool;
};

template <class Token, class Step>
Named named_by(const Token& token, const Step* step, std::string_view kind) {
  Named named{.kind = std::string(kind),
              .sub_profile = {},
              .application = token.client_id.str(),
              .scope = spaced(token.scope),
              .workflow = {},
              .step = {},
              .tool = {}};
  if (step != nullptr) {
    named.workflow = step->workflow_id.str();
    named.step = step->workflow_step.str();
  }
  return named;
}

Named names_of(const AccessToken& token) {
  Named named = named_by(token, token.find_step(),
                         token.is_intent_token() ? "an agent's intent" : "no intent");
  named.sub_profile = token.sub_profile.value_or("");
  named.tool = token.tool.value_or("");
  return named;
}

Named names_of(const DraftToken& token) {
  return named_by(token, token.find_step(), token.agent ? "an agent's intent" : "no intent");
}

// difference_of puts what the token has beside what the route demands.
std::string difference_of(std::string_view check, const Named& token, const guard::Route& route) {
  const auto differs = [](const std::string& has, const std::string& needs) {
    return "the token has " + (has.empty() ? "none" : has) + ", the route needs " + needs;
  };
  if (check == "token_kind") {
    return differs(token.kind, route.token == guard::TokenKind::kIntent
                                   ? "an intent token"
                                   : "an application's own token");
  }
  if (check == "subject_profile") return differs(token.sub_profile, std::string(names::kAgent));
  if (check == "application") return differs(token.application, ids_of(route.apps));
  if (check == "scope") return differs(token.scope, spaced(route.scopes));
  if (check == "workflow") {
    return differs(token.workflow, route.workflow ? route.workflow->str() : "none");
  }
  if (check == "step") return differs(token.step, ids_of(route.steps));
  if (check == "tool") return differs(token.tool, route.tool.value_or("none"));
  return {};
}

// judge_checks runs each check of one table by itself.
template <class Check, class Token>
void judge_checks(std::span<const Check> checks, const Token& token, const guard::Route& route,
                  std::vector<Cause>& causes) {
  for (const Check& check : checks) {
    const Status status = check.rule({.token = token, .route = route});
    if (status) continue;
    causes.push_back({std::string(check.name), status.error().code(),
                      difference_of(check.name, names_of(token), route)});
  }
}

// A route of one profile looks at no more of the other's token than the scheme that it comes in.
void judge_route(const AccessToken& token, const guard::Route& route, std::vector<Cause>& causes) {
  if (route.profile == guard::TokenProfile::kDraft00) {
    causes.push_back({"scheme", Code::k_token_scheme_refused,
                      "the token is bound to a key, the route takes bearer tokens of profile "
                      "draft-00 alone"});
    return;
  }
  judge_checks(guard::token_checks(), token, route, causes);
  judge_checks(guard::route_checks(), token, route, causes);
}

void judge_route(const DraftToken& token, const guard::Route& route, std::vector<Cause>& causes) {
  if (route.profile != guard::TokenProfile::kDraft00) {
    causes.push_back({"scheme", Code::k_token_scheme_refused,
                      "it is a bearer token, the route does not name profile draft-00"});
    return;
  }
  judge_checks(guard::draft_checks(), token, route, causes);
}

template <class Token>
void judge_request(const ExplainFacts& facts, const Token& token, std::vector<Cause>& causes) {
  const RequestLine& request = *facts.request;
  const gateway::GuardOptions& guard = *facts.guard;
  // Without a proof nothing says which URL a request is for.
  constexpr bool kHasProof = std::is_same_v<Token, AccessToken>;
  if (kHasProof && !request.origin.empty() && request.origin != guard.public_url) {
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

template <class Token>
void judge_time(const Token& token, Seconds skew, Instant now, std::vector<Cause>& causes) {
  const Status status = check_token_time(token.iat, token.nbf, token.exp, skew, now);
  if (status) return;
  std::string differs = "it expired " + relative_text(token.exp, now);
  if (status.error().code() != Code::k_token_expired) {
    differs = "it begins " + relative_text(std::max(token.nbf, token.iat), now);
  }
  causes.push_back({"time", status.error().code(), differs});
}

template <class Token>
std::vector<std::string> find_open_routes(const Token& token, const guard::Policy& policy) {
  std::vector<std::string> open;
  for (const guard::Route& route : policy.routes()) {
    std::vector<Cause> causes;
    judge_route(token, route, causes);
    if (causes.empty()) open.push_back(route.method + " " + route.path);
  }
  return open;
}

template <class Token>
Explanation explain_token(const Token& token, const ExplainFacts& facts) {
  Explanation explanation{.token = token, .causes = {}, .open_routes = {}};
  std::vector<Cause>& causes = explanation.causes;
  if (token.iss != facts.issuer) {
    causes.push_back({"issuer", Code::k_issuer_mismatch,
                      "it is of " + token.iss + ", expected is " + facts.issuer});
  }
  if (facts.guard != nullptr && token.aud != facts.guard->audience) {
    causes.push_back({"audience", Code::k_audience_mismatch,
                      "it is for " + token.aud + ", the guard is " + facts.guard->audience});
  }
  judge_time(token, facts.guard != nullptr ? facts.guard->skew : kGuardSkew, facts.now, causes);
  if (facts.guard == nullptr) return explanation;
  explanation.open_routes = find_open_routes(token, facts.guard->policy);
  if (facts.request != nullptr) judge_request(facts, token, causes);
  return explanation;
}

}  // namespace

// The token is verified as of when it was issued, for whoever it is for: what is then wrong with
// time, issuer or audience is a cause among others.
Result<Explanation> explain(const ExplainFacts& facts) {
  AJWT_ASSIGN(const DecodedToken decoded, decode_token(facts.token));
  const json::Object& claims = decoded.claims;
  const std::string issuer = claims.text(names::kIss);
  const std::string audience = claims.text(names::kAud);
  const std::int64_t* issued = claims.find_integer(names::kIat);
  const std::int64_t* not_before = claims.find_integer(names::kNbf);
  Instant then = facts.now;
  if (issued != nullptr) then = from_unix(std::max(*issued, not_before ? *not_before : *issued));
  const TokenRules rules{.issuer = issuer,
                         .audience = audience,
                         .algorithms = jose::AlgorithmSet::all(),
                         .skew = kGuardSkew};
  if (decoded.is_draft()) {
    AJWT_ASSIGN(const DraftToken token, verify_draft_token(facts.token, rules, facts.keys, then));
    return explain_token(token, facts);
  }
  AJWT_ASSIGN(const AccessToken token, verify_access_token(facts.token, rules, facts.keys, then));
  return explain_token(token, facts);
}

}  // namespace ajwt::app
