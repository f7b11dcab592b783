// SPDX-License-Identifier: Apache-2.0
//
// Profile draft-00 (protocol 5.3): what reference clients send works where an administrator set it
// so, and nowhere else: no request can ask for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "jose/base64url.h"
#include "jose/jwk.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/draft_token.h"
#include "protocol/names.h"
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
using ::testing::ElementsAre;
using testing::expect_reason;
using testing::MintDoor;
using ::testing::Not;
using testing::ObservedStore;
using testing::TestAgent;
using testing::TestToken;
using testing::text_of;

constexpr std::string_view kListing = R"json({"app_id":"acme","agent_components":{
    "agent_id":"old","prompt_template":"p",
    "tools":[{"name":"t","description":"d","signature":"()"}],
    "configuration":{}},"public_key":null})json";

json::Object parsed(std::string_view text) {
  auto object = json::parse_object(text);
  AJWT_CHECK(object.has_value());
  return *std::move(object);
}

json::Object grant_of(const std::vector<std::string>& scopes) {
  return {{"grant", json::Array{json::Object{{"audience", "https://api.example"},
                                             {"scopes", json::string_array(scopes)}}}}};
}

json::Object payload_of(std::string_view token) {
  const auto first = token.find('.');
  const auto payload =
      jose::decode_base64url(token.substr(first + 1, token.rfind('.') - first - 1));
  AJWT_CHECK(payload.has_value());
  return parsed(as_text(*payload));
}

class Draft : public ::testing::Test {
 protected:
  explicit Draft(authority::AuthorityOptions options = AuthorityFixture::default_options())
      : store(new ObservedStore(*store::SqliteStore::open_in_memory())),
        fixture(std::unique_ptr<authority::Store>(store), std::move(options)) {
    secrets["draft-registrar"] =
        create_client("draft-registrar", "register:intent register:workflow");
    secrets["draft-fleet"] = create_client("draft-fleet", "generate:intent-token read:agents");
  }

  HttpResponse administer(std::string scope, std::string method, std::string path,
                          const json::Object& body = {}) {
    return fixture.call(fixture.token(fixture.administrator(), scope), std::move(method),
                        std::move(path), body);
  }
  std::string create_client(const std::string& id, const std::string& scope) {
    const auto made = administer("admin:apps", "POST", "/admin/draft-00/acme/clients",
                                 json::Object{{"client_id", id}, {"scope", scope}});
    EXPECT_EQ(made.status, 201) << made.body;
    return text_of(made, "client_secret");
  }
  void set_agent(const std::string& id) {
    const auto set = administer("admin:agents", "PUT", "/admin/draft-00/acme/agents/" + id,
                                grant_of({"manifest:read", "manifest:write"}));
    ASSERT_EQ(set.status, 200) << set.body;
  }
  HttpResponse secret_token(const std::string& client, const std::string& secret,
                            const std::string& scope) {
    return fixture.handle(
        AuthorityFixture::form("/oauth/token", {{"grant_type", "client_credentials"},
                                                {"client_id", client},
                                                {"client_secret", secret},
                                                {"scope", scope}}));
  }
  std::string bearer(const std::string& client, const std::string& scope) {
    const auto answer = secret_token(client, secrets.at(client), scope);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return text_of(answer, "access_token");
  }
  HttpResponse send(const std::string& token, std::string method, std::string path,
                    const json::Object& body) {
    HttpRequest request = AuthorityFixture::json(std::move(method), std::move(path), body);
    request.headers.set("Authorization", "Bearer " + token);
    return fixture.handle(request);
  }
  // registered sets the agent "old" to the profile, registers it and returns its checksum.
  std::string registered() {
    set_agent("old");
    const auto answer = send(bearer("draft-registrar", "register:intent"), "POST",
                             "/intent/register/agent", parsed(kListing));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return text_of(answer, "checksum");
  }
  static json::Object mint_body(const std::string& agent, const std::string& checksum) {
    return {{"grant_type", "agent_checksum"},
            {"agent_id", agent},
            {"computed_checksum", checksum},
            {"requested_scopes", json::Array{"manifest:read"}},
            {"audience", "https://api.example"}};
  }
  // one_step is the workflow w of the agent "old".
  static json::Object one_step(std::string_view action) {
    return {
        {"workflow_id", "w"},
        {"steps", json::Object{{"one", json::Object{{"agent_id", "old"}, {"action", action}}}}}};
  }
  // two_steps is the workflow w of the agent "old": first, then.
  static json::Object two_steps() {
    return {{"workflow_id", "w"},
            {"steps", json::Object{{"first", json::Object{{"agent_id", "old"}}},
                                   {"then", json::Object{{"agent_id", "old"}}}}}};
  }
  HttpResponse register_workflow(const json::Object& workflow) {
    return send(bearer("draft-registrar", "register:workflow"), "POST", "/intent/register/workflow",
                workflow);
  }
  HttpResponse mint(const std::string& agent, const std::string& checksum) {
    return send(bearer("draft-fleet", "generate:intent-token"), "POST", "/intent/token",
                mint_body(agent, checksum));
  }
  void allow_outside_of_workflows() {
    ASSERT_EQ(administer("admin:apps", "PATCH", "/admin/apps/acme",
                         json::Object{{"workflow_rule", "optional"}})
                  .status,
              200);
  }

  ObservedStore* store;  // the fixture's own
  AuthorityFixture fixture;
  std::map<std::string, std::string> secrets;
};

json::Object load_conversation() {
  std::ifstream file(AJWT_VECTORS_DIR "/draft-00-conversation.json", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  auto object = json::parse_object(text, json::Limits{1024 * 1024, 32});
  EXPECT_THAT(object, IsOk());
  return object ? *std::move(object) : json::Object();
}

std::string filled(std::string text, const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) {
    const std::string mark = "%" + name + "%";
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark)) {
      text.replace(at, mark.size(), value);
    }
  }
  return text;
}

// The conversation is data, so that other implementations can hold it.
TEST_F(Draft, AReferenceClientsConversationWorks) {
  const json::Object file = load_conversation();
  for (const auto& agent : file.find("agents")->as_array()) set_agent(agent.as_string());
  std::map<std::string, std::string> values;
  for (const auto& [client, secret] : secrets) values["SECRET:" + client] = secret;
  for (const auto& turn_value : file.find("conversation")->as_array()) {
    const json::Object& turn = turn_value.as_object();
    const json::Object& sent = turn.find("send")->as_object();
    HttpRequest request{.method = sent.find("method")->as_string(),
                        .path = sent.find("path")->as_string(),
                        .query = {},
                        .headers = {},
                        .body = filled(sent.find("body")->as_string(), values),
                        .peer = "192.0.2.7"};
    for (const auto& field : sent.find("headers")->as_object().members()) {
      request.headers.add(field.name, filled(field.value.as_string(), values));
    }
    const HttpResponse answer = fixture.handle(request);
    const json::Object& expected = turn.find("expect")->as_object();
    const json::Value* about = turn.find("about");
    SCOPED_TRACE(about == nullptr ? request.path : about->as_string());
    ASSERT_EQ(answer.status, expected.find("status")->as_integer()) << answer.body;
    if (const json::Value* members = expected.find("members")) {
      for (const auto& member : members->as_object().members()) {
        const json::Object body = body_of(answer);
        const json::Value* found = body.find(member.name);
        ASSERT_NE(found, nullptr) << answer.body;
        EXPECT_EQ(*found, member.value) << member.name;
      }
    }
    if (const json::Value* keep = turn.find("keep")) {
      values["TOKEN:" + keep->as_string()] = text_of(answer, "access_token");
    }
    if (request.path == "/intent/batch_register/agent") {
      const auto list = json::parse(answer.body);
      ASSERT_TRUE(list.has_value());
      for (const auto& one : list->as_array()) {
        const auto& id = one.as_object().find("agent_id")->as_string();
        EXPECT_EQ(*one.as_object().find("checksum"), *file.find("checksums")->as_object().find(id));
      }
    }
  }
}

TEST_F(Draft, ItsTokensSayWhatTheyAre) {
  const std::string checksum = registered();
  allow_outside_of_workflows();
  const auto minted = mint("old", checksum);
  ASSERT_EQ(minted.status, 200) << minted.body;
  EXPECT_EQ(text_of(minted, "token_type"), "Bearer");
  const std::string token = text_of(minted, "access_token");
  const json::Object claims = payload_of(token);
  EXPECT_EQ(*claims.find("profile"), json::Value("draft-00"));
  EXPECT_EQ(*claims.find("sub"), json::Value("old")) << "the bare id";
  EXPECT_FALSE(claims.contains("cnf"));
  EXPECT_FALSE(claims.contains("sub_profile"));
  const auto header = jose::decode_base64url(token.substr(0, token.find('.')));
  EXPECT_EQ(*parsed(as_text(*header)).find("typ"), json::Value("JWT"));
  const auto leaves = fixture.store().list_audit(0, 10'000, AppId::trusted("acme"));
  EXPECT_EQ(*parsed(leaves->back().bytes).find("profile"), json::Value("draft-00"));
}

TEST_F(Draft, NoExecutionGateOrApprovalIsEverReached) {
  EXPECT_TRUE(registered().size() == 64);
  const std::string token = bearer("draft-registrar", "register:workflow");
  const auto refused = [&](const std::string& member, const json::Value& value) {
    json::Object step{{"agent_id", "old"}, {"action", "t"}};
    step.set(member, value);
    return send(token, "POST", "/intent/register/workflow",
                json::Object{{"workflow_id", "w"}, {"steps", json::Object{{"one", step}}}});
  };
  expect_reason(refused("max_uses", 2), 400, "not_supported");
  expect_reason(refused("completion", "agent"), 400, "not_supported");
  expect_reason(refused("constraints", json::Object{}), 400, "not_supported");
  HttpRequest open =
      AuthorityFixture::json("POST", "/intent/executions", json::Object{{"workflow_id", "w"}});
  open.headers.set("Authorization", "Bearer " + bearer("draft-fleet", "generate:intent-token"));
  expect_reason(fixture.handle(open), 401, "token_scheme_refused");
}

// A gate is passed by a person: not by a client's word, and not through a step behind it.
TEST_F(Draft, NothingBehindAGateIsReachedOnAClientsWord) {
  const std::string checksum = registered();
  const json::Object steps{
      {"gate", json::Object{{"approval_gate", true}, {"required", false}}},
      {"pay", json::Object{{"agent_id", "old"}, {"dependencies", json::Array{"gate"}}}},
      {"ship", json::Object{{"agent_id", "old"}, {"dependencies", json::Array{"pay"}}}}};
  ASSERT_EQ(send(bearer("draft-registrar", "register:workflow"), "POST",
                 "/intent/register/workflow", json::Object{{"workflow_id", "w"}, {"steps", steps}})
                .status,
            200);
  for (const char* step : {"pay", "ship"}) {
    json::Object body = mint_body("old", checksum);
    body.set("workflow_enabled", true);
    body.set("workflow_id", "w");
    body.set("workflow_step", step);
    body.set("delegation_context", json::Object{{"completed_steps", json::Array{"gate", "pay"}}});
    expect_reason(
        send(bearer("draft-fleet", "generate:intent-token"), "POST", "/intent/token", body), 403,
        "step_needs_approval");
  }
}

// The profile is no way around what the application asks for.
TEST_F(Draft, WhereAnActivationIsAskedForItsAgentsAreShutOut) {
  const std::string checksum = registered();
  allow_outside_of_workflows();
  ASSERT_EQ(administer("admin:apps", "PATCH", "/admin/apps/acme",
                       json::Object{{"activation", "separate"}})
                .status,
            200);
  expect_reason(mint("old", checksum), 400, "not_supported");
  expect_reason(send(bearer("draft-registrar", "register:intent"), "POST", "/intent/register/agent",
                     parsed(kListing)),
                400, "not_supported");
}

// Also those that were registered before.
TEST_F(Draft, WhereASecondAdministratorIsAskedForItsWorkflowsAreShut) {
  const std::string checksum = registered();
  allow_outside_of_workflows();
  ASSERT_EQ(register_workflow(one_step("t")).status, 200);
  ASSERT_EQ(administer("admin:apps", "PATCH", "/admin/apps/acme",
                       json::Object{{"workflow_confirmation", "second_administrator"}})
                .status,
            200);
  expect_reason(register_workflow(one_step("t")), 400, "not_supported");
  json::Object body = mint_body("old", checksum);
  body.set("workflow_id", "w");
  body.set("workflow_step", "one");
  expect_reason(send(bearer("draft-fleet", "generate:intent-token"), "POST", "/intent/token", body),
                400, "not_supported");
  EXPECT_EQ(mint("old", checksum).status, 200) << "outside of workflows";
}

TEST_F(Draft, ABatchIsRegisteredWholeOrNotAtAll) {
  set_agent("old");
  json::Object stranger = parsed(kListing);
  json::Object components = stranger.find("agent_components")->as_object();
  components.set("agent_id", "stranger");
  stranger.set("agent_components", components);
  const std::string token = bearer("draft-registrar", "register:intent");
  const auto batch = [&](json::Array requests) {
    return send(token, "POST", "/intent/batch_register/agent",
                json::Object{{"registration_requests", std::move(requests)}});
  };
  expect_reason(batch({parsed(kListing), stranger}), 401, "draft_agent_refused");
  EXPECT_EQ((**fixture.store().find_draft_agent(AppId::trusted("acme"), AgentId::trusted("old")))
                .registration.has_value(),
            false);
  expect_reason(batch({parsed(kListing), parsed(kListing)}), 409, "already_exists");
  EXPECT_EQ(batch({parsed(kListing)}).status, 200);

  const std::string workflows = bearer("draft-registrar", "register:workflow");
  const json::Object good{{"workflow_id", "good"},
                          {"steps", json::Object{{"one", json::Object{{"agent_id", "old"}}}}}};
  const json::Object bad{{"workflow_id", "bad"},
                         {"steps", json::Object{{"one", json::Object{{"agent_id", "nobody"}}}}}};
  expect_reason(send(workflows, "POST", "/intent/batch_register/workflow",
                     json::Object{{"workflow_definitions", json::Array{good, bad}}}),
                400, "workflow_agent_unknown");
  expect_reason(send(workflows, "POST", "/intent/batch_register/workflow",
                     json::Object{{"workflow_definitions", json::Array{good, good}}}),
                409, "already_exists");
  EXPECT_THAT(
      fixture.store().find_draft_workflow(AppId::trusted("acme"), WorkflowId::trusted("good")),
      IsOkAndHolds(::testing::Eq(std::nullopt)));
}

TEST_F(Draft, AWorkflowNeverChangesUnderItsId) {
  registered();
  EXPECT_EQ(register_workflow(one_step("t")).status, 200);
  EXPECT_EQ(register_workflow(one_step("t")).status, 200);
  expect_reason(register_workflow(one_step("u")), 409, "already_exists");
}

// Two clients that start together register the same workflow.
TEST_F(Draft, OfTwoThatRegisterAWorkflowAtOnceBothAreAnswered) {
  registered();
  int twin = 0;
  store->before_next("add_draft_workflows",
                     [&] { twin = register_workflow(one_step("t")).status; });
  EXPECT_EQ(register_workflow(one_step("t")).status, 200);
  EXPECT_EQ(twin, 200);
}

TEST_F(Draft, OfTwoDefinitionsRegisteredAtOnceOneIsKept) {
  registered();
  int other = 0;
  store->before_next("add_draft_workflows",
                     [&] { other = register_workflow(one_step("t")).status; });
  expect_reason(register_workflow(one_step("u")), 409, "already_exists");
  EXPECT_EQ(other, 200);
}

TEST_F(Draft, TheAgentOfManyStepsIsLookedUpOnce) {
  registered();
  json::Object steps;
  for (int i = 0; i < 100; ++i) {
    steps.set("s" + std::to_string(i), json::Object{{"agent_id", "old"}});
  }
  (void)store->take_calls();
  ASSERT_EQ(register_workflow(json::Object{{"workflow_id", "w"}, {"steps", steps}}).status, 200);
  EXPECT_THAT(store->take_calls(), ::testing::Contains("find_draft_agent").Times(1));
}

// What no record of the authority's says stands in the entry.
TEST_F(Draft, TheAuditHasWhatTheClientClaimed) {
  const std::string checksum = registered();
  ASSERT_EQ(register_workflow(two_steps()).status, 200);
  json::Object body = mint_body("old", checksum);
  body.set("workflow_id", "w");
  body.set("workflow_step", "then");
  body.set("delegation_context",
           json::Object{{"chain", json::Array{"old"}}, {"completed_steps", json::Array{"first"}}});
  const auto minted =
      send(bearer("draft-fleet", "generate:intent-token"), "POST", "/intent/token", body);
  ASSERT_EQ(minted.status, 200) << minted.body;
  const auto leaves = fixture.store().list_audit(0, 10'000, AppId::trusted("acme"));
  const json::Object entry = parsed(leaves->back().bytes);
  EXPECT_EQ(*entry.find("claimed_chain"), json::Value(json::Array{"old"}));
  EXPECT_EQ(*entry.find("claimed_completed_steps"), json::Value(json::Array{"first"}));
  EXPECT_FALSE(entry.contains("claimed_jkt")) << "no key was claimed";
}

// Nothing that is no step of the workflow is written down, nor anything twice.
TEST_F(Draft, ClaimedStepsAreTheWorkflows) {
  const std::string checksum = registered();
  allow_outside_of_workflows();
  ASSERT_EQ(register_workflow(two_steps()).status, 200);
  const std::string token = bearer("draft-fleet", "generate:intent-token");
  const auto with = [&](json::Array steps, std::optional<std::string> step) {
    json::Object body = mint_body("old", checksum);
    if (step) {
      body.set("workflow_id", "w");
      body.set("workflow_step", *step);
    }
    body.set("delegation_context", json::Object{{"completed_steps", std::move(steps)}});
    return send(token, "POST", "/intent/token", body);
  };
  expect_reason(with({"first", "other"}, "then"), 403, "step_unknown");
  expect_reason(with({"first", "first"}, "then"), 403, "step_unknown");
  expect_reason(with({"first"}, std::nullopt), 400, "parameter_malformed");
  EXPECT_EQ(with({"first"}, "then").status, 200);
  EXPECT_EQ(with({}, std::nullopt).status, 200);
}

// What an agent of the chain lost while its chain was being judged counts.
TEST_F(Draft, AnAgentOfTheChainThatEndsMeanwhileIsSeen) {
  const std::string checksum = registered();
  set_agent("helper");
  allow_outside_of_workflows();
  json::Object body = mint_body("old", checksum);
  body.set("delegation_context", json::Object{{"chain", json::Array{"helper"}}});
  const std::string token = bearer("draft-fleet", "generate:intent-token");
  store->before_next("append_audit", [&] {
    EXPECT_EQ(administer("admin:agents", "POST", "/admin/draft-00/acme/agents/helper/end").status,
              200);
  });
  expect_reason(send(token, "POST", "/intent/token", body), 403, "delegation_chain_differs");
}

// A step that is named binds, also where workflows are optional: leaving workflow_enabled out, or
// saying no, is no way around its ceilings.
TEST_F(Draft, ANamedStepBindsWhateverTheSwitchSays) {
  const std::string checksum = registered();
  allow_outside_of_workflows();
  ASSERT_EQ(register_workflow(two_steps()).status, 200);
  const std::string token = bearer("draft-fleet", "generate:intent-token");
  const auto with = [&](std::optional<bool> enabled) {
    json::Object body = mint_body("old", checksum);
    body.set("workflow_id", "w");
    body.set("workflow_step", "then");
    if (enabled) body.set("workflow_enabled", *enabled);
    return send(token, "POST", "/intent/token", body);
  };
  expect_reason(with(std::nullopt), 403, "step_predecessors_missing");
  expect_reason(with(true), 403, "step_predecessors_missing");
  expect_reason(with(false), 400, "parameter_malformed");
  json::Object half = mint_body("old", checksum);
  half.set("workflow_id", "w");
  expect_reason(send(token, "POST", "/intent/token", half), 400, "parameter_missing");
}

TEST_F(Draft, AnAgentThatHasAKeyIsOutForGood) {
  const std::string checksum = registered();
  allow_outside_of_workflows();
  ASSERT_EQ(mint("old", checksum).status, 200);
  const TestAgent keyed = AuthorityFixture::agent("old", "a prompt", 77);
  ASSERT_EQ(fixture.register_agent(fixture.registrar(), "acme", keyed).status, 201);

  expect_reason(mint("old", checksum), 401, "draft_agent_refused");
  expect_reason(send(bearer("draft-registrar", "register:intent"), "POST", "/intent/register/agent",
                     parsed(kListing)),
                401, "draft_agent_refused");
  expect_reason(administer("admin:agents", "PUT", "/admin/draft-00/acme/agents/old",
                           grant_of({"manifest:read"})),
                409, "draft_profile_closed");
  expect_reason(administer("admin:agents", "PUT", "/admin/draft-00/acme/agents/planner",
                           grant_of({"manifest:read"})),
                409, "draft_profile_closed");
}

TEST_F(Draft, WhatAnAdministratorEndsEndsAtOnce) {
  const std::string checksum = registered();
  allow_outside_of_workflows();
  const std::string token = bearer("draft-fleet", "generate:intent-token");
  ASSERT_EQ(administer("admin:agents", "POST", "/admin/draft-00/acme/agents/old/end").status, 200);
  expect_reason(send(token, "POST", "/intent/token", mint_body("old", checksum)), 401,
                "draft_agent_refused");
  set_agent("old");
  EXPECT_EQ(send(token, "POST", "/intent/token", mint_body("old", checksum)).status, 200);
  ASSERT_EQ(administer("admin:apps", "POST", "/admin/draft-00/clients/draft-fleet/disable").status,
            200);
  expect_reason(send(token, "POST", "/intent/token", mint_body("old", checksum)), 401,
                "token_client_refused");
  expect_reason(secret_token("draft-fleet", secrets["draft-fleet"], "read:agents"), 401,
                "client_unauthenticated");
}

TEST_F(Draft, TheStatusCountsWhoSpeaksIt) {
  const auto counted = [&] {
    return *body_of(administer("admin:audit", "GET", "/admin/status")).find("draft_00");
  };
  const auto counts = [](std::int64_t clients, std::int64_t agents) {
    return json::Value(json::Object{{"clients", clients}, {"agents", agents}});
  };
  EXPECT_EQ(counted(), counts(2, 0));
  for (const char* agent : {"old", "older", "oldest"}) set_agent(agent);
  EXPECT_EQ(counted(), counts(2, 3)) << "before they register, too";

  ASSERT_EQ(administer("admin:apps", "POST", "/admin/draft-00/clients/draft-fleet/disable").status,
            200);
  EXPECT_EQ(counted(), counts(1, 3));
  ASSERT_EQ(administer("admin:agents", "POST", "/admin/draft-00/acme/agents/old/end").status, 200);
  EXPECT_EQ(counted(), counts(1, 2));
  const TestAgent keyed = AuthorityFixture::agent("older", "a prompt", 77);
  ASSERT_EQ(fixture.register_agent(fixture.registrar(), "acme", keyed).status, 201);
  EXPECT_EQ(counted(), counts(1, 1)) << "a key ends it";
}

TEST_F(Draft, CeilingsHoldHereToo) {
  const std::string checksum = registered();
  const std::string token = bearer("draft-fleet", "generate:intent-token");
  const auto with = [&](const std::string& member, const json::Value& value) {
    json::Object body = mint_body("old", checksum);
    body.set(member, value);
    return send(token, "POST", "/intent/token", body);
  };
  expect_reason(with("workflow_enabled", false), 403, "workflow_required");
  allow_outside_of_workflows();
  expect_reason(with("requested_scopes", json::Array{"admin:apps"}), 400, "scope_exceeds_ceiling");
  expect_reason(with("audience", "https://elsewhere.example"), 400, "audience_exceeds_ceiling");
  expect_reason(with("audience", testing::kTestIssuer), 400, "audience_exceeds_ceiling");
  expect_reason(with("audience", json::Array{"https://api.example"}), 400, "audience_not_single");
  expect_reason(with("delegation_context", json::Object{{"chain", json::Array{"planner"}}}), 403,
                "delegation_chain_differs");
  expect_reason(with("delegation_context", json::Object{{"chain", json::Array{"a|b"}}}), 400,
                "identifier_malformed");
  expect_reason(with("computed_checksum", std::string(64, 'A')), 400, "parameter_malformed");
  expect_reason(secret_token("draft-fleet", secrets["draft-fleet"], "register:intent"), 400,
                "scope_exceeds_ceiling");
  expect_reason(administer("admin:apps", "POST", "/admin/draft-00/acme/clients",
                           json::Object{{"client_id", "both"},
                                        {"scope", "register:intent generate:intent-token"}}),
                400, "scopes_conflict");
  expect_reason(administer("admin:apps", "POST", "/admin/draft-00/acme/clients",
                           json::Object{{"client_id", "more"}, {"scope", "admin:apps"}}),
                400, "client_metadata_malformed");
  expect_reason(
      administer("admin:apps", "POST", "/admin/draft-00/acme/clients",
                 json::Object{{"client_id", fixture.fleet().client_id}, {"scope", "read:agents"}}),
      409, "already_exists");
}

TEST_F(Draft, AnotherApplicationsAgentsAreNoneOfItsBusiness) {
  registered();
  const std::string token = bearer("draft-fleet", "read:agents");
  EXPECT_EQ(send(token, "GET", "/intent/agents/acme", {}).status, 200);
  expect_reason(send(token, "GET", "/intent/agents/globex", {}), 404, "not_found");
  json::Object foreign = parsed(kListing);
  foreign.set("app_id", "globex");
  expect_reason(
      send(bearer("draft-registrar", "register:intent"), "POST", "/intent/register/agent", foreign),
      403, "client_unauthorized");
}

TEST_F(Draft, ItsClientsReachNothingElse) {
  registered();
  const std::string token = bearer("draft-registrar", "register:intent");
  for (const auto& [method, path] : std::vector<std::pair<std::string, std::string>>{
           {"POST", "/intent/executions"},
           {"GET", "/intent/executions"},
           {"GET", "/admin/whoami"},
           {"GET", "/admin/apps"},
           {"POST", "/admin/agents/acme/planner/revoke"},
           {"GET", "/intent/agents/acme/planner"},
           {"PUT", "/admin/draft-00/acme/agents/mine"}}) {
    SCOPED_TRACE(path);
    expect_reason(send(token, method, path, {}), 401, "token_scheme_refused");
  }
  // As a DPoP token it is none: it is bound to no key.
  HttpRequest request = AuthorityFixture::json("GET", "/admin/whoami", {});
  fixture.present(request, TestToken{token, ed25519_key(9)});
  expect_reason(fixture.handle(request), 401, "jws_type_refused");
  expect_reason(secret_token("draft-registrar", "wrong", "register:intent"), 401,
                "client_unauthenticated");
  expect_reason(secret_token("nobody", "wrong", "register:intent"), 401, "client_unauthenticated");
}

TEST_F(Draft, IsNotThereAtTheManagementAddress) {
  registered();
  HttpRequest request = AuthorityFixture::get("/intent/agents/acme");
  request.headers.set("Authorization", "Bearer " + bearer("draft-fleet", "read:agents"));
  EXPECT_EQ(fixture.authority().handle(request, authority::Surface::kPublic).status, 200);
  EXPECT_EQ(fixture.decisions().last().operation, "draft_list_agents");
  EXPECT_EQ(fixture.decisions().last().route, "/intent/agents/{app_id}");
  expect_reason(fixture.authority().handle(request, authority::Surface::kManagement), 404,
                "not_found");
}

// DraftSweep has room for many failures from one address.
class DraftSweep : public Draft {
 protected:
  DraftSweep() : Draft(options()) {}
  static authority::AuthorityOptions options() {
    auto options = AuthorityFixture::default_options();
    const authority::Budget plenty{.per_second = 1, .burst = 1'000'000};
    options.rate_limits.address = plenty;
    options.rate_limits.address_failures = plenty;
    options.rate_limits.client_failures = plenty;
    return options;
  }
};

// Every parameter, header and combination that might ask for the profile, on requests of clients
// and agents that nobody set to it: none of them is answered with a token of the profile, and each
// is refused for what it is.
TEST_F(DraftSweep, NoRequestCanAskForIt) {
  allow_outside_of_workflows();
  const TestAgent& agent = fixture.planner();
  const std::string bare = agent.checksum.substr(7);
  const TestToken strict = fixture.token(fixture.fleet(), "generate:intent-token");

  // Changes to the body, each alone and all pairs of them.
  const std::vector<std::pair<std::string, json::Value>> members{
      {"profile", "draft-00"},
      {"computed_checksum", bare},
      {"workflow_step",
       json::Object{{"step_id", "plan"}, {"agent_id", "planner"}, {"tool_name", "read_manifest"}}},
      {"workflow_enabled", false},
      {"delegation_context",
       json::Object{{"chain", json::Array{}}, {"completed_steps", json::Array{}}}},
      {"token_type", "Bearer"},
      {"client_secret", *fixture.fleet().secret},
      {"client_id", fixture.fleet().client_id},
  };
  // Ways to authenticate that are not the strict ones, and what each is refused for: at the door of
  // bearer tokens the token, at the strict one the members of the profile, else what is missing.
  struct Way {
    std::string about;
    std::function<void(HttpRequest&)> present;
    std::set<std::string> reasons;
  };
  const auto by_body = [](const char* reason) {
    return std::set<std::string>{"json_unknown_member", "parameter_malformed", reason};
  };
  const std::string& client = fixture.fleet().client_id;
  const std::string& secret = *fixture.fleet().secret;
  const std::vector<Way> ways{
      {"bearer",
       [&](HttpRequest& r) { r.headers.set("Authorization", "Bearer " + strict.access_token); },
       {"token_scheme_refused"}},
      {"bearer, lower case",
       [&](HttpRequest& r) { r.headers.set("Authorization", "bearer " + strict.access_token); },
       {"token_scheme_refused"}},
      {"bearer with proof",
       [&](HttpRequest& r) {
         fixture.present(r, strict);
         r.headers.set("Authorization", "Bearer " + strict.access_token);
       },
       {"client_credentials_doubled"}},
      {"bearer beside basic",
       [&](HttpRequest& r) {
         AuthorityFixture::authenticate_basic(r, client, secret);
         r.headers.add("Authorization", "Bearer " + strict.access_token);
       },
       {"client_credentials_doubled"}},
      {"basic without proof",
       [&](HttpRequest& r) { AuthorityFixture::authenticate_basic(r, client, secret); },
       by_body("proof_missing")},
      {"dpop without proof",
       [&](HttpRequest& r) { r.headers.set("Authorization", "DPoP " + strict.access_token); },
       by_body("proof_missing")},
      {"nothing", [](HttpRequest&) {}, by_body("client_unauthenticated")},
  };
  const std::vector<std::pair<std::string, std::string>> headers{
      {"X-Ajwt-Profile", "draft-00"},    {"Profile", "draft-00"},       {"PoP", "aaaa"},
      {"X-PoP-Timestamp", "1800000000"}, {"Accept", "application/jwt"}, {"Prefer", "draft-00"}};
  std::size_t tried = 0;
  for (const Way& way : ways) {
    for (std::size_t a = 0; a < members.size(); ++a) {
      for (std::size_t b = a; b < members.size(); ++b) {
        std::string without_headers;
        // Bit by bit: no header, each, and all pairs of them.
        for (std::size_t set = 0; set < (std::size_t{1} << headers.size()); ++set) {
          if (std::popcount(set) > 2) continue;
          json::Object body = mint_body("planner", agent.checksum);
          body.set(members[a].first, members[a].second);
          body.set(members[b].first, members[b].second);
          HttpRequest request = AuthorityFixture::json("POST", "/intent/token", body);
          way.present(request);
          for (std::size_t h = 0; h < headers.size(); ++h) {
            if ((set >> h & 1) != 0) request.headers.add(headers[h].first, headers[h].second);
          }
          request.query = "profile=draft-00";
          const HttpResponse answer = fixture.handle(request);
          ++tried;
          SCOPED_TRACE(way.about + " " + members[a].first + " " + members[b].first);
          ASSERT_GE(answer.status, 400) << answer.body;
          ASSERT_FALSE(body_of(answer).contains("access_token")) << answer.body;
          ASSERT_THAT(answer.body, Not(::testing::HasSubstr("\"Bearer\"")));
          const std::string reason = text_of(answer, "reason");
          ASSERT_TRUE(way.reasons.contains(reason)) << answer.body;
          if (set == 0) without_headers = reason;
          ASSERT_EQ(reason, without_headers) << "a header changes the answer";
        }
      }
    }
  }
  EXPECT_EQ(tried, ways.size() * members.size() * (members.size() + 1) / 2 * 22);

  // The form door, with the secret in the body.
  for (const char* grant : {"client_credentials", "agent_checksum"}) {
    expect_reason(fixture.handle(AuthorityFixture::form("/oauth/token",
                                                        {{"grant_type", grant},
                                                         {"client_id", fixture.fleet().client_id},
                                                         {"client_secret", *fixture.fleet().secret},
                                                         {"scope", "generate:intent-token"},
                                                         {"profile", "draft-00"}})),
                  401, "client_unauthenticated");
  }
  // Registration without a key, and the batches.
  for (const char* path : {"/intent/register/agent", "/intent/register/workflow",
                           "/intent/batch_register/agent", "/intent/batch_register/workflow"}) {
    SCOPED_TRACE(path);
    expect_reason(send(strict.access_token, "POST", path, parsed(kListing)), 401,
                  "token_scheme_refused");
  }
  // Through the strict door with every proof in place: the profile's members are not known there.
  for (const char* member : {"profile", "token_type"}) {
    HttpRequest request = AuthorityFixture::mint_request(
        fixture.mint_spec(agent, fixture.open_execution()), MintDoor::kJson);
    json::Object body = parsed(request.body);
    body.set(member, "draft-00");
    request.body = json::write(body);
    fixture.authenticate(request, fixture.fleet());
    fixture.prove(request, agent.key, {.agent_checksum = agent.checksum});
    expect_reason(fixture.handle(request), 400, "json_unknown_member");
  }
}

// What an agent of the profile may do in a time is counted apart from its client and from the
// strict agent of the same name.
class DraftBudgets : public Draft {
 protected:
  DraftBudgets() : Draft(options()) {}
  static authority::AuthorityOptions options() {
    auto options = AuthorityFixture::default_options();
    options.rate_limits.agent_mint = {.per_second = 0.001, .burst = 5};
    options.rate_limits.agent_registration = {.per_second = 0.001, .burst = 2};
    options.rate_limits.agent_failures = {.per_second = 0.001, .burst = 2};
    return options;
  }
};

TEST_F(DraftBudgets, GuessesAtAnAgentsChecksumEnd) {
  const std::string checksum = registered();
  allow_outside_of_workflows();
  const std::string wrong(64, '0');
  expect_reason(mint("old", wrong), 401, "agent_checksum_mismatch");
  expect_reason(mint("old", wrong), 401, "agent_checksum_mismatch");
  const auto limited = mint("old", checksum);
  expect_reason(limited, 429, "rate_limited");
  EXPECT_TRUE(limited.headers.find("Retry-After").has_value());
  expect_reason(mint("planner", wrong), 401, "draft_agent_refused");
  expect_reason(mint("planner", wrong), 401, "draft_agent_refused");
  expect_reason(mint("planner", wrong), 429, "rate_limited");
  // Another client of the application is not locked out with it.
  secrets["other-fleet"] = create_client("other-fleet", "generate:intent-token");
  EXPECT_EQ(send(bearer("other-fleet", "generate:intent-token"), "POST", "/intent/token",
                 mint_body("old", checksum))
                .status,
            200);
}

TEST_F(DraftBudgets, MintsOfOneAgentEnd) {
  const std::string checksum = registered();
  allow_outside_of_workflows();
  for (int i = 0; i < 5; ++i) ASSERT_EQ(mint("old", checksum).status, 200);
  expect_reason(mint("old", checksum), 429, "rate_limited");
}

TEST_F(DraftBudgets, RegistrationsOfOneAgentEnd) {
  registered();
  registered();
  const auto again = [&] {
    return send(bearer("draft-registrar", "register:intent"), "POST", "/intent/register/agent",
                parsed(kListing));
  };
  expect_reason(again(), 429, "rate_limited");
  // The strict agent of that name has a budget of its own.
  EXPECT_EQ(fixture
                .register_agent(fixture.registrar(), "acme",
                                AuthorityFixture::agent("old", "a prompt", 77))
                .status,
            201);
}

// What is refused for itself costs no agent its budget.
TEST_F(DraftBudgets, ABatchWithAnAgentTwiceTakesNothing) {
  set_agent("old");
  const std::string token = bearer("draft-registrar", "register:intent");
  for (int i = 0; i < 5; ++i) {
    expect_reason(send(token, "POST", "/intent/batch_register/agent",
                       json::Object{{"registration_requests",
                                     json::Array{parsed(kListing), parsed(kListing)}}}),
                  409, "already_exists");
  }
  EXPECT_EQ(send(token, "POST", "/intent/register/agent", parsed(kListing)).status, 200);
}

// A client of the profile and an agent outside of it: the key decides, and there is none.
TEST_F(Draft, ItMintsForNoAgentOutsideOfIt) {
  allow_outside_of_workflows();
  expect_reason(mint("planner", fixture.planner().checksum), 401, "draft_agent_refused");
  expect_reason(mint("nobody", fixture.planner().checksum), 401, "draft_agent_refused");
  set_agent("unregistered");
  expect_reason(mint("unregistered", fixture.planner().checksum), 401, "draft_agent_refused");
}

// The other way round: an agent of the profile has nothing in the strict registry.
TEST_F(Draft, ItsAgentsMintNothingByTheStrictDoor) {
  const std::string checksum = registered();
  allow_outside_of_workflows();
  TestAgent old = AuthorityFixture::agent("old", "p", 78);
  testing::MintSpec spec = fixture.mint_spec(old, "");
  spec.workflow_id.reset();
  spec.workflow_step.reset();
  spec.execution_id.reset();
  spec.computed_checksum = "sha256:" + checksum;
  expect_reason(fixture.mint(spec, MintDoor::kJson, old, {.agent_checksum = "sha256:" + checksum}),
                401, "agent_unknown");
}

}  // namespace
}  // namespace ajwt
