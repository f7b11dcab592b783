// SPDX-License-Identifier: Apache-2.0

#include "http/jwks_source.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/matchers.h"

namespace ajwt::http {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

constexpr milliseconds kPatience{20000};

class FakeClock final : public Clock {
 public:
  Instant now() const override { return from_unix(seconds_); }
  void advance(long long seconds) { seconds_ += seconds; }

 private:
  std::atomic<long long> seconds_{1'700'000'000};
};

// One key of RFC 8037 A.2, under any kid.
std::string jwks(const std::string& kid) {
  return R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":")" + kid +
         R"(","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";
}

// FakeClient answers with what it was told to; it can be held, and counts calls.
class FakeClient final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpCall& call) override {
    std::unique_lock lock(mutex_);
    ++calls_;
    url_ = call.url;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    if (fails_) return refuse(Code::k_network_failed);
    return HttpResponse{.status = status_, .headers = {}, .body = body_};
  }

  void answer(int status, std::string body) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    body_ = std::move(body);
    fails_ = false;
  }
  void fail() {
    const std::lock_guard lock(mutex_);
    fails_ = true;
  }
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  bool wait_for_calls(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return calls_ >= count; });
  }
  int calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  std::string url() {
    const std::lock_guard lock(mutex_);
    return url_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int calls_ = 0;
  int status_ = 200;
  std::string body_ = jwks("one");
  std::string url_;
  bool fails_ = false;
  bool held_ = false;
};

class JwksSourceTest : public ::testing::Test {
 protected:
  // start begins and waits for the first fetch to have ended.
  void start() {
    source_.start();
    source_.refresh_for_unknown_kid(kPatience);
  }
  std::string kid() {
    const auto keys = source_.keys();
    return keys ? keys->keys().front().kid.value_or("") : "none";
  }
  // refresh goes past the interval and fetches.
  void refresh() {
    clock_.advance(5);
    source_.refresh_for_unknown_kid(kPatience);
  }

  FakeClock clock_;
  FakeClient client_;
  JwksSource source_{{.url = "https://as.example/jwks"}, client_, clock_};
};

TEST_F(JwksSourceTest, HasNoKeysBeforeTheFirstSuccess) {
  EXPECT_EQ(source_.keys(), nullptr);
  client_.fail();
  start();
  EXPECT_EQ(source_.keys(), nullptr);
  ASSERT_TRUE(source_.last_error());
  EXPECT_EQ(source_.last_error()->code(), Code::k_network_failed);
}

TEST_F(JwksSourceTest, TellsOfTheFirstFetchAndOfEachTurn) {
  std::vector<std::string> told;
  JwksSource source({.url = "https://as.example/jwks",
                     .on_turn =
                         [&](const Status& fetched) {
                           told.emplace_back(fetched ? "ok" : fetched.error().reason().name);
                         }},
                    client_, clock_);
  const auto fetch = [&] {
    clock_.advance(400);
    source.refresh_for_unknown_kid(kPatience);
  };
  client_.fail();
  source.start();
  source.refresh_for_unknown_kid(kPatience);
  fetch();
  EXPECT_THAT(told, ElementsAre("network_failed"));
  client_.answer(200, jwks("one"));
  fetch();
  fetch();
  EXPECT_THAT(told, ElementsAre("network_failed", "ok"));
  client_.answer(500, "");
  fetch();
  EXPECT_THAT(told, ElementsAre("network_failed", "ok", "keys_unavailable"));
}

TEST_F(JwksSourceTest, FetchesAtOnce) {
  start();
  EXPECT_EQ(kid(), "one");
  EXPECT_EQ(client_.url(), "https://as.example/jwks");
  EXPECT_EQ(client_.calls(), 1);
  EXPECT_FALSE(source_.last_error());
}

TEST_F(JwksSourceTest, RefreshesWhenItIsTime) {
  start();
  client_.answer(200, jwks("two"));
  clock_.advance(300);
  ASSERT_TRUE(client_.wait_for_calls(2));
  source_.refresh_for_unknown_kid(kPatience);
  EXPECT_EQ(kid(), "two");
  EXPECT_EQ(client_.calls(), 2);
}

TEST_F(JwksSourceTest, LetsOneThreadWaitHoweverManyHaveUnknownKids) {
  start();
  clock_.advance(5);
  client_.answer(200, jwks("two"));
  client_.hold();
  std::atomic<int> old = 0;
  std::atomic<int> fresh = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      const auto keys = source_.refresh_for_unknown_kid(kPatience);
      ++(keys->keys().front().kid == "two" ? fresh : old);
    });
  }
  ASSERT_TRUE(client_.wait_for_calls(2));
  const auto until = std::chrono::steady_clock::now() + kPatience / 2;
  while (old < 15 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_EQ(old, 15);
  client_.release();
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(fresh, 1);
  EXPECT_EQ(client_.calls(), 2);
}

TEST_F(JwksSourceTest, LetsNobodyWaitAgainForASlowFetchWithinTheInterval) {
  start();
  clock_.advance(5);
  client_.hold();
  source_.refresh_for_unknown_kid(milliseconds(1));
  ASSERT_TRUE(client_.wait_for_calls(2));

  // The fetch is still under way: with patience to the end, these would wait for it.
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 4; ++i) source_.refresh_for_unknown_kid(milliseconds(1000));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(1000));
  client_.release();
}

TEST_F(JwksSourceTest, KeepsTheSameObjectWhileTheKeysAreTheSame) {
  start();
  const auto first = source_.keys();
  refresh();
  EXPECT_EQ(client_.calls(), 2);
  EXPECT_EQ(source_.keys(), first);

  client_.answer(200, jwks("two"));
  refresh();
  EXPECT_NE(source_.keys(), first);

  // An equal set is as fresh as any: it does not grow stale with the object's age.
  for (int i = 0; i < 3; ++i) {
    clock_.advance(3599);
    source_.refresh_for_unknown_kid(kPatience);
    EXPECT_EQ(kid(), "two");
  }
}

TEST_F(JwksSourceTest, FetchesForUnknownKidsNoOftenerThanTheInterval) {
  start();
  clock_.advance(4);
  for (int i = 0; i < 100; ++i) source_.refresh_for_unknown_kid(kPatience);
  EXPECT_EQ(client_.calls(), 1);
  clock_.advance(1);
  for (int i = 0; i < 100; ++i) source_.refresh_for_unknown_kid(kPatience);
  EXPECT_EQ(client_.calls(), 2);
}

TEST_F(JwksSourceTest, WaitsNoLongerThanTheCallersPatience) {
  start();
  clock_.advance(5);
  client_.hold();
  const auto keys = source_.refresh_for_unknown_kid(milliseconds(1));
  ASSERT_NE(keys, nullptr);
  EXPECT_EQ(keys->keys().front().kid, "one");
  client_.release();
}

TEST_F(JwksSourceTest, KeepsTheOldSetOnFailureUntilItIsStale) {
  start();
  client_.fail();
  refresh();
  EXPECT_EQ(kid(), "one");
  clock_.advance(3600 - 5);
  EXPECT_EQ(kid(), "one");
  clock_.advance(1);
  EXPECT_EQ(source_.keys(), nullptr);

  client_.answer(200, jwks("two"));
  refresh();
  EXPECT_EQ(kid(), "two");
}

TEST_F(JwksSourceTest, RefusesAnswersThatAreNoUsableSet) {
  struct Case {
    int status;
    std::string body;
    Code code;
  };
  const std::vector<Case> cases = {
      {500, jwks("two"), Code::k_keys_unavailable},
      {302, "", Code::k_keys_unavailable},
      {200, "", Code::k_json_malformed},
      {200, "[]", Code::k_json_wrong_type},
      {200, "{}", Code::k_jwks_malformed},
      {200, R"({"keys":[]})", Code::k_jwks_malformed},
      {200, R"({"keys":[{"kty":"oct","k":"AAAA","kid":"a"}]})", Code::k_jwks_malformed},
      {200, R"({"keys":[],"keys":[]})", Code::k_json_duplicate_name},
      {200, jwks(std::string(64 * 1024, 'k')), Code::k_limit_exceeded},
  };
  start();
  for (const auto& [status, body, code] : cases) {
    client_.answer(status, body);
    refresh();
    ASSERT_TRUE(source_.last_error()) << body.substr(0, 60);
    EXPECT_EQ(source_.last_error()->code(), code) << body.substr(0, 60);
    EXPECT_EQ(kid(), "one");
  }
}

TEST_F(JwksSourceTest, EndsWhileAFetchIsUnderWayAndCallersWait) {
  auto source = std::make_unique<JwksSource>(JwksSourceOptions{.url = "u"}, client_, clock_);
  client_.hold();
  source->start();
  ASSERT_TRUE(client_.wait_for_calls(1));
  std::thread releasing([&] { client_.release(); });
  source.reset();
  releasing.join();
  EXPECT_EQ(client_.calls(), 1);
}

}  // namespace
}  // namespace ajwt::http
