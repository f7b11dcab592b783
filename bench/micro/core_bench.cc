// SPDX-License-Identifier: Apache-2.0
//
// The core: checksum, JSON, thumbprint, tokens and proofs, each beside its primitive.

#include <benchmark/benchmark.h>

#include <boost/json/parse.hpp>
#include <string>

#include "bench/micro/ratios.h"
#include "bench/micro/scene.h"
#include "bench/raw.h"
#include "crypto/hash.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/proof.h"

namespace ajwt::bench {
namespace {

// --- The agent checksum, and SHA-256 over as many bytes.

std::string canonical_components() {
  AgentDefinition agent = definition();
  agent.prompt_template = normalize_prompt(agent.prompt_template);
  return must(json::write_jcs(to_json(agent)));
}

void raw_sha256_of_components(benchmark::State& state) {
  const std::string text = canonical_components();
  for (auto _ : state) benchmark::DoNotOptimize(sha256_by_openssl(text));
  state.counters["bytes"] = static_cast<double>(text.size());
}
BENCHMARK(raw_sha256_of_components);

void agent_checksum_sha256(benchmark::State& state) {
  const AgentDefinition agent = definition();
  for (auto _ : state) {
    benchmark::DoNotOptimize(compute_agent_checksum(agent, ChecksumProfile::kSha256));
  }
}
BENCHMARK(agent_checksum_sha256);

void agent_checksum_strict(benchmark::State& state) {
  const AgentDefinition agent = definition();
  for (auto _ : state) {
    benchmark::DoNotOptimize(compute_agent_checksum(agent, ChecksumProfile::kStrictSha256));
  }
}
BENCHMARK(agent_checksum_strict);

void agent_checksum_reference(benchmark::State& state) {
  AgentDefinition agent = definition();
  for (Tool& tool : agent.tools) {
    tool.signature = json::write(*tool.parameters);
    tool.parameters.reset();
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(compute_agent_checksum(agent, ChecksumProfile::kReference));
  }
}
BENCHMARK(agent_checksum_reference);

const RegisterRatio kChecksum({.what = "checksum sha256: / SHA-256 of as many bytes",
                               .ours = "agent_checksum_sha256",
                               .raw = {{"raw_sha256_of_components"}}});
const RegisterRatio kStrict({.what = "checksum strict-sha256: / SHA-256 of as many bytes",
                             .ours = "agent_checksum_strict",
                             .raw = {{"raw_sha256_of_components"}}});
const RegisterRatio kReference({.what = "checksum, reference / SHA-256 of as many bytes",
                                .ours = "agent_checksum_reference",
                                .raw = {{"raw_sha256_of_components"}}});

// --- JSON: the payload of a token.

void raw_boost_json_parse(benchmark::State& state) {
  const std::string text = json::write(to_json(claims(0)));
  for (auto _ : state) benchmark::DoNotOptimize(boost::json::parse(text));
}
BENCHMARK(raw_boost_json_parse);

void json_parse_token_payload(benchmark::State& state) {
  const std::string text = json::write(to_json(claims(0)));
  for (auto _ : state) benchmark::DoNotOptimize(json::parse(text));
  state.counters["bytes"] = static_cast<double>(text.size());
}
BENCHMARK(json_parse_token_payload);

const RegisterRatio kJson({.what = "json::parse, strict / boost::json::parse",
                           .ours = "json_parse_token_payload",
                           .raw = {{"raw_boost_json_parse"}}});

// --- Thumbprints.

void raw_sha256_of_jwk(benchmark::State& state) {
  const std::string text = json::write(jose::to_json(agent_key().public_key()));
  for (auto _ : state) benchmark::DoNotOptimize(sha256_by_openssl(text));
}
BENCHMARK(raw_sha256_of_jwk);

void thumbprint(benchmark::State& state) {
  const crypto::PublicKey& key = agent_key().public_key();
  for (auto _ : state) benchmark::DoNotOptimize(jose::thumbprint(key));
}
BENCHMARK(thumbprint);

const RegisterRatio kThumbprint({.what = "thumbprint / SHA-256 of the JWK",
                                 .ours = "thumbprint",
                                 .raw = {{"raw_sha256_of_jwk"}}});

// --- Tokens: from text to claims.

void verify_token(benchmark::State& state, const std::string& text, const crypto::PrivateKey& key) {
  const auto keys = keys_of(key);
  const TokenRules rules{.issuer = kIssuer,
                         .audience = kTokenAudience,
                         .algorithms = jose::AlgorithmSet::all(),
                         .skew = Seconds(60)};
  for (auto _ : state) {
    const auto verified = verify_access_token(text, rules, *keys, kNow);
    if (!verified) state.SkipWithError("refused");
    benchmark::DoNotOptimize(verified);
  }
}

void raw_ed25519_verify_token(benchmark::State& state) {
  const Ed25519 key(kAuthoritySeed);
  const SignedBytes bytes = take_apart(token(0, authority_key()));
  for (auto _ : state) {
    if (!key.verify(bytes)) state.SkipWithError("refused");
  }
  state.counters["bytes"] = static_cast<double>(bytes.message.size());
}
BENCHMARK(raw_ed25519_verify_token);

void verify_access_token_ed25519(benchmark::State& state) {
  verify_token(state, token(0, authority_key()), authority_key());
}
BENCHMARK(verify_access_token_ed25519);

const crypto::PrivateKey& p256_key() {
  static const crypto::PrivateKey key = must(crypto::PrivateKey::generate(crypto::KeyKind::kP256));
  return key;
}

void raw_es256_verify_token(benchmark::State& state) {
  const auto verifier =
      OpenSslVerifier::of_p256(p256_key().public_key().to_pem(), take_apart(token(0, p256_key())));
  for (auto _ : state) {
    if (!verifier.verify()) state.SkipWithError("refused");
  }
}
BENCHMARK(raw_es256_verify_token);

void verify_access_token_es256(benchmark::State& state) {
  verify_token(state, token(0, p256_key()), p256_key());
}
BENCHMARK(verify_access_token_es256);

const crypto::PrivateKey& rsa_key() {
  static const crypto::PrivateKey key = must(crypto::PrivateKey::generate(crypto::KeyKind::kRsa));
  return key;
}

void raw_rs256_verify_token(benchmark::State& state) {
  const auto verifier = OpenSslVerifier::of_rsa(
      rsa_key().public_key().to_pem(), take_apart(token(0, rsa_key(), jose::Algorithm::kRS256)));
  for (auto _ : state) {
    if (!verifier.verify()) state.SkipWithError("refused");
  }
}
BENCHMARK(raw_rs256_verify_token);

void verify_access_token_rs256(benchmark::State& state) {
  verify_token(state, token(0, rsa_key(), jose::Algorithm::kRS256), rsa_key());
}
BENCHMARK(verify_access_token_rs256);

const RegisterRatio kEd25519({.what = "verify_access_token, EdDSA / libsodium verify",
                              .ours = "verify_access_token_ed25519",
                              .raw = {{"raw_ed25519_verify_token"}}});
const RegisterRatio kEs256({.what = "verify_access_token, ES256 / OpenSSL verify",
                            .ours = "verify_access_token_es256",
                            .raw = {{"raw_es256_verify_token"}}});
const RegisterRatio kRs256({.what = "verify_access_token, RS256 / OpenSSL verify",
                            .ours = "verify_access_token_rs256",
                            .raw = {{"raw_rs256_verify_token"}}});

// --- Proofs: what an agent signs for each request, and tokens as the authority signs them.

void raw_ed25519_sign_proof(benchmark::State& state) {
  const GuardedRequests requests(1, 1);
  const Ed25519 key(kAgentSeed);
  const SignedBytes bytes = take_apart(requests.proof(0));
  for (auto _ : state) benchmark::DoNotOptimize(key.sign(bytes.message));
  state.counters["bytes"] = static_cast<double>(bytes.message.size());
}
BENCHMARK(raw_ed25519_sign_proof);

void build_proof(benchmark::State& state) {
  const GuardedRequests requests(1, 1);
  const std::string nonce = requests.nonces().issue(kNow);
  const ProofClaims proof{.method = kMethod,
                          .uri = kUri,
                          .jti = "AAAAAAAAAAAAAAAAAAAAAA",
                          .now = kNow,
                          .nonce = nonce,
                          .access_token = requests.token(0),
                          .body = as_bytes(kBody)};
  for (auto _ : state) benchmark::DoNotOptimize(build_dpop_proof(agent_key(), proof));
}
BENCHMARK(build_proof);

void raw_ed25519_sign_token(benchmark::State& state) {
  const Ed25519 key(kAuthoritySeed);
  const SignedBytes bytes = take_apart(token(0, authority_key()));
  for (auto _ : state) benchmark::DoNotOptimize(key.sign(bytes.message));
}
BENCHMARK(raw_ed25519_sign_token);

void issue_token(benchmark::State& state) {
  const AccessToken unsigned_token = claims(0);
  const std::string kid = jose::thumbprint(authority_key().public_key());
  for (auto _ : state) {
    benchmark::DoNotOptimize(issue_access_token(unsigned_token, authority_key(), kid));
  }
}
BENCHMARK(issue_token);

const RegisterRatio kProof({.what = "build_dpop_proof / libsodium sign",
                            .ours = "build_proof",
                            .raw = {{"raw_ed25519_sign_proof"}}});
const RegisterRatio kIssue({.what = "issue_access_token / libsodium sign",
                            .ours = "issue_token",
                            .raw = {{"raw_ed25519_sign_token"}}});

}  // namespace
}  // namespace ajwt::bench
