// SPDX-License-Identifier: Apache-2.0
#include "crypto/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/id.h"

namespace ajwt::crypto {
namespace {

TEST(RandomBytes, HaveTheSizeAskedForAndDiffer) {
  EXPECT_TRUE(random_bytes(0).empty());
  EXPECT_EQ(random_bytes(33).size(), 33U);
  EXPECT_NE(random_bytes(32), random_bytes(32));
}

TEST(RandomToken, IsBase64urlWithoutPadding) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  EXPECT_EQ(random_token(0), "");
  EXPECT_EQ(random_token(16).size(), 22U);
  EXPECT_EQ(random_token(32).size(), 43U);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(random_token(31).find_first_not_of(kAlphabet), std::string::npos);
  }
  EXPECT_NE(random_token(16), random_token(16));
}

TEST(MakeId, HasPrefixTimeAndRandomPart) {
  // 2025-01-01T00:00:00Z is 1735689600000 ms; 01jgfjj in its first digits.
  const std::string id = make_id("exec", from_unix(1735689600));

  ASSERT_EQ(id.size(), 4 + 1 + 26U);
  EXPECT_EQ(id.substr(0, 15), "exec_01jgfjjz00");
  EXPECT_EQ(id.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz", 5), std::string::npos);
  EXPECT_TRUE(is_identifier(id));
}

TEST(MakeId, SortsByTime) {
  std::string before = make_id("x", from_unix(0));
  for (const long long seconds :
       {1LL, 31LL, 32LL, 1024LL, 1735689600LL, 1735689601LL, 4102444800LL}) {
    std::string id = make_id("x", from_unix(seconds));
    EXPECT_LT(before, id) << seconds;
    before = std::move(id);
  }
}

TEST(MakeId, DiffersWithinASecond) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(make_id("x", from_unix(1735689600)));
  EXPECT_EQ(ids.size(), 1000U);
}

}  // namespace
}  // namespace ajwt::crypto
