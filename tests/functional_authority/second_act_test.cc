// SPDX-License-Identifier: Apache-2.0
//
// What needs a second act before it counts: the activation of a registered version (protocol 3.2)
// and the confirmation of a workflow's version by a second administrator (protocol 4.1).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/check.h"
#include "json/parse.h"
#include "store/sqlite_store.h"
#include "tests/support/authority_fixture.h"
#include "tests/support/expect_reason.h"
#include "tests/support/matchers.h"
#include "tests/support/observed_store.h"
#include "tests/support/test_keys.h"

namespace ajwt {
namespace {

using testing::AuthorityFixture;
using testing::body_of;
using testing::ed25519_key;
using testing::expect_reason;
using testing::kAcme;
using testing::kTestApi;
using testing::MintDoor;
using testing::TestAgent;
using testing::TestClient;
using testing::text_of;

class SecondAct : public ::testing::Test {
 protected:
  explicit SecondAct(std::unique_ptr<authority::Store> store = nullptr)
      : fixture(std::move(store)) {}

  HttpResponse administer(const TestClient& who, std::string scope, std::string method,
                          std::string path, const json::Object& body = {}) {
    return fixture.call(fixture.token(who, scope), std::move(method), std::move(path), body);
  }
  void change_application(const json::Object& settings) {
    const auto changed =
        administer(fixture.administrator(), "admin:apps", "PATCH", "/admin/apps/acme", settings);
    ASSERT_EQ(changed.status, 200) << changed.body;
  }
  // second_administrator makes a client of another person.
  TestClient second_administrator() {
    const auto made =
        administer(fixture.administrator(), "admin:apps admin:workflows admin:agents", "POST",
                   "/admin/apps/acme/clients",
                   json::Object{{"client_id", "second"},
                                {"scope", "admin:workflows admin:agents"},
                                {"token_endpoint_auth_method", "client_secret_basic"}});
    AJWT_CHECK(made.status == 201);
    return TestClient{"second", text_of(made, "client_secret"), std::nullopt};
  }
  HttpResponse activate(std::string_view agent, std::string_view registration_id) {
    return administer(fixture.administrator(), "admin:agents", "POST",
                      "/admin/agents/acme/" + std::string(agent) + "/activate",
                      json::Object{{"registration_id", registration_id}});
  }
  HttpResponse mint(const TestAgent& agent) {
    return fixture.mint(fixture.mint_spec(agent, fixture.open_execution()), MintDoor::kJson, agent);
  }
  // next returns the planner with another prompt, under the key that it has.
  TestAgent next(std::string prompt = "You plan otherwise.") {
    TestAgent changed = AuthorityFixture::agent("planner", std::move(prompt), 1);
    changed.key = fixture.planner().key;
    return changed;
  }
  // change_key registers a version of the planner under another key, with a proof of the old one.
  HttpResponse change_key(const TestAgent& changed) {
    HttpRequest request = AuthorityFixture::json("POST", "/intent/register/agent",
                                                 AuthorityFixture::registration(kAcme, changed));
    fixture.authenticate(request, fixture.registrar());
    fixture.add_key_proof(request, fixture.planner().key, changed.key);
    fixture.prove(request, changed.key);
    return fixture.handle(request);
  }
  // one_step is the workflow `audit` of one step.
  static json::Object one_step(std::string_view step, std::string_view agent_id,
                               std::string_view scope = "manifest:read") {
    return json::Object{{"workflow_id", "audit"},
                        {"steps", json::Object{{step, json::Object{{"agent_id", agent_id},
                                                                   {"action", "read_manifest"},
                                                                   {"scopes", json::Array{scope}},
                                                                   {"audience", kTestApi}}}}}};
  }
  HttpResponse register_workflow(const json::Object& workflow) {
    HttpRequest request = AuthorityFixture::json("POST", "/intent/register/workflow", workflow);
    fixture.authenticate(request, fixture.registrar());
    fixture.prove(request, fixture.planner().key);
    return fixture.handle(request);
  }
  HttpResponse confirm(const TestClient& who, std::string_view id, std::int64_t version) {
    return administer(who, "admin:workflows", "POST",
                      "/admin/workflows/acme/" + std::string(id) + "/confirm",
                      json::Object{{"version", version}});
  }
  HttpResponse open_execution(std::string_view id, std::optional<std::int64_t> version = {}) {
    json::Object body{{"workflow_id", id}};
    if (version) body.set("workflow_version", *version);
    HttpRequest request = AuthorityFixture::json("POST", "/intent/executions", body);
    fixture.authenticate(request, fixture.fleet());
    fixture.prove(request, fixture.planner().key);
    return fixture.handle(request);
  }

  AuthorityFixture fixture;
};

TEST_F(SecondAct, AVersionThatNobodyActivatedMintsNothing) {
  change_application({{"activation", "separate"}});
  const TestAgent agent = AuthorityFixture::agent("reviewer", "You review.", 60);
  const auto registered = fixture.register_agent(fixture.registrar(), kAcme, agent);
  ASSERT_EQ(registered.status, 201);
  EXPECT_EQ(text_of(registered, "status"), "inactive");
  expect_reason(mint(agent), 401, "agent_inactive");
  EXPECT_EQ(body_of(mint(agent)).find("error")->as_string(), "unknown_agent");

  const auto activated = activate("reviewer", text_of(registered, "registration_id"));
  ASSERT_EQ(activated.status, 200) << activated.body;
  EXPECT_EQ(text_of(activated, "status"), "registered");
  expect_reason(mint(agent), 403, "step_agent_differs");
  EXPECT_EQ(activate("reviewer", text_of(registered, "registration_id")).status, 200)
      << "what acts already is returned as it is";
}

TEST_F(SecondAct, TheOldVersionActsUntilThen) {
  change_application({{"activation", "separate"}});
  const TestAgent changed = next();
  const auto registered = fixture.register_agent(fixture.registrar(), kAcme, changed);
  ASSERT_EQ(registered.status, 201) << registered.body;

  EXPECT_EQ(mint(fixture.planner()).status, 200);
  expect_reason(mint(changed), 401, "agent_checksum_mismatch");
  ASSERT_EQ(activate("planner", text_of(registered, "registration_id")).status, 200);
  EXPECT_EQ(mint(changed).status, 200) << "with the grant of the version before";
  expect_reason(mint(fixture.planner()), 401, "agent_checksum_mismatch");
}

TEST_F(SecondAct, NobodyActivatesWhatWasRegisteredAfterTheyLooked) {
  change_application({{"activation", "separate"}});
  const auto seen = fixture.register_agent(fixture.registrar(), kAcme, next("first"));
  const auto later = fixture.register_agent(fixture.registrar(), kAcme, next("second"));
  ASSERT_EQ(later.status, 201) << later.body;
  expect_reason(activate("planner", text_of(seen, "registration_id")), 409,
                "registration_superseded");
  EXPECT_EQ(activate("planner", text_of(later, "registration_id")).status, 200);
}

TEST_F(SecondAct, WhoRegistersCannotActivate) {
  change_application({{"activation", "separate"}});
  const auto registered = fixture.register_agent(fixture.registrar(), kAcme, next());
  expect_reason(
      administer(fixture.registrar(), "register:intent", "POST",
                 "/admin/agents/acme/planner/activate",
                 json::Object{{"registration_id", text_of(registered, "registration_id")}}),
      403, "token_insufficient_scope");
}

// A key change is judged against the key that acts, not against one that nobody has activated.
TEST_F(SecondAct, AWaitingKeyDecidesNothing) {
  change_application({{"activation", "separate"}});
  TestAgent changed = next();
  changed.key = ed25519_key(61);
  ASSERT_EQ(change_key(changed).status, 201);

  TestAgent third = next("third");
  third.key = changed.key;
  expect_reason(fixture.register_agent(fixture.registrar(), kAcme, third), 409, "duplicate_agent");
  EXPECT_EQ(fixture.register_agent(fixture.registrar(), kAcme, next("fourth")).status, 201);
}

// Instances of the version that acts register themselves at each start.
TEST_F(SecondAct, ARepeatOfWhatActsLeavesWhatWaits) {
  change_application({{"activation", "separate"}});
  const auto waiting = fixture.register_agent(fixture.registrar(), kAcme, next());
  ASSERT_EQ(waiting.status, 201);
  const auto repeated = fixture.register_agent(fixture.registrar(), kAcme, fixture.planner());
  ASSERT_EQ(repeated.status, 200) << repeated.body;
  EXPECT_NE(text_of(repeated, "registration_id"), text_of(waiting, "registration_id"));
  EXPECT_EQ(text_of(repeated, "status"), "registered");
  EXPECT_EQ(activate("planner", text_of(waiting, "registration_id")).status, 200);
}

TEST_F(SecondAct, ARepeatedKeyChangeIsTheOneThatWaits) {
  change_application({{"activation", "separate"}});
  TestAgent changed = next();
  changed.key = ed25519_key(61);
  const auto first = change_key(changed);
  ASSERT_EQ(first.status, 201) << first.body;

  const auto repeated = fixture.register_agent(fixture.registrar(), kAcme, changed);
  EXPECT_EQ(repeated.status, 200) << repeated.body;
  EXPECT_EQ(text_of(repeated, "registration_id"), text_of(first, "registration_id"));
  EXPECT_EQ(text_of(repeated, "status"), "inactive");
}

TEST_F(SecondAct, WhatIsRevokedIsNotRegisteredAgain) {
  change_application({{"activation", "separate"}});
  ASSERT_EQ(fixture.register_agent(fixture.registrar(), kAcme, next()).status, 201);
  ASSERT_EQ(administer(fixture.administrator(), "admin:agents", "POST",
                       "/admin/agents/acme/planner/revoke")
                .status,
            200);
  for (const TestAgent& again : {fixture.planner(), next(), next("third")}) {
    expect_reason(fixture.register_agent(fixture.registrar(), kAcme, again), 409,
                  "registration_revoked");
  }
}

TEST_F(SecondAct, RevocationReachesWhatWaits) {
  change_application({{"activation", "separate"}});
  const auto registered = fixture.register_agent(fixture.registrar(), kAcme, next());
  ASSERT_EQ(administer(fixture.administrator(), "admin:agents", "POST",
                       "/admin/agents/acme/planner/revoke")
                .status,
            200);
  expect_reason(activate("planner", text_of(registered, "registration_id")), 409,
                "registration_revoked");
  expect_reason(mint(fixture.planner()), 401, "agent_revoked");
}

TEST_F(SecondAct, AChangedGrantIsTheOneThatIsInherited) {
  change_application({{"activation", "separate"}});
  const TestAgent changed = next();
  const auto registered = fixture.register_agent(fixture.registrar(), kAcme, changed);
  ASSERT_EQ(administer(fixture.administrator(), "admin:agents", "PUT",
                       "/admin/agents/acme/planner/grant", json::Object{{"grant", json::Array{}}})
                .status,
            200);
  ASSERT_EQ(activate("planner", text_of(registered, "registration_id")).status, 200);
  expect_reason(mint(changed), 400, "audience_exceeds_ceiling");
}

TEST_F(SecondAct, AnUnconfirmedWorkflowRunsNowhere) {
  change_application({{"workflow_confirmation", "second_administrator"}});
  const auto registered = register_workflow(one_step("one", "planner"));
  ASSERT_EQ(registered.status, 201) << registered.body;
  EXPECT_EQ(text_of(registered, "status"), "unconfirmed");
  expect_reason(open_execution("audit"), 403, "workflow_unconfirmed");
  expect_reason(open_execution("audit", 1), 403, "workflow_unconfirmed");
  EXPECT_EQ(open_execution(testing::kTestWorkflow).status, 201) << "registered before";

  const TestClient second = second_administrator();
  const auto confirmed = confirm(second, "audit", 1);
  ASSERT_EQ(confirmed.status, 200) << confirmed.body;
  EXPECT_EQ(text_of(confirmed, "confirmed_by"), "second");
  EXPECT_EQ(text_of(confirmed, "registered_by"), fixture.registrar().client_id);
  EXPECT_EQ(open_execution("audit").status, 201);
}

TEST_F(SecondAct, ARunningVersionStaysTheNewestUntilTheNextIsConfirmed) {
  ASSERT_EQ(register_workflow(one_step("one", "planner")).status, 201);
  change_application({{"workflow_confirmation", "second_administrator"}});
  ASSERT_EQ(register_workflow(one_step("one", "planner", "manifest:list")).status, 400)
      << "beyond the grant";
  // Another definition within the grant.
  ASSERT_EQ(register_workflow(one_step("two", "planner")).status, 201);

  EXPECT_EQ(*body_of(open_execution("audit")).find("workflow_version"), json::Value(1));
  expect_reason(open_execution("audit", 2), 403, "workflow_unconfirmed");
  ASSERT_EQ(confirm(second_administrator(), "audit", 2).status, 200);
  EXPECT_EQ(*body_of(open_execution("audit")).find("workflow_version"), json::Value(2));
}

TEST_F(SecondAct, ARepeatOfTheRunningVersionLeavesTheOneThatWaits) {
  ASSERT_EQ(register_workflow(one_step("one", "planner")).status, 201);
  change_application({{"workflow_confirmation", "second_administrator"}});
  ASSERT_EQ(register_workflow(one_step("two", "planner")).status, 201);
  const auto repeated = register_workflow(one_step("one", "planner"));
  EXPECT_EQ(repeated.status, 200) << repeated.body;
  ASSERT_TRUE(body_of(repeated).contains("version")) << repeated.body;
  EXPECT_EQ(*body_of(repeated).find("version"), json::Value(1));
  EXPECT_EQ(register_workflow(one_step("two", "planner")).status, 200);
  EXPECT_EQ(confirm(second_administrator(), "audit", 2).status, 200);
}

TEST_F(SecondAct, NobodyConfirmsTheirOwnVersion) {
  change_application({{"workflow_confirmation", "second_administrator"}});
  const TestClient second = second_administrator();
  const auto token = fixture.token(second, "admin:workflows");
  json::Object workflow = one_step("one", "planner");
  workflow.set("app_id", kAcme);
  const auto registered = fixture.call(token, "POST", "/intent/register/workflow", workflow);
  ASSERT_EQ(registered.status, 201) << registered.body;
  expect_reason(confirm(second, "audit", 1), 403, "second_administrator_needed");
  expect_reason(open_execution("audit"), 403, "workflow_unconfirmed");
  EXPECT_EQ(confirm(fixture.administrator(), "audit", 1).status, 200);
}

// Switching the setting off makes no version usable that waits.
TEST_F(SecondAct, TheSettingOfThenDecides) {
  change_application({{"workflow_confirmation", "second_administrator"}});
  ASSERT_EQ(register_workflow(one_step("one", "planner")).status, 201);
  change_application({{"workflow_confirmation", "none"}});
  expect_reason(open_execution("audit"), 403, "workflow_unconfirmed");
}

// What waits must not narrow or widen anybody: the grant is frozen by the confirmation.
TEST_F(SecondAct, AWaitingWorkflowFreezesNoGrant) {
  const TestAgent agent = AuthorityFixture::agent("reviewer", "You review.", 62);
  ASSERT_EQ(fixture.register_agent(fixture.registrar(), kAcme, agent).status, 201);
  change_application({{"workflow_confirmation", "second_administrator"}});
  ASSERT_EQ(register_workflow(one_step("one", "reviewer")).status, 201);
  const auto grant_of = [&] {
    return (**fixture.store().find_registration(AppId::trusted("acme"),
                                                AgentId::trusted("reviewer")))
        .grant;
  };
  EXPECT_EQ(grant_of(), std::nullopt);
  ASSERT_EQ(confirm(second_administrator(), "audit", 1).status, 200);
  ASSERT_TRUE(grant_of().has_value());
  EXPECT_EQ(grant_of()->size(), 1U);
}

}  // namespace
}  // namespace ajwt
