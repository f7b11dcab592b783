// SPDX-License-Identifier: Apache-2.0
#include "protocol/nonce.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jose/base64url.h"
#include "tests/support/matchers.h"
#include "tests/support/mutations.h"

namespace ajwt {
namespace {

constexpr Seconds kLifetime{320};  // slices of 40 s
constexpr Instant kStart = from_unix(40 * 40'000'000LL);

Digest key_of(std::uint8_t fill) {
  Digest key{};
  key.fill(fill);
  return key;
}

NonceIssuer issuer(std::uint8_t fill = 1) { return NonceIssuer(key_of(fill), kLifetime); }

TEST(Nonce, IsTheSameTextWithinASliceAndAnotherInTheNext) {
  const std::string nonce = issuer().issue(kStart);
  EXPECT_EQ(issuer().issue(kStart + Seconds(39)), nonce);
  EXPECT_NE(issuer().issue(kStart + Seconds(40)), nonce);
  EXPECT_NE(issuer(2).issue(kStart), nonce);
  EXPECT_EQ(nonce.size(), 32u);
}

TEST(Nonce, IsGoodForItsLifetimeAndNotASecondLonger) {
  const std::string nonce = issuer().issue(kStart);
  for (const int age : {0, 1, 39, 40, 319, 320}) {
    EXPECT_THAT(issuer().check(nonce, kStart + Seconds(age)), IsOk()) << age;
  }
  for (const int age : {321, 1000, 1'000'000}) {
    EXPECT_THAT(issuer().check(nonce, kStart + Seconds(age)),
                RefusedWith(Code::k_proof_nonce_refused))
        << age;
  }
}

TEST(Nonce, HandedOutAtTheEndOfItsSliceIsGoodForSevenEighths) {
  const std::string nonce = issuer().issue(kStart + Seconds(39));
  EXPECT_THAT(issuer().check(nonce, kStart + Seconds(39 + 280)), IsOk());
}

TEST(Nonce, FromTheFutureIsRefused) {
  EXPECT_THAT(issuer().check(issuer().issue(kStart), kStart - Seconds(1)),
              RefusedWith(Code::k_proof_nonce_refused));
}

TEST(Nonce, OfAnotherKeyIsRefused) {
  EXPECT_THAT(issuer(2).check(issuer(1).issue(kStart), kStart),
              RefusedWith(Code::k_proof_nonce_refused));
}

TEST(Nonce, ChangedAnywhereIsRefused) {
  const NonceIssuer nonces = issuer();
  testing::for_each_mutation(nonces.issue(kStart), [&](std::string_view changed, auto what) {
    EXPECT_THAT(nonces.check(changed, kStart), RefusedWith(Code::k_proof_nonce_refused)) << what;
  });
}

TEST(Nonce, ThatIsNoNonceIsRefused) {
  for (const std::size_t size : {0u, 8u, 23u, 25u, 1000u}) {
    EXPECT_THAT(issuer().check(jose::encode_base64url(std::string(size, 'n')), kStart),
                RefusedWith(Code::k_proof_nonce_refused))
        << size;
  }
  EXPECT_THAT(issuer().check("!!!", kStart), RefusedWith(Code::k_proof_nonce_refused));
}

TEST(Nonce, WithALifetimeBelowEightSecondsStillWorks) {
  const NonceIssuer nonces(key_of(1), Seconds(2));
  EXPECT_THAT(nonces.check(nonces.issue(kStart), kStart + Seconds(2)), IsOk());
  EXPECT_THAT(nonces.check(nonces.issue(kStart), kStart + Seconds(3)),
              RefusedWith(Code::k_proof_nonce_refused));
}

}  // namespace
}  // namespace ajwt
