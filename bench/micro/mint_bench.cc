// SPDX-License-Identifier: Apache-2.0
//
// Minting: whole requests through Authority::handle over the store in memory, without sockets. Each
// begins a step of an execution of its own: one write, with its audit entry.

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "bench/micro/ratios.h"
#include "bench/micro/scene.h"
#include "bench/raw.h"
#include "tests/support/authority_fixture.h"

namespace ajwt::bench {
namespace {

using testing::AuthorityFixture;
using testing::MintDoor;

constexpr std::size_t kMints = 400;

// Limits out of the way: the fixture's clock stands still, so no bucket would ever fill up again.
authority::AuthorityOptions authority_options() {
  auto options = AuthorityFixture::default_options();
  const authority::Budget unlimited{.per_second = 1e9, .burst = 1e9};
  options.rate_limits.address = unlimited;
  options.rate_limits.client_mint = unlimited;
  options.rate_limits.client_calls = unlimited;
  options.rate_limits.agent_mint = unlimited;
  return options;
}

// How the client authenticates itself.
enum class ClientBy { kSecret, kAssertion, kToken };

std::vector<HttpRequest> make_requests(AuthorityFixture& fixture, ClientBy by) {
  std::vector<HttpRequest> requests;
  const auto& agent = fixture.planner();
  const testing::ProofChanges claims{.agent_checksum = agent.checksum};
  const auto token = fixture.token(fixture.fleet_with_key(), "generate:intent-token");
  for (std::size_t i = 0; i < kMints; ++i) {
    HttpRequest request = AuthorityFixture::mint_request(
        fixture.mint_spec(agent, fixture.open_execution()), MintDoor::kJson);
    switch (by) {
      case ClientBy::kSecret:
        fixture.authenticate(request, fixture.fleet());
        fixture.prove(request, agent.key, claims);
        break;
      case ClientBy::kAssertion:
        fixture.authenticate(request, fixture.fleet_with_key());
        fixture.prove(request, agent.key, claims);
        break;
      case ClientBy::kToken:
        fixture.add_key_proof(request, agent.key, token.key, claims);
        fixture.present(request, token);
        break;
    }
    requests.push_back(std::move(request));
  }
  return requests;
}

void run(benchmark::State& state, ClientBy by) {
  AuthorityFixture fixture(nullptr, authority_options());
  const auto requests = make_requests(fixture, by);
  std::size_t number = 0;
  for (auto _ : state) {
    const HttpResponse response = fixture.handle(requests[number++]);
    if (response.status != 200) {
      std::fprintf(stderr, "%s\n", response.body.c_str());
      state.SkipWithError("refused");
      break;
    }
  }
}

void mint_by_secret(benchmark::State& state) { run(state, ClientBy::kSecret); }
BENCHMARK(mint_by_secret)->Iterations(kMints)->MeasureProcessCPUTime();

void mint_by_assertion(benchmark::State& state) { run(state, ClientBy::kAssertion); }
BENCHMARK(mint_by_assertion)->Iterations(kMints)->MeasureProcessCPUTime();

void mint_by_token(benchmark::State& state) { run(state, ClientBy::kToken); }
BENCHMARK(mint_by_token)->Iterations(kMints)->MeasureProcessCPUTime();

const RegisterRatio kSecret({.what = "mint, client secret / one verify + one sign",
                             .ours = "mint_by_secret",
                             .raw = {{"raw_ed25519_verify_proof"}, {"raw_ed25519_sign_token"}},
                             .aim = 0.6});
const RegisterRatio kAssertion({.what = "mint, private_key_jwt / two verifies + one sign",
                                .ours = "mint_by_assertion",
                                .raw = {{"raw_ed25519_verify_proof", 2},
                                        {"raw_ed25519_sign_token"}},
                                .aim = 0.6});
const RegisterRatio kToken({.what = "mint, access token / two verifies + one sign",
                            .ours = "mint_by_token",
                            .raw = {{"raw_ed25519_verify_proof", 2}, {"raw_ed25519_sign_token"}}});

}  // namespace
}  // namespace ajwt::bench
