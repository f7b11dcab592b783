// SPDX-License-Identifier: Apache-2.0
//
// What the target `verifier` plays with: tokens, proofs, routes and key sets, all of them made once
// with real keys. Number 0 of each is the honest one; of the others it is known with what they
// pass.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "guard/policy.h"
#include "guard/verifier.h"
#include "jose/jwk.h"
#include "protocol/nonce.h"

namespace ajwt::fuzz {

// Passes: whether a request in which everything else is honest is let through.
enum class Passes { kYes, kNo };

struct RouteVariant {
  guard::Route route;
  std::vector<std::size_t> tokens;  // the numbers of those that pass, each with its first proof
};

struct KeysVariant {
  std::shared_ptr<const jose::KeySet> keys;
  Passes passes;
};

inline constexpr Instant kSceneNow = from_unix(1'800'000'000);
inline constexpr std::string_view kSceneIssuer = "https://authority.example";
inline constexpr std::string_view kSceneAudience = "https://api.example";
inline constexpr std::string_view kSceneMethod = "POST";
inline constexpr std::string_view kSceneUri = "https://api.example/manifests/web";
inline constexpr std::string_view kSceneQuery = "dry=1";
inline constexpr std::string_view kSceneBody = R"({"package":"left-pad"})";

// The numbers of proofs that do as well as the first on a route of ProofBinding::kRfc9449, and
// elsewhere if there is no body or no query.
inline constexpr std::size_t kProofWithoutBody = 10;
inline constexpr std::size_t kProofWithoutQuery = 12;

// GuardScene is made once and never changed.
class GuardScene {
 public:
  static const GuardScene& get();

  const std::vector<std::string>& tokens() const { return tokens_; }
  // proofs returns the proofs that go with token `token`: each has its `ath`.
  const std::vector<std::string>& proofs(std::size_t token) const { return proofs_[token]; }
  // second_proof is an honest proof with the first token and a jti of its own.
  const std::string& second_proof() const { return second_proof_; }
  const std::vector<RouteVariant>& routes() const { return routes_; }
  const std::vector<KeysVariant>& keys() const { return keys_; }
  const NonceIssuer& nonces() const { return nonces_; }
  const std::string& nonce() const { return nonce_; }

 private:
  GuardScene();
  void make_tokens();
  void make_proofs();
  void make_routes();
  void make_keys();

  NonceIssuer nonces_;
  std::string nonce_;
  std::vector<std::string> tokens_;
  std::vector<std::vector<std::string>> proofs_;
  std::string second_proof_;
  std::vector<RouteVariant> routes_;
  std::vector<KeysVariant> keys_;
};

}  // namespace ajwt::fuzz
