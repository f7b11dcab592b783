// SPDX-License-Identifier: Apache-2.0
//
// Keys rotate while a fleet works: an authority, a guard and a service over loopback, requests at a
// steady rate with tokens that are renewed all the time, and not one of them refused. Afterwards
// the keys that retired, their tokens and their files are gone.
//
// A few seconds at 100 requests a second; with AJWT_SOAK=1 a minute at 1,000.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "authority/authority.h"
#include "bench/load/services.h"
#include "bench/load/setup.h"
#include "crypto/random.h"
#include "files/scratch_directory.h"
#include "gateway/guard_server.h"
#include "http/client.h"
#include "http/server.h"
#include "jose/base64url.h"
#include "json/parse.h"
#include "protocol/names.h"
#include "protocol/proof.h"
#include "shim/authority_client.h"
#include "store/sealing_key.h"
#include "store/sqlite_store.h"
#include "tests/support/matchers.h"

namespace ajwt {
namespace {

using std::chrono::milliseconds;
using Moment = std::chrono::steady_clock::time_point;

// The measure of a run.
struct Measure {
  int per_second;
  Seconds length;
  Seconds announce;
  Seconds token_lifetime;
  std::size_t rotations;  // that must have happened by the end
};

Measure measure() {
  const char* soak = std::getenv("AJWT_SOAK");
  if (soak != nullptr && *soak == '1') return {1000, Seconds(60), Seconds(12), Seconds(10), 4};
  return {100, Seconds(6), Seconds(4), Seconds(4), 1};
}

std::string origin_of(std::uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }

class SilentObserver final : public authority::DecisionObserver {
 public:
  void on_decision(const authority::Decision&) override {}
};

// Site is everything that is not the fleet.
class Site {
 public:
  explicit Site(const Measure& measure) {
    scratch_ = *files::ScratchDirectory::create();
    store_ = *store::SqliteStore::open({.directory = directory()});
    authority_server_ = *http::Server::start({}, [this](const HttpRequest& request) {
      authority::Authority* ready = ready_.load();
      return ready == nullptr ? HttpResponse{.status = 503, .headers = {}, .body = {}}
                              : ready->handle(request);
    });
    EXPECT_THAT(authority::create_administrator(
                    *store_, bench::Fleet::administrator_key().public_key(), clock_.now()),
                IsOk());
    authority::AuthorityOptions options;
    options.issuer = origin_of(authority_port());
    options.key_announce = measure.announce;
    options.key_overlap = Seconds(0);
    options.intent_token_lifetime = measure.token_lifetime;
    options.access_token_lifetime = measure.token_lifetime;
    options.skew = Seconds(0);
    const authority::Budget unlimited{.per_second = 1e9, .burst = 1e9};
    options.rate_limits.address = unlimited;
    options.rate_limits.client_mint = unlimited;
    options.rate_limits.client_calls = unlimited;
    options.rate_limits.agent_mint = unlimited;
    authority_ = *authority::Authority::create(options, *store_,
                                               *store::load_or_create_sealing_key(scratch_->path()),
                                               clock_, observer_, [] { return std::string(); });
    ready_ = authority_.get();
    service_ = *http::Server::start({}, [](const HttpRequest&) {
      return HttpResponse{.status = 200, .headers = {}, .body = R"({"changed":1})"};
    });
    start_guard();
  }

  std::string directory() const { return scratch_->path() + "/authority"; }
  std::uint16_t authority_port() const { return authority_server_->port(); }
  std::uint16_t guard_port() const { return guard_->port(); }
  const Clock& clock() const { return clock_; }

 private:
  void start_guard() {
    gateway::GuardOptions options{
        .issuer = origin_of(authority_port()),
        .audience = std::string(bench::kAudience),
        .policy = *guard::Policy::parse(*json::parse_object(
            R"({"route":[{"method":"POST","path":"/proposals/{id}/apply","app":"patch-fleet",)"
            R"("workflow":"dependency-patching","step":"apply_patch","tool":"apply_patch",)"
            R"("scope":"manifest:write"}]})"))};
    options.proxy.upstream = origin_of(service_->port());
    options.keys.url = gateway::default_jwks_uri(options.issuer);
    // All else as it comes: when to fetch is the authority's to say (Cache-Control).
    options.keys.min_interval = Seconds(1);
    // One key makes all requests; in use, this bounds what one agent can take up.
    options.replays.capacity_per_key = options.replays.capacity;
    guard_ = *gateway::GuardServer::start(std::move(options), nullptr);
    while (!guard_->is_ready()) std::this_thread::sleep_for(milliseconds(1));
  }

  SystemClock clock_;
  SilentObserver observer_;
  std::unique_ptr<files::ScratchDirectory> scratch_;
  std::unique_ptr<store::SqliteStore> store_;
  std::unique_ptr<authority::Authority> authority_;
  std::atomic<authority::Authority*> ready_{nullptr};
  std::unique_ptr<http::Server> authority_server_;
  std::unique_ptr<http::Server> service_;
  std::unique_ptr<gateway::GuardServer> guard_;
};

// Purse holds tokens that are good for a while yet, old and new: between them they have the key
// that signs and those that did lately.
class Purse {
 public:
  explicit Purse(Seconds lifetime) : keep_(lifetime - Seconds(2)) {}

  void add(std::string token) {
    const std::lock_guard lock(mutex_);
    tokens_.emplace_back(std::chrono::steady_clock::now(), std::move(token));
  }
  std::string any(std::mt19937& random) {
    const std::lock_guard lock(mutex_);
    while (tokens_.size() > 1 && std::chrono::steady_clock::now() - tokens_.front().first > keep_) {
      tokens_.pop_front();
    }
    return tokens_[random() % tokens_.size()].second;
  }

 private:
  const Seconds keep_;
  std::mutex mutex_;
  std::deque<std::pair<Moment, std::string>> tokens_;
};

std::string kid_of(std::string_view token) {
  const auto header = jose::decode_base64url(token.substr(0, token.find('.')));
  return json::parse_object(as_text(*header))->find("kid")->as_string();
}

// Caller makes tool calls at the guard. For one thread.
class Caller {
 public:
  Caller(std::uint16_t port, const Clock& clock)
      : uri_(origin_of(port) + std::string(bench::kToolPath)), clock_(clock) {
    nonce_ = bench::nonce_of(client_, port);
  }

  // call returns "200", or what the guard said.
  std::string call(const std::string& token) {
    constexpr std::string_view kBody = R"({"dry_run":false})";
    const std::string jti = crypto::random_token(16);
    const auto proof = build_dpop_proof(key_, {.method = "POST",
                                               .uri = uri_,
                                               .jti = jti,
                                               .now = clock_.now(),
                                               .nonce = nonce_,
                                               .access_token = token,
                                               .body = as_bytes(kBody)});
    HttpHeaders headers;
    headers.add("Content-Type", "application/json");
    headers.add("Authorization", "DPoP " + token);
    headers.add("DPoP", *proof);
    const auto answer = client_.send(
        {.method = "POST", .url = uri_, .headers = std::move(headers), .body = std::string(kBody)});
    if (!answer) return answer.error().describe() + " " + answer.error().detail();
    if (const auto next = answer->headers.find(names::kDpopNonce)) nonce_ = *next;
    if (answer->status == 200) return "200";
    const auto body = json::parse_object(answer->body);
    const json::Value* reason = body ? body->find("reason") : nullptr;
    return std::to_string(answer->status) + " " +
           (reason != nullptr ? reason->as_string() : answer->body);
  }

 private:
  const std::string uri_;
  const Clock& clock_;
  const crypto::PrivateKey key_ = *crypto::PrivateKey::from_ed25519_seed(Bytes(32, 14));
  http::CurlClient client_;
  std::string nonce_;
};

// Tally is what came of the requests.
struct Tally {
  std::mutex mutex;
  std::size_t good = 0;
  std::vector<std::string> refused;
  std::vector<std::chrono::nanoseconds> latencies;  // from when each was due
};

std::set<std::string> key_files(const std::string& directory) {
  std::set<std::string> kids;
  for (const auto& file : std::filesystem::directory_iterator(directory + "/keys")) {
    kids.insert(file.path().stem().string());
  }
  return kids;
}

class Administration {
 public:
  Administration(std::uint16_t port, const Clock& clock)
      : client_(*shim::AuthorityClient::create(
            {.issuer = origin_of(port),
             .credential = {.client_id = ClientId::trusted("ajwt-admin"),
                            .authenticator = bench::Fleet::administrator_key()}},
            http_, clock)) {}

  Result<json::Value> rotate() {
    return client_->call({.method = "POST", .path = "/admin/keys/rotate", .body = json::Object{}},
                         {"admin:keys"});
  }
  // count returns how many keys are in a state.
  std::size_t count(std::string_view status) {
    const auto answer = client_->call({.method = "GET", .path = "/admin/keys"}, {"admin:keys"});
    EXPECT_THAT(answer, IsOk());
    if (!answer) return 0;
    const auto& keys = answer->as_object().find("keys")->as_array();
    return static_cast<std::size_t>(
        std::count_if(keys.begin(), keys.end(), [&](const json::Value& key) {
          return key.as_object().find("status")->as_string() == status;
        }));
  }

 private:
  http::CurlClient http_;
  std::unique_ptr<shim::AuthorityClient> client_;
};

TEST(Rotation, RefusesNobodyUnderLoadAndRetiresWhatSignedBefore) {
  constexpr std::size_t kCallers = 16;
  const char* seed_text = std::getenv("AJWT_TEST_SEED");
  const auto seed = static_cast<std::uint32_t>(seed_text != nullptr ? std::atoll(seed_text) : 1);
  const Measure run = measure();
  std::printf("seed %u, %d requests/s for %d s\n", seed, run.per_second,
              static_cast<int>(run.length.count()));
  Site site(run);
  bench::Fleet fleet(site.authority_port());
  Administration administration(site.authority_port(), site.clock());

  Purse purse(run.token_lifetime);
  std::vector<std::string> samples;  // a token of each key
  std::set<std::string> signers;
  std::atomic<bool> over{false};
  const auto mint = [&] {
    const std::string token = fleet.mint();
    if (signers.insert(kid_of(token)).second) samples.push_back(token);
    purse.add(token);
  };
  mint();

  const auto begin = std::chrono::steady_clock::now() + milliseconds(200);
  const auto total = static_cast<std::size_t>(run.per_second * run.length.count());
  std::atomic<std::size_t> next{0};
  Tally tally;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kCallers; ++i) {
    threads.emplace_back([&, i] {
      std::mt19937 random(seed + static_cast<std::uint32_t>(i));
      Caller caller(site.guard_port(), site.clock());
      for (std::size_t number = next++; number < total; number = next++) {
        const auto due = begin + number * std::chrono::nanoseconds(1'000'000'000 / run.per_second);
        std::this_thread::sleep_until(due);
        const std::string outcome = caller.call(purse.any(random));
        const auto took = std::chrono::steady_clock::now() - due;
        const std::lock_guard lock(tally.mutex);
        tally.latencies.push_back(took);
        if (outcome == "200") {
          ++tally.good;
        } else {
          tally.refused.push_back(outcome);
        }
      }
    });
  }
  std::thread renewing([&] {
    while (!over) {
      mint();
      std::this_thread::sleep_for(milliseconds(200));
    }
  });
  std::size_t announced = 0;
  std::thread rotating([&] {
    while (!over) {
      if (administration.count("announced") == 0) {
        EXPECT_THAT(administration.rotate(), IsOk());
        ++announced;
      }
      std::this_thread::sleep_for(milliseconds(200));
    }
  });
  for (auto& thread : threads) thread.join();
  const auto elapsed = std::chrono::steady_clock::now() - begin;
  over = true;
  renewing.join();
  rotating.join();

  std::sort(tally.latencies.begin(), tally.latencies.end());
  const auto at = [&](double part) {
    const auto index = static_cast<std::size_t>(static_cast<double>(total - 1) * part);
    return std::chrono::duration<double, std::milli>(tally.latencies[index]).count();
  };
  std::printf(
      "%zu requests, %.1f a second, %zu refused; %zu keys announced, %zu signed; latency from when "
      "due: p50 %.2f ms, p99 %.2f ms, longest %.2f ms\n",
      total, static_cast<double>(total) / std::chrono::duration<double>(elapsed).count(),
      tally.refused.size(), announced, signers.size(), at(0.5), at(0.99), at(1.0));
  EXPECT_EQ(tally.good, total);
  for (std::size_t i = 0; i < std::min<std::size_t>(tally.refused.size(), 10); ++i) {
    ADD_FAILURE() << tally.refused[i];
  }
  ASSERT_GE(signers.size(), run.rotations + 1) << "fewer rotations than the run is to have";

  // What signed before is gone once the last of its tokens has expired, and the guard has heard.
  const auto until = std::chrono::steady_clock::now() + 2 * run.announce + Seconds(60);
  while (administration.count("retiring") + administration.count("announced") > 0 &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(milliseconds(200));
  }
  const std::string last = kid_of(fleet.mint());
  EXPECT_THAT(key_files(site.directory()), ::testing::ElementsAre(last));
  Caller caller(site.guard_port(), site.clock());
  for (const std::string& token : samples) {
    if (kid_of(token) == last) continue;
    std::string outcome;
    do {
      outcome = caller.call(token);
    } while (outcome != "401 key_unknown" && std::chrono::steady_clock::now() < until);
    EXPECT_EQ(outcome, "401 key_unknown");
  }
  EXPECT_EQ(caller.call(fleet.mint()), "200");
}

}  // namespace
}  // namespace ajwt
