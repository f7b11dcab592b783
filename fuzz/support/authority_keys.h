// SPDX-License-Identifier: Apache-2.0
//
// The authority whose tokens the targets judge: one key, the same in every run.
#pragma once

#include <string>
#include <string_view>

#include "jose/jwk.h"
#include "protocol/access_token.h"
#include "tests/support/test_keys.h"

namespace ajwt::fuzz {

inline constexpr Instant kNow = from_unix(1'800'000'000);
inline constexpr std::string_view kKid = "key-1";

inline TokenRules token_rules() {
  return TokenRules{.issuer = "https://authority.example",
                    .audience = "https://api.example",
                    .algorithms = jose::AlgorithmSet::all(),
                    .skew = Seconds(60)};
}

inline const crypto::PrivateKey& authority_key() {
  static const crypto::PrivateKey key = testing::ed25519_key(1);
  return key;
}

inline const jose::KeySet& authority_keys() {
  static const jose::KeySet set({jose::Jwk{.key = authority_key().public_key(),
                                           .kid = std::string(kKid),
                                           .alg = jose::Algorithm::kEdDSA}});
  return set;
}

}  // namespace ajwt::fuzz
