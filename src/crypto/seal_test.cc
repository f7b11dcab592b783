// SPDX-License-Identifier: Apache-2.0
#include "crypto/seal.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/matchers.h"

namespace ajwt::crypto {
namespace {

SealingKey key_of(std::uint8_t fill) { return *SealingKey::from_bytes(Bytes(32, fill)); }

TEST(SealingKey, TakesThirtyTwoBytesAlone) {
  for (const std::size_t size : {0U, 16U, 31U, 33U, 64U}) {
    EXPECT_THAT(SealingKey::from_bytes(Bytes(size, 1)), RefusedWith(Code::k_crypto_failed));
  }
  EXPECT_THAT(SealingKey::from_bytes(Bytes(32, 1)), IsOk());
}

TEST(SealingKey, OpensWhatItSealed) {
  const SealingKey key = key_of(1);
  for (const std::string text : {"", "x", "a prompt of some length"}) {
    const auto box = key.seal(as_bytes(text), "agents/17");
    ASSERT_THAT(box, IsOk());
    EXPECT_EQ(box->size(), 24 + text.size() + 16);

    const auto opened = key.open(*box, "agents/17");

    ASSERT_THAT(opened, IsOk());
    EXPECT_EQ(as_text(*opened), text);
  }
}

TEST(SealingKey, NeverGivesTheSameBoxTwice) {
  const SealingKey key = key_of(1);
  EXPECT_NE(*key.seal(as_bytes("text"), ""), *key.seal(as_bytes("text"), ""));
}

TEST(SealingKey, RefusesEveryFlippedBitAndEveryCut) {
  const SealingKey key = key_of(1);
  const Bytes box = *key.seal(as_bytes("secret"), "row");
  for (std::size_t i = 0; i < box.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Bytes changed = box;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ (1U << bit));
      EXPECT_THAT(key.open(changed, "row"), RefusedWith(Code::k_crypto_failed)) << i;
    }
    EXPECT_THAT(key.open(ByteView(box).first(i), "row"), RefusedWith(Code::k_crypto_failed)) << i;
  }
  Bytes longer = box;
  longer.push_back(0);
  EXPECT_THAT(key.open(longer, "row"), RefusedWith(Code::k_crypto_failed));
}

TEST(SealingKey, RefusesAnotherContextAndAnotherKey) {
  const Bytes box = *key_of(1).seal(as_bytes("secret"), "row 1");
  EXPECT_THAT(key_of(1).open(box, "row 2"), RefusedWith(Code::k_crypto_failed));
  EXPECT_THAT(key_of(1).open(box, ""), RefusedWith(Code::k_crypto_failed));
  EXPECT_THAT(key_of(2).open(box, "row 1"), RefusedWith(Code::k_crypto_failed));
}

}  // namespace
}  // namespace ajwt::crypto
