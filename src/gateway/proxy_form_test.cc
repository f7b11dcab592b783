// SPDX-License-Identifier: Apache-2.0
#include "gateway/proxy_form.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "json/parse.h"
#include "tests/support/guarded_request.h"
#include "tests/support/judge_scene.h"
#include "tests/support/matchers.h"

namespace ajwt::gateway {
namespace {

using testing::digest_of;
using testing::GuardedRequest;
using ::testing::HasSubstr;
using testing::intent_claims;
using testing::intent_route;
using ::testing::IsSupersetOf;
using testing::key_of;
using testing::keys_of;
using testing::kNow;
using ::testing::Not;
using testing::sign_token;
using ::testing::StartsWith;

guard::Policy policy() {
  return *guard::Policy::parse(*json::parse_object(
      R"({"route":[{"method":"POST","path":"/manifests/{name}",)"
      R"("app":"patchet","scope":"manifest:write",)"
      R"("workflow":"patch","step":"apply","tool":"apply_patch","max_body":1000},)"
      R"({"method":"PUT","path":"/manifests/{name}",)"
      R"("app":"patchet","scope":"manifest:write",)"
      R"("workflow":"patch","step":"review","tool":"apply_patch"}]})"));
}

class ProxyFormTest : public JudgeTest {
 protected:
  ProxyFormTest() : JudgeTest(policy()) {}

  // message returns the request as the reverse proxy shows it, with its body.
  HttpRequest message() const {
    HttpRequest message{.method = request.method,
                        .path = "/manifests/web",
                        .query = request.query,
                        .headers = {},
                        .body = request.body,
                        .peer = "192.0.2.1"};
    message.headers.add("Authorization", request.authorization);
    message.headers.add("DPoP", request.dpop);
    message.headers.add("Content-Length", std::to_string(request.body.size()));
    message.headers.add("Accept", "*/*");
    return message;
  }
  HttpRequest head() const {
    HttpRequest head = message();
    head.body.clear();
    return head;
  }

  static HttpResponse answer_of(const http::ProxyDecision& decision) {
    const auto* answer = std::get_if<http::Answer>(&decision);
    EXPECT_NE(answer, nullptr);
    return answer == nullptr ? HttpResponse{.status = 0, .headers = {}, .body = {}}
                             : answer->response;
  }

  ProxyForm form{judge};
};

TEST_F(ProxyFormTest, AsksForABodyThatTheProofBindsAndForwardsWhatItJudged) {
  const auto first = form.judge(head());
  ASSERT_TRUE(std::holds_alternative<http::NeedBody>(first));
  EXPECT_EQ(std::get<http::NeedBody>(first).max_bytes, 1000U);

  const auto second = form.judge_with_body(message());

  ASSERT_TRUE(std::holds_alternative<http::Forward>(second));
  // The engine sends the bytes that were judged: a copy of them would only cost.
  EXPECT_EQ(std::get<http::Forward>(second).body, std::nullopt);
}

TEST_F(ProxyFormTest, DecidesAtOnceWhereThereIsNoBody) {
  request.body.clear();
  request.seal();
  HttpRequest without = head();
  without.headers.remove("Content-Length");

  const auto decision = form.judge(without);

  ASSERT_TRUE(std::holds_alternative<http::Forward>(decision));
  EXPECT_EQ(std::get<http::Forward>(decision).body, std::nullopt);
}

TEST_F(ProxyFormTest, ReadsNoBodyOfARequestThatItMustRefuseAnyway) {
  for (const std::string_view missing : {"Authorization", "DPoP"}) {
    HttpRequest stranger = head();
    stranger.headers.remove(missing);
    EXPECT_EQ(answer_of(form.judge(stranger)).status, 401) << missing;
  }
  HttpRequest elsewhere = head();
  elsewhere.path = "/elsewhere";
  EXPECT_EQ(answer_of(form.judge(elsewhere)).status, 404);
}

TEST_F(ProxyFormTest, ReadsNoLargeBodyForAStrangerWhateverItPresents) {
  const auto refused = [&](std::string_view reason) {
    HttpRequest large = head();
    large.headers.set("Content-Length", "16385");
    const std::string body = answer_of(form.judge(large)).body;
    EXPECT_THAT(body, HasSubstr("\"" + std::string(reason) + "\""));
  };
  const std::string token = request.token;
  request.authorization = "DPoP a.b.c";
  refused("jws_malformed");
  request.token = sign_token(intent_claims(request.agent), key_of(99));
  request.seal();
  refused("key_unknown");
  request.token = token;
  request.seal();
  request.dpop = "a.b.c";
  refused("proof_malformed");
  request.agent = key_of(5);
  request.seal();
  refused("proof_key_mismatch");
  request.agent = key_of(2);
  request.query = "dry=0";
  request.seal();
  request.query = "dry=1";
  refused("proof_query_mismatch");
  request.made_at = kNow - Seconds(100);
  request.seal();
  refused("proof_time_refused");
}

TEST_F(ProxyFormTest, ReadsABodyOfUnknownLengthForNoStranger) {
  request.authorization = "DPoP a.b.c";
  HttpRequest chunked = head();
  chunked.headers.remove("Content-Length");
  chunked.headers.set("Transfer-Encoding", "chunked");
  EXPECT_THAT(answer_of(form.judge(chunked)).body, HasSubstr("\"jws_malformed\""));
}

TEST_F(ProxyFormTest, VerifiesASmallBodyOnceItIsThere) {
  request.authorization = "DPoP a.b.c";
  EXPECT_TRUE(std::holds_alternative<http::NeedBody>(form.judge(head())));
  EXPECT_THAT(answer_of(form.judge_with_body(message())).body, HasSubstr("\"jws_malformed\""));
}

TEST_F(ProxyFormTest, JudgesAgainWhatTimeMayHaveChangedWhileTheBodyCame) {
  EXPECT_TRUE(std::holds_alternative<http::NeedBody>(form.judge(head())));
  clock.advance(Seconds(61));
  EXPECT_THAT(answer_of(form.judge_with_body(message())).body, HasSubstr("\"proof_time_refused\""));
}

TEST_F(ProxyFormTest, MakesADecisionOfTheEnginesRefusals) {
  const HttpRequest large = head();
  const HttpResponse without_head =
      form.on_refused(nullptr, refuse(Code::k_request_malformed, "the Host is missing"));
  const HttpResponse with_head = form.on_refused(&large, refuse(Code::k_body_too_large));

  const auto records = observer.records();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].refused, Code::k_request_malformed);
  EXPECT_EQ(records[0].route, "");
  EXPECT_EQ(records[1].refused, Code::k_body_too_large);
  EXPECT_EQ(records[1].route, "/manifests/{name}");
  EXPECT_EQ(without_head.status, 400);
  EXPECT_EQ(with_head.status, 413);
  const auto body = json::parse_object(with_head.body);
  ASSERT_THAT(body, IsOk());
  EXPECT_EQ(body->find("reason")->as_string(), "body_too_large");
  EXPECT_EQ(body->find("decision_id")->as_string(), records[1].decision_id);
}

TEST_F(ProxyFormTest, TellsTheServiceTheAddressThatClientsUse) {
  HttpRequest elsewhere = message();
  elsewhere.headers.add("Host", "evil.example");

  const auto decision = form.judge_with_body(elsewhere);

  ASSERT_TRUE(std::holds_alternative<http::Forward>(decision));
  using Field = std::pair<std::string, std::string>;
  EXPECT_THAT(std::get<http::Forward>(decision).set,
              IsSupersetOf(
                  {Field("X-Forwarded-Proto", "https"), Field("X-Forwarded-Host", "api.example")}));
}

TEST_F(ProxyFormTest, TakesAwayWhatTheClientSaysOfItselfAndSetsWhatWasVerified) {
  HttpRequest spoofed = message();
  spoofed.headers.add("X-Agent-Subject", "agent:patchet:supervisor");
  spoofed.headers.add("x_agent_scope", "admin");
  spoofed.headers.add("X-Ajwt-Mode", "observe");

  const auto decision = form.judge_with_body(spoofed);

  ASSERT_TRUE(std::holds_alternative<http::Forward>(decision));
  const auto& forward = std::get<http::Forward>(decision);
  EXPECT_THAT(forward.strip,
              ::testing::UnorderedElementsAre("Authorization", "DPoP", "X-Agent-Subject",
                                              "x_agent_scope", "X-Ajwt-Mode", "tracestate"));
  using Field = std::pair<std::string, std::string>;
  EXPECT_THAT(forward.set,
              IsSupersetOf({Field("X-Agent-Subject", "agent:patchet:patcher"),
                            Field("X-Agent-Scope", "manifest:read manifest:write"),
                            Field("X-Agent-Step", "apply"),
                            Field("X-Ajwt-Decision-Id", observer.records().back().decision_id)}));
}

TEST_F(ProxyFormTest, GivesTheNextNonceWithAnAnswerOnceTheOldOneAges) {
  const auto first = form.judge_with_body(message());
  ASSERT_TRUE(std::holds_alternative<http::Forward>(first));
  EXPECT_THAT(
      std::get<http::Forward>(first).set_in_response,
      ::testing::ElementsAre(::testing::Pair("X-Ajwt-Decision-Id", ::testing::StartsWith("dec_"))));

  clock.advance(Seconds(50));
  request.made_at = clock.now();
  request.jti = "next";
  request.seal();
  const auto second = form.judge_with_body(message());

  ASSERT_TRUE(std::holds_alternative<http::Forward>(second));
  using Field = std::pair<std::string, std::string>;
  EXPECT_THAT(std::get<http::Forward>(second).set_in_response,
              ::testing::ElementsAre(::testing::Pair("X-Ajwt-Decision-Id", ::testing::_),
                                     Field("DPoP-Nonce", nonces.issue(clock.now())),
                                     Field("Cache-Control", "no-store")));
}

TEST_F(ProxyFormTest, RefusesWithAChallengeThatTellsWhereTokensComeFrom) {
  HttpRequest stranger = head();
  stranger.headers.remove("Authorization");

  const HttpResponse response = answer_of(form.judge(stranger));

  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.headers.find("DPoP-Nonce"), nonces.issue(kNow));
  EXPECT_EQ(response.headers.find("WWW-Authenticate"),
            "DPoP algs=\"EdDSA Ed25519 ES256 RS256 PS256\", "
            "resource_metadata=\"https://api.example/.well-known/oauth-protected-resource\"");
}

TEST_F(ProxyFormTest, RefusesPathsThatAServiceCouldReadOtherwise) {
  for (const std::string_view path : {"/manifests/..", "/manifests/%2e%2e", "/manifests//web",
                                      "/manifests/a%2fb", "/manifests/%77eb", "/manifests/a\\b"}) {
    HttpRequest ambiguous = head();
    ambiguous.path = path;
    EXPECT_THAT(answer_of(form.judge(ambiguous)).body, HasSubstr("\"request_malformed\"")) << path;
  }
}

TEST_F(ProxyFormTest, RefusesAProofForAnotherPathThanTheOneThatIsAsked) {
  HttpRequest moved = message();
  moved.path = "/manifests/db";

  EXPECT_THAT(answer_of(form.judge_with_body(moved)).body, HasSubstr("\"proof_uri_mismatch\""));
}

TEST_F(ProxyFormTest, IgnoresTheHostThatTheClientNames) {
  HttpRequest elsewhere = message();
  elsewhere.headers.add("Host", "evil.example");
  elsewhere.headers.add("X-Forwarded-Host", "evil.example");
  request.uri = "https://evil.example/manifests/web";
  request.seal();
  elsewhere.headers.set("DPoP", request.dpop);

  EXPECT_THAT(answer_of(form.judge_with_body(elsewhere)).body, HasSubstr("\"proof_uri_mismatch\""));
}

TEST_F(ProxyFormTest, TellsEveryDecisionOnceAndNeverThePath) {
  form.judge(head());  // asks for the body: no decision yet
  form.judge_with_body(message());
  form.judge_with_body(message());  // a replay
  HttpRequest elsewhere = head();
  elsewhere.path = "/people/jane";
  form.judge(elsewhere);

  const auto records = observer.records();
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].refused, std::nullopt);
  EXPECT_EQ(records[0].method, "POST");
  EXPECT_EQ(records[0].route, "/manifests/{name}");
  EXPECT_EQ(records[0].subject, "agent:patchet:patcher");
  EXPECT_EQ(records[0].execution, "exec_01");
  EXPECT_EQ(records[0].step, "apply");
  EXPECT_THAT(records[0].decision_id, StartsWith("dec_"));
  EXPECT_EQ(records[1].refused, Code::k_proof_replayed);
  EXPECT_EQ(records[1].subject, "agent:patchet:patcher");
  EXPECT_EQ(records[1].execution, "exec_01");
  EXPECT_EQ(records[1].step, "apply");
  EXPECT_NE(records[1].decision_id, records[0].decision_id);
  EXPECT_EQ(records[2].refused, Code::k_route_unknown);
  EXPECT_EQ(records[2].route, "");
  EXPECT_EQ(records[2].subject, "");
}

TEST_F(ProxyFormTest, NamesTheDecisionInTheAnswer) {
  const HttpResponse response = answer_of(form.judge_with_body([&] {
    HttpRequest swapped = message();
    swapped.body = "swapped";
    return swapped;
  }()));

  const auto body = json::parse_object(response.body);
  ASSERT_THAT(body, IsOk());
  EXPECT_EQ(body->find("reason")->as_string(), "proof_body_mismatch");
  EXPECT_EQ(body->find("decision_id")->as_string(), observer.records().back().decision_id);
}

TEST_F(ProxyFormTest, NamesTheScopeOfTheRoute) {
  AccessToken claims = intent_claims(request.agent);
  claims.scope = {"manifest:read"};
  request.token = sign_token(claims, authority_key);
  request.seal();

  const HttpResponse response = answer_of(form.judge_with_body(message()));

  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(std::string(response.headers.find("WWW-Authenticate").value_or("")),
              HasSubstr("error=\"insufficient_scope\""));
  EXPECT_THAT(std::string(response.headers.find("WWW-Authenticate").value_or("")),
              HasSubstr("scope=\"manifest:write\""));
}

TEST_F(ProxyFormTest, RefusesTheTokenOfAStepAtAnotherStepsRoute) {
  request.method = "PUT";
  request.seal();

  EXPECT_THAT(answer_of(form.judge_with_body(message())).body, HasSubstr("\"step_refused\""));
}

TEST_F(ProxyFormTest, AnswersNothingBeforeItIsOpen) {
  GuardJudge closed({.verifier = verifier,
                     .policy = routes,
                     .keys = source,
                     .clock = clock,
                     .observer = observer});

  EXPECT_EQ(answer_of(ProxyForm(closed).judge(head())).status, 503);
}

TEST_F(ProxyFormTest, FetchesANewKeyForATokenThatNamesIt) {
  clock.advance(Seconds(10));
  const crypto::PrivateKey next = key_of(11);
  authority.publish(keys_of({authority_key, next}));
  request.token = sign_token(intent_claims(request.agent), next);
  request.seal();

  EXPECT_TRUE(std::holds_alternative<http::Forward>(form.judge_with_body(message())));
}

TEST_F(ProxyFormTest, AsksOnceForAMadeUpKidHoweverManyRequestsNameOne) {
  clock.advance(Seconds(10));
  const int before = authority.fetches();
  request.token = sign_token(intent_claims(request.agent), key_of(99));
  request.seal();
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        if (answer_of(form.judge_with_body(message())).status == 401) ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(refused, 40);
  EXPECT_EQ(authority.fetches() - before, 1);
  for (const auto& record : observer.records()) EXPECT_EQ(record.refused, Code::k_key_unknown);
}

TEST_F(ProxyFormTest, LetsOthersPassWhileASlowAuthorityIsAskedForMadeUpKids) {
  clock.advance(Seconds(10));
  request.nonce = nonces.issue(clock.now());
  request.seal();
  const HttpRequest good = message();
  authority.hold();
  request.token = sign_token(intent_claims(request.agent), key_of(99));
  request.seal();
  const HttpRequest made_up = message();
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  const auto begin = std::chrono::steady_clock::now();
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        if (answer_of(form.judge_with_body(made_up)).status == 401) ++refused;
      }
    });
  }
  EXPECT_TRUE(std::holds_alternative<http::Forward>(form.judge_with_body(good)));
  for (std::thread& thread : threads) thread.join();
  const auto took = std::chrono::steady_clock::now() - begin;
  authority.release();

  // One of the forty waited for its two seconds, and no one after it.
  EXPECT_EQ(refused, 40);
  EXPECT_LT(took, std::chrono::seconds(4));
}

TEST(ProxyFormWithoutKeys, AnswersThatItHasNone) {
  FakeClock clock;
  FakeAuthority authority;
  http::JwksSource source({.url = "https://authority.example/jwks"}, authority, clock);
  guard::MemoryReplayCache replays(digest_of(7));
  const NonceIssuer nonces(digest_of(8), Seconds(300));
  const guard::Verifier verifier(
      {.issuer = std::string(testing::kIssuer), .audience = std::string(testing::kAudience)},
      nonces, replays);
  const guard::Policy routes = policy();
  RecordingObserver observer;
  GuardJudge judge({.verifier = verifier,
                    .policy = routes,
                    .keys = source,
                    .clock = clock,
                    .observer = observer,
                    .key_patience = std::chrono::milliseconds(10)});
  judge.open("https://api.example");
  source.start();
  HttpRequest request{.method = "POST",
                      .path = "/manifests/web",
                      .query = {},
                      .headers = {},
                      .body = {},
                      .peer = {}};
  request.headers.add("Authorization", "DPoP a.b.c");
  request.headers.add("DPoP", "a.b.c");

  const auto decision = ProxyForm(judge).judge(request);

  ASSERT_TRUE(std::holds_alternative<http::Answer>(decision));
  const HttpResponse& response = std::get<http::Answer>(decision).response;
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.find("Retry-After"), "1");
  EXPECT_THAT(response.body, HasSubstr("\"keys_unavailable\""));
}

}  // namespace
}  // namespace ajwt::gateway
