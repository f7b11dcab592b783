// SPDX-License-Identifier: Apache-2.0
//
// Route policy: which token a request to the protected service needs. Read from a file into a
// json::Value by the application; checked and matched here.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "json/value.h"
#include "protocol/scope.h"

namespace ajwt::guard {

// ProofBinding: kBound demands the claims bd and qd (protocol 6.2). The weaker levels must be named
// by the route: kHead demands qd and is for forms of the guard that never see a body (a form that
// does sees to bd all the same); kRfc9449 demands neither.
enum class ProofBinding { kBound, kHead, kRfc9449 };

// TokenKind: kIntent takes intent tokens alone; kPlain takes an application's own token alone and
// must be named by the route (protocol 8).
enum class TokenKind { kIntent, kPlain };

// TokenProfile: kStrict takes tokens that are bound to a key; kDraft00 takes the bearer tokens of
// profile draft-00 alone and must be named by the route (protocol 5.3).
enum class TokenProfile { kStrict, kDraft00 };

// kDefaultMaxBodyBytes is how much of a body is read to judge it where the route says nothing;
// kLargestMaxBodyBytes is the most that a route may allow.
inline constexpr std::size_t kDefaultMaxBodyBytes = 256 * 1024;
inline constexpr std::size_t kLargestMaxBodyBytes = 64 * 1024 * 1024;

// Route is one row of the policy. Every requirement must hold.
struct Route {
  std::string method;  // "GET", ...
  std::string path;    // template: "/manifests/{name}", one segment per {}
  // Any of these: a workflow's id is unique within its application alone, so a route without one
  // would take the token of whoever registers a workflow of the same name.
  std::vector<AppId> apps;  // at least one
  Scopes scopes;            // at least one; the token needs all of them
  TokenProfile profile = TokenProfile::kStrict;
  TokenKind token = TokenKind::kIntent;
  std::optional<WorkflowId> workflow;  // intent routes: required, but in profile draft-00
  std::vector<StepId> steps;           // any of these; at least one where there is a workflow
  std::optional<std::string> tool;     // intent routes: required; never in profile draft-00
  ProofBinding proof = ProofBinding::kBound;
  std::size_t max_body_bytes = kDefaultMaxBodyBytes;  // of a body that is read to be judged
};

// Policy is a checked set of routes, matched by method and path. What no route names is refused.
class Policy {
 public:
  // parse reads {"route":[{method, path, app:[..], scope:[..], token?, workflow, step:[..], tool,
  // proof?, max_body?, profile?}, ..]}; app, step and scope may be one string; token is "intent"
  // (default) or "plain", proof "bound" (default), "head" or "rfc9449", profile "draft-00" or
  // absent. Refuses k_configuration_refused with the route's number and member: unknown members,
  // missing requirements, requirements of intent tokens on a plain route, a malformed template, and
  // two routes that a request could match both. The error's items hold one JSON pointer to the
  // place, so that the reader of a file can name its line.
  static Result<Policy> parse(const json::Object& policy);

  // known_members returns the names of everything that a route may say, for readers that suggest
  // the one that was meant.
  static std::span<const std::string_view> known_members();

  // find returns the route for a method and a percent-encoded path, or refuses k_route_unknown. A
  // template's parameter matches one non-empty segment that is not "." or ".."; nothing is decoded
  // or normalised, so the caller refuses paths that the service could read otherwise before it asks
  // here. The pointer lives as long as the policy.
  Result<const Route*> find(std::string_view method, std::string_view path) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  Policy(std::vector<Route> routes, std::vector<std::vector<std::string>> segments)
      : routes_(std::move(routes)), segments_(std::move(segments)) {}
  std::vector<Route> routes_;
  std::vector<std::vector<std::string>> segments_;  // of each route's path; "{}" is a parameter
};

}  // namespace ajwt::guard
