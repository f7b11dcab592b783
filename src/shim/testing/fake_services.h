// SPDX-License-Identifier: Apache-2.0
//
// An authority and a protected service in one object, for the shim's tests: they check every proof
// with the protocol's own functions and keep just enough state to say no for the right reason.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "crypto/key.h"
#include "json/value.h"
#include "protocol/nonce.h"
#include "protocol/proof.h"
#include "shim/fleet.h"
#include "shim/retry.h"

namespace ajwt::shim::testing {

inline constexpr std::string_view kIssuer = "http://127.0.0.1:8710";
inline constexpr std::string_view kApi = "http://127.0.0.1:8711";
inline constexpr std::string_view kClientId = "fleet";
inline constexpr std::string_view kClientSecret = "Zm9yLXRlc3RzLW9ubHktMjU2LWJpdHMtb2YtbG92ZQ";

// FakeClock stands still until it is told otherwise.
class FakeClock final : public Clock {
 public:
  Instant now() const override { return from_unix(seconds_); }
  void advance(Seconds by) { seconds_ += by.count(); }

 private:
  std::atomic<long long> seconds_{1'800'000'000};
};

// FakeSleeper remembers how long it was asked to wait, and does not.
class FakeSleeper final : public Sleeper {
 public:
  void sleep_for(std::chrono::milliseconds duration) override {
    const std::lock_guard lock(mutex_);
    slept_.push_back(duration);
  }
  std::vector<std::chrono::milliseconds> slept() const {
    const std::lock_guard lock(mutex_);
    return slept_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::chrono::milliseconds> slept_;
};

// Minted is what the authority knows of a token.
struct Minted {
  std::string subject;  // agent_id, or "" for the client's own token
  std::string jkt;
  std::string audience;
  std::string tool;
  std::string step;
  std::string checksum;
  Instant expires_at;
};

// FakeServices answers as authority at kIssuer and as protected service at kApi, from many threads
// at once. The service answers 200 with the agent_id of the token's owner.
class FakeServices final : public HttpClient {
 public:
  // Intercept may answer in a service's stead (before anything else is looked at).
  using Intercept = std::function<std::optional<Result<HttpResponse>>(const HttpCall&)>;

  explicit FakeServices(const Clock& clock);

  Result<HttpResponse> send(const HttpCall& call) override;

  void set_client_key(const crypto::PublicKey& key) { client_key_ = key; }
  void register_agent(const std::string& agent_id, const std::string& jkt,
                      const std::string& checksum);
  void set_intercept(Intercept intercept);
  void set_lifetime(Seconds lifetime) { lifetime_ = lifetime.count(); }
  // lose_nonces makes both services refuse every nonce that they gave, as a restart does.
  void lose_nonces();
  // lose_tokens makes both services refuse every token, as lost signing keys do.
  void lose_tokens();

  std::vector<Minted> minted() const;                         // intent tokens, in order
  std::vector<std::string> reports() const;                   // "step outcome agent_id"
  std::vector<HttpCall> calls() const;                        // everything that arrived
  std::size_t count(std::string_view method_and_path) const;  // "POST /intent/token"
  std::vector<std::string> secrets() const;                   // every token ever given

 private:
  struct Caller {
    std::string agent_jkt;  // of the agent's proof; empty if there was none
    json::Object body;      // without what authenticates
  };
  struct Agent {
    std::string jkt;
    std::string checksum;
  };

  Result<HttpResponse> answer_authority(const HttpCall& call);
  Result<HttpResponse> answer_api(const HttpCall& call);
  Result<VerifiedProof> verify_proof(const HttpCall& call, const NonceIssuer& nonces,
                                     std::optional<std::string_view> token,
                                     std::optional<std::string_view> jkt);
  Result<Caller> authenticate(const HttpCall& call);
  Result<Minted> find_token(const HttpCall& call, std::string& token) const;
  Status check_assertion(const std::string& assertion);
  Result<HttpResponse> client_credentials(const HttpCall& call);
  Result<HttpResponse> mint(const Caller& caller);
  Result<HttpResponse> route(const HttpCall& call, const std::string& path);
  std::string give_token(Minted minted);

  const Clock& clock_;
  mutable std::recursive_mutex mutex_;
  std::optional<crypto::PublicKey> client_key_;
  Intercept intercept_;
  long long lifetime_ = 300;
  std::unique_ptr<NonceIssuer> authority_nonces_;
  std::unique_ptr<NonceIssuer> api_nonces_;
  std::map<std::string, Agent> agents_;
  std::map<std::string, Minted> tokens_;
  std::vector<std::string> secrets_;
  std::set<std::string> used_;
  std::vector<Minted> minted_;
  std::vector<std::string> reports_;
  std::map<std::string, std::string> steps_;  // "execution step" -> holder's jkt, or "ended"
  std::vector<HttpCall> calls_;
  int executions_ = 0;
};

// path_of returns the path of a URL at either service.
std::string path_of(const std::string& url);

}  // namespace ajwt::shim::testing
