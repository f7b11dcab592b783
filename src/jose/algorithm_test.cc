// SPDX-License-Identifier: Apache-2.0
#include "jose/algorithm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ajwt::jose {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Algorithm, IsFoundByTheNameItEmits) {
  for (const Algorithm algorithm :
       {Algorithm::kEdDSA, Algorithm::kES256, Algorithm::kRS256, Algorithm::kPS256}) {
    EXPECT_EQ(find_algorithm(name(algorithm)), algorithm);
  }
}

TEST(Algorithm, Ed25519IsAnotherNameOfEdDsaButEdDsaIsEmitted) {
  EXPECT_EQ(find_algorithm("Ed25519"), Algorithm::kEdDSA);
  EXPECT_EQ(name(Algorithm::kEdDSA), "EdDSA");
}

TEST(Algorithm, NoOtherNameIsFound) {
  for (const char* text :
       {"",      "none",  "None",  "NONE",   "HS256",  "HS384",    "HS512", "RS384",
        "RS512", "PS384", "PS512", "ES384",  "ES512",  "ES256K",   "Ed448", "RS1",
        "es256", "eddsa", "EDDSA", "ES256 ", " ES256", "RSA-OAEP", "dir"}) {
    EXPECT_EQ(find_algorithm(text), std::nullopt) << text;
  }
  EXPECT_EQ(find_algorithm(std::string_view("ES256\0", 6)), std::nullopt);
}

TEST(Algorithm, TheDefaultOfAKindFitsTheKind) {
  EXPECT_EQ(default_algorithm(crypto::KeyKind::kEd25519), Algorithm::kEdDSA);
  EXPECT_EQ(default_algorithm(crypto::KeyKind::kP256), Algorithm::kES256);
  EXPECT_EQ(default_algorithm(crypto::KeyKind::kRsa), Algorithm::kPS256);
}

TEST(Algorithm, HasASchemeOfItsOwn) {
  EXPECT_EQ(scheme_of(Algorithm::kEdDSA), crypto::Scheme::kEd25519);
  EXPECT_EQ(scheme_of(Algorithm::kES256), crypto::Scheme::kEcdsaP256);
  EXPECT_EQ(scheme_of(Algorithm::kRS256), crypto::Scheme::kRsaPkcs1);
  EXPECT_EQ(scheme_of(Algorithm::kPS256), crypto::Scheme::kRsaPss);
}

TEST(AlgorithmSet, EmptyAcceptsNothing) {
  const AlgorithmSet none = {};
  for (const Algorithm algorithm :
       {Algorithm::kEdDSA, Algorithm::kES256, Algorithm::kRS256, Algorithm::kPS256}) {
    EXPECT_FALSE(none.contains(algorithm));
  }
  EXPECT_THAT(none.names(), IsEmpty());
}

TEST(AlgorithmSet, HoldsWhatItWasGiven) {
  const AlgorithmSet some = {Algorithm::kES256, Algorithm::kPS256};
  EXPECT_TRUE(some.contains(Algorithm::kES256));
  EXPECT_TRUE(some.contains(Algorithm::kPS256));
  EXPECT_FALSE(some.contains(Algorithm::kEdDSA));
  EXPECT_FALSE(some.contains(Algorithm::kRS256));
  EXPECT_THAT(some.names(), ElementsAre("ES256", "PS256"));
}

TEST(AlgorithmSet, ListsBothNamesOfEdDsa) {
  EXPECT_THAT(AlgorithmSet::all().names(),
              ElementsAre("EdDSA", "Ed25519", "ES256", "RS256", "PS256"));
}

}  // namespace
}  // namespace ajwt::jose
