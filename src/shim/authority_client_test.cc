// SPDX-License-Identifier: Apache-2.0
#include "shim/authority_client.h"

#include <set>
#include <string>
#include <vector>

#include "jose/jwk.h"
#include "jose/jws.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/names.h"
#include "protocol/proof.h"
#include "shim/internal/client_authentication.h"
#include "shim/testing/fleet_fixture.h"
#include "tests/support/matchers.h"

namespace ajwt::shim {
namespace {

using ::testing::HasSubstr;
using testing::kIssuer;
using ::testing::Not;

// Client is an AuthorityClient before the fake authority.
struct Client {
  explicit Client(ClientCredential credential = testing::secret_credential())
      : services(clock),
        client(*AuthorityClient::create({.issuer = std::string(kIssuer),
                                         .credential = std::move(credential),
                                         .token_key = std::nullopt,
                                         .plain_http = PlainHttp::kLoopbackOnly,
                                         .retries = {}},
                                        services, clock, sleeper)) {}
  testing::FakeClock clock;
  testing::FakeSleeper sleeper;
  testing::FakeServices services;
  std::unique_ptr<AuthorityClient> client;
};

AuthorityCall get_apps() {
  return {.method = "GET",
          .path = "/admin/apps?limit=5&after=a%20b",
          .body = std::nullopt,
          .repeat = Repeat::kSafe};
}

AuthorityCall post_app() {
  return {.method = "POST",
          .path = "/admin/apps",
          .body = json::Object{{"app_id", "a"}},
          .repeat = Repeat::kUnsafe};
}

AgentIdentity some_agent() {
  return {.agent_id = AgentId::trusted("patcher"),
          .key = *crypto::PrivateKey::generate(crypto::KeyKind::kEd25519),
          .agent_checksum = std::nullopt};
}

TEST(AuthorityClient, CallsWithATokenAndAProofThatBindsBodyAndQuery) {
  Client world;
  const auto answer = world.client->call(get_apps(), {"admin:apps"});
  ASSERT_THAT(answer, IsOk());
  // The fake authority verifies qd and bd as mandatory, so that it got here says it all.
  EXPECT_EQ(answer->as_object().find("query")->as_string(), "limit=5&after=a%20b");
  EXPECT_THAT(world.client->call(post_app(), {"admin:apps"}), IsOk());
}

TEST(AuthorityClient, GetsATokenPerSetOfScopesOnce) {
  Client world;
  for (int i = 0; i < 3; ++i) {
    ASSERT_THAT(world.client->call(get_apps(), {"admin:apps", "admin:keys"}), IsOk());
    ASSERT_THAT(world.client->call(get_apps(), {"admin:keys", "admin:apps"}), IsOk());
  }
  EXPECT_EQ(world.services.secrets().size(), 1U);
  ASSERT_THAT(world.client->call(get_apps(), {"admin:keys"}), IsOk());
  EXPECT_EQ(world.services.secrets().size(), 2U);
  EXPECT_THAT(world.client->call(get_apps(), {}), RefusedWith(Code::k_scope_malformed));
}

TEST(AuthorityClient, RenewsItsTokenBeforeItExpires) {
  Client world;
  ASSERT_THAT(world.client->call(get_apps(), {"admin:apps"}), IsOk());
  world.clock.advance(Seconds(240));
  ASSERT_THAT(world.client->call(get_apps(), {"admin:apps"}), IsOk());
  EXPECT_EQ(world.services.secrets().size(), 2U);
}

TEST(AuthorityClient, GetsANewTokenOnceWhenTheAuthorityNoLongerKnowsItsOwn) {
  Client world;
  ASSERT_THAT(world.client->call(get_apps(), {"admin:apps"}), IsOk());
  world.services.lose_tokens();
  world.services.lose_nonces();
  EXPECT_THAT(world.client->call(get_apps(), {"admin:apps"}), IsOk());
  EXPECT_EQ(world.services.secrets().size(), 2U);

  world.services.set_intercept([](const HttpCall& call) -> std::optional<Result<HttpResponse>> {
    if (testing::path_of(call.url) == "/oauth/token") return std::nullopt;
    return HttpResponse{.status = 401,
                        .headers = {},
                        .body = R"({"error":"invalid_token","reason":"token_expired"})"};
  });
  EXPECT_THAT(world.client->call(get_apps(), {"admin:apps"}), RefusedWith(Code::k_token_expired));
  EXPECT_EQ(world.services.secrets().size(), 3U);
}

TEST(AuthorityClient, MakesAFreshAssertionAndProofForEachAttempt) {
  const auto key = *crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
  Client world({.client_id = ClientId::trusted("fleet"), .authenticator = key});
  world.services.set_client_key(key.public_key());
  const AgentIdentity agent = some_agent();
  world.services.register_agent("patcher", jose::thumbprint(agent.key.public_key()), "none");
  const AuthorityCall call{.method = "POST",
                           .path = "/intent/executions",
                           .body = json::Object{{"workflow_id", "w"}},
                           .repeat = Repeat::kSafe};
  ASSERT_THAT(world.client->call_as_agent(call, agent), IsOk());
  ASSERT_THAT(world.client->call_as_agent(call, agent), IsOk());
  std::set<std::string> bodies;
  std::set<std::string> proofs;
  const auto calls = world.services.calls();
  for (const HttpCall& made : calls) {
    bodies.insert(made.body);
    proofs.emplace(*made.headers.find("DPoP"));
  }
  EXPECT_EQ(bodies.size(), calls.size());
  EXPECT_EQ(proofs.size(), calls.size());
  EXPECT_FALSE(world.client->authenticates_by_secret());
}

TEST(AuthorityClient, LetsAnAgentProveItselfBesideItsToken) {
  Client world;
  const AgentIdentity agent = some_agent();
  world.services.register_agent("patcher", jose::thumbprint(agent.key.public_key()), "sum");
  const AuthorityCall call{.method = "POST",
                           .path = "/intent/token",
                           .body = json::Object{{"agent_id", "patcher"},
                                                {"computed_checksum", "sum"},
                                                {"requested_scopes", json::Array{"a"}},
                                                {"audience", "https://api.example"},
                                                {"key_proofs", json::Array{"forged"}}},
                           .repeat = Repeat::kSafe};
  EXPECT_THAT(world.client->call_with_agent(call, {"generate:intent-token"}, agent), IsOk());
  EXPECT_THAT(world.client->call_with_agent(call, {"generate:intent-token"}, some_agent()),
              RefusedWith(Code::k_agent_key_unknown));
}

TEST(AuthorityClient, LetsTwoKeysProveThemselvesForAChangeOfKey) {
  Client world;
  const std::vector<AgentIdentity> agents{some_agent(), some_agent()};
  const AuthorityCall call{.method = "POST",
                           .path = "/admin/key_change",
                           .body = json::Object{{"agent_id", "patcher"}},
                           .repeat = Repeat::kSafe};
  ASSERT_THAT(world.client->call_with_agents(call, {"register:intent"}, agents), IsOk());
  const HttpCall last = world.services.calls().back();
  const json::Object body = *json::parse_object(last.body);
  const json::Array& proofs = body.find(names::kKeyProofs)->as_array();
  ASSERT_EQ(proofs.size(), 2U);
  json::Object rest = body;
  rest.remove(names::kKeyProofs);
  const std::string canonical = *json::write_jcs(rest);
  const auto dpop = jose::UnverifiedJws::parse(*last.headers.find("DPoP"), kMaxProofBytes,
                                               jose::EmbeddedKey::kRequired);
  const std::string beside = jose::thumbprint(dpop->header().jwk->key);
  for (std::size_t i = 0; i < agents.size(); ++i) {
    const AgentProofFacts facts{.method = "POST",
                                .uri = last.url,
                                .now = world.clock.now(),
                                .nonces = nullptr,
                                .body_without_proofs = as_bytes(canonical),
                                .beside_jkt = beside};
    const auto proof = verify_agent_proof(proofs[i].as_string(), facts, jose::AlgorithmSet::all());
    ASSERT_TRUE(proof);
    EXPECT_EQ(proof->key(), agents[i].key.public_key());
  }
}

TEST(AuthorityClient, RepeatsAfterALostConnectionOnlyWhatMayArriveTwice) {
  Client world;
  ASSERT_THAT(world.client->call(get_apps(), {"admin:apps"}), IsOk());
  world.services.set_intercept([](const HttpCall&) -> std::optional<Result<HttpResponse>> {
    return Result<HttpResponse>(refuse(Code::k_network_failed));
  });
  const std::size_t before = world.services.calls().size();
  EXPECT_THAT(world.client->call(post_app(), {"admin:apps"}), RefusedWith(Code::k_network_failed));
  EXPECT_EQ(world.services.calls().size(), before + 1);
  EXPECT_THAT(world.client->call(get_apps(), {"admin:apps"}), RefusedWith(Code::k_network_failed));
  EXPECT_EQ(world.services.calls().size(), before + 5);
  EXPECT_EQ(world.sleeper.slept().size(), 3U);
}

TEST(AuthorityClient, TakesAWrongSecretsRefusalAsItIsAndNeverShowsTheSecret) {
  Client world(
      {.client_id = ClientId::trusted("fleet"), .authenticator = Secret("a-secret-that-is-wrong")});
  const auto answer = world.client->call(get_apps(), {"admin:apps"});
  ASSERT_THAT(answer, RefusedWith(Code::k_client_unauthenticated));
  EXPECT_THAT(answer.error().describe() + answer.error().detail(),
              Not(HasSubstr("a-secret-that-is-wrong")));
}

TEST(ClientAuthentication, EncodesTheParts) {
  const auto basic = build_client_authentication(
      {.client_id = ClientId::trusted("a:b"), .authenticator = Secret("p w+%")},
      "https://authority.example", from_unix(0));
  ASSERT_THAT(basic, IsOk());
  // RFC 6749 2.3.1: each is form-encoded first, so that a ':' in the id cannot move the border.
  EXPECT_EQ(basic->authorization, "Basic YSUzQWI6cCUyMHclMkIlMjU=");
  EXPECT_EQ(form_encode("a-b_c.d ~/"), "a-b_c.d%20%7E%2F");
}

}  // namespace
}  // namespace ajwt::shim
