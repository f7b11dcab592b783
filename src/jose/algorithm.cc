// SPDX-License-Identifier: Apache-2.0
#include "jose/algorithm.h"

#include <array>

#include "base/check.h"
#include "jose/names.h"

namespace ajwt::jose {
namespace {

constexpr std::array kAll{Algorithm::kEdDSA, Algorithm::kES256, Algorithm::kRS256,
                          Algorithm::kPS256};

std::uint8_t bit_of(Algorithm algorithm) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(algorithm));
}

}  // namespace

std::string_view name(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEdDSA:
      return names::kEdDsa;
    case Algorithm::kES256:
      return names::kEs256;
    case Algorithm::kRS256:
      return names::kRs256;
    case Algorithm::kPS256:
      return names::kPs256;
  }
  AJWT_CHECK(false);
}

std::optional<Algorithm> find_algorithm(std::string_view wanted) {
  for (const Algorithm algorithm : kAll) {
    if (name(algorithm) == wanted) return algorithm;
  }
  if (wanted == names::kEd25519) return Algorithm::kEdDSA;
  return std::nullopt;
}

crypto::Scheme scheme_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEdDSA:
      return crypto::Scheme::kEd25519;
    case Algorithm::kES256:
      return crypto::Scheme::kEcdsaP256;
    case Algorithm::kRS256:
      return crypto::Scheme::kRsaPkcs1;
    case Algorithm::kPS256:
      return crypto::Scheme::kRsaPss;
  }
  AJWT_CHECK(false);
}

Algorithm default_algorithm(crypto::KeyKind kind) {
  switch (kind) {
    case crypto::KeyKind::kEd25519:
      return Algorithm::kEdDSA;
    case crypto::KeyKind::kP256:
      return Algorithm::kES256;
    case crypto::KeyKind::kRsa:
      return Algorithm::kPS256;
  }
  AJWT_CHECK(false);
}

AlgorithmSet::AlgorithmSet(std::initializer_list<Algorithm> algorithms) {
  for (const Algorithm algorithm : algorithms) {
    bits_ = static_cast<std::uint8_t>(bits_ | bit_of(algorithm));
  }
}

AlgorithmSet AlgorithmSet::all() {
  return {Algorithm::kEdDSA, Algorithm::kES256, Algorithm::kRS256, Algorithm::kPS256};
}

bool AlgorithmSet::contains(Algorithm algorithm) const { return (bits_ & bit_of(algorithm)) != 0; }

std::vector<std::string_view> AlgorithmSet::names() const {
  std::vector<std::string_view> result;
  for (const Algorithm algorithm : kAll) {
    if (!contains(algorithm)) continue;
    result.push_back(name(algorithm));
    if (algorithm == Algorithm::kEdDSA) result.push_back(names::kEd25519);
  }
  return result;
}

}  // namespace ajwt::jose
