// SPDX-License-Identifier: Apache-2.0
#include "base/decimal.h"

#include <gtest/gtest.h>

namespace ajwt {
namespace {

TEST(Decimal, HasOneSpellingForEachNumber) {
  EXPECT_EQ(parse_decimal("0"), 0U);
  EXPECT_EQ(parse_decimal("17"), 17U);
  EXPECT_EQ(parse_decimal("18446744073709551615"), 18446744073709551615U);
  for (const char* text : {"", "00", "017", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "one",
                           "18446744073709551616"}) {
    EXPECT_EQ(parse_decimal(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ajwt
