// SPDX-License-Identifier: Apache-2.0
//
// The strict checksum at the authority, by text and by hashes alone; what is kept of an agent's
// parts, and who is told which of them differ (protocol 3.1, 3.2, 3.4).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/check.h"
#include "crypto/seal.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/agent_checksum.h"
#include "protocol/names.h"
#include "protocol/strict_checksum.h"
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
using ::testing::HasSubstr;
using testing::kAcme;
using testing::kGlobex;
using testing::MintDoor;
using testing::MintSpec;
using ::testing::Not;
using testing::TestAgent;
using testing::TestClient;
using testing::TestToken;
using testing::text_of;

constexpr std::string_view kStrictName = "strict-sha256";

AgentDefinition definition_of(const TestAgent& agent) {
  auto definition = parse_agent_components(agent.components);
  AJWT_CHECK(definition.has_value());
  return *std::move(definition);
}

// strict makes an agent's checksum the strict one.
TestAgent strict(TestAgent agent) {
  auto checksum = compute_agent_checksum(definition_of(agent), ChecksumProfile::kStrictSha256);
  AJWT_CHECK(checksum.has_value());
  agent.checksum = *std::move(checksum);
  return agent;
}

TestAgent reviewer() {
  TestAgent agent = AuthorityFixture::agent("reviewer", "You review {{file}}.\r\n", 30);
  agent.components.set("slots", json::Array{"file"});
  agent.components.set("model", json::Object{{"id", "small-1"}});
  agent.components.set("servers",
                       json::Array{json::Object{
                           {"id", "https://mcp.example"},
                           {"tools", json::Array{json::Object{
                                         {"name", "search"},
                                         {"input_schema", json::Object{{"type", "object"}}}}}}}});
  return strict(std::move(agent));
}

json::Object hashes_of(const TestAgent& agent) {
  auto digests = compute_component_digests(definition_of(agent));
  AJWT_CHECK(digests.has_value());
  return to_json(*digests);
}

class Components : public ::testing::Test {
 protected:
  AuthorityFixture fixture;

  // send registers, by the client's assertion and the agent's proof.
  HttpResponse send(const TestAgent& agent, const json::Object& body) {
    return send(fixture.registrar(), agent, body);
  }
  HttpResponse send(const TestClient& client, const TestAgent& agent, const json::Object& body) {
    HttpRequest request = AuthorityFixture::json("POST", "/intent/register/agent", body);
    fixture.authenticate(request, client);
    fixture.prove(request, agent.key);
    return fixture.handle(request);
  }
  static json::Object by_text(const TestAgent& agent, std::string_view app_id = kAcme) {
    json::Object body = AuthorityFixture::registration(app_id, agent);
    body.set("profile", kStrictName);
    return body;
  }
  static json::Object by_hashes(const TestAgent& agent) {
    json::Object body = by_text(agent);
    body.remove("agent_components");
    body.set("agent_id", agent.agent_id);
    body.set("component_hashes", hashes_of(agent));
    return body;
  }
  static json::Object by_checksum(const TestAgent& agent) {
    json::Object body = by_hashes(agent);
    body.remove("component_hashes");
    body.set("checksum", agent.checksum);
    return body;
  }
  TestToken owner() { return fixture.token(fixture.registrar(), names::kScopeRegisterAgent); }
  HttpResponse diff(const TestToken& token, const TestAgent& live) {
    return fixture.call(token, "POST", "/intent/agents/acme/" + live.agent_id + "/diff",
                        json::Object{{"component_hashes", hashes_of(live)}});
  }
  // results lists what an answer says of each part but for those that are the same.
  static std::vector<std::string> results(const HttpResponse& response) {
    std::vector<std::string> out;
    const json::Object body = body_of(response);
    const json::Value* components = body.find("components");
    if (components == nullptr) return {"no components: " + response.body};
    for (const json::Value& row : components->as_array()) {
      const json::Object& part = row.as_object();
      if (part.find("result")->as_string() == "same") continue;
      std::string text = part.find("part")->as_string();
      for (const char* member : {"server", "name"}) {
        if (part.contains(member)) text += " " + part.find(member)->as_string();
      }
      out.push_back(text + ": " + part.find("result")->as_string());
    }
    return out;
  }
  authority::Registration stored(std::string_view app_id, const TestAgent& agent) {
    auto found = fixture.store().find_registration(AppId::trusted(std::string(app_id)),
                                                   AgentId::trusted(agent.agent_id));
    AJWT_CHECK(found.has_value() && found->has_value());
    return **std::move(found);
  }
  HttpResponse mint_as(const TestAgent& agent, const std::string& checksum) {
    MintSpec spec = fixture.mint_spec(agent, fixture.open_execution());
    spec.computed_checksum = checksum;
    return fixture.mint(spec, MintDoor::kJson, agent);
  }
};

// --- the strict checksum

TEST_F(Components, AreRegisteredUnderTheStrictChecksum) {
  const TestAgent agent = reviewer();
  const auto response = send(agent, by_text(agent));
  ASSERT_EQ(response.status, 201) << response.body;
  EXPECT_EQ(text_of(response, "checksum"), agent.checksum);
  EXPECT_EQ(text_of(response, "profile"), kStrictName);
  EXPECT_EQ(send(agent, by_text(agent)).status, 200);
  const auto shown = fixture.call(owner(), "GET", "/intent/agents/acme/reviewer");
  const json::Object body = body_of(shown);
  const json::Value* components = body.find("agent_components");
  ASSERT_NE(components, nullptr) << shown.body;
  EXPECT_THAT(parse_agent_components(components->as_object()), IsOkAndHolds(definition_of(agent)));
}

TEST_F(Components, GiveTheSameChecksumByTheirHashesAlone) {
  const TestAgent agent = reviewer();
  const auto response = send(agent, by_hashes(agent));
  ASSERT_EQ(response.status, 201) << response.body;
  EXPECT_EQ(text_of(response, "checksum"), agent.checksum);
  EXPECT_TRUE(body_of(response).find("recomputed")->as_boolean());
  EXPECT_TRUE(stored(kAcme, agent).sealed_components.empty());
  json::Object with_checksum = by_hashes(agent);
  with_checksum.set("checksum", agent.checksum);
  EXPECT_EQ(send(agent, with_checksum).status, 200);
}

TEST_F(Components, WhoseHashesHaveAnotherChecksumAreRefused) {
  const TestAgent agent = reviewer();
  json::Object body = by_hashes(agent);
  body.set("checksum", "strict-sha256:" + std::string(64, 'a'));
  expect_reason(send(agent, body), 400, "checksum_differs");
  // One digest of another agent, under the right checksum.
  json::Object hashes = hashes_of(agent);
  hashes.set("prompt", *hashes_of(fixture.planner()).find("prompt"));
  body.set("component_hashes", hashes);
  body.set("checksum", agent.checksum);
  expect_reason(send(agent, body), 400, "checksum_differs");
}

TEST_F(Components, AreProvedByTheRecomputedChecksum) {
  const TestAgent agent = reviewer();
  HttpRequest request = AuthorityFixture::json("POST", "/intent/register/agent", by_hashes(agent));
  fixture.authenticate(request, fixture.registrar());
  fixture.prove(request, agent.key, {.agent_checksum = fixture.planner().checksum});
  expect_reason(fixture.handle(request), 401, "proof_claims_differ");
}

TEST_F(Components, AreGivenByTextOrByHashes) {
  const TestAgent agent = reviewer();
  json::Object both = by_text(agent);
  both.set("component_hashes", hashes_of(agent));
  expect_reason(send(agent, both), 400, "parameter_duplicated");
  json::Object draft = by_hashes(agent);
  draft.set("profile", "sha256");
  expect_reason(send(agent, draft), 400, "parameter_missing");
  json::Object unknown = by_hashes(agent);
  json::Object hashes = hashes_of(agent);
  hashes.set("grant", std::string(64, 'a'));
  unknown.set("component_hashes", hashes);
  expect_reason(send(agent, unknown), 400, "json_unknown_member");
}

TEST_F(Components, ThatTheProfileDoesNotHashAreRefused) {
  const TestAgent agent = reviewer();
  json::Object body = by_text(agent);
  body.remove("profile");
  expect_reason(send(agent, body), 400, "component_not_hashed");
}

TEST_F(Components, AreNeverAddedToARegistrationInSilence) {
  const TestAgent agent = reviewer();
  ASSERT_EQ(send(agent, by_checksum(agent)).status, 201);
  expect_reason(send(agent, by_hashes(agent)), 409, "already_exists");
  expect_reason(send(agent, by_text(agent)), 409, "already_exists");
  EXPECT_EQ(send(agent, by_checksum(agent)).status, 200);

  TestAgent other = reviewer();
  other.components.set("agent_id", "other");
  other.agent_id = "other";
  other = strict(other);
  ASSERT_EQ(send(other, by_hashes(other)).status, 201);
  expect_reason(send(other, by_text(other)), 409, "already_exists");
}

// In the draft's profiles nothing vouches for hashes: others under one checksum are others.
TEST_F(Components, OfAnotherRegistrationAreNotTakenForItsOwn) {
  TestAgent agent = AuthorityFixture::agent("reviewer", "You review.", 30);
  json::Object body = by_hashes(agent);
  body.set("profile", "sha256");
  body.set("checksum", agent.checksum);
  const auto response = send(agent, body);
  ASSERT_EQ(response.status, 201) << response.body;
  EXPECT_FALSE(body_of(response).find("recomputed")->as_boolean());
  EXPECT_EQ(send(agent, body).status, 200);
  body.set("component_hashes", hashes_of(fixture.planner()));
  expect_reason(send(agent, body), 409, "already_exists");
}

// Each registration has one profile: no checksum of another one is taken for it (protocol 3.1).
TEST_F(Components, OfOneProfileAreNotMintedForByAnother) {
  const std::string draft = fixture.planner().checksum;
  const TestAgent planner = strict(fixture.planner());
  expect_reason(mint_as(planner, planner.checksum), 401, "agent_checksum_mismatch");
  ASSERT_EQ(mint_as(planner, draft).status, 200);

  ASSERT_EQ(send(planner, by_text(planner)).status, 201);
  EXPECT_EQ(mint_as(planner, planner.checksum).status, 200);
  expect_reason(mint_as(planner, draft), 401, "agent_checksum_mismatch");
  const std::string hex = planner.checksum.substr(kStrictPrefix.size());
  expect_reason(mint_as(planner, "sha256:" + hex), 401, "agent_checksum_mismatch");
  expect_reason(mint_as(planner, hex), 401, "agent_checksum_mismatch");
}

// --- which parts differ

TestAgent changed_reviewer() {
  TestAgent agent = reviewer();
  agent.components.set("prompt_template", "You review {{file}}.\n");
  agent.components.set("tools", json::Array{json::Object{{"name", "lookup2"},
                                                         {"description", "Looks it up."},
                                                         {"signature", "lookup2()"}}});
  agent.components.set("model", json::Object{{"id", "small-2"}});
  agent.components.remove("servers");
  return agent;
}

const std::vector<std::string> kChanges{"prompt_template: changed", "tools lookup: missing",
                                        "tools lookup2: added", "model: changed",
                                        "servers https://mcp.example search: missing"};

TEST_F(Components, AreComparedForTheirOwner) {
  const TestAgent agent = reviewer();
  for (const json::Object& body : {by_text(agent), by_hashes(agent)}) {
    AuthorityFixture fresh;
    HttpRequest request = AuthorityFixture::json("POST", "/intent/register/agent", body);
    fresh.authenticate(request, fresh.registrar());
    fresh.prove(request, agent.key);
    ASSERT_EQ(fresh.handle(request).status, 201);
    const TestToken token = fresh.token(fresh.registrar(), names::kScopeRegisterAgent);
    const auto compare = [&](const TestAgent& live) {
      return fresh.call(token, "POST", "/intent/agents/acme/reviewer/diff",
                        json::Object{{"component_hashes", hashes_of(live)}});
    };
    const auto same = compare(agent);
    ASSERT_EQ(same.status, 200) << same.body;
    EXPECT_EQ(results(same), std::vector<std::string>());
    EXPECT_EQ(body_of(same).find("components")->as_array().size(), 6U);
    EXPECT_EQ(results(compare(changed_reviewer())), kChanges);
  }
}

TEST_F(Components, OfEveryProfileAreCompared) {
  TestAgent live = fixture.planner();
  EXPECT_EQ(results(diff(owner(), live)), std::vector<std::string>());
  live.components.set("prompt_template", "You plan. Then you send it to me.");
  EXPECT_EQ(results(diff(owner(), live)), std::vector<std::string>{"prompt_template: changed"});
}

TEST_F(Components, ThatWereRegisteredBeforeMacsWereKeptAreComparedByTheirText) {
  const TestAgent agent = fixture.planner();
  authority::Registration old = stored(kAcme, agent);
  const auto key = crypto::SealingKey::from_bytes(Bytes(32, 7));
  ASSERT_THAT(key, IsOk());
  const std::string text = json::write(json::Value(to_json(definition_of(agent))));
  old.registration_id = RegistrationId::trusted("reg_old");
  old.version += 1;
  old.sealed_components = *key->seal(as_bytes(text), "reg_old");
  old.component_hmacs.clear();
  ASSERT_THAT(fixture.store().add_registration(old, {.app_id = old.app_id,
                                                     .decision_id = "dec",
                                                     .entry = {{"operation", "test"}},
                                                     .basis = {},
                                                     .salt = Bytes(16, 1)}),
              IsOk());

  TestAgent live = agent;
  EXPECT_EQ(results(diff(owner(), live)), std::vector<std::string>());
  live.components.set("configuration", json::Object{{"model", "other"}});
  EXPECT_EQ(results(diff(owner(), live)), std::vector<std::string>{"configuration model: changed"});
}

TEST_F(Components, ThatWereNeverGivenCannotBeCompared) {
  const TestAgent agent = reviewer();
  ASSERT_EQ(send(agent, by_checksum(agent)).status, 201);
  expect_reason(diff(owner(), agent), 409, "components_unknown");
}

// Whoever may compare can find out whether a guessed text is right.
TEST_F(Components, AreComparedForNobodyElse) {
  const TestAgent agent = fixture.planner();
  const TestToken fleet = fixture.token(fixture.fleet(), names::kScopeMint);
  expect_reason(diff(fleet, agent), 403, "token_insufficient_scope");
  const TestToken administrator = fixture.token(fixture.administrator(), "admin:agents");
  expect_reason(diff(administrator, agent), 403, "client_unauthorized");
  const TestToken foreign = fixture.token(fixture.foreign_registrar(), names::kScopeRegisterAgent);
  expect_reason(diff(foreign, agent), 404, "not_found");
  TestAgent nobody = agent;
  nobody.agent_id = "nobody";
  expect_reason(diff(owner(), nobody), 404, "not_found");
}

TEST_F(Components, AreComparedWithinTheBudgetOfRegistrations) {
  authority::AuthorityOptions options = AuthorityFixture::default_options();
  options.rate_limits.agent_registration = {.per_second = 0.1, .burst = 3};
  AuthorityFixture limited(nullptr, options);
  const TestToken token = limited.token(limited.registrar(), names::kScopeRegisterAgent);
  const auto compare = [&] {
    return limited.call(token, "POST", "/intent/agents/acme/planner/diff",
                        json::Object{{"component_hashes", hashes_of(limited.planner())}});
  };
  EXPECT_EQ(compare().status, 200);  // the first was the registration itself
  EXPECT_EQ(compare().status, 200);
  const auto response = compare();
  expect_reason(response, 429, "rate_limited");
  EXPECT_TRUE(response.headers.find(names::kRetryAfter).has_value());
}

TEST_F(Components, LeaveACountInTheRecord) {
  const TestAgent agent = reviewer();
  ASSERT_EQ(send(agent, by_text(agent)).status, 201);
  ASSERT_EQ(diff(owner(), changed_reviewer()).status, 200);
  const auto leaves = fixture.store().list_audit(0, 10'000, AppId::trusted(std::string(kAcme)));
  ASSERT_THAT(leaves, IsOk());
  const auto entry = json::parse_object(leaves->back().bytes);
  ASSERT_THAT(entry, IsOk());
  ASSERT_EQ(entry->find("operation")->as_string(), "diff_agent");
  EXPECT_EQ(entry->find("compared")->as_integer(), 7);
  EXPECT_EQ(entry->find("differ")->as_integer(), 5);
  EXPECT_THAT(leaves->back().bytes, Not(HasSubstr("lookup")));
}

TEST_F(Components, ThatAreMalformedAreNotCompared) {
  const std::string path = "/intent/agents/acme/planner/diff";
  expect_reason(fixture.call(owner(), "POST", path, json::Object()), 400, "json_missing_member");
  expect_reason(fixture.call(owner(), "POST", path,
                             json::Object{{"component_hashes", json::Object{{"prompt", "a"}}}}),
                400, "components_malformed");
  json::Object more{{"component_hashes", hashes_of(fixture.planner())}, {"agent_components", 1}};
  expect_reason(fixture.call(owner(), "POST", path, more), 400, "json_unknown_member");
}

// --- what is kept

std::vector<std::string> macs_in(const std::string& json_text) {
  const auto digests = parse_component_hashes(*json::parse_object(json_text));
  AJWT_CHECK(digests.has_value());
  std::vector<std::string> macs;
  for (const auto& [component, mac] : *digests) macs.push_back(mac);
  return macs;
}

TEST_F(Components, AreKeptAsMacsThatDifferBetweenApplications) {
  const TestAgent agent = reviewer();
  ASSERT_EQ(send(agent, by_text(agent)).status, 201);
  ASSERT_EQ(send(fixture.foreign_registrar(), agent, by_text(agent, kGlobex)).status, 201);
  const auto own = macs_in(stored(kAcme, agent).component_hmacs);
  const auto foreign = macs_in(stored(kGlobex, agent).component_hmacs);
  ASSERT_EQ(own.size(), 6U);
  ASSERT_EQ(own.size(), foreign.size());
  const std::string digests = json::write(json::Value(hashes_of(agent)));
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_NE(own[i], foreign[i]);
    EXPECT_THAT(digests, Not(HasSubstr(own[i]))) << "no digest is kept as it is";
  }
}

TEST_F(Components, OfEqualContentHaveUnlikeMacsInTwoAgents) {
  const TestAgent agent = reviewer();
  TestAgent other = agent;
  other.agent_id = "other";
  other.components.set("agent_id", "other");
  other = strict(other);
  ASSERT_EQ(send(agent, by_text(agent)).status, 201);
  ASSERT_EQ(send(other, by_text(other)).status, 201);
  const auto first = macs_in(stored(kAcme, agent).component_hmacs);
  const auto second = macs_in(stored(kAcme, other).component_hmacs);
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_NE(first[i], second[i]);
}

TEST_F(Components, HaveAKeyThatIsSealedAndKept) {
  const TestAgent agent = reviewer();
  ASSERT_EQ(send(agent, by_text(agent)).status, 201);
  const AppId app_id = AppId::trusted(std::string(kAcme));
  const auto sealed = fixture.store().find_component_key(app_id);
  ASSERT_THAT(sealed, IsOk());
  ASSERT_TRUE(sealed->has_value());
  const auto key = crypto::SealingKey::from_bytes(Bytes(32, 7));
  ASSERT_THAT(key, IsOk());
  const auto opened = key->open(**sealed, "component-key:acme");
  ASSERT_THAT(opened, IsOk());
  EXPECT_EQ(opened->size(), 32U);
  EXPECT_THAT(key->open(**sealed, "component-key:globex"), RefusedWith(Code::k_crypto_failed));

  fixture.restart();
  EXPECT_EQ(results(diff(owner(), agent)), std::vector<std::string>());
  EXPECT_EQ(fixture.store().find_component_key(app_id)->value(), **sealed);
}

TEST_F(Components, ShowTheirMacsInNoAnswer) {
  const TestAgent agent = reviewer();
  std::vector<HttpResponse> answers;
  answers.push_back(send(agent, by_text(agent)));
  answers.push_back(send(agent, by_text(agent)));
  answers.push_back(diff(owner(), agent));
  answers.push_back(diff(owner(), changed_reviewer()));
  for (const char* path : {"/intent/agents/acme", "/intent/agents/acme/reviewer"}) {
    answers.push_back(fixture.call(owner(), "GET", path));
    answers.push_back(fixture.call(fixture.token(fixture.fleet(), names::kScopeMint), "GET", path));
    answers.push_back(
        fixture.call(fixture.token(fixture.administrator(), "admin:agents"), "GET", path));
  }
  const TestToken agents = fixture.token(fixture.administrator(), "admin:agents");
  answers.push_back(fixture.call(agents, "PUT", "/admin/agents/acme/reviewer/grant",
                                 json::Object{{"grant", json::Array{}}}));
  answers.push_back(mint_as(strict(fixture.planner()), agent.checksum));
  const TestToken apps = fixture.token(fixture.administrator(), "admin:apps");
  answers.push_back(fixture.call(apps, "GET", "/admin/apps"));
  answers.push_back(fixture.call(apps, "GET", "/admin/apps/acme"));
  answers.push_back(fixture.call(apps, "PATCH", "/admin/apps/acme", json::Object{{"name", "A"}}));
  answers.push_back(fixture.call(fixture.token(fixture.administrator(), "admin:audit"), "GET",
                                 "/admin/audit", {}, "limit=1000"));
  answers.push_back(fixture.call(agents, "POST", "/admin/agents/acme/reviewer/revoke"));

  std::vector<std::string> hidden = macs_in(stored(kAcme, agent).component_hmacs);
  for (const auto& mac : macs_in(stored(kAcme, fixture.planner()).component_hmacs)) {
    hidden.push_back(mac);
  }
  const auto sealed = fixture.store().find_component_key(AppId::trusted(std::string(kAcme)));
  const auto key = crypto::SealingKey::from_bytes(Bytes(32, 7));
  hidden.push_back(to_hex(*key->open(**sealed, "component-key:acme")));
  hidden.push_back(to_hex(**sealed));
  for (const HttpResponse& answer : answers) {
    EXPECT_THAT(answer.body, Not(HasSubstr("hmac")));
    for (const std::string& secret : hidden) EXPECT_THAT(answer.body, Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace ajwt
