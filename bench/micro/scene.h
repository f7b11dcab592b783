// SPDX-License-Identifier: Apache-2.0
//
// What the benchmarks work on: an agent, tokens and proofs of usual size, made before any clock
// runs.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "bench/must.h"
#include "crypto/key.h"
#include "guard/policy.h"
#include "guard/verifier.h"
#include "jose/jwk.h"
#include "protocol/access_token.h"
#include "protocol/agent_checksum.h"
#include "protocol/nonce.h"

namespace ajwt::bench {

inline constexpr Instant kNow = from_unix(1'800'000'000);
inline constexpr std::string_view kIssuer = "https://authority.example";
inline constexpr std::string_view kTokenAudience = "https://api.example";
inline constexpr std::string_view kUri = "https://api.example/proposals/prop_01/apply";
inline constexpr std::string_view kMethod = "POST";
inline constexpr std::string_view kBody = R"({"reason":"CVE-2021-44906","dry_run":false})";

// authority_key and agent_key are the same in every run; raw ones of the same seeds are
// Ed25519(kAuthoritySeed) and Ed25519(kAgentSeed).
inline constexpr std::uint8_t kAuthoritySeed = 1;
inline constexpr std::uint8_t kAgentSeed = 2;
const crypto::PrivateKey& authority_key();
const crypto::PrivateKey& agent_key();

// claims returns those of an intent token of the dependency-patching fleet; `number` makes it
// differ from others.
AccessToken claims(std::size_t number);
// token returns it signed, as the authority does, by `key` with its default algorithm or this one.
std::string token(std::size_t number, const crypto::PrivateKey& key,
                  std::optional<jose::Algorithm> algorithm = std::nullopt);
std::shared_ptr<const jose::KeySet> keys_of(const crypto::PrivateKey& key);

// definition returns an agent with a prompt of about 2 KiB and eight tools.
AgentDefinition definition();

// GuardedRequests is a number of requests with a proof each, as many tokens as are asked for, and
// what a guard needs to judge them.
class GuardedRequests {
 public:
  GuardedRequests(std::size_t requests, std::size_t tokens);

  std::size_t size() const { return proofs_.size(); }
  guard::RequestFacts facts(std::size_t number) const;
  const std::string& proof(std::size_t number) const { return proofs_[number]; }
  const std::string& token(std::size_t number) const { return tokens_[number % tokens_.size()]; }
  const guard::Route& route() const { return policy_.routes().front(); }
  const std::shared_ptr<const jose::KeySet>& keys() const { return keys_; }
  const NonceIssuer& nonces() const { return nonces_; }

 private:
  NonceIssuer nonces_;
  guard::Policy policy_;
  std::shared_ptr<const jose::KeySet> keys_;
  std::vector<std::string> tokens_;
  std::vector<std::string> fields_;
  std::vector<std::string> proofs_;
};

}  // namespace ajwt::bench
