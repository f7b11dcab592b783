// SPDX-License-Identifier: Apache-2.0
//
// The guard's verifier: warm, when the token was seen before, beside one raw verification (of the
// proof); cold, with another token each time, beside two. And its memory of used proofs.

#include <benchmark/benchmark.h>

#include <string>

#include "bench/micro/ratios.h"
#include "bench/micro/scene.h"
#include "bench/raw.h"
#include "crypto/hash.h"
#include "guard/replay_cache.h"
#include "guard/verifier.h"

namespace ajwt::bench {
namespace {

// A proof is good once: each run takes as many as it has iterations.
constexpr std::size_t kRequests = 2000;

guard::VerifierOptions options() {
  return {.issuer = std::string(kIssuer), .audience = std::string(kTokenAudience)};
}

void run(benchmark::State& state, const GuardedRequests& requests) {
  guard::MemoryReplayCache replays(crypto::sha256("salt"));
  const guard::Verifier verifier(options(), requests.nonces(), replays);
  // The last request is for warming up.
  if (!verifier.verify(requests.facts(kRequests), requests.route(), requests.keys(), kNow)) {
    state.SkipWithError("refused");
    return;
  }
  std::size_t number = 0;
  for (auto _ : state) {
    const auto verified =
        verifier.verify(requests.facts(number++), requests.route(), requests.keys(), kNow);
    if (!verified) state.SkipWithError("refused");
    benchmark::DoNotOptimize(verified);
  }
}

const GuardedRequests& warm_requests() {
  static const GuardedRequests requests(kRequests + 1, 1);
  return requests;
}

const GuardedRequests& cold_requests() {
  static const GuardedRequests requests(kRequests + 1, kRequests + 1);
  return requests;
}

void guard_verify_warm(benchmark::State& state) { run(state, warm_requests()); }
BENCHMARK(guard_verify_warm)->Iterations(kRequests);

void guard_verify_cold(benchmark::State& state) { run(state, cold_requests()); }
BENCHMARK(guard_verify_cold)->Iterations(kRequests);

void raw_ed25519_verify_proof(benchmark::State& state) {
  const Ed25519 key(kAgentSeed);
  const SignedBytes bytes = take_apart(warm_requests().proof(0));
  for (auto _ : state) {
    if (!key.verify(bytes)) state.SkipWithError("refused");
  }
  state.counters["bytes"] = static_cast<double>(bytes.message.size());
}
BENCHMARK(raw_ed25519_verify_proof);

const RegisterRatio kWarm({.what = "guard verify, warm / one libsodium verify",
                           .ours = "guard_verify_warm",
                           .raw = {{"raw_ed25519_verify_proof"}},
                           .aim = 0.9});
const RegisterRatio kCold({.what = "guard verify, cold / two libsodium verifies",
                           .ours = "guard_verify_cold",
                           .raw = {{"raw_ed25519_verify_proof"}, {"raw_ed25519_verify_token"}},
                           .aim = 0.85});

void replay_cache_remember(benchmark::State& state) {
  guard::MemoryReplayCache replays(crypto::sha256("salt"),
                                   {.capacity = 10'000'000, .capacity_per_key = 10'000'000});
  const std::string jkt = jose::thumbprint(agent_key().public_key());
  std::string jti = "jti-of-a-request-00000000";
  std::size_t number = 0;
  for (auto _ : state) {
    const std::string digits = std::to_string(100'000'000 + number++);
    jti.replace(jti.size() - 8, 8, digits, 1, 8);
    if (!replays.remember(jkt, jti, kNow + Seconds(90), kNow)) state.SkipWithError("refused");
  }
}
BENCHMARK(replay_cache_remember);

}  // namespace
}  // namespace ajwt::bench
