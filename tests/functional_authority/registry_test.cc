// SPDX-License-Identifier: Apache-2.0
//
// Agents and workflows: who may register, change and read what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "json/parse.h"
#include "json/write.h"
#include "protocol/names.h"
#include "tests/support/authority_fixture.h"
#include "tests/support/expect_reason.h"
#include "tests/support/test_keys.h"

namespace ajwt {
namespace {

using testing::AuthorityFixture;
using testing::body_of;
using testing::ed25519_key;
using testing::expect_reason;
using testing::kAcme;
using testing::kGlobex;
using testing::TestAgent;
using testing::TestToken;
using testing::text_of;

class Registry : public ::testing::Test {
 protected:
  AuthorityFixture fixture;
  HttpResponse change_key(const TestAgent& changed, const crypto::PrivateKey& old_key) {
    HttpRequest request = AuthorityFixture::json("POST", "/intent/register/agent",
                                                 AuthorityFixture::registration(kAcme, changed));
    fixture.authenticate(request, fixture.registrar());
    fixture.add_key_proof(request, old_key, changed.key);
    fixture.prove(request, changed.key);
    return fixture.handle(request);
  }
};

TEST_F(Registry, RegistersAnAgentOnce) {
  const TestAgent agent = AuthorityFixture::agent("reviewer", "You review.", 30);
  const auto first = fixture.register_agent(fixture.registrar(), kAcme, agent);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(text_of(first, "checksum"), agent.checksum);
  const auto again = fixture.register_agent(fixture.registrar(), kAcme, agent);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(text_of(again, "registration_id"), text_of(first, "registration_id"));
}

TEST_F(Registry, RefusesWhoMintsToRegister) {
  const TestAgent agent = AuthorityFixture::agent("reviewer", "You review.", 30);
  expect_reason(fixture.register_agent(fixture.fleet(), kAcme, agent), 403, "client_unauthorized");
}

TEST_F(Registry, RefusesARegistrationForAnotherApplication) {
  const TestAgent agent = AuthorityFixture::agent("reviewer", "You review.", 30);
  expect_reason(fixture.register_agent(fixture.foreign_registrar(), kAcme, agent), 403,
                "client_unauthorized");
  EXPECT_EQ(fixture.register_agent(fixture.foreign_registrar(), kGlobex, agent).status, 201);
}

TEST_F(Registry, RefusesARegistrationWithoutAProofOfItsKey) {
  const TestAgent agent = AuthorityFixture::agent("reviewer", "You review.", 30);
  HttpRequest request = AuthorityFixture::json("POST", "/intent/register/agent",
                                               AuthorityFixture::registration(kAcme, agent));
  fixture.authenticate(request, fixture.registrar());
  fixture.prove(request, ed25519_key(31));
  expect_reason(fixture.handle(request), 401, "key_proof_missing");
}

TEST_F(Registry, RefusesAnotherKeyWithoutTheOldOnesProof) {
  TestAgent changed = fixture.planner();
  changed.key = ed25519_key(32);
  const auto response = fixture.register_agent(fixture.registrar(), kAcme, changed);
  expect_reason(response, 409, "duplicate_agent");
  EXPECT_EQ(text_of(response, "error"), "duplicate_agent");
  expect_reason(change_key(changed, ed25519_key(33)), 409, "duplicate_agent");
}

TEST_F(Registry, ChangesAKeyWithTheOldOnesProof) {
  TestAgent changed = fixture.planner();
  changed.key = ed25519_key(32);
  const auto response = change_key(changed, fixture.planner().key);
  EXPECT_EQ(response.status, 201) << response.body;
  const auto spec = fixture.mint_spec(changed, fixture.open_execution());
  EXPECT_EQ(fixture.mint(spec, testing::MintDoor::kJson, changed).status, 200);
  expect_reason(fixture.mint(spec, testing::MintDoor::kJson, fixture.planner()), 400,
                "agent_key_unknown");
}

TEST_F(Registry, LetsAnAdministratorChangeAKey) {
  TestAgent changed = fixture.planner();
  changed.key = ed25519_key(32);
  const TestToken token = fixture.token(fixture.administrator(), "admin:agents");
  HttpRequest request = AuthorityFixture::json("POST", "/intent/register/agent",
                                               AuthorityFixture::registration(kAcme, changed));
  fixture.add_key_proof(request, changed.key, token.key);
  fixture.present(request, token);
  const auto response = fixture.handle(request);
  EXPECT_EQ(response.status, 201) << response.body;
}

TEST_F(Registry, RefusesAProofThatNamesAnotherChecksum) {
  const TestAgent agent = AuthorityFixture::agent("reviewer", "You review.", 30);
  HttpRequest request = AuthorityFixture::json("POST", "/intent/register/agent",
                                               AuthorityFixture::registration(kAcme, agent));
  fixture.authenticate(request, fixture.registrar());
  fixture.prove(request, agent.key, {.agent_checksum = fixture.planner().checksum});
  expect_reason(fixture.handle(request), 401, "proof_claims_differ");
}

TEST_F(Registry, RefusesARevokedAgentToComeBack) {
  const TestToken token = fixture.token(fixture.administrator(), "admin:agents");
  const auto revoked = fixture.call(token, "POST", "/admin/agents/acme/planner/revoke");
  EXPECT_EQ(text_of(revoked, "status"), "revoked");
  expect_reason(fixture.register_agent(fixture.registrar(), kAcme, fixture.planner()), 409,
                "registration_revoked");
}

TEST_F(Registry, ShowsPromptsToThoseWhoRegisterAndToNobodyElse) {
  const std::string path = "/intent/agents/acme/planner";
  const TestToken registrar = fixture.token(fixture.registrar(), "register:intent");
  const auto own = fixture.call(registrar, "GET", path);
  ASSERT_EQ(own.status, 200) << own.body;
  EXPECT_TRUE(body_of(own).contains("agent_components"));
  const TestToken fleet = fixture.token(fixture.fleet(), names::kScopeMint);
  const TestToken administrator = fixture.token(fixture.administrator(), "admin:agents");
  for (const auto* token : {&fleet, &administrator}) {
    const auto response = fixture.call(*token, "GET", path);
    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.body.find("You plan"), std::string::npos);
  }
  EXPECT_EQ(fixture.call(registrar, "GET", "/intent/agents/acme").body.find("You plan"),
            std::string::npos);
}

TEST_F(Registry, AnswersAnotherTenantAsIfNothingWereThere) {
  const TestToken foreign = fixture.token(fixture.foreign_registrar(), "register:intent");
  const auto compare = [&](const std::string& present, const std::string& absent) {
    auto one = fixture.call(foreign, "GET", present);
    auto two = fixture.call(foreign, "GET", absent);
    expect_reason(one, 404, "not_found");
    json::Object first = body_of(one);
    json::Object second = body_of(two);
    first.remove("decision_id");
    second.remove("decision_id");
    EXPECT_EQ(first, second);
    one.headers.remove("X-Ajwt-Decision-Id");
    two.headers.remove("X-Ajwt-Decision-Id");
    EXPECT_EQ(one.headers.fields(), two.headers.fields());
  };
  compare("/intent/agents/acme/planner", "/intent/agents/acme/nobody");
  compare("/intent/agents/acme/planner", "/intent/agents/nowhere/nobody");
  compare("/intent/agents/acme", "/intent/agents/nowhere");
}

TEST_F(Registry, AnswersAnotherTenantsExecutionAsIfItWereNotThere) {
  const std::string execution = fixture.open_execution();
  const TestToken foreign = fixture.token(fixture.foreign_fleet(), names::kScopeMint);
  const TestToken own = fixture.token(fixture.fleet(), names::kScopeMint);
  EXPECT_EQ(fixture.call(own, "GET", "/intent/executions/" + execution).status, 200);
  const std::string missing = "/intent/executions/exec_none";
  expect_reason(fixture.call(foreign, "GET", "/intent/executions/" + execution), 404, "not_found");
  expect_reason(fixture.call(foreign, "GET", missing), 404, "not_found");
  expect_reason(fixture.call(foreign, "POST", "/intent/executions/" + execution + "/close"), 404,
                "not_found");
}

TEST_F(Registry, CompletesAndClosesAnExecution) {
  const std::string execution = fixture.open_execution();
  const TestToken token = fixture.token(fixture.fleet(), names::kScopeMint);
  EXPECT_EQ(fixture.complete(execution, "plan", fixture.planner()).status, 403);
  ASSERT_EQ(fixture
                .mint(fixture.mint_spec(fixture.planner(), execution), testing::MintDoor::kJson,
                      fixture.planner())
                .status,
            200);
  expect_reason(fixture.complete(execution, "plan", fixture.patcher()), 403, "step_not_active");
  EXPECT_EQ(fixture.complete(execution, "plan", fixture.planner()).status, 200);
  EXPECT_EQ(fixture.complete(execution, "plan", fixture.planner()).status, 200);
  const auto closed = fixture.call(token, "POST", "/intent/executions/" + execution + "/close");
  EXPECT_EQ(text_of(closed, "status"), "closed");
  expect_reason(fixture.mint(fixture.mint_spec(fixture.patcher(), execution),
                             testing::MintDoor::kJson, fixture.patcher()),
                400, "execution_closed");
}

TEST_F(Registry, ChangesAGrantAndHoldsMintsToIt) {
  const TestToken token = fixture.token(fixture.administrator(), "admin:agents");
  const json::Object grant{{"grant", json::Array{}}};
  ASSERT_EQ(fixture.call(token, "PUT", "/admin/agents/acme/planner/grant", grant).status, 200);
  expect_reason(fixture.mint(fixture.mint_spec(fixture.planner(), fixture.open_execution()),
                             testing::MintDoor::kJson, fixture.planner()),
                400, "audience_exceeds_ceiling");
}

TEST_F(Registry, ListsTheWorkflowsOfAnApplication) {
  const TestToken token = fixture.token(fixture.administrator(), "admin:workflows");
  const auto listed = fixture.call(token, "GET", "/admin/workflows", {}, "app_id=acme");
  ASSERT_EQ(listed.status, 200) << listed.body;
  EXPECT_EQ(body_of(listed).find("workflows")->as_array().size(), 1U);
}

TEST_F(Registry, RefusesWhoMintsToRegisterAWorkflow) {
  HttpRequest request =
      AuthorityFixture::json("POST", "/intent/register/workflow",
                             json::Object{{"workflow_id", "evil"}, {"steps", json::Array{}}});
  fixture.authenticate(request, fixture.fleet());
  fixture.prove(request, fixture.planner().key);
  expect_reason(fixture.handle(request), 403, "client_unauthorized");
}

}  // namespace
}  // namespace ajwt
