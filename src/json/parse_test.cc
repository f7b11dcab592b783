// SPDX-License-Identifier: Apache-2.0
#include "json/parse.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "json/write.h"
#include "tests/support/matchers.h"

namespace ajwt::json {
namespace {

TEST(Parse, BuildsEveryKindOfValueInOrder) {
  const auto value = parse(R"( {"z":[1,-2.5,"x",true,false,null,[],{}],"a":{"b":"c"}} )");

  const Value expected(Object{
      {"z", Array{1, -2.5, "x", true, false, nullptr, Array(), Object()}},
      {"a", Object{{"b", "c"}}},
  });
  ASSERT_THAT(value, IsOkAndHolds(expected));
}

TEST(Parse, TakesAScalarAsAWholeText) {
  EXPECT_THAT(parse("7"), IsOkAndHolds(Value(7)));
  EXPECT_THAT(parse("\"\""), IsOkAndHolds(Value("")));
  EXPECT_THAT(parse("null\n"), IsOkAndHolds(Value()));
}

TEST(Parse, DecodesEscapes) {
  EXPECT_THAT(parse(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00")"),
              IsOkAndHolds(Value("\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")));
  EXPECT_THAT(parse(R"("a\u0000b")"), IsOkAndHolds(Value(std::string("a\0b", 3))));
}

TEST(Parse, KeepsLongStringsWhole) {
  std::string inner;
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    inner += "\\u00e9x\xf0\x9f\x98\x80";
    expected += "\xc3\xa9x\xf0\x9f\x98\x80";
  }
  EXPECT_THAT(parse('"' + inner + '"'), IsOkAndHolds(Value(expected)));
  EXPECT_THAT(parse("{\"" + inner + "\":1}"), IsOkAndHolds(Value(Object{{expected, 1}})));
}

TEST(Parse, RefusesMalformedText) {
  constexpr auto kCases = std::to_array<std::string_view>({
      "",
      " ",
      "{",
      "[",
      "[1",
      "[1,",
      "{\"a\"",
      "{\"a\":",
      "{\"a\":1",
      "{\"a\":1,",
      "\"",
      "\"a",
      "[1,]",
      "{\"a\":1,}",
      "[,1]",
      "{,}",
      "// c\n1",
      "/* c */1",
      "1 // c",
      "[1]]",
      "[1] x",
      "{}{}",
      "1 2",
      "nul",
      "nulll",
      "True",
      "NaN",
      "Infinity",
      "-Infinity",
      "+1",
      "-",
      "01",
      "-01",
      ".5",
      "5.",
      "1.e5",
      "1e",
      "1e+",
      "0x10",
      "'a'",
      "{a:1}",
      "{1:1}",
      "\"\t\"",
      "\"\n\"",
      "\"\\x41\"",
      "\"\\u12\"",
      "\"\\u12G4\"",
      "\"\\",
      "[\"\\\"]",
      "\xef\xbb\xbf{}",
      "\xef\xbb\xbf",
      "\f1",
  });
  for (const auto text : kCases) {
    EXPECT_THAT(parse(text), RefusedWith(Code::k_json_malformed)) << text;
  }
  EXPECT_THAT(parse(std::string_view("1\0", 2)), RefusedWith(Code::k_json_malformed));
  EXPECT_THAT(parse(std::string_view("\"a\0b\"", 5)), RefusedWith(Code::k_json_malformed));
}

TEST(Parse, RefusesDuplicateNames) {
  for (const std::string_view text :
       {R"({"a":1,"a":1})", R"({"a":1,"b":2,"a":3})", R"([{"x":{"a":1,"a":2}}])", R"({"":1,"":2})",
        // Two spellings, one name.
        R"({"a":1,"\u0061":2})", R"({"\u00e9":1,"\u00E9":2})", "{\"\xc3\xa9\":1,\"\\u00e9\":2}",
        R"({"a\/b":1,"a/b":2})"}) {
    EXPECT_THAT(parse(text), RefusedWith(Code::k_json_duplicate_name)) << text;
  }
}

TEST(Parse, TakesTheSameNameInDifferentObjects) {
  EXPECT_THAT(parse(R"({"a":{"a":{"a":1}},"b":{"a":1}})"), IsOk());
  EXPECT_THAT(parse(R"([{"a":1},{"a":1}])"), IsOk());
  // Equal to the eye, or to Unicode's normal forms, but not the same name.
  EXPECT_THAT(parse(R"({"\u00e9":1,"e\u0301":2,"a":1,"A":2})"), IsOk());
}

TEST(Parse, FindsADuplicateAmongManyNames) {
  std::string text = "{";
  for (int i = 0; i < 15000; ++i) text += "\"n" + std::to_string(i) + "\":0,";
  EXPECT_THAT(parse(text + "\"last\":0}"), IsOk());
  EXPECT_THAT(parse(text + "\"n7777\":0}"), RefusedWith(Code::k_json_duplicate_name));
}

TEST(Parse, RefusesBadUtf8Anywhere) {
  for (const std::string_view text :
       {"\"\xff\"", "\"\xc3\"", "\"abcdefghijklmnop\xed\xa0\x80\"", "{\"\xc0\x80\":1}", "\xff",
        "[1,\xfe]", "\"\\n\xf5\x80\x80\x80\"", "\"\xe2\x82"}) {
    EXPECT_THAT(parse(text), RefusedWith(Code::k_json_bad_utf8));
  }
}

TEST(Parse, RefusesLoneSurrogates) {
  constexpr auto kCases = std::to_array<std::string_view>({
      R"("\ud800")",
      R"("\udc00")",
      R"("\uDFFF\uD800")",
      R"("\ud800\ud800")",
      R"("\ud800a")",
      R"("\ud800\n")",
      R"("\ud800\u0041")",
      R"("\ud834\uD834\uDD1E")",
      R"("\\\ud800")",
      R"({"\udbff":1})",
      R"({"a":"x\udead"})",
  });
  for (const auto text : kCases) {
    EXPECT_THAT(parse(text), RefusedWith(Code::k_json_lone_surrogate)) << text;
    // The parser reads an escape in another way when much text follows it.
    const std::string longer = "[" + std::string(text) + ",\"" + std::string(64, 'x') + "\"]";
    EXPECT_THAT(parse(longer), RefusedWith(Code::k_json_lone_surrogate)) << longer;
  }
}

TEST(Parse, CallsOtherFaultsAfterTextLikeASurrogateMalformed) {
  EXPECT_THAT(parse(R"("\\ud800)"
                    "\n\""),
              RefusedWith(Code::k_json_malformed));
  EXPECT_THAT(parse(R"("\ud800)"), RefusedWith(Code::k_json_malformed));
  EXPECT_THAT(parse(R"("\ud800\u12)"), RefusedWith(Code::k_json_malformed));
  EXPECT_THAT(parse(R"("\ud8zz")"), RefusedWith(Code::k_json_malformed));
}

TEST(Parse, TakesEscapedBackslashesBeforeTextLikeASurrogate) {
  EXPECT_THAT(parse(R"("\\ud800")"), IsOkAndHolds(Value("\\ud800")));
}

TEST(Parse, RefusesWhatIsNestedTooDeeply) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_THAT(parse(nested(32)), IsOk());
  EXPECT_THAT(parse(nested(33)), RefusedWith(Code::k_json_too_deep));
  EXPECT_THAT(parse(nested(100000)), RefusedWith(Code::k_json_too_deep));
  EXPECT_THAT(parse(R"({"a":[{"b":1}]})", Limits{.max_depth = 3}), IsOk());
  EXPECT_THAT(parse(R"({"a":[{"b":1}]})", Limits{.max_depth = 2}),
              RefusedWith(Code::k_json_too_deep));
  EXPECT_THAT(parse("[]", Limits{.max_depth = 0}), RefusedWith(Code::k_json_too_deep));
  EXPECT_THAT(parse("1", Limits{.max_depth = 0}), IsOk());
}

TEST(Parse, DepthIsThatOfTheDeepestPlaceNotACount) {
  std::string text = "[";
  for (int i = 0; i < 100; ++i) text += "[],{},";
  EXPECT_THAT(parse(text + "[]]", Limits{.max_depth = 2}), IsOk());
}

TEST(Parse, RefusesTextAboveTheSizeLimit) {
  const std::string text = '"' + std::string(98, 'x') + '"';
  EXPECT_THAT(parse(text, Limits{.max_bytes = 100}), IsOk());
  EXPECT_THAT(parse(text, Limits{.max_bytes = 99}), RefusedWith(Code::k_json_too_large));
  EXPECT_THAT(parse(std::string(256 * 1024 + 1, ' ')), RefusedWith(Code::k_json_too_large));
}

TEST(Parse, KeepsIntegersExact) {
  for (const std::int64_t integer :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{9007199254740993},
        std::int64_t{-9007199254740993}, std::int64_t{1234567890123456},
        std::int64_t{12345678901234567}, std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min()}) {
    const std::string text = std::to_string(integer);
    EXPECT_THAT(parse(text), IsOkAndHolds(Value(integer)));
    EXPECT_THAT(parse("[" + text + ", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]"), IsOk());
  }
}

TEST(Parse, TakesMinusZeroAsTheIntegerAndKeepsItAsADouble) {
  EXPECT_THAT(parse("-0"), IsOkAndHolds(Value(0)));
  for (const std::string_view text : {"-0.0", "-0e0", "-0.000E+5"}) {
    const auto value = parse(text);
    ASSERT_THAT(value, IsOk());
    ASSERT_EQ(value->type(), Type::kDouble);
    EXPECT_EQ(value->as_double(), 0.0);
    EXPECT_TRUE(std::signbit(value->as_double()));
  }
}

TEST(Parse, RefusesIntegersOutsideInt64) {
  for (const std::string_view text :
       {"9223372036854775808", "-9223372036854775809", "18446744073709551615",
        "18446744073709551616", "123123123123123123123123123123", "-1000000000000000000000"}) {
    EXPECT_THAT(parse(text), RefusedWith(Code::k_json_number_range)) << text;
    EXPECT_THAT(parse("{\"exp\":" + std::string(text) + "}"),
                RefusedWith(Code::k_json_number_range));
  }
}

TEST(Parse, RoundsDoublesCorrectly) {
  struct Case {
    std::string_view text;
    double number;
  };
  constexpr auto kCases = std::to_array<Case>({
      {"1.0", 1.0},
      {"1e2", 100.0},
      {"1E-2", 0.01},
      {"0.1", 0.1},
      {"5e-324", 5e-324},
      {"2.2250738585072011e-308", 2.2250738585072011e-308},
      {"1.7976931348623157e308", 1.7976931348623157e308},
      // Half way between two doubles, and just above.
      {"9007199254740993.0", 9007199254740992.0},
      {"9007199254740993.00000000000000000000000000000000000001", 9007199254740994.0},
      {"1.00000000000000011102230246251565404236316680908203125", 1.0},
      {"1.00000000000000011102230246251565404236316680908203126", 1.0000000000000002},
      {"8.10109172351e-10", 8.10109172351e-10},
      {"1.3107200000000001e5", 131072.00000000001},
      {"100000000000000000000.0", 1e20},
      {"123123123123123123123123123123e0", 1.2312312312312312e29},
      {"-0.000000000000000000000000000000000000000000000000000000000000000000000000001", -1e-75},
  });
  for (const auto& [text, number] : kCases) {
    EXPECT_THAT(parse(text), IsOkAndHolds(Value(number))) << text;
    EXPECT_THAT(parse("[" + std::string(text) + "]"), IsOkAndHolds(Value(Array{number}))) << text;
  }
}

TEST(Parse, RefusesNumbersThatOverflowOrVanish) {
  for (const std::string_view text :
       {"1e309", "-1e309", "1.8e308", "1e99999", "1e-400", "-1e-400", "2.4e-324", "0.1e-999999",
        "1e9999999999999999999", "1e-9999999999999999999"}) {
    EXPECT_THAT(parse(text), RefusedWith(Code::k_json_number_range)) << text;
  }
  EXPECT_THAT(parse("0e400"), IsOkAndHolds(Value(0.0)));
  EXPECT_THAT(parse("0.00e-400"), IsOkAndHolds(Value(0.0)));
}

TEST(Parse, NamesTheOffsetAndNeverTheText) {
  const auto value = parse(R"({"password":"hunter2",})");
  ASSERT_THAT(value, RefusedWith(Code::k_json_malformed));
  EXPECT_EQ(value.error().message(), "At byte 22.");
}

TEST(Parse, IsUndoneByWriting) {
  for (const std::string_view text :
       {R"({"b":[1,-2,3.5,1.0,-0.0,1e+30,5e-324],"a":"\u0000\u001f\"\\/\u007f","":{}})",
        R"([[],{},null,true,false,"\ud83d\ude00\u00e9",9223372036854775807,1e20,0.1])"}) {
    const auto value = parse(text);
    ASSERT_THAT(value, IsOk());
    EXPECT_THAT(parse(write(*value)), IsOkAndHolds(*value));
    EXPECT_THAT(parse(write_indented(*value)), IsOkAndHolds(*value));
    EXPECT_EQ(write(*parse(write(*value))), write(*value));
  }
}

TEST(ParseObject, TakesAnObjectAlone) {
  EXPECT_THAT(parse_object(R"({"a":1})"), IsOkAndHolds(Object{{"a", 1}}));
  for (const std::string_view text : {"[]", "1", "null", "\"{}\""}) {
    EXPECT_THAT(parse_object(text), RefusedWith(Code::k_json_wrong_type)) << text;
  }
  EXPECT_THAT(parse_object("{"), RefusedWith(Code::k_json_malformed));
}

}  // namespace
}  // namespace ajwt::json
