// SPDX-License-Identifier: Apache-2.0
//
// ajwt beside its peers on Node: tokens by client_credentials with DPoP beside oidc-provider, a
// resource server beside one on jose. One load generator drives all of them; the service that is
// measured has one processor, the load generator another. Rounds take turns, so that what else the
// machine does falls on all alike; the first round of each is left out, since V8 compiles in it.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
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
#include "bench/peers/library.h"
#include "bench/peers/node_process.h"
#include "bench/peers/resource_server.h"
#include "bench/peers/token_requests.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "gateway/guard_server.h"
#include "jose/base64url.h"
#include "jose/jwk.h"
#include "json/parse.h"

namespace ajwt::bench {
namespace {

struct Options {
  Node node;
  std::size_t rounds = 5;  // that count
  std::size_t mints = 400;
  std::size_t calls = 1000;
  std::size_t verifications = 2000;
  std::vector<std::size_t> connections{1, 8};
};

// More than the resource server that remembers none has room for.
constexpr std::size_t kTokensOfColdCalls = 200;

// --- Rows.

std::size_t round_of(std::size_t total, std::size_t connections) {
  return std::max(total, connections);
}

// run sends one round to a service; returns what it took.
Measured run(Row& row, pid_t service, std::uint16_t port, const std::vector<std::string>& requests,
             std::size_t connections, bool counts) {
  const auto before = cpu_time_of(service);
  Measured measured = send_all(port, requests, connections);
  const auto spent = cpu_time_of(service) - before;
  if (measured.refused > 0) {
    std::fprintf(stderr, "bench: %s: %zu refused, the first:\n%s\n", row.what().c_str(),
                 measured.refused, measured.first_refusal.c_str());
    std::exit(1);
  }
  if (counts) row.add(measured, std::chrono::duration_cast<std::chrono::microseconds>(spent));
  return measured;
}

// check_refuses_again ends the program if a service takes a proof twice: then it would not do the
// work that it is measured at.
void check_refuses_again(const Row& row, std::uint16_t port, const std::string& request) {
  if (send_all(port, {request}, 1).refused == 1) return;
  std::fprintf(stderr, "bench: %s: a proof was taken twice\n", row.what().c_str());
  std::exit(1);
}

void print_row(const Row& row, std::size_t connections) {
  std::printf("| %s | %zu | %.0f | %.2f ms | %.2f ms | %.0f us |\n", row.what().c_str(),
              connections, row.requests_per_second(), row.percentile(0.5), row.percentile(0.99),
              row.cpu_per_request());
}

void print_table_heading(std::string_view title) {
  std::printf(
      "\n| %.*s | connections | requests/s | p50 | p99 | CPU a request |\n"
      "|---|---|---|---|---|---|\n",
      static_cast<int>(title.size()), title.data());
}

std::string compare(const Row& ours, const Row& theirs, std::size_t connections) {
  std::array<char, 256> line{};
  std::snprintf(line.data(), line.size(),
                "%s, %zu connection(s): %.1f times the requests/s, 1/%.1f of the CPU time\n",
                ours.what().c_str(), connections,
                ours.requests_per_second() / theirs.requests_per_second(),
                theirs.cpu_per_request() / ours.cpu_per_request());
  return line.data();
}

// --- Tokens.

// Authorization servers and what is known of them.
struct Issuer {
  TokenServer server;
  pid_t pid;
};

// issuer_of describes an authority of ours.
Issuer issuer_of(const Process& authority) {
  return {{authority.port(), "/oauth/token", "/.well-known/jwks.json"}, authority.pid()};
}

class TokenBench {
 public:
  // TokenBench takes an authority whose data is on disk, with its fleet, and one whose data is in
  // memory.
  TokenBench(const Options& options, const Process& authority, Fleet& fleet,
             const Process& in_memory)
      : options_(options),
        fleet_(fleet),
        ours_(issuer_of(authority)),
        in_memory_(issuer_of(in_memory)),
        by_secret_{"service-by-secret", fleet.create_service_client("service-by-secret", nullptr)},
        by_secret_in_memory_{
            "service-by-secret",
            Fleet(in_memory.port()).create_service_client("service-by-secret", nullptr)},
        by_key_{"service-by-key", "", new_key()} {
    const crypto::PublicKey& key = by_key_.key->public_key();
    fleet.create_service_client(by_key_.client_id, &key);
  }

  void run_all(const Processors& processors) {
    pin(0, processors.service);
    NodeProcess provider(options_.node, "authority.js", provider_argument());
    pin(0, processors.client);
    theirs_ = {{port_said_by(provider), "/token", "/jwks"}, provider.pid()};
    print_table_heading("token over HTTP");
    std::string comparison;
    for (const std::size_t connections : options_.connections) comparison += run_at(connections);
    std::printf("\n%s", comparison.c_str());
  }

  static std::uint16_t port_said_by(NodeProcess& script) {
    const json::Object said = must(json::parse_object(script.read_line()));
    return static_cast<std::uint16_t>(said.find("port")->as_integer());
  }

 private:
  static crypto::PrivateKey new_key() {
    return must(crypto::PrivateKey::generate(crypto::KeyKind::kEd25519));
  }

  // What oidc-provider is to know: a key to sign with, and the clients that our authority knows.
  json::Object provider_argument() const {
    const Bytes seed = crypto::random_bytes(32);
    const auto key = must(crypto::PrivateKey::from_ed25519_seed(seed));
    json::Object private_jwk = jose::to_json(key.public_key());
    private_jwk.set("d", jose::encode_base64url(seed));
    private_jwk.set("use", "sig");
    private_jwk.set("alg", "EdDSA");
    json::Array clients;
    clients.emplace_back(
        json::Object{{"client_id", by_secret_.client_id}, {"client_secret", by_secret_.secret}});
    clients.emplace_back(json::Object{{"client_id", by_key_.client_id},
                                      {"jwk", jose::to_json(by_key_.key->public_key())}});
    return json::Object{{"issuer_key", std::move(private_jwk)},
                        {"audience", kAudience},
                        {"scope", kServiceScope},
                        {"algorithm", "EdDSA"},
                        {"clients", std::move(clients)}};
  }

  void run_round(Row& row, const Issuer& issuer, const TokenClient& client, std::size_t connections,
                 bool counts) {
    const auto requests = make_token_requests(http_, issuer.server, client, agent_,
                                              round_of(options_.mints, connections));
    const Measured measured =
        run(row, issuer.pid, issuer.server.port, requests, connections, counts);
    check_token_answer(http_, issuer.server, agent_.public_key(), measured.sample);
    check_refuses_again(row, issuer.server.port, requests.back());
  }

  void run_mints(Row& row, std::size_t connections, bool counts) {
    const auto requests =
        fleet_.make_mints(round_of(options_.mints, connections), ClientBy::kSecret);
    const Measured measured = run(row, ours_.pid, ours_.server.port, requests, connections, counts);
    check_token_answer(http_, ours_.server, fleet_.agent_public_key(), measured.sample);
  }

  std::string run_at(std::size_t connections) {
    Row our_secret("`client_credentials`, secret: ajwt");
    Row memory_secret("`client_credentials`, secret: ajwt, its disk in memory");
    Row their_secret("`client_credentials`, secret: `oidc-provider`");
    Row our_key("`client_credentials`, `private_key_jwt`: ajwt");
    Row their_key("`client_credentials`, `private_key_jwt`: `oidc-provider`");
    Row mint("`agent_checksum` with a workflow step, secret: ajwt");
    for (std::size_t round = 0; round <= options_.rounds; ++round) {
      const bool counts = round > 0;
      run_round(our_secret, ours_, by_secret_, connections, counts);
      run_round(memory_secret, in_memory_, by_secret_in_memory_, connections, counts);
      run_round(their_secret, theirs_, by_secret_, connections, counts);
      run_round(our_key, ours_, by_key_, connections, counts);
      run_round(their_key, theirs_, by_key_, connections, counts);
      run_mints(mint, connections, counts);
    }
    for (const Row* row :
         {&our_secret, &memory_secret, &their_secret, &our_key, &their_key, &mint}) {
      print_row(*row, connections);
    }
    return compare(our_secret, their_secret, connections) +
           compare(memory_secret, their_secret, connections) +
           compare(our_key, their_key, connections) + compare(mint, their_secret, connections);
  }

  const Options& options_;
  Fleet& fleet_;
  http::CurlClient http_;
  crypto::PrivateKey agent_ = new_key();
  Issuer ours_;
  Issuer in_memory_;
  Issuer theirs_{};
  TokenClient by_secret_;
  TokenClient by_secret_in_memory_;
  TokenClient by_key_;
};

// --- Calls of a resource server.

json::Object jose_argument(std::uint16_t authority_port) {
  const std::string issuer = "http://127.0.0.1:" + std::to_string(authority_port);
  return json::Object{{"issuer", issuer},      {"jwks_uri", gateway::default_jwks_uri(issuer)},
                      {"audience", kAudience}, {"algorithm", "EdDSA"},
                      {"app", kRouteApp},      {"workflow", kRouteWorkflow},
                      {"step", kRouteStep},    {"tool", kRouteStep},
                      {"scope", kServiceScope}};
}

// make_cold_calls returns calls with another token than the calls before, always.
std::vector<std::string> make_cold_calls(Fleet& fleet, std::uint16_t port, std::size_t count) {
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < std::min(count, kTokensOfColdCalls); ++i) {
    tokens.push_back(fleet.mint());
  }
  std::vector<std::string> calls;
  for (std::size_t i = 0; i < count; ++i) {
    calls.push_back(fleet.make_calls(1, port, tokens[i % tokens.size()]).front());
  }
  return calls;
}

void measure_calls(const Options& options, const Processors& processors, const Process& servers,
                   std::uint16_t authority_port, Fleet& fleet) {
  pin(0, processors.service);
  NodeProcess script(options.node, "resource_server.js", jose_argument(authority_port));
  pin(0, processors.client);
  const std::uint16_t their_port = TokenBench::port_said_by(script);
  const std::uint16_t warm_port = servers.port(static_cast<std::size_t>(TokenMemory::kUsual));
  const std::uint16_t cold_port = servers.port(static_cast<std::size_t>(TokenMemory::kNone));
  print_table_heading("call of a resource server: token, proof, route");
  std::string comparison;
  for (const std::size_t connections : options.connections) {
    Row warm("ajwt's guard as library, token seen before");
    Row cold("ajwt's guard as library, token new");
    Row theirs("`jose`");
    const std::size_t count = round_of(options.calls, connections);
    for (std::size_t round = 0; round <= options.rounds; ++round) {
      const bool counts = round > 0;
      const std::string token = fleet.mint();
      const auto call = [&](Row& row, pid_t pid, std::uint16_t port, const auto& calls) {
        run(row, pid, port, calls, connections, counts);
        check_refuses_again(row, port, calls.back());
      };
      call(warm, servers.pid(), warm_port, fleet.make_calls(count, warm_port, token));
      call(cold, servers.pid(), cold_port, make_cold_calls(fleet, cold_port, count));
      call(theirs, script.pid(), their_port, fleet.make_calls(count, their_port, token));
    }
    for (const Row* row : {&warm, &cold, &theirs}) print_row(*row, connections);
    comparison += compare(warm, theirs, connections) + compare(cold, theirs, connections);
  }
  std::printf("\n%s", comparison.c_str());
}

// --- All of it.

// make_authority_in_memory is make_authority with a data directory that no disk is behind: the same
// work, and nothing to wait for. What is written is gone with the machine.
std::unique_ptr<Running> make_authority_in_memory(const std::string& administrator) {
  AJWT_CHECK(setenv("TMPDIR", "/dev/shm", 1) == 0);
  return make_authority(administrator);
}

// Services are made before anything starts a thread.
struct Services {
  Process authority{make_authority};
  Process authority_in_memory{make_authority_in_memory};
  Process resource_servers{make_resource_servers};
};

void run_all(const Options& options) {
  Services services;
  const Processors processors = get_processors();
  pin(services.authority.pid(), processors.service);
  pin(services.authority_in_memory.pid(), processors.service);
  pin(services.resource_servers.pid(), processors.service);
  pin(0, processors.client);
  must_be_ok(crypto::initialise());
  services.authority.start(Fleet::administrator_key().public_key().to_pem());
  services.authority_in_memory.start(Fleet::administrator_key().public_key().to_pem());
  services.resource_servers.start(std::to_string(services.authority.port()));
  Fleet fleet(services.authority.port());
  TokenBench(options, services.authority, fleet, services.authority_in_memory).run_all(processors);
  measure_calls(options, processors, services.resource_servers, services.authority.port(), fleet);
  measure_library(options.node, processors, options.rounds, options.verifications);
}

}  // namespace
}  // namespace ajwt::bench

int main(int argc, char** argv) {
  using namespace std::string_view_literals;
  const bool smoke = argc == 4 && argv[3] == "--smoke"sv;
  if (argc != 3 && !smoke) {
    std::fprintf(stderr, "usage: bench_peers <node> <folder of the scripts> [--smoke]\n");
    return 2;
  }
  ajwt::bench::Options options{.node = {.program = argv[1], .folder = argv[2]}};
  if (smoke) {
    options.rounds = 1;
    options.mints = options.calls = options.verifications = 50;
  }
  ajwt::bench::run_all(options);
  return 0;
}
