// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace ajwt {
namespace {

TEST(Bytes, ViewTextAndBack) {
  const std::string text("a\0\xff", 3);
  const ByteView bytes = as_bytes(text);
  ASSERT_EQ(bytes.size(), 3U);
  EXPECT_EQ(bytes[0], 0x61);
  EXPECT_EQ(bytes[1], 0x00);
  EXPECT_EQ(bytes[2], 0xff);
  EXPECT_EQ(as_text(bytes), text);
}

TEST(Hex, SurvivesTheWayThereAndBack) {
  Bytes bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<std::uint8_t>(i));
  EXPECT_EQ(parse_hex(to_hex(bytes)), bytes);
  EXPECT_EQ(to_hex(Bytes{0x00, 0x0a, 0xff}), "000aff");
  EXPECT_EQ(to_hex({}), "");
}

TEST(Hex, TakesEitherCaseAndNothingElse) {
  EXPECT_EQ(parse_hex("aAfF09"), (Bytes{0xaa, 0xff, 0x09}));
  EXPECT_EQ(parse_hex(""), Bytes());
  for (const std::string_view text :
       {"a", "abc", "0g", "g0", " 00", "0x", "a b", "-1", "@@", "``"}) {
    EXPECT_FALSE(parse_hex(text).has_value()) << text;
  }
}

TEST(EqualConstantTime, ComparesWholeTexts) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_constant_time("secret", "Secret"));
  EXPECT_FALSE(equal_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_constant_time("secret", "secre"));
  EXPECT_FALSE(equal_constant_time("secret", "secrets"));
  EXPECT_FALSE(equal_constant_time("", "s"));
}

TEST(EqualConstantTime, SeesEveryBit) {
  const Bytes bytes(32, 0x5a);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Bytes changed = bytes;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ (1U << bit));
      EXPECT_FALSE(equal_constant_time(bytes, changed)) << i;
    }
  }
}

}  // namespace
}  // namespace ajwt
