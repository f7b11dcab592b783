// SPDX-License-Identifier: Apache-2.0
//
// What tests of the guard's forms need: a judge with keys, a clock that stands still, and an honest
// request.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/guard_judge.h"
#include "guard/replay_cache.h"
#include "jose/jwk.h"
#include "json/write.h"
#include "tests/support/guarded_request.h"

namespace ajwt::gateway {

class FakeClock final : public Clock {
 public:
  Instant now() const override { return from_unix(seconds_); }
  void advance(Seconds by) { seconds_ += by.count(); }

 private:
  std::atomic<long long> seconds_{to_unix(testing::kNow)};
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
    std::optional<guard::BodyBinding> body;
    std::string detail;
  };
  void observe(const Decision& decision) override {
    const std::lock_guard lock(mutex_);
    records_.push_back({std::string(decision.decision_id), decision.refused,
                        std::string(decision.method), std::string(decision.route),
                        std::string(decision.subject), std::string(decision.execution),
                        std::string(decision.step), decision.body, std::string(decision.detail)});
  }
  std::vector<Record> records() const {
    const std::lock_guard lock(mutex_);
    return records_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Record> records_;
};

// JudgeTest has a judge that is open as https://api.example and has the authority's keys.
class JudgeTest : public ::testing::Test {
 protected:
  explicit JudgeTest(guard::Policy policy) : routes(std::move(policy)) {
    authority.publish(testing::keys_of({authority_key}));
    source.start();
    EXPECT_NE(source.refresh_for_unknown_kid(std::chrono::seconds(20)), nullptr);
    judge.open("https://api.example");
    request.nonce = nonces.issue(testing::kNow);
    request.token = testing::sign_token(testing::intent_claims(request.agent), authority_key);
    request.seal();
  }

  const crypto::PrivateKey authority_key = testing::key_of(1);
  FakeClock clock;
  FakeAuthority authority;
  http::JwksSource source{{.url = "https://authority.example/jwks"}, authority, clock};
  guard::MemoryReplayCache replays{testing::digest_of(7)};
  NonceIssuer nonces{testing::digest_of(8), Seconds(300)};
  guard::Verifier verifier{
      {.issuer = std::string(testing::kIssuer), .audience = std::string(testing::kAudience)},
      nonces,
      replays};
  const guard::Policy routes;
  RecordingObserver observer;
  GuardJudge judge{{.verifier = verifier,
                    .policy = routes,
                    .keys = source,
                    .clock = clock,
                    .observer = observer}};
  testing::GuardedRequest request;
};

}  // namespace ajwt::gateway
