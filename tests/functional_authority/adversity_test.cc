// SPDX-License-Identifier: Apache-2.0
//
// What outsiders could learn or break: equal work for unequal questions, changed bytes, races, and
// a store that fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/operation_count.h"
#include "json/utf8.h"
#include "protocol/access_token.h"
#include "protocol/names.h"
#include "store/sqlite_store.h"
#include "tests/support/authority_fixture.h"
#include "tests/support/matchers.h"
#include "tests/support/mutations.h"
#include "tests/support/observed_store.h"
#include "tests/support/test_keys.h"

namespace ajwt {
namespace {

using testing::AuthorityFixture;
using testing::body_of;
using testing::ed25519_key;
using testing::MintDoor;
using testing::ObservedStore;
using testing::TestToken;
using testing::text_of;

authority::AuthorityOptions without_limits() {
  auto options = AuthorityFixture::default_options();
  const authority::Budget plenty{.per_second = 1e9, .burst = 1e9};
  options.rate_limits.address = plenty;
  options.rate_limits.address_failures = plenty;
  options.rate_limits.client_mint = plenty;
  options.rate_limits.client_failures = plenty;
  options.rate_limits.agent_failures = plenty;
  return options;
}

std::unique_ptr<ObservedStore> observed_store() {
  auto inner = store::SqliteStore::open_in_memory();
  AJWT_CHECK(inner.has_value());
  return std::make_unique<ObservedStore>(*std::move(inner));
}

class Adversity : public ::testing::Test {
 protected:
  std::unique_ptr<ObservedStore> made = observed_store();
  ObservedStore* store = made.get();
  AuthorityFixture fixture{std::move(made), without_limits()};

  std::vector<std::string> calls_of(HttpRequest request) {
    (void)store->take_calls();
    (void)fixture.handle(request);
    return store->take_calls();
  }
  // Cost is what a request made the authority do.
  struct Cost {
    std::vector<std::string> calls;
    OperationCount operations;
    bool operator==(const Cost&) const = default;
  };
  Cost cost_of(const HttpRequest& request) {
    const OperationCount before = operation_count();
    std::vector<std::string> calls = calls_of(request);
    const OperationCount after = operation_count();
    return Cost{std::move(calls),
                {.verifications = after.verifications - before.verifications,
                 .comparisons = after.comparisons - before.comparisons}};
  }
  HttpRequest mint(const testing::MintSpec& spec, const crypto::PrivateKey& key) {
    HttpRequest request = AuthorityFixture::mint_request(spec, MintDoor::kJson);
    fixture.authenticate(request, fixture.fleet());
    fixture.prove(request, key, {.agent_checksum = spec.computed_checksum});
    return request;
  }
};

// Protocol 5: to an authenticated caller, unknown, revoked and wrong cost the same.
TEST_F(Adversity, UnknownAndRevokedAgentsCostWhatWrongChecksumsCost) {
  const auto spec = fixture.mint_spec(fixture.planner(), fixture.open_execution());
  auto wrong = spec;
  wrong.computed_checksum = fixture.patcher().checksum;
  auto unknown = spec;
  unknown.agent_id = "nobody";
  const Cost cost = cost_of(mint(wrong, fixture.planner().key));
  EXPECT_EQ(cost.calls, (std::vector<std::string>{"find_client", "find_application",
                                                  "load_mint_records", "append_audit"}));
  EXPECT_EQ(cost.operations.verifications, 1U);
  EXPECT_EQ(cost_of(mint(unknown, fixture.planner().key)), cost);
  EXPECT_EQ(cost_of(mint(spec, fixture.patcher().key)), cost);
  const TestToken token = fixture.token(fixture.administrator(), "admin:agents");
  ASSERT_EQ(fixture.call(token, "POST", "/admin/agents/acme/planner/revoke").status, 200);
  EXPECT_EQ(cost_of(mint(spec, fixture.planner().key)), cost);
}

TEST_F(Adversity, UnknownClientsCostWhatWrongSecretsCost) {
  const auto request = [&](std::string_view client_id) {
    HttpRequest made_request = AuthorityFixture::form(
        "/oauth/token", {{"grant_type", "client_credentials"}, {"scope", "a"}});
    AuthorityFixture::authenticate_basic(made_request, client_id, "wrong");
    fixture.prove(made_request, ed25519_key(50));
    return made_request;
  };
  const Cost cost = cost_of(request("acme-fleet"));
  EXPECT_EQ(cost.calls, (std::vector<std::string>{"find_client"}));
  EXPECT_EQ(cost_of(request("nobody")), cost);
}

TEST_F(Adversity, UnknownClientsCostWhatWronglySignedAssertionsCost) {
  const auto request = [&](std::string client_id) {
    HttpRequest made_request = AuthorityFixture::form(
        "/oauth/token", {{"grant_type", "client_credentials"}, {"scope", "a"}});
    fixture.authenticate(made_request,
                         testing::TestClient{std::move(client_id), std::nullopt, ed25519_key(51)});
    fixture.prove(made_request, ed25519_key(50));
    return made_request;
  };
  const Cost cost = cost_of(request(fixture.fleet_with_key().client_id));
  EXPECT_EQ(cost.calls, (std::vector<std::string>{"find_client"}));
  EXPECT_EQ(cost.operations.verifications, 2U);
  EXPECT_EQ(cost_of(request("nobody")), cost);
}

TEST_F(Adversity, AnotherTenantsAgentsCostWhatMissingOnesCost) {
  const TestToken foreign = fixture.token(fixture.foreign_registrar(), "register:intent");
  const auto request = [&](std::string path) {
    HttpRequest made_request = AuthorityFixture::get(std::move(path));
    fixture.present(made_request, foreign);
    return made_request;
  };
  (void)calls_of(request("/intent/agents/acme"));  // the token is known from here on
  EXPECT_EQ(cost_of(request("/intent/agents/acme/planner")),
            cost_of(request("/intent/agents/nowhere/nobody")));
  EXPECT_EQ(cost_of(request("/intent/agents/acme")), cost_of(request("/intent/agents/nowhere")));
  EXPECT_THAT(calls_of(request("/intent/agents/acme/planner")),
              ::testing::Not(::testing::Contains("list_versions")));
}

// A grant that is narrowed while the next version is being registered stays narrowed.
TEST_F(Adversity, ANewVersionInheritsTheGrantThatStandsWhenItIsWritten) {
  const TestToken token = fixture.token(fixture.administrator(), "admin:agents");
  int narrowed = 0;
  store->before_next("add_registration", [&] {
    narrowed = fixture
                   .call(token, "PUT", "/admin/agents/acme/planner/grant",
                         json::Object{{"grant", json::Array{}}})
                   .status;
  });
  auto next = AuthorityFixture::agent("planner", "You plan better.", 11);
  const auto response = fixture.register_agent(fixture.registrar(), testing::kAcme, next);

  EXPECT_EQ(narrowed, 200);
  ASSERT_EQ(response.status, 201) << response.body;
  const auto newest =
      fixture.store().find_registration(AppId::trusted("acme"), AgentId::trusted("planner"));
  ASSERT_THAT(newest, IsOk());
  EXPECT_EQ((*newest)->version, 2);
  EXPECT_THAT((*newest)->grant, ::testing::Optional(::testing::IsEmpty()));
}

// A client that is disabled after it was authenticated writes nothing more.
TEST_F(Adversity, AClientThatIsDisabledMeanwhileRegistersNothing) {
  const TestToken token = fixture.token(fixture.administrator(), "admin:apps");
  store->before_next("add_registration", [&] {
    EXPECT_EQ(fixture.call(token, "POST", "/admin/clients/acme-ci/disable").status, 200);
  });
  const auto agent = AuthorityFixture::agent("reviewer", "You review.", 41);
  const auto response = fixture.register_agent(fixture.registrar(), testing::kAcme, agent);

  EXPECT_EQ(response.status, 503) << response.body;
  EXPECT_EQ(text_of(response, "reason"), "client_changed");
  const auto found =
      fixture.store().find_registration(AppId::trusted("acme"), AgentId::trusted("reviewer"));
  EXPECT_THAT(found, IsOkAndHolds(::testing::Eq(std::nullopt)));
}

// A good secret does not buy an entry in the log for every bad proof.
TEST(Budget, BadProofsOfAClientFillTheLogWithinItOnly) {
  auto made = observed_store();
  ObservedStore* store = made.get();
  auto options = without_limits();
  options.rate_limits.client_failures = {.per_second = 1, .burst = 500};
  AuthorityFixture fixture(std::move(made), options);
  const auto spec = fixture.mint_spec(fixture.planner(), fixture.open_execution());
  HttpRequest good = AuthorityFixture::mint_request(spec, MintDoor::kJson);
  fixture.authenticate(good, fixture.fleet());
  HttpRequest bad = good;
  bad.headers.set("DPoP", "no proof");
  fixture.prove(good, fixture.planner().key, {.agent_checksum = spec.computed_checksum});
  HttpRequest unknown_grant = AuthorityFixture::form("/oauth/token", {{"grant_type", "password"}});
  fixture.authenticate(unknown_grant, fixture.fleet());
  int limited = 0;
  for (int i = 0; i < 510; ++i) {
    (void)store->take_calls();
    const auto response = fixture.handle(i % 2 == 0 ? bad : unknown_grant);
    const bool written = store->take_calls().back() == "append_audit";
    EXPECT_EQ(written, response.status != 429) << response.body;
    if (response.status == 429) ++limited;
  }
  EXPECT_EQ(limited, 10);
  EXPECT_EQ(fixture.handle(good).status, 200) << "its good requests have a budget of their own";
}

TEST_F(Adversity, AnInvalidProofReachesNoAgent) {
  const auto spec = fixture.mint_spec(fixture.planner(), fixture.open_execution());
  HttpRequest request = mint(spec, fixture.planner().key);
  request.headers.set("DPoP", std::string(*request.headers.find("DPoP")) + "A");
  const auto calls = calls_of(request);
  EXPECT_THAT(calls, ::testing::Not(::testing::Contains("load_mint_records")));
}

// An intent token for the authority itself can't be minted; if one existed, it would open nothing.
TEST_F(Adversity, AnIntentTokenOpensNothingHere) {
  const auto keys = fixture.store().list_signing_keys();
  ASSERT_THAT(keys, IsOk());
  const auto signer = fixture.store().load_signing_key(keys->front().kid);
  ASSERT_THAT(signer, IsOk());
  const auto spec = fixture.mint_spec(fixture.planner(), fixture.open_execution());
  const auto minted = fixture.mint(spec, MintDoor::kJson, fixture.planner());
  const TokenRules rules{.issuer = testing::kTestIssuer,
                         .audience = testing::kTestApi,
                         .algorithms = jose::AlgorithmSet::all(),
                         .skew = Seconds(0)};
  const jose::KeySet published({jose::Jwk{
      .key = signer->public_key(), .kid = keys->front().kid, .alg = jose::Algorithm::kEdDSA}});
  auto claims =
      verify_access_token(text_of(minted, "access_token"), rules, published, fixture.clock().now());
  ASSERT_THAT(claims, IsOk());
  claims->aud = testing::kTestIssuer;
  claims->scope = {"admin:apps"};
  const auto forged = issue_access_token(*claims, *signer, keys->front().kid);
  ASSERT_THAT(forged, IsOk());
  const auto response =
      fixture.call(TestToken{*forged, fixture.planner().key}, "GET", "/admin/apps");
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(text_of(response, "reason"), "intent_refused");
}

TEST_F(Adversity, EveryChangeOfAnAccessTokenIsRefused) {
  const TestToken token = fixture.token(fixture.administrator(), "admin:apps");
  HttpRequest request = AuthorityFixture::get("/admin/whoami");
  fixture.present(request, token);
  const std::string nonce = fixture.nonce();
  int tried = 0;
  testing::for_each_mutation(token.access_token, [&](std::string_view changed, auto change) {
    if (++tried % 7 != 0) return;
    HttpRequest forged = request;
    fixture.present(forged, TestToken{std::string(changed), token.key}, {.nonce = nonce});
    const auto response = fixture.handle(forged);
    EXPECT_EQ(response.status, 401) << change;
    EXPECT_EQ(text_of(response, "error"), "invalid_token") << response.body << change;
  });
  EXPECT_GT(tried, 1000);
}

TEST_F(Adversity, EveryChangeOfAClientAssertionIsRefused) {
  const std::string assertion = fixture.assertion(fixture.fleet_with_key());
  const std::string nonce = fixture.nonce();
  int tried = 0;
  testing::for_each_mutation(assertion, [&](std::string_view changed, auto change) {
    if (++tried % 5 != 0) return;
    HttpRequest request = AuthorityFixture::form(
        "/oauth/token", {{"grant_type", "client_credentials"},
                         {"scope", "generate:intent-token"},
                         {"client_assertion", std::string(changed)},
                         {"client_assertion_type", std::string(names::kJwtBearerAssertion)}});
    fixture.prove(request, ed25519_key(50), {.nonce = nonce});
    const auto response = fixture.handle(request);
    // What is no text any more is refused as a form.
    const bool is_text = json::is_utf8(changed) && changed.find('\0') == changed.npos;
    EXPECT_EQ(response.status, is_text ? 401 : 400) << change;
    EXPECT_EQ(text_of(response, "error"), is_text ? "invalid_client" : "invalid_request")
        << response.body << change;
  });
  EXPECT_GT(tried, 1000);
}

TEST_F(Adversity, EveryChangeOfAProofIsRefused) {
  const auto spec = fixture.mint_spec(fixture.planner(), fixture.open_execution());
  const HttpRequest request = mint(spec, fixture.planner().key);
  const std::string proof(*request.headers.find("DPoP"));
  int tried = 0;
  testing::for_each_mutation(proof, [&](std::string_view changed, auto change) {
    if (++tried % 7 != 0) return;
    HttpRequest forged = request;
    forged.headers.set("DPoP", std::string(changed));
    const auto response = fixture.handle(forged);
    EXPECT_EQ(response.status, 400) << change;
    EXPECT_EQ(text_of(response, "error"), "invalid_dpop_proof") << response.body << change;
  });
  EXPECT_GT(tried, 1000);
  EXPECT_EQ(fixture.handle(request).status, 200) << "the unchanged one was not used up";
}

TEST_F(Adversity, OneOfManyEqualRequestsWins) {
  const auto spec = fixture.mint_spec(fixture.planner(), fixture.open_execution());
  const HttpRequest request = mint(spec, fixture.planner().key);
  std::atomic<int> granted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      if (fixture.handle(request).status == 200) ++granted;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(granted, 1);
}

TEST_F(Adversity, OneOfManyEqualAssertionsWins) {
  const std::string assertion = fixture.assertion(fixture.fleet_with_key());
  std::vector<HttpRequest> requests;
  for (int i = 0; i < 8; ++i) {
    HttpRequest request = AuthorityFixture::form(
        "/oauth/token", {{"grant_type", "client_credentials"},
                         {"scope", "generate:intent-token"},
                         {"client_assertion", assertion},
                         {"client_assertion_type", std::string(names::kJwtBearerAssertion)}});
    fixture.prove(request, ed25519_key(50));
    requests.push_back(std::move(request));
  }
  std::atomic<int> granted{0};
  std::vector<std::thread> threads;
  for (const auto& request : requests) {
    threads.emplace_back([&] {
      if (fixture.handle(request).status == 200) ++granted;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(granted, 1);
}

TEST_F(Adversity, AFailingStoreGivesNoTokenAndTellsNothingOfItself) {
  const auto spec = fixture.mint_spec(fixture.planner(), fixture.open_execution());
  const HttpRequest request = mint(spec, fixture.planner().key);
  store->break_down();
  const auto response = fixture.handle(request);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(text_of(response, "error"), "temporarily_unavailable");
  EXPECT_EQ(response.headers.find("Retry-After"), "1");
  EXPECT_EQ(response.body.find("/var/lib"), std::string::npos);
  EXPECT_NE(fixture.decisions().last().detail.find("/var/lib"), std::string::npos);
  const auto unready = fixture.handle(AuthorityFixture::get("/health/ready"));
  EXPECT_EQ(unready.status, 503);
  EXPECT_EQ(unready.body, R"({"status":"not_ready","reason":"store_unavailable","components":{)"
                          R"("store":{"status":"down","reason":"store_unavailable"},)"
                          R"("signing_keys":{"status":"up"}}})");
  EXPECT_EQ(fixture.decisions().last().refused, Code::k_store_unavailable);
  EXPECT_EQ(fixture.handle(AuthorityFixture::get("/health/live")).status, 200);
  store->repair();
  EXPECT_EQ(fixture.handle(AuthorityFixture::get("/health/ready")).status, 200);
}

TEST_F(Adversity, NothingThatIsSentEndsTheProcess) {
  const std::vector<std::string> bodies{
      "",
      "{",
      "[]",
      "null",
      "{\"grant_type\":1}",
      "{\"grant_type\":null}",
      "{\"grant_type\":\"agent_checksum\",\"key_proofs\":[1]}",
      "{\"grant_type\":\"agent_checksum\",\"client_assertion\":{}}",
      "{\"grant_type\":\"x\",\"grant_type\":\"y\"}",
      "grant_type",
      "grant_type=%",
      "=",
      "&",
      std::string(1000, '['),
      std::string("\xff\xfe\x00", 3)};
  for (const auto& path :
       {"/oauth/token", "/intent/token", "/intent/register/agent", "/intent/register/workflow",
        "/intent/executions", "/intent/executions/%00/steps/x/complete", "/admin/apps"}) {
    for (const auto* type : {"application/json", "application/x-www-form-urlencoded", ""}) {
      for (const auto& body : bodies) {
        HttpRequest request = AuthorityFixture::get(path);
        request.method = "POST";
        request.headers.add("Content-Type", type);
        request.headers.add("Authorization", "DPoP a.b.c");
        request.headers.add("DPoP", "a.b.c");
        request.body = body;
        const auto response = fixture.handle(request);
        EXPECT_GE(response.status, 400) << path << " " << body;
        EXPECT_LT(response.status, 500) << path << " " << body;
      }
    }
  }
}

}  // namespace
}  // namespace ajwt
