// SPDX-License-Identifier: Apache-2.0
//
// The signature algorithms of ajwt and which key fits which.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "crypto/key.h"

namespace ajwt::jose {

// Algorithm is a property of a key; a token's header only has to agree with it.
enum class Algorithm { kEdDSA, kES256, kRS256, kPS256 };

// name returns the name that ajwt emits ("EdDSA", "ES256", "RS256", "PS256").
std::string_view name(Algorithm algorithm);
// find_algorithm returns the algorithm of an exact, case-sensitive name; "Ed25519" (RFC 9864) is
// another name of kEdDSA (protocol 6.5). Anything else, "none" among it, is nullopt.
std::optional<Algorithm> find_algorithm(std::string_view name);
crypto::Scheme scheme_of(Algorithm algorithm);
// default_algorithm returns EdDSA, ES256 or, for RSA, PS256.
Algorithm default_algorithm(crypto::KeyKind kind);

// AlgorithmSet is the caller's list of accepted algorithms. It has no default and no empty state
// that would mean "any": an empty set accepts nothing.
class AlgorithmSet {
 public:
  AlgorithmSet(std::initializer_list<Algorithm> algorithms);
  static AlgorithmSet all();
  bool contains(Algorithm algorithm) const;
  // names returns the wire names, "Ed25519" beside "EdDSA": for metadata documents.
  std::vector<std::string_view> names() const;

 private:
  std::uint8_t bits_ = 0;
};

}  // namespace ajwt::jose
