// SPDX-License-Identifier: Apache-2.0
#include "base/http_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ajwt {
namespace {

TEST(HttpHeaders, FindFieldsWithoutCase) {
  HttpHeaders headers;
  headers.add("Content-Type", "text/plain");

  EXPECT_EQ(headers.find("content-type"), "text/plain");
  EXPECT_EQ(headers.find("CONTENT-TYPE"), "text/plain");
  EXPECT_EQ(headers.find("Content-Typ"), std::nullopt);
  EXPECT_EQ(headers.find("Content-Type2"), std::nullopt);
}

TEST(HttpHeaders, KeepEveryFieldInOrder) {
  HttpHeaders headers;
  headers.add("DPoP", "first");
  headers.add("X", "between");
  headers.add("dpop", "second");

  EXPECT_THAT(headers.all("DPOP"), ::testing::ElementsAre("first", "second"));
  EXPECT_EQ(headers.find("dpop"), "first");
  EXPECT_EQ(headers.fields().size(), 3U);
  EXPECT_THAT(headers.all("none"), ::testing::IsEmpty());
}

TEST(HttpHeaders, SetReplacesAndRemoveTakesEveryFieldOfThatName) {
  HttpHeaders headers;
  headers.add("X-User", "forged");
  headers.add("x-user", "forged too");
  headers.add("Y", "kept");

  headers.set("X-USER", "verified");
  EXPECT_THAT(headers.all("X-User"), ::testing::ElementsAre("verified"));

  headers.remove("x-User");
  EXPECT_EQ(headers.find("X-User"), std::nullopt);
  EXPECT_EQ(headers.find("Y"), "kept");
}

TEST(EqualIgnoringCase, ComparesAsciiLettersAlone) {
  EXPECT_TRUE(equal_ignoring_case("", ""));
  EXPECT_TRUE(equal_ignoring_case("aZ-09", "Az-09"));
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  // Differ by the bit that tells a letter's case, but are no letters.
  EXPECT_FALSE(equal_ignoring_case("@", "`"));
  EXPECT_FALSE(equal_ignoring_case("[", "{"));
  EXPECT_FALSE(equal_ignoring_case("\xc3\x89", "\xc3\xa9"));
}

}  // namespace
}  // namespace ajwt
