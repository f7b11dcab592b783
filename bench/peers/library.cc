// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/library.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

#include "base/check.h"
#include "bench/micro/scene.h"
#include "bench/must.h"
#include "jose/jwk.h"

namespace ajwt::bench {
namespace {

using Microseconds = std::chrono::duration<double, std::micro>;

// Signed is the same claims under a key of one algorithm.
struct Signed {
  std::string algorithm;
  crypto::PrivateKey key;
  std::string token;
};

Signed sign_claims(std::string algorithm, const crypto::PrivateKey& key) {
  return {.algorithm = std::move(algorithm), .key = key, .token = token(0, key)};
}

json::Object argument_for_jose(const std::array<Signed, 2>& all) {
  json::Object tokens;
  std::vector<jose::Jwk> keys;
  for (const Signed& each : all) {
    tokens.set(each.algorithm, each.token);
    keys.push_back({.key = each.key.public_key(), .kid = jose::thumbprint(each.key.public_key())});
  }
  return json::Object{{"issuer", kIssuer},
                      {"audience", kTokenAudience},
                      {"unix_time", to_unix(kNow)},
                      {"tokens", std::move(tokens)},
                      {"jwks", jose::write_jwks(jose::KeySet(std::move(keys)))}};
}

void verify_ours(const Signed& subject, std::size_t times) {
  const auto keys = keys_of(subject.key);
  const TokenRules rules{.issuer = kIssuer,
                         .audience = kTokenAudience,
                         .algorithms = jose::AlgorithmSet::all(),
                         .skew = Seconds(60)};
  for (std::size_t i = 0; i < times; ++i) {
    AJWT_CHECK(verify_access_token(subject.token, rules, *keys, kNow).has_value());
  }
}

void verify_theirs(NodeProcess& script, const Signed& subject, std::size_t times) {
  script.write_line(subject.algorithm + " " + std::to_string(times));
  script.read_line();
}

template <class Work>
std::chrono::nanoseconds cpu_time_spent(pid_t pid, const Work& work) {
  const auto before = cpu_time_of(pid);
  work();
  return cpu_time_of(pid) - before;
}

}  // namespace

void measure_library(const Node& node, const Processors& processors, std::size_t rounds,
                     std::size_t verifications) {
  const std::array<Signed, 2> all{
      sign_claims("EdDSA", authority_key()),
      sign_claims("ES256", must(crypto::PrivateKey::generate(crypto::KeyKind::kP256)))};
  // This process waits while the script works, and the other way round.
  pin(0, processors.service);
  NodeProcess script(node, "verify.js", argument_for_jose(all));
  script.read_line();
  std::printf(
      "\n| a token verified, library alone | ours | `jose` | `jose` : ours |\n"
      "|---|---|---|---|\n");
  for (const Signed& subject : all) {
    std::chrono::nanoseconds ours{};
    std::chrono::nanoseconds theirs{};
    for (std::size_t round = 0; round <= rounds; ++round) {
      const auto our_time = cpu_time_spent(getpid(), [&] { verify_ours(subject, verifications); });
      const auto their_time =
          cpu_time_spent(script.pid(), [&] { verify_theirs(script, subject, verifications); });
      if (round == 0) continue;  // V8 compiles
      ours += our_time;
      theirs += their_time;
    }
    const auto total = static_cast<double>(rounds * verifications);
    const double our_us = Microseconds(ours).count() / total;
    const double their_us = Microseconds(theirs).count() / total;
    std::printf("| %s | %.0f us | %.0f us | %.1f |\n", subject.algorithm.c_str(), our_us, their_us,
                their_us / our_us);
  }
  pin(0, processors.client);
}

}  // namespace ajwt::bench
