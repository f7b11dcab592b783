// SPDX-License-Identifier: Apache-2.0
//
// The whole guard over loopback: a client, the guard, an authority that publishes keys, and a
// service behind the guard that writes down what reaches it.
#include "gateway/guard_server.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/auth_request_form.h"
#include "gateway/guard_endpoints.h"
#include "http/client.h"
#include "http/listen_address.h"
#include "http/server.h"
#include "json/parse.h"
#include "tests/support/guarded_request.h"
#include "tests/support/matchers.h"

namespace ajwt::gateway {
namespace {

using testing::GuardedRequest;
using ::testing::HasSubstr;
using testing::intent_claims;
using testing::key_of;
using testing::keys_of;
using ::testing::Not;
using testing::sign_token;

std::unique_ptr<http::Server> serve(http::Handler handler) {
  http::ServerOptions options;
  options.io_threads = 1;
  options.worker_threads = 2;
  auto server = http::Server::start(options, std::move(handler));
  EXPECT_THAT(server, IsOk());
  return *std::move(server);
}

// Recorder keeps what a guard tells.
class Recorder final : public DecisionObserver {
 public:
  struct Told {
    std::string decision_id;
    std::string trace_id;
    std::string span_id;
    std::optional<SpanId> parent;
    std::optional<Code> failed;
    std::optional<int> status;
  };
  void observe(const Decision& decision) override {
    const std::lock_guard lock(mutex_);
    decisions_.push_back(told(decision, decision.refused, decision.status));
  }
  void observe_delivery(const Delivery& delivery) override {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(delivery.decision.refused, std::nullopt);
    EXPECT_EQ(delivery.decision.route, "/manifests/{name}");
    EXPECT_EQ(delivery.decision.execution, "exec_01");
    deliveries_.push_back(told(delivery.decision, delivery.failed, delivery.status));
    changed_.notify_all();
  }
  Told last_decision() {
    const std::lock_guard lock(mutex_);
    return decisions_.back();
  }
  // delivery waits for the first one.
  Told delivery() {
    std::unique_lock lock(mutex_);
    const bool told =
        changed_.wait_for(lock, std::chrono::seconds(20), [this] { return !deliveries_.empty(); });
    EXPECT_TRUE(told);
    return told ? deliveries_.front() : Told{};
  }
  std::size_t deliveries() {
    const std::lock_guard lock(mutex_);
    return deliveries_.size();
  }

 private:
  static Told told(const Decision& decision, std::optional<Code> failed,
                   std::optional<int> status) {
    return {std::string(decision.decision_id),
            decision.span.trace_id(),
            decision.span.span_id(),
            decision.span.parent,
            failed,
            status};
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Told> decisions_;
  std::vector<Told> deliveries_;
};

guard::Policy sample_policy() {
  return *guard::Policy::parse(*json::parse_object(
      R"({"route":[{"method":"POST","path":"/manifests/{name}",)"
      R"("app":"patchet","scope":"manifest:write",)"
      R"("workflow":"patch","step":"apply","tool":"apply_patch","max_body":1000},)"
      R"({"method":"GET","path":"/manifests/{name}","app":"patchet","scope":"manifest:read",)"
      R"("workflow":"patch","step":"apply","tool":"apply_patch"},)"
      R"({"method":"DELETE","path":"/manifests/{name}","app":"patchet","scope":"manifest:delete",)"
      R"("workflow":"patch","step":"apply","tool":"apply_patch"},)"
      R"({"method":"PUT","path":"/manifests/{name}",)"
      R"("app":"patchet","scope":"manifest:write",)"
      R"("workflow":"patch","step":"review","tool":"apply_patch"},)"
      R"({"method":"GET","path":"/status","app":"patchet",)"
      R"("scope":"manifest:read","token":"plain"}]})"));
}

class GuardServerTest : public ::testing::Test {
 protected:
  GuardServerTest() {
    authority = serve([this](const HttpRequest&) {
      ++fetches;
      while (stalled) std::this_thread::sleep_for(std::chrono::milliseconds(10));
      const std::lock_guard lock(mutex);
      HttpResponse response{
          .status = 200, .headers = {}, .body = json::write(jose::write_jwks(*published))};
      response.headers.add("Content-Type", "application/json");
      return response;
    });
    service = serve([this](const HttpRequest& request) {
      while (service_stalled) std::this_thread::sleep_for(std::chrono::milliseconds(10));
      const std::lock_guard lock(mutex);
      received.push_back(request);
      HttpResponse response{.status = 201, .headers = {}, .body = "done"};
      response.headers.add("X-Service", "yes");
      response.headers.add("DPoP-Nonce", "the service's");
      response.headers.add("X-Ajwt-Decision-Id", "the service's");
      response.headers.add("WWW-Authenticate", "DPoP error=\"use_dpop_nonce\"");
      response.headers.add("WWW-Authenticate", "Basic realm=\"service\"");
      return response;
    });
    start_guard(0);
  }
  ~GuardServerTest() override { stalled = service_stalled = false; }

  // start_guard starts one on `port` (0: any), and waits for its keys.
  void start_guard(std::uint16_t port) {
    GuardOptions options{.policy = sample_policy()};
    options.proxy.port = port;
    options.upstream_headers = {{"X-Guard-Secret", "of the guard"}};
    options.issuer = testing::kIssuer;
    options.audience = testing::kAudience;
    options.proxy.upstream = "http://127.0.0.1:" + std::to_string(service->port());
    options.proxy.io_threads = 1;
    options.proxy.worker_threads = 2;
    options.keys.url = "http://127.0.0.1:" + std::to_string(authority->port()) + "/jwks";
    options.keys.min_interval = Seconds(1);
    options.version = "1.2.3";
    auto started = GuardServer::start(std::move(options), &recorder);
    EXPECT_THAT(started, IsOk());
    guard = *std::move(started);
    nonce = *send_call("GET", "/manifests/web", {}).headers.find("DPoP-Nonce");
    while (!guard->is_ready()) std::this_thread::yield();
  }

  HttpResponse send_call(std::string method, std::string_view target, HttpHeaders headers,
                         std::string body = {}) {
    auto response = client.send({.method = std::move(method),
                                 .url = guard->public_url() + std::string(target),
                                 .headers = std::move(headers),
                                 .body = std::move(body)});
    EXPECT_THAT(response, IsOk());
    return response.value_or(HttpResponse{.status = 0, .headers = {}, .body = {}});
  }

  // honest returns a sealed request that the guard lets through.
  GuardedRequest honest(std::string method = "POST", std::string path = "/manifests/web") {
    GuardedRequest request;
    const Instant now = SystemClock().now();
    request.method = std::move(method);
    request.uri = guard->public_url() + path;
    request.body = request.method == "POST" || request.method == "PUT" ? "{}" : "";
    request.token = sign_token(intent_claims(request.agent, now), authority_key);
    request.nonce = nonce;
    request.made_at = now;
    request.jti = "jti-" + std::to_string(++sequence);
    request.seal();
    return request;
  }

  HttpResponse send(const GuardedRequest& request, HttpHeaders headers = {}) {
    headers.add("Authorization", request.authorization);
    headers.add("DPoP", request.dpop);
    const std::string target = request.uri.substr(guard->public_url().size()) +
                               (request.query.empty() ? "" : "?" + request.query);
    return send_call(request.method, target, std::move(headers), request.body);
  }

  static std::string reason_of_body(const HttpResponse& response) {
    const auto body = json::parse_object(response.body);
    const json::Value* reason = body ? body->find("reason") : nullptr;
    return reason == nullptr ? response.body : reason->as_string();
  }

  std::vector<HttpRequest> what_was_received() {
    const std::lock_guard lock(mutex);
    return received;
  }

  std::mutex mutex;
  const crypto::PrivateKey authority_key = key_of(1);
  std::shared_ptr<const jose::KeySet> published = keys_of({authority_key});
  std::vector<HttpRequest> received;
  std::atomic<int> fetches{0};
  std::atomic<bool> stalled{false};
  std::atomic<bool> service_stalled{false};
  int sequence = 0;
  http::CurlClient client;
  Recorder recorder;
  std::unique_ptr<http::Server> authority;
  std::unique_ptr<http::Server> service;
  std::unique_ptr<GuardServer> guard;
  std::string nonce;
};

TEST_F(GuardServerTest, ForwardsWhatItVerifiedAndSaysWhoAsks) {
  HttpHeaders headers;
  headers.add("X-Agent-Subject", "agent:patchet:supervisor");
  headers.add("X_Agent_Scope", "admin");
  headers.add("X-Agent-Registration", "");
  headers.add("Accept", "text/plain");
  headers.add("X-Guard-Secret", "of the client");

  const HttpResponse response = send(honest(), std::move(headers));

  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "done");
  EXPECT_EQ(response.headers.find("X-Service"), "yes");
  const auto requests = what_was_received();
  ASSERT_EQ(requests.size(), 1U);
  const HttpRequest& request = requests.front();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/manifests/web");
  EXPECT_EQ(request.query, "dry=1");
  EXPECT_EQ(request.body, "{}");
  EXPECT_EQ(request.headers.all("X-Agent-Subject"),
            std::vector<std::string_view>{"agent:patchet:patcher"});
  EXPECT_EQ(request.headers.find("X-Agent-Registration"), "reg_01");
  EXPECT_EQ(request.headers.find("X-Agent-Execution"), "exec_01");
  EXPECT_EQ(request.headers.find("Accept"), "text/plain");
  EXPECT_EQ(request.headers.all("X-Guard-Secret"), std::vector<std::string_view>{"of the guard"});
  EXPECT_TRUE(request.headers.find("X-Ajwt-Decision-Id").has_value());
  for (const std::string_view gone : {"Authorization", "DPoP", "X_Agent_Scope"}) {
    EXPECT_EQ(request.headers.find(gone), std::nullopt) << gone;
  }
}

TEST_F(GuardServerTest, LetsTheServiceNotSpeakInItsVoice) {
  const HttpResponse response = send(honest());

  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.headers.all("X-Ajwt-Decision-Id"),
            std::vector<std::string_view>{recorder.last_decision().decision_id});
  EXPECT_NE(response.headers.find("DPoP-Nonce"), "the service's");
  EXPECT_EQ(response.headers.all("WWW-Authenticate"),
            std::vector<std::string_view>{"Basic realm=\"service\""});
}

TEST_F(GuardServerTest, IsAChildInTheTraceOfTheClientAndTheParentOfTheService) {
  HttpHeaders headers;
  headers.add("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  headers.add("TraceState", "rojo=1");

  const HttpResponse response = send(honest(), std::move(headers));

  const Recorder::Told decision = recorder.last_decision();
  EXPECT_EQ(decision.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  ASSERT_TRUE(decision.parent);
  EXPECT_EQ(to_hex(*decision.parent), "00f067aa0ba902b7");
  EXPECT_NE(decision.span_id, "00f067aa0ba902b7");
  EXPECT_EQ(decision.status, std::nullopt) << "its end is still to come";
  const HttpRequest received_request = what_was_received().at(0);
  const std::string handed_on = "00-4bf92f3577b34da6a3ce929d0e0e4736-" + decision.span_id + "-01";
  EXPECT_EQ(received_request.headers.all("traceparent"), std::vector<std::string_view>{handed_on});
  EXPECT_EQ(received_request.headers.all("tracestate"), std::vector<std::string_view>{"rojo=1"});
  const Recorder::Told delivery = recorder.delivery();
  EXPECT_EQ(delivery.decision_id, decision.decision_id);
  EXPECT_EQ(delivery.span_id, decision.span_id);
  EXPECT_EQ(delivery.status, 201);
  EXPECT_EQ(delivery.failed, std::nullopt);
  EXPECT_EQ(response.headers.find("X-Ajwt-Decision-Id"), decision.decision_id);
}

TEST_F(GuardServerTest, BeginsATraceOfItsOwnRatherThanHandOnWhatIsMalformed) {
  HttpHeaders headers;
  headers.add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-evil");
  headers.add("tracestate", "rojo=1");

  EXPECT_EQ(send(honest(), std::move(headers)).status, 201);

  const Recorder::Told decision = recorder.last_decision();
  EXPECT_NE(decision.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(decision.parent, std::nullopt);
  const HttpRequest received_request = what_was_received().at(0);
  const std::string handed_on = "00-" + decision.trace_id + "-" + decision.span_id + "-01";
  EXPECT_EQ(received_request.headers.all("traceparent"), std::vector<std::string_view>{handed_on});
  EXPECT_EQ(received_request.headers.find("tracestate"), std::nullopt);
}

TEST_F(GuardServerTest, NumbersEveryRefusalInHeaderAndBody) {
  const HttpResponse response = send_call("GET", "/manifests/web", {});

  const Recorder::Told decision = recorder.last_decision();
  EXPECT_EQ(decision.failed, Code::k_token_missing);
  EXPECT_EQ(decision.status, 401);
  EXPECT_EQ(response.headers.find("X-Ajwt-Decision-Id"), decision.decision_id);
  EXPECT_THAT(response.body, HasSubstr("\"decision_id\":\"" + decision.decision_id + "\""));
  EXPECT_EQ(recorder.deliveries(), 0U);
}

TEST_F(GuardServerTest, TellsTheServiceItsOwnAddressWhateverHostIsNamed) {
  HttpHeaders headers;
  headers.add("Host", "evil.example");

  EXPECT_EQ(send(honest(), std::move(headers)).status, 201);
  ASSERT_EQ(what_was_received().size(), 1U);
  const HttpRequest request = what_was_received().front();
  EXPECT_EQ(request.headers.all("X-Forwarded-Host"),
            std::vector<std::string_view>{"127.0.0.1:" + std::to_string(guard->port())});
  EXPECT_EQ(request.headers.find("X-Forwarded-Proto"), "http");
}

TEST_F(GuardServerTest, ForwardsARequestWithoutBody) {
  EXPECT_EQ(send(honest("GET")).status, 201);
  ASSERT_EQ(what_was_received().size(), 1U);
  EXPECT_EQ(what_was_received().front().body, "");
}

TEST_F(GuardServerTest, RefusesEachAttackForItsOwnReasonAndForwardsNone) {
  struct Case {
    std::string_view reason;
    int status;
    std::function<HttpResponse()> attack;
  };
  const auto changed = [this](auto change) {
    GuardedRequest request = honest();
    change(request);
    return send(request);
  };
  const std::vector<Case> cases = {
      {"token_missing", 401, [&] { return send_call("GET", "/manifests/web", {}); }},
      {"token_scheme_refused", 401,
       [&] { return changed([](auto& r) { r.authorization = "Bearer " + r.token; }); }},
      {"token_duplicated", 400,
       [&] {
         HttpHeaders headers;
         headers.add("Authorization", "Bearer other");
         return send(honest(), std::move(headers));
       }},
      {"proof_duplicated", 401,
       [&] {
         const GuardedRequest request = honest();
         HttpHeaders headers;
         headers.add("DPoP", request.dpop);
         return send(request, std::move(headers));
       }},
      {"proof_nonce_missing", 401,
       [&] {
         return changed([](auto& r) {
           r.nonce.reset();
           r.seal();
         });
       }},
      {"proof_nonce_refused", 401,
       [&] {
         return changed([](auto& r) {
           r.nonce = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
           r.seal();
         });
       }},
      {"proof_body_mismatch", 401, [&] { return changed([](auto& r) { r.body = "[]"; }); }},
      {"proof_query_mismatch", 401, [&] { return changed([](auto& r) { r.query = "dry=0"; }); }},
      {"proof_uri_mismatch", 401, [&] { return changed([](auto& r) { r.uri += "2"; }); }},
      {"proof_key_mismatch", 401,
       [&] {
         return changed([](auto& r) {
           r.agent = key_of(5);
           r.seal();
         });
       }},
      {"scope_insufficient", 403, [&] { return send(honest("DELETE")); }},
      {"step_refused", 403, [&] { return send(honest("PUT")); }},
      {"intent_refused", 401, [&] { return send(honest("GET", "/status")); }},
      {"route_unknown", 404, [&] { return send(honest("POST", "/other")); }},
      {"request_malformed", 400, [&] { return send(honest("POST", "/manifests/%2e%2e")); }},
      {"body_too_large", 413,
       [&] {
         return changed([](auto& r) {
           r.body = std::string(1001, 'a');
           r.seal();
         });
       }},
  };
  for (const Case& c : cases) {
    const HttpResponse response = c.attack();
    EXPECT_EQ(response.status, c.status) << c.reason;
    EXPECT_EQ(reason_of_body(response), c.reason);
  }
  EXPECT_TRUE(what_was_received().empty());
}

TEST_F(GuardServerTest, LetsACapturedRequestPassOnce) {
  const GuardedRequest request = honest();

  EXPECT_EQ(send(request).status, 201);
  EXPECT_EQ(reason_of_body(send(request)), "proof_replayed");
  EXPECT_EQ(what_was_received().size(), 1U);
}

// Protocol 6.1: what it had seen died with it, so its nonces must have died, too.
TEST_F(GuardServerTest, TakesNoProofFromBeforeItsStart) {
  const GuardedRequest captured = honest();
  EXPECT_EQ(send(captured).status, 201);
  const std::uint16_t port = guard->port();
  guard.reset();
  start_guard(port);

  const HttpResponse response = send(captured);

  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(reason_of_body(response), "proof_nonce_refused");
  EXPECT_EQ(what_was_received().size(), 1U);
  EXPECT_EQ(send(honest()).status, 201);
}

TEST_F(GuardServerTest, LetsOneOfManyClientsPassWithACapturedRequest) {
  const GuardedRequest request = honest();
  std::atomic<int> passed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      if (send(request).status == 201) ++passed;
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(passed, 1);
  EXPECT_EQ(what_was_received().size(), 1U);
}

TEST_F(GuardServerTest, WorksOnWhileTheAuthorityIsSlowAndManyNameMadeUpKids) {
  std::this_thread::sleep_for(std::chrono::milliseconds(2100));  // past the interval
  stalled = true;
  std::vector<GuardedRequest> good;
  for (int i = 0; i < 10; ++i) good.push_back(honest());
  GuardedRequest made_up = honest();
  made_up.token = sign_token(intent_claims(made_up.agent, made_up.made_at), key_of(77));
  made_up.seal();
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  const auto begin = std::chrono::steady_clock::now();
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        if (reason_of_body(send(made_up)) == "key_unknown") ++refused;
      }
    });
  }
  for (const GuardedRequest& request : good) {
    EXPECT_EQ(send(request).status, 201);
    EXPECT_EQ(send_call("GET", "/-/health/live", {}).status, 200);
    EXPECT_EQ(send_call("GET", "/-/health/ready", {}).status, 200);
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(refused, 30);
  // Two workers and thirty waits of two seconds would be thirty seconds.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
}

TEST_F(GuardServerTest, AsksTheAuthorityNoMoreForMadeUpKidsThanItsIntervalAllows) {
  const int before = fetches;
  for (int i = 0; i < 20; ++i) {
    GuardedRequest request = honest();
    request.token = sign_token(intent_claims(request.agent, request.made_at), key_of(77));
    request.seal();
    EXPECT_EQ(reason_of_body(send(request)), "key_unknown");
  }
  EXPECT_LE(fetches - before, 4);
}

TEST_F(GuardServerTest, AnswersItsOwnPathsWithoutAToken) {
  EXPECT_EQ(send_call("GET", "/-/health/live", {}).status, 200);
  EXPECT_EQ(send_call("GET", "/-/health/ready", {}).status, 200);
  EXPECT_EQ(send_call("GET", "/-/other", {}).status, 404);
  EXPECT_EQ(send_call("POST", "/-/metrics", {}).status, 405);
  send(honest());
  send_call("GET", "/manifests/web", {});

  const HttpResponse metrics = send_call("GET", "/-/metrics", {});
  EXPECT_THAT(metrics.body, HasSubstr("operation=\"verify\",reason=\"ok\"} 1"));
  EXPECT_THAT(metrics.body, HasSubstr("operation=\"verify\",reason=\"token_missing\"} 2"));
  EXPECT_THAT(metrics.body, HasSubstr("1.2.3"));
  EXPECT_THAT(metrics.body, HasSubstr("operation=\"forward\",reason=\"ok\"} 1"));
  for (const HttpRequest& request : what_was_received()) EXPECT_EQ(request.path, "/manifests/web");
}

TEST_F(GuardServerTest, DescribesItselfAsAProtectedResource) {
  const HttpResponse response = send_call("GET", "/.well-known/oauth-protected-resource", {});

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(
      response.body,
      R"({"resource":")" + guard->public_url() +
          R"(",)"
          R"("authorization_servers":["https://authority.example"],)"
          R"("scopes_supported":["manifest:delete","manifest:read","manifest:write"],)"
          R"("bearer_methods_supported":["header"],)"
          R"("dpop_signing_alg_values_supported":["EdDSA","Ed25519","ES256","RS256","PS256"],)"
          R"("dpop_bound_access_tokens_required":true})");
}

TEST_F(GuardServerTest, NumbersAndCountsWhatTheGateRefuses) {
  const HttpResponse response = send_call("GET", "/manifests/%2e%2e", {});

  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(reason_of_body(response), "request_malformed");
  EXPECT_THAT(response.body, HasSubstr("\"decision_id\":\"dec_"));
  EXPECT_THAT(send_call("GET", "/-/metrics", {}).body,
              HasSubstr("operation=\"verify\",reason=\"request_malformed\"} 1"));
}

TEST_F(GuardServerTest, CountsNoAnswerThatNobodyWaitedFor) {
  service_stalled = true;
  const GuardedRequest request = honest("GET");
  HttpHeaders headers;
  headers.add("Authorization", request.authorization);
  headers.add("DPoP", request.dpop);
  EXPECT_THAT(client.send({.method = "GET",
                           .url = request.uri + "?" + request.query,
                           .headers = std::move(headers),
                           .body = {},
                           .timeout = Seconds(1)}),
              RefusedWith(Code::k_network_failed));
  std::string metrics;
  for (int i = 0; i < 500 && metrics.find("operation=\"abandoned\",reason") == std::string::npos;
       ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    metrics = send_call("GET", "/-/metrics", {}).body;
  }
  service_stalled = false;

  EXPECT_THAT(metrics, HasSubstr("operation=\"abandoned\",reason=\"network_failed\"} 1"));
  EXPECT_THAT(metrics, ::testing::Not(HasSubstr("operation=\"forward\",reason=\"ok\"")));
}

TEST_F(GuardServerTest, AnswersThatTheServiceIsGoneWhereItIs) {
  service->stop();

  const HttpResponse response = send(honest());

  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(reason_of_body(response), "upstream_unavailable");
  const Recorder::Told decision = recorder.last_decision();
  EXPECT_EQ(decision.failed, std::nullopt) << "it was let through";
  const Recorder::Told delivery = recorder.delivery();
  EXPECT_EQ(delivery.failed, Code::k_upstream_unavailable);
  EXPECT_EQ(delivery.status, 502);
  EXPECT_EQ(delivery.decision_id, decision.decision_id);
  EXPECT_EQ(response.headers.find("X-Ajwt-Decision-Id"), decision.decision_id);
  EXPECT_THAT(response.body, HasSubstr("\"decision_id\":\"" + decision.decision_id + "\""));
  EXPECT_THAT(send_call("GET", "/-/metrics", {}).body,
              HasSubstr("operation=\"forward\",reason=\"upstream_unavailable\"} 1"));
}

TEST(GuardServerStart, RefusesOptionsThatBreakTheRules) {
  GuardOptions options{.policy = sample_policy()};
  options.issuer = testing::kIssuer;
  options.audience = testing::kAudience;
  options.proxy.upstream = "http://127.0.0.1:1";
  options.proxy.address = "0.0.0.0";
  options.keys.url = "https://authority.example/jwks";

  EXPECT_THAT(GuardServer::start(options, nullptr), RefusedWith(Code::k_configuration_refused));
}

// --- The form auth_request, as nginx speaks to it.

class AuthRequestServerTest : public GuardServerTest {
 protected:
  AuthRequestServerTest() {
    start_asked(asked_options());
    nonce = *ask({}).headers.find("DPoP-Nonce");
  }

  GuardOptions asked_options() const {
    GuardOptions options{.form = GuardForm::kAuthRequest,
                         .policy = *guard::Policy::parse(*json::parse_object(
                             R"({"route":[{"method":"POST","path":"/manifests/{name}",)"
                             R"("app":"patchet","scope":"manifest:write","workflow":"patch",)"
                             R"("step":"apply","tool":"apply_patch","proof":"head"}]})"))};
    options.issuer = testing::kIssuer;
    options.audience = testing::kAudience;
    options.public_url = guard->public_url();  // for the proofs of `honest`
    options.keys.url = "http://127.0.0.1:" + std::to_string(authority->port()) + "/jwks";
    return options;
  }

  void start_asked(GuardOptions options) {
    auto started = GuardServer::start(std::move(options), &asked_recorder);
    ASSERT_THAT(started, IsOk());
    asked = *std::move(started);
    while (!asked->is_ready()) std::this_thread::yield();
  }

  HttpResponse ask(HttpHeaders headers, std::string body = {},
                   std::string_view path = kAuthRequestPath) {
    headers.add("X-Original-Method", "POST");
    headers.add("X-Original-URI", "/manifests/web?dry=1");
    auto response =
        client.send({.method = "GET",
                     .url = "http://127.0.0.1:" + std::to_string(asked->port()) + std::string(path),
                     .headers = std::move(headers),
                     .body = std::move(body)});
    EXPECT_THAT(response, IsOk());
    return response.value_or(HttpResponse{.status = 0, .headers = {}, .body = {}});
  }

  static HttpHeaders credentials(const GuardedRequest& request) {
    HttpHeaders headers;
    headers.add("Authorization", request.authorization);
    headers.add("DPoP", request.dpop);
    return headers;
  }

  Recorder asked_recorder;
  std::unique_ptr<GuardServer> asked;
};

TEST_F(AuthRequestServerTest, GivesAVerdictOnceAndForwardsNothing) {
  const GuardedRequest request = honest();

  const HttpResponse response = ask(credentials(request));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(response.headers.find("Content-Length"), "0");  // or nginx gives up the connection
  EXPECT_EQ(response.headers.find("X-Agent-Registration"), "reg_01");

  const HttpResponse again = ask(credentials(request));
  EXPECT_EQ(again.status, 401);
  EXPECT_EQ(again.headers.find("X-Ajwt-Reason"), "proof_replayed");
  EXPECT_EQ(again.headers.find("Content-Length"), "0");
  EXPECT_EQ(what_was_received().size(), 0U);
}

TEST_F(AuthRequestServerTest, TellsAVerdictWholeAndInTheTraceThatNginxHandsOn) {
  HttpHeaders headers = credentials(honest());
  headers.add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

  const HttpResponse response = ask(std::move(headers));

  const Recorder::Told decision = asked_recorder.last_decision();
  EXPECT_EQ(response.headers.all("X-Ajwt-Decision-Id"),
            std::vector<std::string_view>{decision.decision_id});
  EXPECT_EQ(decision.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  ASSERT_TRUE(decision.parent);
  EXPECT_EQ(to_hex(*decision.parent), "00f067aa0ba902b7");
  EXPECT_EQ(decision.failed, std::nullopt);
  EXPECT_EQ(decision.status, 200) << "nothing comes after a verdict";
  EXPECT_EQ(asked_recorder.deliveries(), 0U);
}

TEST_F(AuthRequestServerTest, NumbersEveryRefusalOnce) {
  HttpHeaders headers;
  headers.add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  headers.add("X-Original-Method", "DELETE");  // a second one

  for (const bool malformed : {false, true}) {
    HttpHeaders sent = headers;
    if (!malformed) sent.remove("X-Original-Method");
    const HttpResponse response = ask(std::move(sent));
    const Recorder::Told decision = asked_recorder.last_decision();
    EXPECT_EQ(response.headers.all("X-Ajwt-Decision-Id"),
              std::vector<std::string_view>{decision.decision_id});
    EXPECT_THAT(std::string(response.headers.find("X-Ajwt-Refusal").value_or("")),
                HasSubstr("\"decision_id\":\"" + decision.decision_id + "\""));
    EXPECT_EQ(decision.failed, malformed ? Code::k_subrequest_malformed : Code::k_token_missing);
    EXPECT_EQ(decision.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(decision.status, malformed ? 500 : 401);
  }
}

TEST_F(AuthRequestServerTest, HasHealthAndMetricsAtItsManagementAddress) {
  EXPECT_EQ(asked->management_port(), 0);
  GuardOptions options = asked_options();
  options.management = http::ListenAddress{.address = "127.0.0.1", .port = 0};
  start_asked(std::move(options));
  nonce = *ask({}).headers.find("DPoP-Nonce");

  const std::string management = "http://127.0.0.1:" + std::to_string(asked->management_port());
  const auto get = [&](std::string_view path) {
    return client.send(
        {.method = "GET", .url = management + std::string(path), .headers = {}, .body = {}});
  };
  const auto ready = get("/health/ready");
  ASSERT_THAT(ready, IsOk());
  EXPECT_EQ(ready->status, 200);
  const auto metrics = get("/metrics");
  ASSERT_THAT(metrics, IsOk());
  EXPECT_THAT(metrics->body, HasSubstr("operation=\"verify\""));
  EXPECT_THAT(metrics->body, Not(HasSubstr("operation=\"forward\""))) << "it forwards nothing";
  const auto asked_there = get(kAuthRequestPath);
  ASSERT_THAT(asked_there, IsOk());
  EXPECT_EQ(reason_of_body(*asked_there), "not_found");
  for (const auto* path : {"/-/health/ready", "/-/health/live", "/-/metrics"}) {
    EXPECT_EQ(reason_of_body(ask({}, {}, path)), "not_found") << path;
  }
  EXPECT_EQ(ask(credentials(honest())).status, 200);

  asked->stop();
  EXPECT_FALSE(get("/health/live").has_value());
}

TEST_F(AuthRequestServerTest, ReadsNoBody) {
  const HttpResponse response = ask(credentials(honest()), "{}");
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.headers.find("X-Ajwt-Reason"), "body_too_large");
}

TEST_F(AuthRequestServerTest, AnswersItsOwnPathsAndNoOther) {
  EXPECT_EQ(ask({}, {}, "/-/health/ready").status, 200);
  EXPECT_THAT(ask({}, {}, "/-/metrics").body,
              HasSubstr("ajwt_decisions_total{component=\"guard\",operation=\"verify\""));
  EXPECT_THAT(ask({}, {}, kMetadataPath).body, HasSubstr(guard->public_url()));
  EXPECT_EQ(reason_of_body(ask(credentials(honest()), {}, "/manifests/web")), "not_found");
  // The reverse proxy has no such endpoint.
  EXPECT_EQ(send_call("GET", kAuthRequestPath, credentials(honest())).status, 404);
}

}  // namespace
}  // namespace ajwt::gateway
