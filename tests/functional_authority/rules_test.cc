// SPDX-License-Identifier: Apache-2.0
//
// Rules that no other file here holds, each with the request that breaks it: ceilings, what a token
// says, what the audit says, budgets, and what must not be lost between a read and a write.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "files/scratch_directory.h"
#include "jose/base64url.h"
#include "jose/jwk.h"
#include "json/parse.h"
#include "protocol/digest.h"
#include "protocol/names.h"
#include "store/sqlite_store.h"
#include "tests/support/authority_fixture.h"
#include "tests/support/expect_reason.h"
#include "tests/support/matchers.h"
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
using testing::MintSpec;
using testing::TestAgent;
using testing::TestToken;
using testing::text_of;

json::Object claims_of(const HttpResponse& response) {
  const std::string token = text_of(response, "access_token");
  const auto first = token.find('.');
  const auto payload =
      jose::decode_base64url(token.substr(first + 1, token.rfind('.') - first - 1));
  AJWT_CHECK(payload.has_value());
  return *json::parse_object(as_text(*payload));
}

json::Object step(std::string_view id, std::string_view agent, std::string_view scope) {
  return json::Object{{"step_id", id},
                      {"agent_id", agent},
                      {"action", "read_manifest"},
                      {"scopes", json::Array{scope}},
                      {"audience", kTestApi},
                      {"completion", "agent"}};
}

class Rules : public ::testing::Test {
 protected:
  AuthorityFixture fixture;
  HttpResponse administer(std::string_view scope, std::string method, std::string path,
                          const json::Object& body) {
    return fixture.call(fixture.token(fixture.administrator(), scope), std::move(method),
                        std::move(path), body);
  }
  HttpResponse change_application(const json::Object& settings) {
    return administer("admin:apps", "PATCH", "/admin/apps/acme", settings);
  }
  HttpResponse register_workflow(std::string_view id, json::Array steps) {
    HttpRequest request =
        AuthorityFixture::json("POST", "/intent/register/workflow",
                               json::Object{{"workflow_id", id}, {"steps", std::move(steps)}});
    fixture.authenticate(request, fixture.registrar());
    fixture.prove(request, fixture.planner().key);
    return fixture.handle(request);
  }
  std::string open_execution(std::string_view workflow_id) {
    HttpRequest request = AuthorityFixture::json("POST", "/intent/executions",
                                                 json::Object{{"workflow_id", workflow_id}});
    fixture.authenticate(request, fixture.fleet());
    fixture.prove(request, fixture.planner().key);
    return text_of(fixture.handle(request), "execution_id");
  }
  HttpResponse mint(const MintSpec& spec, const TestAgent& agent) {
    return fixture.mint(spec, MintDoor::kJson, agent);
  }
  MintSpec outside_of_workflows(const TestAgent& agent) {
    MintSpec spec = fixture.mint_spec(agent, "");
    spec.workflow_id.reset();
    spec.workflow_step.reset();
    spec.execution_id.reset();
    spec.tool = agent.agent_id == "planner" ? "read_manifest" : "apply_patch";
    return spec;
  }
  json::Object last_entry() {
    const auto leaves = fixture.store().list_audit(0, 10'000, AppId::trusted("acme"));
    AJWT_CHECK(leaves.has_value() && !leaves->empty());
    return *json::parse_object(leaves->back().bytes);
  }
};

// Protocol 5.1: two chains that differ in a registration or a key have different digests.
TEST_F(Rules, TheDelegationDigestCoversApplicationAgentRegistrationAndKeyOfEachLink) {
  const std::string execution = fixture.open_execution();
  ASSERT_EQ(mint(fixture.mint_spec(fixture.planner(), execution), fixture.planner()).status, 200);
  ASSERT_EQ(fixture.complete(execution, "plan", fixture.planner()).status, 200);
  const auto minted = mint(fixture.mint_spec(fixture.patcher(), execution), fixture.patcher());
  ASSERT_EQ(minted.status, 200) << minted.body;

  std::vector<std::string> links;
  for (const auto* agent : {&fixture.planner(), &fixture.patcher()}) {
    const auto found = fixture.store().find_registration(AppId::trusted("acme"),
                                                         AgentId::trusted(agent->agent_id));
    ASSERT_TRUE(found.has_value() && found->has_value());
    links.insert(links.end(), {"acme", agent->agent_id, (*found)->registration_id.str(),
                               jose::thumbprint(agent->key.public_key())});
  }
  const json::Object claims = claims_of(minted);
  EXPECT_EQ(claims.find("intent")->as_object().find("delegation_digest")->as_string(),
            sequence_digest("ajwt-delegation-v1", links));
}

// Protocol 7: what opens the authority is for the authority alone.
TEST_F(Rules, AScopeOfTheAuthorityNeedsTheAuthorityAsAudience) {
  const auto made = administer("admin:apps", "POST", "/admin/apps/acme/clients",
                               {{"client_id", "wide"},
                                {"token_endpoint_auth_method", "client_secret_basic"},
                                {"scope", "generate:intent-token orders:read"},
                                {"audiences", json::Array{"https://evil.example"}}});
  ASSERT_EQ(made.status, 201) << made.body;
  const auto ask = [&](std::string_view scope, std::string_view audience) {
    HttpRequest request =
        AuthorityFixture::form("/oauth/token", {{"grant_type", "client_credentials"},
                                                {"scope", std::string(scope)},
                                                {"audience", std::string(audience)}});
    AuthorityFixture::authenticate_basic(request, "wide", text_of(made, "client_secret"));
    fixture.prove(request, ed25519_key(60));
    return fixture.handle(request);
  };
  EXPECT_EQ(ask("orders:read", "https://evil.example").status, 200);
  EXPECT_EQ(ask("generate:intent-token", testing::kTestIssuer).status, 200);
  expect_reason(ask("generate:intent-token", "https://evil.example"), 400,
                "audience_exceeds_ceiling");
  expect_reason(ask("orders:read generate:intent-token", "https://evil.example"), 400,
                "audience_exceeds_ceiling");
}

// Protocol 3.3.
TEST_F(Rules, AStepBeyondAFrozenGrantIsRefusedUntilTheGrantIsChanged) {
  EXPECT_EQ(register_workflow("same", {step("a", "planner", "manifest:read")}).status, 201);
  expect_reason(register_workflow("more", {step("a", "planner", "manifest:write")}), 400,
                "workflow_exceeds_grant");
  const json::Object grant{
      {"grant",
       json::Array{json::Object{{"audience", kTestApi},
                                {"tool", "read_manifest"},
                                {"scopes", json::Array{"manifest:read", "manifest:write"}}}}}};
  ASSERT_EQ(administer("admin:agents", "PUT", "/admin/agents/acme/planner/grant", grant).status,
            200);
  EXPECT_EQ(register_workflow("more", {step("a", "planner", "manifest:write")}).status, 201);
}

TEST_F(Rules, AWorkflowNamesOnlyAgentsOfItsApplicationThatMayAct) {
  const TestAgent foreign = AuthorityFixture::agent("auditor", "You audit.", 40);
  ASSERT_EQ(fixture.register_agent(fixture.foreign_registrar(), testing::kGlobex, foreign).status,
            201);
  expect_reason(register_workflow("w", {step("a", "auditor", "manifest:read")}), 400,
                "workflow_agent_unknown");
  ASSERT_EQ(administer("admin:agents", "POST", "/admin/agents/acme/patcher/revoke", {}).status,
            200);
  expect_reason(register_workflow("w", {step("a", "patcher", "manifest:write")}), 400,
                "workflow_agent_unknown");
}

// Protocol 4.1: a step that could never begin would block all that comes after it.
TEST_F(Rules, AStepOfAnAgentNeedsAudienceAndScopes) {
  json::Object without_audience = step("a", "planner", "manifest:read");
  without_audience.remove("audience");
  expect_reason(register_workflow("w", {without_audience}), 400, "workflow_malformed");
  json::Object without_scopes = step("a", "planner", "manifest:read");
  without_scopes.remove("scopes");
  expect_reason(register_workflow("w", {without_scopes}), 400, "workflow_malformed");
}

TEST_F(Rules, AWorkflowRegisteredAgainIsTheSameVersionAndNotANewOne) {
  const json::Array steps{step("a", "planner", "manifest:read")};
  const auto first = register_workflow("again", steps);
  EXPECT_EQ(first.status, 201) << first.body;
  const auto second = register_workflow("again", steps);
  EXPECT_EQ(second.status, 200) << second.body;
  EXPECT_EQ(body_of(first), body_of(second));
  json::Object changed = step("a", "planner", "manifest:read");
  changed.set("max_uses", 2);
  const auto third = register_workflow("again", {changed});
  EXPECT_EQ(third.status, 201) << third.body;
  EXPECT_EQ(body_of(third).find("version")->as_integer(), 2);
}

// Protocol 5.1.
TEST_F(Rules, ATokenShowsTheChecksumOnlyWhereTheApplicationAsksForIt) {
  const auto proof_claim = [&] {
    const auto minted =
        mint(fixture.mint_spec(fixture.planner(), fixture.open_execution()), fixture.planner());
    EXPECT_EQ(minted.status, 200) << minted.body;
    return claims_of(minted).find("agent_proof")->as_object();
  };
  EXPECT_FALSE(proof_claim().contains("agent_checksum"));
  ASSERT_EQ(change_application({{"checksum_in_tokens", true}}).status, 200);
  const json::Object shown = proof_claim();
  ASSERT_TRUE(shown.contains("agent_checksum"));
  EXPECT_EQ(shown.find("agent_checksum")->as_string(), fixture.planner().checksum);
}

TEST_F(Rules, TheReferenceProfileIsTakenOnlyWhereTheApplicationSaysSo) {
  const TestAgent agent = AuthorityFixture::agent("reviewer", "You review.", 30);
  const auto definition = parse_agent_components(agent.components);
  ASSERT_THAT(definition, IsOk());
  const auto send = [&] {
    json::Object body = AuthorityFixture::registration(kAcme, agent);
    body.set("profile", "reference");
    HttpRequest request = AuthorityFixture::json("POST", "/intent/register/agent", body);
    fixture.authenticate(request, fixture.registrar());
    fixture.prove(request, agent.key);
    return fixture.handle(request);
  };
  expect_reason(send(), 400, "parameter_malformed");
  ASSERT_EQ(change_application({{"accepts_reference_checksum", true}}).status, 200);
  const auto registered = send();
  ASSERT_EQ(registered.status, 201) << registered.body;
  EXPECT_EQ(text_of(registered, "checksum"),
            *compute_agent_checksum(*definition, ChecksumProfile::kReference));
}

// Protocol 3.2.
TEST_F(Rules, TheAuditFlagsTheSameContentUnderAnotherIdAndAKeyChange) {
  const json::Object by_checksum{{"app_id", kAcme},
                                 {"agent_id", "twin"},
                                 {"checksum", fixture.planner().checksum},
                                 {"jwk", jose::to_json(ed25519_key(41).public_key())}};
  HttpRequest request = AuthorityFixture::json("POST", "/intent/register/agent", by_checksum);
  fixture.authenticate(request, fixture.registrar());
  fixture.prove(request, ed25519_key(41));
  ASSERT_EQ(fixture.handle(request).status, 201);
  EXPECT_EQ(last_entry().find("same_checksum_as")->as_string(), "planner");

  TestAgent changed = fixture.patcher();
  changed.key = ed25519_key(42);
  HttpRequest key_change = AuthorityFixture::json("POST", "/intent/register/agent",
                                                  AuthorityFixture::registration(kAcme, changed));
  fixture.authenticate(key_change, fixture.registrar());
  fixture.add_key_proof(key_change, fixture.patcher().key, changed.key);
  fixture.prove(key_change, changed.key);
  ASSERT_EQ(fixture.handle(key_change).status, 201);
  EXPECT_EQ(last_entry().find("key_changed_from")->as_string(),
            jose::thumbprint(fixture.patcher().key.public_key()));
}

TEST_F(Rules, RegisteringAgainDropsNoChangeSilently) {
  const auto send = [&](std::string_view member, const json::Value& value) {
    json::Object body = AuthorityFixture::registration(kAcme, fixture.planner());
    body.set(member, value);
    HttpRequest request = AuthorityFixture::json("POST", "/intent/register/agent", body);
    fixture.authenticate(request, fixture.registrar());
    fixture.prove(request, fixture.planner().key);
    return fixture.handle(request);
  };
  EXPECT_EQ(send("autonomy", "semi").status, 200);
  expect_reason(send("autonomy", "full"), 409, "already_exists");
  expect_reason(send("grant", json::Array{}), 409, "already_exists");
}

// Protocol 3.3: outside a workflow a frozen grant would be its steps without their order.
TEST_F(Rules, AGrantFromWorkflowsIsGoodWithinThemAlone) {
  ASSERT_EQ(change_application({{"workflow_rule", "optional"}}).status, 200);
  expect_reason(mint(outside_of_workflows(fixture.patcher()), fixture.patcher()), 403,
                "grant_not_stated");
  const json::Object grant{
      {"grant", json::Array{json::Object{{"audience", kTestApi},
                                         {"tool", "apply_patch"},
                                         {"scopes", json::Array{"manifest:write"}}}}}};
  ASSERT_EQ(administer("admin:agents", "PUT", "/admin/agents/acme/patcher/grant", grant).status,
            200);
  const auto minted = mint(outside_of_workflows(fixture.patcher()), fixture.patcher());
  EXPECT_EQ(minted.status, 200) << minted.body;
}

// Protocol 4.2: a use is counted when the step begins; a renewal is the same use.
TEST_F(Rules, AStepBeginsAsOftenAsItsWorkflowSays) {
  for (const std::int64_t uses : {1, 2}) {
    json::Object often = step("plan", "planner", "manifest:read");
    often.set("max_uses", uses);
    const std::string workflow = "often" + std::to_string(uses);
    ASSERT_EQ(register_workflow(workflow, {often}).status, 201);
    MintSpec spec = fixture.mint_spec(fixture.planner(), open_execution(workflow));
    spec.workflow_id = workflow;
    for (std::int64_t use = 0; use < uses; ++use) {
      ASSERT_EQ(mint(spec, fixture.planner()).status, 200) << use << " of " << uses;
      ASSERT_EQ(mint(spec, fixture.planner()).status, 200) << "a renewal";
      ASSERT_EQ(fixture.complete(*spec.execution_id, "plan", fixture.planner()).status, 200);
    }
    expect_reason(mint(spec, fixture.planner()), 403, "step_uses_exhausted");
  }
}

// Protocol 5 (12): signing comes before the commit, so that a token that cannot be made leaves the
// step as it was.
TEST_F(Rules, ATokenThatCannotBeMadeMovesNoStep) {
  json::Array scopes;
  for (int i = 0; i < 64; ++i) scopes.emplace_back(std::string(126, 'x') + std::to_string(10 + i));
  const json::Object grant{
      {"grant", json::Array{json::Object{
                    {"audience", kTestApi}, {"tool", "read_manifest"}, {"scopes", scopes}}}}};
  ASSERT_EQ(administer("admin:agents", "PUT", "/admin/agents/acme/planner/grant", grant).status,
            200);
  json::Object wide = step("plan", "planner", "");
  wide.set("scopes", scopes);
  ASSERT_EQ(register_workflow("wide", {wide}).status, 201);
  MintSpec spec = fixture.mint_spec(fixture.planner(), open_execution("wide"));
  spec.workflow_id = "wide";
  spec.scopes.emplace();
  for (const auto& scope : scopes) spec.scopes->push_back(scope.as_string());

  expect_reason(mint(spec, fixture.planner()), 400, "limit_exceeded");

  const auto execution = fixture.store().find_execution(AppId::trusted("acme"),
                                                        ExecutionId::trusted(*spec.execution_id));
  ASSERT_THAT(execution, IsOk());
  EXPECT_EQ((*execution)->steps.front().status, authority::StepStatus::kPending);
  EXPECT_EQ((*execution)->row_version, 1);
  spec.scopes->resize(1);
  EXPECT_EQ(mint(spec, fixture.planner()).status, 200);
}

TEST_F(Rules, AStepIsEndedByItsAgentEvenIfAnotherHasTheSameKey) {
  TestAgent twin = AuthorityFixture::agent("twin", "You pretend.", 11);
  ASSERT_EQ(fixture.register_agent(fixture.registrar(), kAcme, twin).status, 201);
  const std::string execution = fixture.open_execution();
  ASSERT_EQ(mint(fixture.mint_spec(fixture.planner(), execution), fixture.planner()).status, 200);
  expect_reason(fixture.complete(execution, "plan", twin), 403, "step_not_active");
  EXPECT_EQ(fixture.complete(execution, "plan", fixture.planner()).status, 200);
}

// Protocol 5: the grant type is judged before the proof.
TEST_F(Rules, AnUnknownGrantTypeIsToldToAClientWithoutAProof) {
  HttpRequest form = AuthorityFixture::form("/oauth/token", {{"grant_type", "refresh_token"}});
  expect_reason(fixture.handle(form), 401, "client_unauthenticated");
  fixture.authenticate(form, fixture.fleet());
  expect_reason(fixture.handle(form), 400, "grant_type_unsupported");
  HttpRequest json = AuthorityFixture::json("POST", "/intent/token", {{"grant_type", "password"}});
  fixture.authenticate(json, fixture.fleet());
  expect_reason(fixture.handle(json), 400, "grant_type_unsupported");
}

// RFC 9449 9: who presents a token learns of the nonce as at any resource.
TEST_F(Rules, ATokenAtTheTokenEndpointIsAnsweredAsAtAResource) {
  const TestToken token = fixture.token(fixture.fleet(), names::kScopeMint);
  HttpRequest request = AuthorityFixture::mint_request(
      fixture.mint_spec(fixture.planner(), fixture.open_execution()), MintDoor::kJson);
  fixture.add_key_proof(request, fixture.planner().key, token.key,
                        {.agent_checksum = fixture.planner().checksum});
  fixture.present(request, token, {.nonce = ""});
  const auto response = fixture.handle(request);
  expect_reason(response, 401, "proof_nonce_missing");
  EXPECT_NE(response.headers.find("WWW-Authenticate")->find("error=\"use_dpop_nonce\""),
            std::string_view::npos);
}

// Promise P10: prompts are sealed at rest.
TEST(PromptsAtRest, StandInNoFileOfTheStore) {
  auto scratch = files::ScratchDirectory::create();
  ASSERT_THAT(scratch, IsOk());
  const std::string directory = (*scratch)->path() + "/authority";
  auto store = store::SqliteStore::open({.directory = directory});
  ASSERT_THAT(store, IsOk());
  AuthorityFixture fixture(*std::move(store));
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    std::ifstream file(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    for (const char* secret : {"You plan", "You patch", "Looks up an advisory"}) {
      EXPECT_EQ(text.str().find(secret), std::string::npos) << entry.path() << " has " << secret;
    }
  }
  EXPECT_GT(files, 1);
}

// Protocol 10: every budget limits what it is named after.
struct BudgetCase {
  std::string_view name;
  authority::Budget authority::RateLimits::*budget;
  double set_up;  // how many of them setting up takes
  std::function<HttpResponse(AuthorityFixture&)> spend;
};

class Budgets : public ::testing::TestWithParam<BudgetCase> {};

HttpResponse register_reviewer(AuthorityFixture& fixture) {
  return fixture.register_agent(fixture.registrar(), kAcme,
                                AuthorityFixture::agent("reviewer", "You review.", 30));
}

INSTANTIATE_TEST_SUITE_P(
    All, Budgets,
    ::testing::Values(BudgetCase{"address", &authority::RateLimits::address, 40,
                                 [](AuthorityFixture& fixture) {
                                   return fixture.handle(
                                       AuthorityFixture::get("/.well-known/jwks.json"));
                                 }},
                      BudgetCase{"client_mint", &authority::RateLimits::client_mint, 10,
                                 [](AuthorityFixture& fixture) {
                                   HttpRequest request = AuthorityFixture::form(
                                       "/oauth/token", {{"grant_type", "client_credentials"},
                                                        {"scope", std::string(names::kScopeMint)}});
                                   fixture.authenticate(request, fixture.fleet());
                                   fixture.prove(request, ed25519_key(61));
                                   return fixture.handle(request);
                                 }},
                      BudgetCase{"client_registration", &authority::RateLimits::client_registration,
                                 10, register_reviewer},
                      BudgetCase{"client_calls", &authority::RateLimits::client_calls, 20,
                                 [](AuthorityFixture& fixture) {
                                   return fixture.call(
                                       fixture.token(fixture.fleet(), names::kScopeMint), "GET",
                                       "/intent/executions");
                                 }},
                      BudgetCase{"agent_mint", &authority::RateLimits::agent_mint, 0,
                                 [](AuthorityFixture& fixture) {
                                   return fixture.mint(fixture.mint_spec(fixture.planner(),
                                                                         fixture.open_execution()),
                                                       MintDoor::kJson, fixture.planner());
                                 }},
                      BudgetCase{"agent_registration", &authority::RateLimits::agent_registration,
                                 1, register_reviewer}),
    [](const auto& budget) { return std::string(budget.param.name); });

TEST_P(Budgets, EndWithRetryAfterAndComeBackWithTime) {
  auto options = AuthorityFixture::default_options();
  constexpr int kSpare = 5;
  options.rate_limits.*GetParam().budget = {.per_second = 1, .burst = GetParam().set_up + kSpare};
  AuthorityFixture fixture(nullptr, options);
  fixture.clock().advance(Seconds(3600));

  HttpResponse response = GetParam().spend(fixture);
  int spent = 1;
  while (response.status != 429 && spent < 100) {
    ASSERT_LT(response.status, 300) << response.body;
    response = GetParam().spend(fixture);
    ++spent;
  }

  ASSERT_EQ(response.status, 429) << spent;
  EXPECT_EQ(text_of(response, "reason"), "rate_limited");
  EXPECT_EQ(text_of(response, "error"), "slow_down");
  EXPECT_TRUE(response.headers.find("Retry-After").has_value());
  fixture.clock().advance(Seconds(60));
  EXPECT_LT(GetParam().spend(fixture).status, 300);
}

TEST(AddressBudgets, CountNobodyBehindAProxy) {
  auto options = AuthorityFixture::default_options();
  options.rate_limits.address = {.per_second = 0.001, .burst = 1};
  options.address_limits = authority::AddressLimits::kOff;
  AuthorityFixture fixture(nullptr, options);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(fixture.handle(AuthorityFixture::get("/.well-known/jwks.json")).status, 200);
  }
}

// run_side_by_side runs each in a thread of its own.
void run_side_by_side(const std::vector<std::function<void()>>& parts) {
  std::vector<std::thread> threads;
  threads.reserve(parts.size());
  for (const auto& part : parts) threads.emplace_back(part);
  for (auto& thread : threads) thread.join();
}

TEST_F(Rules, TwoChangesOfAnApplicationSideBySideBothStand) {
  for (int round = 0; round < 25; ++round) {
    const bool required = round % 2 == 0;
    const TestToken token = fixture.token(fixture.administrator(), "admin:apps");
    const auto change = [&](const json::Object& body) {
      HttpRequest request = AuthorityFixture::json("PATCH", "/admin/apps/acme", body);
      fixture.present(request, token);
      return request;
    };
    const HttpRequest rule = change({{"workflow_rule", required ? "required" : "optional"}});
    const HttpRequest name = change({{"name", "Round " + std::to_string(round)}});
    run_side_by_side({[&] { EXPECT_EQ(fixture.handle(rule).status, 200); },
                      [&] { EXPECT_EQ(fixture.handle(name).status, 200); }});
    const auto found = fixture.store().find_application(AppId::trusted("acme"));
    ASSERT_TRUE(found.has_value() && found->has_value());
    EXPECT_EQ((*found)->workflow_rule == authority::WorkflowRule::kRequired, required);
    EXPECT_EQ((*found)->name, "Round " + std::to_string(round));
  }
}

TEST_F(Rules, ParallelStepsOfOneExecutionAllBegin) {
  constexpr int kBranches = 8;
  json::Array steps;
  for (int i = 0; i < kBranches; ++i) {
    json::Object branch = step("s" + std::to_string(i), "planner", "manifest:read");
    branch.set("required", false);
    steps.emplace_back(std::move(branch));
  }
  ASSERT_EQ(register_workflow("wide", steps).status, 201);
  HttpRequest open =
      AuthorityFixture::json("POST", "/intent/executions", {{"workflow_id", "wide"}});
  fixture.authenticate(open, fixture.fleet());
  fixture.prove(open, fixture.planner().key);
  const std::string execution = text_of(fixture.handle(open), "execution_id");
  std::vector<HttpRequest> requests;
  for (int i = 0; i < kBranches; ++i) {
    MintSpec spec = fixture.mint_spec(fixture.planner(), execution);
    spec.workflow_id = "wide";
    spec.workflow_step = "s" + std::to_string(i);
    HttpRequest request = AuthorityFixture::mint_request(spec, MintDoor::kJson);
    fixture.authenticate(request, fixture.fleet());
    fixture.prove(request, fixture.planner().key, {.agent_checksum = fixture.planner().checksum});
    requests.push_back(std::move(request));
  }
  std::vector<std::function<void()>> parts;
  for (const HttpRequest& request : requests) {
    parts.emplace_back([this, &request] {
      const auto response = fixture.handle(request);
      EXPECT_EQ(response.status, 200) << response.body;
    });
  }
  run_side_by_side(parts);
}

// A key that nobody publishes any more is on no disk either, whenever its time came.
TEST_F(Rules, AKeyThatRetiredWhileNothingRanIsDroppedAtTheNextStart) {
  ASSERT_EQ(administer("admin:keys", "POST", "/admin/keys/rotate", {{"now", true}}).status, 201);
  ASSERT_EQ(fixture.store().list_signing_keys()->size(), 2U);
  fixture.clock().advance(Seconds(7200));
  fixture.restart();
  EXPECT_EQ(fixture.handle(AuthorityFixture::get("/health/live")).status, 200);
  EXPECT_EQ(fixture.store().list_signing_keys()->size(), 1U);
}

}  // namespace
}  // namespace ajwt
