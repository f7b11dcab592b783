// SPDX-License-Identifier: Apache-2.0
#include "gateway/guard_judge.h"

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

class FakeClock final : public Clock {
 public:
  Instant now() const override { return from_unix(seconds_); }
  void advance(Seconds by) { seconds_ += by.count(); }

 private:
  std::atomic<long long> seconds_{to_unix(kNow)};
};

// FakeAuthority answers every request with a key set, or not at all.
class FakeAuthority final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpCall& /*call*/) override {
    std::unique_lock lock(mutex_);
    ++fetches_;
    released_.wait(lock, [this] { return !held_; });
    if (keys_ == nullptr) return refuse(Code::k_network_failed);
    HttpResponse response{
        .status = 200, .headers = {}, .body = json::write(jose::write_jwks(*keys_))};
    response.headers.add("Content-Type", "application/json");
    return response;
  }
  void publish(std::shared_ptr<const jose::KeySet> keys) {
    const std::lock_guard lock(mutex_);
    keys_ = std::move(keys);
  }
  // hold lets nobody have an answer until release.
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    released_.notify_all();
  }
  int fetches() const {
    const std::lock_guard lock(mutex_);
    return fetches_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable released_;
  std::shared_ptr<const jose::KeySet> keys_;
  int fetches_ = 0;
  bool held_ = false;
};

// RecordingObserver keeps copies of what it is told.
class RecordingObserver final : public DecisionObserver {
 public:
  struct Record {
    std::string decision_id;
    std::optional<Code> refused;
    std::string method;
    std::string route;
    std::string subject;
    std::string execution;
    std::string step;
  };
  void observe(const Decision& decision) override {
    const std::lock_guard lock(mutex_);
    records_.push_back({std::string(decision.decision_id), decision.refused,
                        std::string(decision.method), std::string(decision.route),
                        std::string(decision.subject), std::string(decision.execution),
                        std::string(decision.step)});
  }
  std::vector<Record> records() const {
    const std::lock_guard lock(mutex_);
    return records_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Record> records_;
};

guard::Policy policy() {
  return *guard::Policy::parse(*json::parse_object(
      R"({"route":[{"method":"POST","path":"/manifests/{name}",)"
      R"("app":"patchet","scope":"manifest:write",)"
      R"("workflow":"patch","step":"apply","tool":"apply_patch","max_body":1000},)"
      R"({"method":"PUT","path":"/manifests/{name}",)"
      R"("app":"patchet","scope":"manifest:write",)"
      R"("workflow":"patch","step":"review","tool":"apply_patch"}]})"));
}

class GuardJudgeTest : public ::testing::Test {
 protected:
  GuardJudgeTest() {
    authority.publish(keys_of({authority_key}));
    source.start();
    EXPECT_NE(source.refresh_for_unknown_kid(std::chrono::seconds(20)), nullptr);
    judge.open("https://api.example");
    request.nonce = nonces.issue(kNow);
    request.token = sign_token(intent_claims(request.agent), authority_key);
    request.seal();
  }

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

  const crypto::PrivateKey authority_key = key_of(1);
  FakeClock clock;
  FakeAuthority authority;
  http::JwksSource source{{.url = "https://authority.example/jwks"}, authority, clock};
  guard::MemoryReplayCache replays{digest_of(7)};
  NonceIssuer nonces{digest_of(8), Seconds(300)};
  guard::Verifier verifier{
      {.issuer = std::string(testing::kIssuer), .audience = std::string(testing::kAudience)},
      nonces,
      replays};
  const guard::Policy routes = policy();
  RecordingObserver observer;
  GuardJudge judge{{.verifier = verifier,
                    .policy = routes,
                    .keys = source,
                    .clock = clock,
                    .observer = observer}};
  GuardedRequest request;
};

TEST_F(GuardJudgeTest, AsksForABodyThatTheProofBindsAndForwardsWhatItJudged) {
  const auto first = judge.judge(head());
  ASSERT_TRUE(std::holds_alternative<http::NeedBody>(first));
  EXPECT_EQ(std::get<http::NeedBody>(first).max_bytes, 1000U);

  const auto second = judge.judge_with_body(message());

  ASSERT_TRUE(std::holds_alternative<http::Forward>(second));
  // The engine sends the bytes that were judged: a copy of them would only cost.
  EXPECT_EQ(std::get<http::Forward>(second).body, std::nullopt);
}

TEST_F(GuardJudgeTest, DecidesAtOnceWhereThereIsNoBody) {
  request.body.clear();
  request.seal();
  HttpRequest without = head();
  without.headers.remove("Content-Length");

  const auto decision = judge.judge(without);

  ASSERT_TRUE(std::holds_alternative<http::Forward>(decision));
  EXPECT_EQ(std::get<http::Forward>(decision).body, std::nullopt);
}

TEST_F(GuardJudgeTest, ReadsNoBodyOfARequestThatItMustRefuseAnyway) {
  for (const std::string_view missing : {"Authorization", "DPoP"}) {
    HttpRequest stranger = head();
    stranger.headers.remove(missing);
    EXPECT_EQ(answer_of(judge.judge(stranger)).status, 401) << missing;
  }
  HttpRequest elsewhere = head();
  elsewhere.path = "/elsewhere";
  EXPECT_EQ(answer_of(judge.judge(elsewhere)).status, 404);
}

TEST_F(GuardJudgeTest, ReadsNoLargeBodyForAStrangerWhateverItPresents) {
  const auto refused = [&](std::string_view reason) {
    HttpRequest large = head();
    large.headers.set("Content-Length", "16385");
    const std::string body = answer_of(judge.judge(large)).body;
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

TEST_F(GuardJudgeTest, ReadsABodyOfUnknownLengthForNoStranger) {
  request.authorization = "DPoP a.b.c";
  HttpRequest chunked = head();
  chunked.headers.remove("Content-Length");
  chunked.headers.set("Transfer-Encoding", "chunked");
  EXPECT_THAT(answer_of(judge.judge(chunked)).body, HasSubstr("\"jws_malformed\""));
}

TEST_F(GuardJudgeTest, VerifiesASmallBodyOnceItIsThere) {
  request.authorization = "DPoP a.b.c";
  EXPECT_TRUE(std::holds_alternative<http::NeedBody>(judge.judge(head())));
  EXPECT_THAT(answer_of(judge.judge_with_body(message())).body, HasSubstr("\"jws_malformed\""));
}

TEST_F(GuardJudgeTest, JudgesAgainWhatTimeMayHaveChangedWhileTheBodyCame) {
  EXPECT_TRUE(std::holds_alternative<http::NeedBody>(judge.judge(head())));
  clock.advance(Seconds(61));
  EXPECT_THAT(answer_of(judge.judge_with_body(message())).body,
              HasSubstr("\"proof_time_refused\""));
}

TEST_F(GuardJudgeTest, MakesADecisionOfTheEnginesRefusals) {
  const HttpRequest large = head();
  const HttpResponse without_head =
      judge.on_refused(nullptr, refuse(Code::k_request_malformed, "the Host is missing"));
  const HttpResponse with_head = judge.on_refused(&large, refuse(Code::k_body_too_large));

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

TEST_F(GuardJudgeTest, TellsTheServiceTheAddressThatClientsUse) {
  HttpRequest elsewhere = message();
  elsewhere.headers.add("Host", "evil.example");

  const auto decision = judge.judge_with_body(elsewhere);

  ASSERT_TRUE(std::holds_alternative<http::Forward>(decision));
  using Field = std::pair<std::string, std::string>;
  EXPECT_THAT(std::get<http::Forward>(decision).set,
              IsSupersetOf(
                  {Field("X-Forwarded-Proto", "https"), Field("X-Forwarded-Host", "api.example")}));
}

TEST_F(GuardJudgeTest, TakesAwayWhatTheClientSaysOfItselfAndSetsWhatWasVerified) {
  HttpRequest spoofed = message();
  spoofed.headers.add("X-Agent-Subject", "agent:patchet:supervisor");
  spoofed.headers.add("x_agent_scope", "admin");
  spoofed.headers.add("X-Ajwt-Mode", "observe");

  const auto decision = judge.judge_with_body(spoofed);

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

TEST_F(GuardJudgeTest, GivesTheNextNonceWithAnAnswerOnceTheOldOneAges) {
  const auto first = judge.judge_with_body(message());
  ASSERT_TRUE(std::holds_alternative<http::Forward>(first));
  EXPECT_THAT(
      std::get<http::Forward>(first).set_in_response,
      ::testing::ElementsAre(::testing::Pair("X-Ajwt-Decision-Id", ::testing::StartsWith("dec_"))));

  clock.advance(Seconds(50));
  request.made_at = clock.now();
  request.jti = "next";
  request.seal();
  const auto second = judge.judge_with_body(message());

  ASSERT_TRUE(std::holds_alternative<http::Forward>(second));
  using Field = std::pair<std::string, std::string>;
  EXPECT_THAT(std::get<http::Forward>(second).set_in_response,
              ::testing::ElementsAre(::testing::Pair("X-Ajwt-Decision-Id", ::testing::_),
                                     Field("DPoP-Nonce", nonces.issue(clock.now())),
                                     Field("Cache-Control", "no-store")));
}

TEST_F(GuardJudgeTest, RefusesWithAChallengeThatTellsWhereTokensComeFrom) {
  HttpRequest stranger = head();
  stranger.headers.remove("Authorization");

  const HttpResponse response = answer_of(judge.judge(stranger));

  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.headers.find("DPoP-Nonce"), nonces.issue(kNow));
  EXPECT_EQ(response.headers.find("WWW-Authenticate"),
            "DPoP algs=\"EdDSA Ed25519 ES256 RS256 PS256\", "
            "resource_metadata=\"https://api.example/.well-known/oauth-protected-resource\"");
}

TEST_F(GuardJudgeTest, RefusesPathsThatAServiceCouldReadOtherwise) {
  for (const std::string_view path : {"/manifests/..", "/manifests/%2e%2e", "/manifests//web",
                                      "/manifests/a%2fb", "/manifests/%77eb", "/manifests/a\\b"}) {
    HttpRequest ambiguous = head();
    ambiguous.path = path;
    EXPECT_THAT(answer_of(judge.judge(ambiguous)).body, HasSubstr("\"request_malformed\"")) << path;
  }
}

TEST_F(GuardJudgeTest, RefusesAProofForAnotherPathThanTheOneThatIsAsked) {
  HttpRequest moved = message();
  moved.path = "/manifests/db";

  EXPECT_THAT(answer_of(judge.judge_with_body(moved)).body, HasSubstr("\"proof_uri_mismatch\""));
}

TEST_F(GuardJudgeTest, IgnoresTheHostThatTheClientNames) {
  HttpRequest elsewhere = message();
  elsewhere.headers.add("Host", "evil.example");
  elsewhere.headers.add("X-Forwarded-Host", "evil.example");
  request.uri = "https://evil.example/manifests/web";
  request.seal();
  elsewhere.headers.set("DPoP", request.dpop);

  EXPECT_THAT(answer_of(judge.judge_with_body(elsewhere)).body,
              HasSubstr("\"proof_uri_mismatch\""));
}

TEST_F(GuardJudgeTest, TellsEveryDecisionOnceAndNeverThePath) {
  judge.judge(head());  // asks for the body: no decision yet
  judge.judge_with_body(message());
  judge.judge_with_body(message());  // a replay
  HttpRequest elsewhere = head();
  elsewhere.path = "/people/jane";
  judge.judge(elsewhere);

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

TEST_F(GuardJudgeTest, NamesTheDecisionInTheAnswer) {
  const HttpResponse response = answer_of(judge.judge_with_body([&] {
    HttpRequest swapped = message();
    swapped.body = "swapped";
    return swapped;
  }()));

  const auto body = json::parse_object(response.body);
  ASSERT_THAT(body, IsOk());
  EXPECT_EQ(body->find("reason")->as_string(), "proof_body_mismatch");
  EXPECT_EQ(body->find("decision_id")->as_string(), observer.records().back().decision_id);
}

TEST_F(GuardJudgeTest, NamesTheScopeOfTheRoute) {
  AccessToken claims = intent_claims(request.agent);
  claims.scope = {"manifest:read"};
  request.token = sign_token(claims, authority_key);
  request.seal();

  const HttpResponse response = answer_of(judge.judge_with_body(message()));

  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(std::string(response.headers.find("WWW-Authenticate").value_or("")),
              HasSubstr("error=\"insufficient_scope\""));
  EXPECT_THAT(std::string(response.headers.find("WWW-Authenticate").value_or("")),
              HasSubstr("scope=\"manifest:write\""));
}

TEST_F(GuardJudgeTest, RefusesTheTokenOfAStepAtAnotherStepsRoute) {
  request.method = "PUT";
  request.seal();

  EXPECT_THAT(answer_of(judge.judge_with_body(message())).body, HasSubstr("\"step_refused\""));
}

TEST_F(GuardJudgeTest, AnswersNothingBeforeItIsOpen) {
  GuardJudge closed({.verifier = verifier,
                     .policy = routes,
                     .keys = source,
                     .clock = clock,
                     .observer = observer});

  EXPECT_EQ(answer_of(closed.judge(head())).status, 503);
}

TEST_F(GuardJudgeTest, FetchesANewKeyForATokenThatNamesIt) {
  clock.advance(Seconds(10));
  const crypto::PrivateKey next = key_of(11);
  authority.publish(keys_of({authority_key, next}));
  request.token = sign_token(intent_claims(request.agent), next);
  request.seal();

  EXPECT_TRUE(std::holds_alternative<http::Forward>(judge.judge_with_body(message())));
}

TEST_F(GuardJudgeTest, AsksOnceForAMadeUpKidHoweverManyRequestsNameOne) {
  clock.advance(Seconds(10));
  const int before = authority.fetches();
  request.token = sign_token(intent_claims(request.agent), key_of(99));
  request.seal();
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        if (answer_of(judge.judge_with_body(message())).status == 401) ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(refused, 40);
  EXPECT_EQ(authority.fetches() - before, 1);
  for (const auto& record : observer.records()) EXPECT_EQ(record.refused, Code::k_key_unknown);
}

TEST_F(GuardJudgeTest, LetsOthersPassWhileASlowAuthorityIsAskedForMadeUpKids) {
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
        if (answer_of(judge.judge_with_body(made_up)).status == 401) ++refused;
      }
    });
  }
  EXPECT_TRUE(std::holds_alternative<http::Forward>(judge.judge_with_body(good)));
  for (std::thread& thread : threads) thread.join();
  const auto took = std::chrono::steady_clock::now() - begin;
  authority.release();

  // One of the forty waited for its two seconds, and no one after it.
  EXPECT_EQ(refused, 40);
  EXPECT_LT(took, std::chrono::seconds(4));
}

TEST(GuardJudgeWithoutKeys, AnswersThatItHasNone) {
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

  const auto decision = judge.judge(request);

  ASSERT_TRUE(std::holds_alternative<http::Answer>(decision));
  const HttpResponse& response = std::get<http::Answer>(decision).response;
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.find("Retry-After"), "1");
  EXPECT_THAT(response.body, HasSubstr("\"keys_unavailable\""));
}

}  // namespace
}  // namespace ajwt::gateway
