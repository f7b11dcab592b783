// SPDX-License-Identifier: Apache-2.0
//
// A whole guard before an authority that is slow, dead or away for long: who waits for what, who is
// refused why, and how often the authority is asked. Ordering and counts, no timing, but for the
// bound on how long a request may take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/guard_server.h"
#include "http/client.h"
#include "http/server.h"
#include "json/parse.h"
#include "json/write.h"
#include "tests/rotation/played_authority.h"
#include "tests/support/guarded_request.h"
#include "tests/support/matchers.h"

namespace ajwt {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::answer_with;
using testing::GuardedRequest;
using testing::intent_claims;
using testing::key_of;
using testing::keys_of;
using testing::PlayedAuthority;
using testing::sign_token;

constexpr seconds kPatience{20};

PlayedAuthority::Play publish(const std::vector<crypto::PrivateKey>& keys) {
  return answer_with(json::write(jose::write_jwks(*keys_of(keys))));
}

// wait_until polls: what it waits for comes from other threads.
template <class Condition>
bool wait_until(const Condition& condition) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

class GuardOutage : public ::testing::Test {
 protected:
  // start_guard starts a guard that fetches keys so often; they are good for max_stale.
  void start_guard(Seconds max_stale, Seconds refresh_every = Seconds(1)) {
    http::ServerOptions server;
    server.io_threads = 1;
    server.worker_threads = 2;
    service = *http::Server::start(server, [this](const HttpRequest&) {
      ++served;
      return HttpResponse{.status = 200, .headers = {}, .body = "done"};
    });
    gateway::GuardOptions options{
        .policy = *guard::Policy::parse(*json::parse_object(
            R"({"route":[{"method":"POST","path":"/manifests/{name}","app":"patchet",)"
            R"("scope":"manifest:write","workflow":"patch","step":"apply",)"
            R"("tool":"apply_patch"}]})"))};
    options.issuer = testing::kIssuer;
    options.audience = testing::kAudience;
    options.proxy.upstream = "http://127.0.0.1:" + std::to_string(service->port());
    options.proxy.io_threads = 1;
    options.proxy.worker_threads = 8;
    options.keys.url = authority.url();
    options.keys.refresh_every = refresh_every;
    options.keys.min_interval = refresh_every;
    options.keys.max_stale = max_stale;
    options.keys.timeout = Seconds(3);
    auto started = gateway::GuardServer::start(std::move(options), nullptr);
    ASSERT_THAT(started, IsOk());
    guard = *std::move(started);
    const auto answer = client.send(
        {.method = "POST", .url = guard->public_url() + "/", .headers = {}, .body = {}});
    ASSERT_THAT(answer, IsOk());
    nonce = *answer->headers.find("DPoP-Nonce");
  }

  // ask sends a good request with a token that `signer` signed; the status and the reason, if any.
  std::string ask(const crypto::PrivateKey& signer) {
    GuardedRequest request;
    const Instant now = SystemClock().now();
    request.uri = guard->public_url() + "/manifests/web";
    request.token = sign_token(intent_claims(request.agent, now), signer);
    request.nonce = nonce;
    request.made_at = now;
    request.jti = "jti-" + std::to_string(++sequence);
    request.seal();
    HttpHeaders headers;
    headers.add("Authorization", request.authorization);
    headers.add("DPoP", request.dpop);
    const auto begun = std::chrono::steady_clock::now();
    const auto answer = client.send({.method = "POST",
                                     .url = request.uri + "?" + request.query,
                                     .headers = std::move(headers),
                                     .body = request.body});
    const auto took = std::chrono::steady_clock::now() - begun;
    auto longest = slowest.load();
    while (took > longest && !slowest.compare_exchange_weak(longest, took)) {
    }
    if (!answer) return answer.error().describe();
    if (answer->status == 200) return "200";
    const auto body = json::parse_object(answer->body);
    const json::Value* reason = body ? body->find("reason") : nullptr;
    return std::to_string(answer->status) + " " +
           (reason != nullptr ? reason->as_string() : answer->body);
  }
  // made_up returns a key that no authority ever had.
  static crypto::PrivateKey made_up() {
    return *crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
  }

  const crypto::PrivateKey first = key_of(1);
  const crypto::PrivateKey second = key_of(3);
  PlayedAuthority authority{publish({first})};
  http::CurlClient client;
  std::atomic<int> served{0};
  std::atomic<int> sequence{0};
  std::atomic<std::chrono::steady_clock::duration> slowest{std::chrono::steady_clock::duration(0)};
  std::unique_ptr<http::Server> service;
  std::unique_ptr<gateway::GuardServer> guard;
  std::string nonce;
};

TEST_F(GuardOutage, WithoutKeysNothingPassesAndTheFirstAnswerEndsThat) {
  authority.close_door();
  start_guard(Seconds(3600));
  EXPECT_EQ(ask(first), "503 keys_unavailable");
  EXPECT_EQ(served, 0);
  EXPECT_FALSE(guard->is_ready());
  authority.open_door();
  EXPECT_TRUE(wait_until([this] { return ask(first) == "200"; }));
  EXPECT_EQ(served, 1);
}

TEST_F(GuardOutage, NoGoodTokenWaitsForAnAuthorityThatIsSlow) {
  start_guard(Seconds(3600));
  ASSERT_TRUE(wait_until([this] { return guard->is_ready(); }));
  authority.play([](PlayedAuthority::Peer& peer) { peer.hold(); });
  const int finished = authority.finished();
  ASSERT_TRUE(wait_until([&] { return authority.fetches() > finished; }));
  // The fetch hangs. One request for a key that is not known waits for it; whoever comes after it
  // is refused at once, and whoever has a good token does not notice.
  std::atomic<bool> waited{false};
  std::thread waiting([&] {
    EXPECT_EQ(ask(made_up()), "401 key_unknown");
    waited = true;
  });
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(ask(first), "200");
    EXPECT_EQ(ask(made_up()), "401 key_unknown");
  }
  EXPECT_EQ(served, 100);
  waiting.join();
  EXPECT_TRUE(waited);
  EXPECT_LT(slowest.load(), seconds(8)) << "patience is 2 s";
  authority.release();
}

TEST_F(GuardOutage, MadeUpKeysCostOneFetchAnInterval) {
  start_guard(Seconds(3600), Seconds(600));
  ASSERT_TRUE(wait_until([this] { return guard->is_ready(); }));
  const int before = authority.fetches();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int j = 0; j < 50; ++j) EXPECT_EQ(ask(made_up()), "401 key_unknown");
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(authority.fetches(), before);
  EXPECT_EQ(served, 0);
}

TEST_F(GuardOutage, KeysThatNobodyConfirmsAreGivenUp) {
  start_guard(Seconds(2));
  ASSERT_TRUE(wait_until([this] { return guard->is_ready(); }));
  EXPECT_EQ(ask(first), "200");
  authority.close_door();
  EXPECT_TRUE(wait_until([this] { return ask(first) == "503 keys_unavailable"; }));
  EXPECT_FALSE(guard->is_ready());
  const int passed = served;
  EXPECT_EQ(ask(first), "503 keys_unavailable");
  EXPECT_EQ(served, passed);
  authority.open_door();
  EXPECT_TRUE(wait_until([this] { return ask(first) == "200"; }));
}

TEST_F(GuardOutage, AKeyThatSignsUnannouncedIsLearntWithoutHarmToOthers) {
  start_guard(Seconds(3600));
  ASSERT_TRUE(wait_until([this] { return guard->is_ready(); }));
  authority.play(publish({second, first}));
  EXPECT_TRUE(wait_until([this] {
    EXPECT_EQ(ask(first), "200");
    return ask(second) == "200";
  }));
  authority.play(publish({second}));
  EXPECT_TRUE(wait_until([this] {
    EXPECT_EQ(ask(second), "200");
    return ask(first) == "401 key_unknown";
  }));
}

}  // namespace
}  // namespace ajwt
