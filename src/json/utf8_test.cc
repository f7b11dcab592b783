// SPDX-License-Identifier: Apache-2.0
#include "json/utf8.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace ajwt::json {
namespace {

constexpr auto kEnd = std::string_view::npos;

TEST(Utf8, AcceptsTheFirstAndLastCharacterOfEachLength) {
  for (const std::string_view text :
       {std::string_view("\x00", 1), std::string_view("\x7f"), std::string_view("\xc2\x80"),
        std::string_view("\xdf\xbf"), std::string_view("\xe0\xa0\x80"),
        std::string_view("\xef\xbf\xbf"), std::string_view("\xf0\x90\x80\x80"),
        std::string_view("\xf4\x8f\xbf\xbf"), std::string_view("\xed\x9f\xbf"),
        std::string_view("\xee\x80\x80"), std::string_view("")}) {
    EXPECT_EQ(find_bad_utf8(text), kEnd) << ::testing::PrintToString(text);
  }
}

TEST(Utf8, FindsWhatIsNoCharacter) {
  struct Case {
    std::string_view text;
    const char* what;
  };
  constexpr auto kCases = std::to_array<Case>({
      {"\x80", "continuation byte alone"},
      {"\xc0\x80", "overlong NUL"},
      {"\xc1\xbf", "overlong in two bytes"},
      {"\xe0\x9f\xbf", "overlong in three bytes"},
      {"\xf0\x8f\xbf\xbf", "overlong in four bytes"},
      {"\xed\xa0\x80", "first surrogate"},
      {"\xed\xbf\xbf", "last surrogate"},
      {"\xf4\x90\x80\x80", "above U+10FFFF"},
      {"\xf5\x80\x80\x80", "first byte above f4"},
      {"\xff", "byte ff"},
      {"\xc3", "two-byte character cut"},
      {"\xe2\x82", "three-byte character cut"},
      {"\xf0\x9f\x98", "four-byte character cut"},
      {"\xe2\x28\xa1", "second byte is no continuation"},
      {"\xe2\x82\x28", "third byte is no continuation"},
      {"\xf0\x9f\x98\x28", "fourth byte is no continuation"},
  });
  for (const auto& [text, what] : kCases) {
    for (const std::size_t before : {0U, 1U, 7U, 8U, 9U, 16U}) {
      const std::string padded = std::string(before, 'a') + std::string(text) + "bbbbbbbbbbbbbbbb";
      EXPECT_EQ(find_bad_utf8(padded), before) << what;
      EXPECT_FALSE(is_utf8(std::string(before, 'a') + std::string(text))) << what;
    }
  }
}

TEST(Utf8, RepairReplacesEachBadByteAndKeepsTheRest) {
  EXPECT_EQ(repair_utf8("plain \xc3\xa9"), "plain \xc3\xa9");
  EXPECT_EQ(repair_utf8("a\xff\xc3\xa9\x80z"), "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbdz");
  EXPECT_EQ(repair_utf8("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

}  // namespace
}  // namespace ajwt::json
