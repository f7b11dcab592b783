// SPDX-License-Identifier: Apache-2.0
#include "guard/checks.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/guarded_request.h"
#include "tests/support/matchers.h"

namespace ajwt::guard {
namespace {

using testing::intent_claims;
using testing::intent_route;
using testing::key_of;
using testing::plain_claims;
using testing::plain_route;

// Case changes an accepted pair of token and route into what a row refuses, or into another pair
// that it accepts.
struct Case {
  std::string_view what;
  std::function<void(AccessToken&, Route&)> change;
  std::optional<Code> refused;
};

const std::multimap<std::string_view, Case>& cases() {
  static const std::multimap<std::string_view, Case> kCases = {
      {"token_kind", {"intent token, intent route", [](auto&, auto&) {}, std::nullopt}},
      {"token_kind",
       {"plain token, plain route",
        [](AccessToken& token, Route& route) {
          token = plain_claims(key_of(2));
          route = plain_route();
        },
        std::nullopt}},
      {"token_kind",
       {"plain token, intent route",
        [](AccessToken& token, Route&) { token = plain_claims(key_of(2)); },
        Code::k_intent_missing}},
      {"token_kind",
       {"intent without agent proof", [](AccessToken& token, Route&) { token.agent_proof.reset(); },
        Code::k_intent_missing}},
      {"token_kind",
       {"intent token, plain route", [](AccessToken&, Route& route) { route = plain_route(); },
        Code::k_intent_refused}},
      {"subject_profile", {"agent", [](auto&, auto&) {}, std::nullopt}},
      {"subject_profile",
       {"user", [](AccessToken& token, Route&) { token.sub_profile = "user"; },
        Code::k_subject_profile_refused}},
      {"subject_profile",
       {"none", [](AccessToken& token, Route&) { token.sub_profile.reset(); },
        Code::k_subject_profile_refused}},
      {"application", {"the same", [](auto&, auto&) {}, std::nullopt}},
      {"application",
       {"one of several",
        [](AccessToken&, Route& route) {
          route.apps.insert(route.apps.begin(), AppId::trusted("globex"));
        },
        std::nullopt}},
      {"application",
       {"another with a workflow of the same name",
        [](AccessToken& token, Route&) { token.client_id = AppId::trusted("globex"); },
        Code::k_application_refused}},
      {"application",
       {"a route without", [](AccessToken&, Route& route) { route.apps.clear(); },
        Code::k_application_refused}},
      {"scope", {"has it beside another", [](auto&, auto&) {}, std::nullopt}},
      {"scope",
       {"has all of several",
        [](AccessToken&, Route& route) {
          route.scopes = {"manifest:write", "manifest:read"};
        },
        std::nullopt}},
      {"scope",
       {"lacks one of several",
        [](AccessToken&, Route& route) {
          route.scopes = {"manifest:read", "manifest:delete"};
        },
        Code::k_scope_insufficient}},
      {"scope",
       {"another case", [](AccessToken& token, Route&) { token.scope = {"Manifest:Write"}; },
        Code::k_scope_insufficient}},
      {"scope",
       {"a longer one", [](AccessToken& token, Route&) { token.scope = {"manifest:write2"}; },
        Code::k_scope_insufficient}},
      {"scope",
       {"a shorter one", [](AccessToken& token, Route&) { token.scope = {"manifest:writ"}; },
        Code::k_scope_insufficient}},
      {"scope",
       {"a pattern",
        [](AccessToken& token, Route&) {
          token.scope = {"manifest:*", "*"};
        },
        Code::k_scope_insufficient}},
      {"scope",
       {"two in one text",
        [](AccessToken& token, Route&) { token.scope = {"manifest:read manifest:write"}; },
        Code::k_scope_insufficient}},
      {"scope",
       {"a route without scope", [](AccessToken&, Route& route) { route.scopes.clear(); },
        Code::k_scope_insufficient}},
      {"workflow", {"the same", [](auto&, auto&) {}, std::nullopt}},
      {"workflow",
       {"another",
        [](AccessToken& token, Route&) {
          token.intent->step->workflow_id = WorkflowId::trusted("Patch");
        },
        Code::k_workflow_refused}},
      {"workflow",
       {"a token outside any", [](AccessToken& token, Route&) { token.intent->step.reset(); },
        Code::k_workflow_refused}},
      {"workflow",
       {"a route without", [](AccessToken&, Route& route) { route.workflow.reset(); },
        Code::k_workflow_refused}},
      {"step", {"the same", [](auto&, auto&) {}, std::nullopt}},
      {"step",
       {"one of several",
        [](AccessToken&, Route& route) {
          route.steps = {StepId::trusted("plan"), StepId::trusted("apply")};
        },
        std::nullopt}},
      {"step",
       {"another",
        [](AccessToken& token, Route&) {
          token.intent->step->workflow_step = StepId::trusted("apply2");
        },
        Code::k_step_refused}},
      {"step",
       {"a token outside any", [](AccessToken& token, Route&) { token.intent->step.reset(); },
        Code::k_step_refused}},
      {"step",
       {"a route without", [](AccessToken&, Route& route) { route.steps.clear(); },
        Code::k_step_refused}},
      {"tool", {"the same", [](auto&, auto&) {}, std::nullopt}},
      {"tool",
       {"another", [](AccessToken& token, Route&) { token.tool = "Apply_patch"; },
        Code::k_tool_refused}},
      {"tool",
       {"a token without", [](AccessToken& token, Route&) { token.tool.reset(); },
        Code::k_tool_refused}},
      {"tool",
       {"a route without", [](AccessToken&, Route& route) { route.tool.reset(); },
        Code::k_tool_refused}},
      {"tool",
       {"neither has one",
        [](AccessToken& token, Route& route) {
          token.tool.reset();
          route.tool.reset();
        },
        Code::k_tool_refused}},
  };
  return kCases;
}

std::vector<Check> all_checks() {
  std::vector<Check> all(token_checks().begin(), token_checks().end());
  all.insert(all.end(), route_checks().begin(), route_checks().end());
  return all;
}

TEST(GuardChecks, EveryRowHasAnAcceptedAndARefusedCase) {
  std::set<std::string_view> names;
  for (const Check& check : all_checks()) {
    EXPECT_TRUE(names.insert(check.name).second) << check.name << " stands twice";
    EXPECT_FALSE(check.spec.empty()) << check.name;
    int accepted = 0;
    int refused = 0;
    const auto [begin, end] = cases().equal_range(check.name);
    for (auto it = begin; it != end; ++it) ++(it->second.refused ? refused : accepted);
    EXPECT_GT(accepted, 0) << check.name;
    EXPECT_GT(refused, 0) << check.name;
  }
  for (const auto& [name, c] : cases()) EXPECT_TRUE(names.contains(name)) << name;
}

TEST(GuardChecks, RowsAcceptAndRefuseAsTheirCasesSay) {
  for (const Check& check : all_checks()) {
    const auto [begin, end] = cases().equal_range(check.name);
    for (auto it = begin; it != end; ++it) {
      const Case& c = it->second;
      AccessToken token = intent_claims(key_of(2));
      Route route = intent_route();
      c.change(token, route);

      const Status status = check.rule(GuardFacts{.token = token, .route = route});

      if (c.refused) {
        EXPECT_THAT(status, RefusedWith(*c.refused)) << check.name << ": " << c.what;
      } else {
        EXPECT_THAT(status, IsOk()) << check.name << ": " << c.what;
      }
    }
  }
}

TEST(GuardChecks, APlainTokenPassesEveryRowOfAPlainRoute) {
  const AccessToken token = plain_claims(key_of(2));
  const Route route = plain_route();
  const GuardFacts facts{.token = token, .route = route};

  EXPECT_THAT(run_checks(token_checks(), facts), IsOk());
  EXPECT_THAT(run_checks(route_checks(), facts), IsOk());
}

TEST(GuardChecks, TheFirstRowThatRefusesNamesTheReason) {
  AccessToken token = intent_claims(key_of(2));
  token.scope = {"other"};
  token.tool = "other";
  const Route route = intent_route();

  EXPECT_THAT(run_checks(route_checks(), GuardFacts{.token = token, .route = route}),
              RefusedWith(Code::k_scope_insufficient));
}

TEST(GuardChecks, AMissingScopeIsNamed) {
  AccessToken token = intent_claims(key_of(2));
  token.scope = {"other"};
  const Route route = intent_route();

  const Status status = run_checks(route_checks(), GuardFacts{.token = token, .route = route});

  ASSERT_THAT(status, RefusedWith(Code::k_scope_insufficient));
  EXPECT_THAT(status.error().items(), ::testing::ElementsAre("manifest:write"));
}

}  // namespace
}  // namespace ajwt::guard
