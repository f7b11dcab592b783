// SPDX-License-Identifier: Apache-2.0
//
// Load over HTTP on loopback: mints at an authority, and tool calls through a guard, beside the
// same proxy with a plain bearer token and with no checks. Services run in processes of their own;
// what a client signs is signed before the clock runs.

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "bench/load/client.h"
#include "bench/load/report.h"
#include "bench/load/services.h"
#include "bench/load/setup.h"
#include "bench/must.h"
#include "bench/raw.h"
#include "crypto/key.h"

namespace ajwt::bench {
namespace {

constexpr std::size_t kRounds = 5;

struct Options {
  std::size_t mints = 1000;   // for each client and number of connections
  std::size_t calls = 10000;  // for each proxy and number of connections
  std::vector<std::size_t> connections{1, 8};
};

// Services are made before anything starts a thread.
struct Services {
  Process authority{make_authority};
  Process upstream{make_upstream};
  Process proxies{make_proxies};
};

// run sends one round to a service and adds it to its row.
void run(Row& row, const Process& service, std::uint16_t port,
         const std::vector<std::string>& requests, std::size_t connections) {
  const auto before = service.cpu_time();
  const Measured measured = send_all(port, requests, connections);
  row.add(measured, service.cpu_time() - before);
}

// finish prints rows, and tells of answers that were refusals.
int finish(const std::vector<const Row*>& rows) {
  int code = 0;
  for (const Row* row : rows) {
    row->print();
    if (row->refused() == 0) continue;
    std::fprintf(stderr, "bench_load: the first refusal:\n%s\n", row->first_refusal().c_str());
    code = 1;
  }
  return code;
}

// Raw is what the primitives alone cost here and now, in microseconds.
struct Raw {
  double verify;
  double sign;
};

Raw measure_raw() {
  constexpr int kTimes = 4000;
  const Ed25519 key(7);
  const std::string message(900, 'x');  // about a token
  const SignedBytes bytes{.message = message, .signature = key.sign(message)};
  const auto time = [](const auto& operation) {
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < kTimes; ++i) operation();
    const std::chrono::duration<double, std::micro> spent =
        std::chrono::steady_clock::now() - begun;
    return spent.count() / kTimes;
  };
  const Raw raw{.verify = time([&] { AJWT_CHECK(key.verify(bytes)); }),
                .sign = time([&] { AJWT_CHECK(!key.sign(message).empty()); })};
  std::printf("raw libsodium, Ed25519 over 900 bytes: verify %.0f us, sign %.0f us\n", raw.verify,
              raw.sign);
  return raw;
}

// print_share tells how much of a request's CPU time the signatures alone are.
void print_share(const Row& row, std::string_view primitives, double raw_us) {
  std::printf("  %.0f us for %.*s are %.0f %% of the CPU time of a request\n", raw_us,
              static_cast<int>(primitives.size()), primitives.data(),
              100 * raw_us / row.cpu_per_request());
}

int measure_mints(const Services& services, Fleet& fleet, const Options& options, const Raw& raw) {
  int code = 0;
  for (const std::size_t connections : options.connections) {
    Row::print_heading("Mint over HTTP, " + std::to_string(connections) + " connection(s)");
    Row by_secret("client_secret_basic, agent's proof");
    Row by_assertion("private_key_jwt, agent's proof");
    for (std::size_t round = 0; round < kRounds; ++round) {
      for (auto [row, by] : {std::pair(&by_secret, ClientBy::kSecret),
                             std::pair(&by_assertion, ClientBy::kAssertion)}) {
        const auto requests = fleet.make_mints(options.mints / kRounds, by);
        run(*row, services.authority, services.authority.port(), requests, connections);
      }
    }
    code |= finish({&by_secret, &by_assertion});
    print_share(by_secret, "one raw verify and one sign", raw.verify + raw.sign);
    print_share(by_assertion, "two raw verifies and one sign", 2 * raw.verify + raw.sign);
  }
  return code;
}

// CallRows are the same tool call through each proxy.
struct CallRows {
  Row direct{"the service itself, no proxy"};
  Row pass{"proxy, no checks"};
  Row bearer{"proxy, bearer token verified"};
  Row guard{"guard: token, proof, route, replay"};
};

void run_calls(CallRows& rows, const Services& services, Fleet& fleet, const std::string& token,
               std::size_t count, std::size_t connections) {
  const auto port = [&](ProxyKind kind) {
    return services.proxies.port(static_cast<std::size_t>(kind));
  };
  const std::uint16_t direct = services.upstream.port();
  run(rows.direct, services.upstream, direct, fleet.make_bearer_calls(count, direct, token),
      connections);
  const std::uint16_t pass = port(ProxyKind::kPassThrough);
  run(rows.pass, services.proxies, pass, fleet.make_bearer_calls(count, pass, token), connections);
  const std::uint16_t bearer = port(ProxyKind::kBearer);
  run(rows.bearer, services.proxies, bearer, fleet.make_bearer_calls(count, bearer, token),
      connections);
  const std::uint16_t guard = port(ProxyKind::kGuard);
  run(rows.guard, services.proxies, guard, fleet.make_calls(count, guard, token), connections);
}

void print_added(const CallRows& rows, double signing_us) {
  const auto added = [&](double share) {
    return rows.guard.percentile(share) - rows.bearer.percentile(share) + signing_us / 1000;
  };
  std::printf(
      "added for each tool call against plain bearer: p50 %.3f ms, p99 %.3f ms, guard's CPU "
      "%.0f us\n  (with %.0f us to sign the proof, which was done before)\n",
      added(0.5), added(0.99), rows.guard.cpu_per_request() - rows.bearer.cpu_per_request(),
      signing_us);
  std::printf("the guard's CPU against the same proxy without checks: %.0f us more\n",
              rows.guard.cpu_per_request() - rows.pass.cpu_per_request());
}

int measure_calls(const Services& services, Fleet& fleet, const Options& options, const Raw& raw) {
  int code = 0;
  for (const std::size_t connections : options.connections) {
    Row::print_heading("Tool call over HTTP, " + std::to_string(connections) + " connection(s)");
    CallRows rows;
    // Interleaved, so that what else the machine does falls on all alike; a fresh token for each,
    // since tokens and proofs end.
    for (std::size_t round = 0; round < kRounds; ++round) {
      run_calls(rows, services, fleet, fleet.mint(), options.calls / kRounds, connections);
    }
    code |= finish({&rows.direct, &rows.pass, &rows.bearer, &rows.guard});
    print_share(rows.guard, "one raw verify", raw.verify);
    print_added(rows, fleet.signing_microseconds());
  }
  return code;
}

bool parse_count(std::string_view text, std::size_t& count) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  return error == std::errc() && end == text.data() + text.size() && count >= kRounds;
}

int run_all(const Options& options) {
  Services services;
  must_be_ok(crypto::initialise());
  services.authority.start(Fleet::administrator_key().public_key().to_pem());
  services.upstream.start("");
  services.proxies.start(std::to_string(services.authority.port()) + " " +
                         std::to_string(services.upstream.port()));
  Fleet fleet(services.authority.port());
  const Raw raw = measure_raw();
  const int mints = measure_mints(services, fleet, options, raw);
  const int calls = measure_calls(services, fleet, options, raw);
  return mints | calls;
}

}  // namespace
}  // namespace ajwt::bench

int main(int argc, char** argv) {
  ajwt::bench::Options options;
  const bool good = (argc < 2 || ajwt::bench::parse_count(argv[1], options.calls)) &&
                    (argc < 3 || ajwt::bench::parse_count(argv[2], options.mints)) && argc <= 3;
  if (!good) {
    std::fprintf(stderr, "usage: bench_load [calls [mints]]   (10000, 1000; at least 5)\n");
    return 2;
  }
  return ajwt::bench::run_all(options);
}
