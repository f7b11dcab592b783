// SPDX-License-Identifier: Apache-2.0
//
// Administration, discovery, health, pages, and what every answer has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "crypto/hash.h"
#include "jose/jwk.h"
#include "json/parse.h"
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
using testing::TestClient;
using testing::TestToken;
using testing::text_of;

class Administration : public ::testing::Test {
 protected:
  AuthorityFixture fixture;
  TestToken apps = fixture.token(fixture.administrator(), "admin:apps");

  HttpResponse create_client(json::Object body) {
    return fixture.call(apps, "POST", "/admin/apps/acme/clients", body);
  }
  HttpResponse create_client(std::string_view scope) {
    return create_client({{"token_endpoint_auth_method", "client_secret_basic"}, {"scope", scope}});
  }
};

TEST_F(Administration, KeepsMintingApartFromRegistering) {
  for (const auto* scope :
       {"generate:intent-token register:intent", "register:workflow generate:intent-token",
        "generate:intent-token admin:apps", "generate:intent-token register:anything"}) {
    const auto response = create_client(scope);
    expect_reason(response, 400, "scopes_conflict");
    EXPECT_EQ(text_of(response, "error"), "invalid_client_metadata");
  }
  EXPECT_EQ(create_client("generate:intent-token").status, 201);
  EXPECT_EQ(create_client("register:intent register:workflow").status, 201);
}

TEST_F(Administration, HandsOutNoAdministrativeScopeThatIsNotItsOwn) {
  expect_reason(create_client("admin:keys"), 400, "scope_exceeds_ceiling");
  EXPECT_EQ(create_client("admin:apps").status, 201);
}

TEST_F(Administration, TakesOverNoClientThatHoldsMore) {
  const auto created = create_client("admin:apps");
  TestClient limited{text_of(created, "client_id"), text_of(created, "client_secret"),
                     std::nullopt};
  const TestToken token = fixture.token(limited, "admin:apps");
  expect_reason(fixture.call(token, "POST", "/admin/clients/ajwt-admin/disable"), 400,
                "scope_exceeds_ceiling");
}

TEST_F(Administration, ShowsASecretOnceAndKeepsItsHash) {
  const auto created = create_client("reports:read");
  const std::string secret = text_of(created, "client_secret");
  EXPECT_EQ(secret.size(), 43U) << "256 bits";
  const auto client_id = ClientId::trusted(text_of(created, "client_id"));
  const auto stored = fixture.store().find_client(client_id);
  ASSERT_THAT(stored, IsOk());
  EXPECT_EQ((*stored)->secret_sha256, crypto::sha256(secret));
  const auto listed = fixture.call(apps, "GET", "/admin/apps/acme/clients");
  EXPECT_EQ(listed.body.find(secret), std::string::npos);
  EXPECT_EQ(listed.body.find("client_secret\""), std::string::npos);
  const auto leaves = fixture.store().list_audit(0, 1000, std::nullopt);
  ASSERT_THAT(leaves, IsOk());
  for (const auto& leaf : *leaves) {
    EXPECT_EQ(leaf.bytes.find(secret), std::string::npos);
  }
}

TEST_F(Administration, RotatesASecret) {
  const auto rotated = fixture.call(apps, "POST", "/admin/clients/acme-fleet/rotate-secret");
  ASSERT_EQ(rotated.status, 200) << rotated.body;
  TestClient renewed = fixture.fleet();
  const std::string old = *renewed.secret;
  renewed.secret = text_of(rotated, "client_secret");
  (void)fixture.token(renewed, names::kScopeMint);
  HttpRequest request = AuthorityFixture::form(
      "/oauth/token", {{"grant_type", "client_credentials"}, {"scope", "generate:intent-token"}});
  AuthorityFixture::authenticate_basic(request, renewed.client_id, old);
  fixture.prove(request, ed25519_key(50));
  expect_reason(fixture.handle(request), 401, "client_unauthenticated");
  expect_reason(fixture.call(apps, "POST", "/admin/clients/acme-ci/rotate-secret"), 400,
                "client_metadata_malformed");
  expect_reason(fixture.call(apps, "POST", "/admin/clients/nobody/rotate-secret"), 404,
                "not_found");
}

TEST_F(Administration, RefusesMalformedClients) {
  const json::Value key(jose::to_json(ed25519_key(9).public_key()));
  expect_reason(create_client({{"token_endpoint_auth_method", "none"}, {"scope", "a"}}), 400,
                "client_metadata_malformed");
  expect_reason(create_client({{"token_endpoint_auth_method", "private_key_jwt"}, {"scope", "a"}}),
                400, "client_metadata_malformed");
  expect_reason(
      create_client(
          {{"token_endpoint_auth_method", "client_secret_basic"}, {"scope", "a"}, {"jwk", key}}),
      400, "client_metadata_malformed");
  expect_reason(create_client({{"token_endpoint_auth_method", "client_secret_basic"},
                               {"scope", "a"},
                               {"client_id", "agent:acme:planner"}}),
                400, "identifier_malformed");
  expect_reason(create_client({{"token_endpoint_auth_method", "client_secret_basic"},
                               {"scope", "a"},
                               {"client_id", "acme-fleet"}}),
                409, "already_exists");
  expect_reason(create_client({{"token_endpoint_auth_method", "client_secret_basic"},
                               {"scope", "a"},
                               {"redirect_uris", json::Array{}}}),
                400, "json_unknown_member");
}

TEST_F(Administration, CreatesShowsAndChangesAnApplication) {
  const auto created = fixture.call(apps, "POST", "/admin/apps", json::Object{{"app_id", "shop"}});
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(text_of(created, "workflow_rule"), "required");
  EXPECT_TRUE(body_of(created).find("audiences")->as_array().empty());
  expect_reason(fixture.call(apps, "POST", "/admin/apps", json::Object{{"app_id", "shop"}}), 409,
                "already_exists");
  expect_reason(fixture.call(apps, "POST", "/admin/apps", json::Object{{"app_id", "a:b"}}), 400,
                "identifier_malformed");

  const json::Object change{{"workflow_rule", "optional"},
                            {"audiences", json::string_array({"https://shop.example"})}};
  ASSERT_EQ(fixture.call(apps, "PATCH", "/admin/apps/shop", change).status, 200);
  const auto shown = fixture.call(apps, "GET", "/admin/apps/shop");
  EXPECT_EQ(text_of(shown, "workflow_rule"), "optional");
  EXPECT_EQ(body_of(shown).find("audiences")->as_array().size(), 1U);
  expect_reason(fixture.call(apps, "GET", "/admin/apps/none"), 404, "not_found");
}

TEST_F(Administration, RefusesTheAuthorityAsAnApplicationsAudience) {
  const json::Object change{{"audiences", json::string_array({std::string(testing::kTestIssuer)})}};
  expect_reason(fixture.call(apps, "PATCH", "/admin/apps/acme", change), 400,
                "audience_exceeds_ceiling");
}

TEST_F(Administration, TellsWhoIsAsking) {
  const auto response = fixture.call(apps, "GET", "/admin/whoami");
  EXPECT_EQ(text_of(response, "client_id"), "ajwt-admin");
  EXPECT_EQ(text_of(response, "scope"), "admin:apps");
}

TEST_F(Administration, TellsHowItIsSetUp) {
  for (const char* scope : {"admin:audit", "admin:keys"}) {
    const TestToken reader = fixture.token(fixture.administrator(), scope);
    const auto response = fixture.call(reader, "GET", "/admin/status");
    ASSERT_EQ(response.status, 200) << scope;
    const json::Object body = body_of(response);
    const json::Object* store = body.find_object("store");
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(store->text("kind"), "sqlite");
    EXPECT_EQ(store->text("synchronous"), "full");
    EXPECT_GT(*store->find_integer("audit_sequence"), 0);
    EXPECT_GE(*store->find_integer("schema"), 1);
    EXPECT_EQ(body.find_array("keys")->size(), 1U);
    const json::Object* lifetimes = body.find_object("lifetimes");
    EXPECT_EQ(*lifetimes->find_integer("intent_token"), 300);
    EXPECT_EQ(*lifetimes->find_integer("key_announce"), 1200);
    EXPECT_EQ(*lifetimes->find_integer("signing_key_lifetime"), 90 * 86400);
    EXPECT_EQ(body.text("hints"), "owner");
  }
  expect_reason(fixture.call(apps, "GET", "/admin/status"), 403, "token_insufficient_scope");
}

TEST_F(Administration, TellsWhichSettingsWeakenAPromise) {
  const TestToken reader = fixture.token(fixture.administrator(), "admin:audit");
  const auto settings = [&] {
    std::string text;
    const json::Object body = body_of(fixture.call(reader, "GET", "/admin/status"));
    for (const json::Value& row : *body.find_array("relaxed")) {
      text += row.as_object().text("promise") + " " + row.as_object().text("setting") + "\n";
    }
    return text;
  };
  EXPECT_EQ(settings().find("app acme workflow_rule"), std::string::npos);
  const json::Object change{{"workflow_rule", "optional"}};
  ASSERT_EQ(fixture.call(apps, "PATCH", "/admin/apps/acme", change).status, 200);
  EXPECT_NE(settings().find("P3 app acme workflow_rule"), std::string::npos);
}

TEST_F(Administration, ReadsTheAuditInPages) {
  const TestToken audit = fixture.token(fixture.administrator(), "admin:audit");
  const auto first = body_of(fixture.call(audit, "GET", "/admin/audit", {}, "limit=3"));
  ASSERT_EQ(first.find("entries")->as_array().size(), 3U);
  const auto next = first.find("next_after")->as_integer();
  const auto second = body_of(
      fixture.call(audit, "GET", "/admin/audit", {}, "limit=1&after=" + std::to_string(next)));
  EXPECT_EQ(second.find("entries")->as_array().front().as_object().find("sequence")->as_integer(),
            next + 1);
  expect_reason(fixture.call(audit, "GET", "/admin/audit", {}, "limit=1001"), 400,
                "parameter_malformed");
  expect_reason(fixture.call(audit, "GET", "/admin/audit", {}, "limit=-1"), 400,
                "parameter_malformed");
  expect_reason(fixture.call(audit, "GET", "/admin/audit", {}, "page=2"), 400,
                "parameter_malformed");
}

TEST_F(Administration, WritesNoPromptTokenOrSecretIntoTheAudit) {
  (void)fixture.mint(fixture.mint_spec(fixture.planner(), fixture.open_execution()),
                     testing::MintDoor::kJson, fixture.planner());
  const auto leaves = fixture.store().list_audit(0, 1000, std::nullopt);
  ASSERT_THAT(leaves, IsOk());
  for (const auto& leaf : *leaves) {
    EXPECT_EQ(leaf.bytes.find("You plan"), std::string::npos);
    EXPECT_EQ(leaf.bytes.find("eyJ"), std::string::npos);
    EXPECT_EQ(leaf.bytes.find(*fixture.fleet().secret), std::string::npos);
  }
}

TEST_F(Administration, ShowsHintsToAdministratorsAndNotToAFleet) {
  EXPECT_TRUE(body_of(create_client("generate:intent-token register:intent")).contains("hint"));
  auto spec = fixture.mint_spec(fixture.planner(), fixture.open_execution());
  spec.computed_checksum = fixture.patcher().checksum;
  EXPECT_FALSE(
      body_of(fixture.mint(spec, testing::MintDoor::kJson, fixture.planner())).contains("hint"));
}

TEST(Hints, AreForEveryoneInDevelopment) {
  auto options = AuthorityFixture::default_options();
  options.hints = authority::HintRule::kEveryone;
  AuthorityFixture fixture(nullptr, options);
  EXPECT_TRUE(body_of(fixture.handle(AuthorityFixture::get("/admin/apps"))).contains("hint"));
}

// --- what is public

class Public : public ::testing::Test {
 protected:
  AuthorityFixture fixture;
  HttpResponse get(std::string path) { return fixture.handle(AuthorityFixture::get(path)); }
};

TEST_F(Public, MetadataNamesEndpointsThatExist) {
  const auto response = get("/.well-known/oauth-authorization-server");
  ASSERT_EQ(response.status, 200);
  const auto body = body_of(response);
  EXPECT_EQ(body.find("issuer")->as_string(), testing::kTestIssuer);
  for (const auto* name :
       {"token_endpoint", "intent_token_endpoint", "jwks_uri", "agent_registration_endpoint",
        "workflow_registration_endpoint", "executions_endpoint"}) {
    const std::string url = body.find(name)->as_string();
    ASSERT_TRUE(url.starts_with(testing::kTestIssuer)) << name;
    EXPECT_NE(get(url.substr(testing::kTestIssuer.size())).status, 404) << name;
  }
  EXPECT_EQ(*body.find("response_types_supported"), json::Value(json::Array()));
}

TEST_F(Public, KeysMayBeCachedAndAreAJwks) {
  const auto response = get("/.well-known/jwks.json");
  EXPECT_TRUE(response.headers.find("Cache-Control")->starts_with("public"));
  const auto keys = jose::parse_jwks(body_of(response));
  ASSERT_THAT(keys, IsOk());
  EXPECT_EQ(keys->keys().size(), 1U);
}

TEST_F(Public, HealthAndMetricsAnswer) {
  EXPECT_EQ(get("/health/live").status, 200);
  EXPECT_EQ(get("/health/ready").status, 200);
  EXPECT_EQ(get("/metrics").body, "# metrics\n");
}

TEST_F(Public, ReadinessNamesEveryPart) {
  EXPECT_EQ(get("/health/ready").body, R"({"status":"ready","components":{"store":{"status":"up"},)"
                                       R"("signing_keys":{"status":"up"}}})");
}

TEST_F(Public, WithAManagementAddressHealthAndMetricsAreThereAndNothingElseIs) {
  for (const auto* path : {"/health/live", "/health/ready", "/metrics"}) {
    const HttpRequest request = AuthorityFixture::get(path);
    const auto outside = fixture.authority().handle(request, authority::Surface::kPublic);
    EXPECT_EQ(outside.status, 404) << path;
    EXPECT_EQ(text_of(outside, "reason"), "not_found") << path;
    EXPECT_EQ(fixture.authority().handle(request, authority::Surface::kManagement).status, 200);
  }
  for (const auto* path : {"/.well-known/jwks.json", "/admin/apps", "/e/not_found"}) {
    const auto inside =
        fixture.authority().handle(AuthorityFixture::get(path), authority::Surface::kManagement);
    EXPECT_EQ(text_of(inside, "reason"), "not_found") << path;
  }
  EXPECT_EQ(
      fixture.authority()
          .handle(AuthorityFixture::get("/.well-known/jwks.json"), authority::Surface::kPublic)
          .status,
      200);
}

TEST_F(Public, EveryAnswerThatIsNotCachedCarriesItsDecisionsId) {
  for (const auto* path : {"/health/live", "/nothing", "/admin/apps"}) {
    const auto response = get(path);
    EXPECT_EQ(response.headers.find("X-Ajwt-Decision-Id"), fixture.decisions().last().decision_id)
        << path;
    EXPECT_EQ(fixture.decisions().last().status, response.status) << path;
  }
  EXPECT_EQ(get("/.well-known/jwks.json").headers.find("X-Ajwt-Decision-Id"), std::nullopt);
}

TEST_F(Public, ADecisionStandsInTheTraceOfItsRequest) {
  HttpRequest request = AuthorityFixture::get("/admin/apps");
  request.headers.add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  (void)fixture.handle(request);
  auto told = fixture.decisions().last();
  EXPECT_EQ(told.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  ASSERT_TRUE(told.parent);
  EXPECT_EQ(to_hex(*told.parent), "00f067aa0ba902b7");
  EXPECT_NE(told.span_id, "00f067aa0ba902b7");
  EXPECT_EQ(told.route, "/admin/apps");

  request.headers.set("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x");
  (void)fixture.handle(request);
  told = fixture.decisions().last();
  EXPECT_NE(told.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(told.parent, std::nullopt);
}

TEST_F(Public, EveryReasonHasAPageThatRunsNothing) {
  for (const auto& reason : all_reasons()) {
    const auto response = get("/e/" + std::string(reason.name));
    ASSERT_EQ(response.status, 200) << reason.name;
    EXPECT_TRUE(
        response.headers.find("Content-Security-Policy")->starts_with("default-src 'none'"));
    EXPECT_EQ(response.headers.find("X-Content-Type-Options"), "nosniff");
    EXPECT_NE(response.body.find("What to do"), std::string::npos) << reason.name;
    EXPECT_EQ(response.body.find("<script"), std::string::npos);
  }
  EXPECT_EQ(get("/e/no_such_reason").status, 404);
}

TEST_F(Public, UnknownPathsAndMethodsAreRefusedInTheSameForm) {
  const auto unknown = get("/nothing/here");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(text_of(unknown, "reason"), "not_found");
  HttpRequest wrong = AuthorityFixture::get("/oauth/token");
  const auto method = fixture.handle(wrong);
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.headers.find("Allow"), "POST");
  wrong.method = "get";
  EXPECT_EQ(fixture.handle(wrong).status, 405) << "methods compare with case";
}

TEST_F(Public, EveryAnswerHasANonceAndIsNotCached) {
  for (const auto* path : {"/health/live", "/nothing", "/admin/apps", "/oauth/token"}) {
    const auto response = get(path);
    EXPECT_TRUE(response.headers.find("DPoP-Nonce").has_value()) << path;
    EXPECT_EQ(response.headers.find("Cache-Control"), "no-store") << path;
  }
}

TEST_F(Public, ABodyWhereNoneBelongsIsRefused) {
  HttpRequest request = AuthorityFixture::get("/health/live");
  request.body = "x";
  EXPECT_EQ(fixture.handle(request).status, 400);
}

TEST_F(Public, EveryRequestEndsInADecision) {
  const auto before = fixture.decisions().size();
  (void)get("/health/live");
  (void)get("/nothing");
  EXPECT_EQ(fixture.decisions().size(), before + 2);
  EXPECT_EQ(fixture.decisions().last().operation, "unknown");
  EXPECT_EQ(fixture.decisions().last().refused, Code::k_not_found);
}

TEST(Create, RefusesAnIssuerThatIsNoOrigin) {
  auto store = store::SqliteStore::open_in_memory();
  ASSERT_THAT(store, IsOk());
  testing::FakeClock clock(from_unix(1'800'000'000));
  testing::DecisionLog log;
  for (const auto* issuer : {"", "as.example", "https://as.example/", "https://as.example/x",
                             "ftp://as.example", "https://as.example?x", "https://u@as.example"}) {
    auto options = AuthorityFixture::default_options();
    options.issuer = issuer;
    EXPECT_THAT(authority::Authority::create(options, **store,
                                             *crypto::SealingKey::from_bytes(Bytes(32, 1)), clock,
                                             log, [] { return std::string(); }),
                RefusedWith(Code::k_configuration_refused))
        << issuer;
  }
}

TEST(CreateAdministrator, ChangesNothingTheSecondTime) {
  AuthorityFixture fixture;
  const auto again = authority::create_administrator(fixture.store(), ed25519_key(88).public_key(),
                                                     fixture.clock().now());
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(*again, authority::AdministratorOutcome::kExisted);
  (void)fixture.token(fixture.administrator(), "admin:keys");
}

}  // namespace
}  // namespace ajwt
