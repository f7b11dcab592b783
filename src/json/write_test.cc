// SPDX-License-Identifier: Apache-2.0
#include "json/write.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>

#include "base/bytes.h"
#include "json/parse.h"
#include "tests/support/matchers.h"
#include "tests/vectors_test/vector_file.h"

namespace ajwt::json {
namespace {

using ::ajwt::testing::load_vector_text;

TEST(Write, IsCompactAndKeepsOrder) {
  const Value value(Object{{"b", Array{1, "x", nullptr, true}}, {"a", Object{{"c", -1.5}}}});
  EXPECT_EQ(write(value), R"({"b":[1,"x",null,true],"a":{"c":-1.5}})");
}

TEST(Write, KeepsDoublesApartFromIntegers) {
  EXPECT_EQ(write(1.0), "1.0");
  EXPECT_EQ(write(-0.0), "-0.0");
  EXPECT_EQ(write(1e20), "100000000000000000000.0");
  EXPECT_EQ(write(1e21), "1e+21");
  EXPECT_EQ(write(0.5), "0.5");
  EXPECT_EQ(write(7), "7");
}

TEST(Write, WritesNullForWhatIsNotFinite) {
  EXPECT_EQ(write(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(write(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(Write, ReplacesBytesThatAreNotUtf8) { EXPECT_EQ(write("a\xff"), "\"a\xef\xbf\xbd\""); }

TEST(WriteIndented, PutsTwoSpacesALevel) {
  const Value value(Object{{"a", Array{1, 2}}, {"b", Object()}, {"c", Array()}});
  EXPECT_EQ(write_indented(value),
            "{\n"
            "  \"a\": [\n"
            "    1,\n"
            "    2\n"
            "  ],\n"
            "  \"b\": {},\n"
            "  \"c\": []\n"
            "}");
}

TEST(AppendQuoted, EscapesWhatRfc8785Escapes) {
  std::string out = "x";
  append_quoted(out, std::string_view("\0\x01\b\t\n\f\r\x0b\x1f\"\\/\x7f\xc3\xa9", 15));
  EXPECT_EQ(out, "x\"\\u0000\\u0001\\b\\t\\n\\f\\r\\u000b\\u001f\\\"\\\\/\x7f\xc3\xa9\"");
}

TEST(WriteNumber, GivesTheSamplesOfRfc8785AppendixB) {
  struct Case {
    std::uint64_t bits;
    std::string_view text;
  };
  constexpr auto kCases = std::to_array<Case>({
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0xffefffffffffffff, "-1.7976931348623157e+308"},
      {0x4340000000000000, "9007199254740992"},
      {0xc340000000000000, "-9007199254740992"},
      {0x4430000000000000, "295147905179352830000"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
      {0x444b1ae4d6e2ef4e, "999999999999999700000"},
      {0x444b1ae4d6e2ef4f, "999999999999999900000"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0x41b3de4355555554, "333333333.33333325"},
      {0x41b3de4355555555, "333333333.3333333"},
      {0x41b3de4355555556, "333333333.3333334"},
      {0x41b3de4355555557, "333333333.33333343"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
      {0x43143ff3c1cb0959, "1424953923781206.2"},
  });
  for (const auto& [bits, text] : kCases) {
    EXPECT_EQ(write_number(std::bit_cast<double>(bits)), text);
  }
}

TEST(WriteNumber, ChangesFormWhereEcmascriptDoes) {
  EXPECT_EQ(write_number(1), "1");
  EXPECT_EQ(write_number(-1.5), "-1.5");
  EXPECT_EQ(write_number(100), "100");
  EXPECT_EQ(write_number(123456789012345680000.0), "123456789012345680000");
  EXPECT_EQ(write_number(1.2e21), "1.2e+21");
  EXPECT_EQ(write_number(0.00001), "0.00001");
  EXPECT_EQ(write_number(0.0000012), "0.0000012");
  EXPECT_EQ(write_number(1e-7), "1e-7");
  EXPECT_EQ(write_number(1.5e-10), "1.5e-10");
  EXPECT_EQ(write_number(1e300), "1e+300");
}

TEST(WriteNumber, IsReadBackAsTheSameDouble) {
  std::uint64_t bits = 0x9e3779b97f4a7c15;
  for (int i = 0; i < 20000; ++i) {
    bits = bits * 6364136223846793005U + 1442695040888963407U;
    const auto number = std::bit_cast<double>(bits);
    if (!std::isfinite(number)) continue;
    ASSERT_EQ(std::strtod(write_number(number).c_str(), nullptr), number) << bits;
  }
}

TEST(WriteJcs, GivesTheOutputsOfTheReferenceVectors) {
  for (const std::string name : {"arrays", "french", "structures", "unicode", "values", "weird"}) {
    const auto input = parse(load_vector_text("jcs/input/" + name + ".json"));
    ASSERT_THAT(input, IsOk()) << name;

    const auto canonical = write_jcs(*input);

    ASSERT_THAT(canonical, IsOkAndHolds(load_vector_text("jcs/output/" + name + ".json"))) << name;
    std::string hex;
    for (const char c : load_vector_text("jcs/outhex/" + name + ".txt")) {
      if (c > ' ') hex += c;
    }
    EXPECT_EQ(to_hex(as_bytes(*canonical)), hex) << name;
    EXPECT_THAT(write_jcs(*parse(*canonical)), IsOkAndHolds(*canonical)) << name;
  }
}

TEST(WriteJcs, SortsByUtf16CodeUnits) {
  // U+FB33 comes after U+1F600, which UTF-16 writes as d83d de00, and U+D7FF before it.
  const Value value(Object{{"\xef\xac\xb3", 1},
                           {"\xf0\x9f\x98\x80", 2},
                           {"\xed\x9f\xbf", 3},
                           {"\xee\x80\x80", 4},
                           {"ab", 5},
                           {"a", 6},
                           {"", 7},
                           {"B", 8},
                           {"\xc3\xa9", 9}});
  EXPECT_THAT(write_jcs(value),
              IsOkAndHolds("{\"\":7,\"B\":8,\"a\":6,\"ab\":5,\"\xc3\xa9\":9,\"\xed\x9f\xbf\":3,"
                           "\"\xf0\x9f\x98\x80\":2,\"\xee\x80\x80\":4,\"\xef\xac\xb3\":1}"));
}

TEST(WriteJcs, SortsAtEveryLevelAndKeepsArrays) {
  const auto value = parse(R"({"b":[{"d":1,"c":2},3],"a":null})");
  EXPECT_THAT(write_jcs(*value), IsOkAndHolds(R"({"a":null,"b":[{"c":2,"d":1},3]})"));
}

TEST(WriteJcs, DoesNotDependOnOrderOrOnHowANumberWasSpelt) {
  EXPECT_EQ(*write_jcs(*parse(R"({"a":1.0,"b":100})")), *write_jcs(*parse(R"({"b":1e2,"a":1})")));
  EXPECT_THAT(write_jcs(*parse("-0.0")), IsOkAndHolds("0"));
}

TEST(WriteJcs, RefusesIntegersThatNoDoubleHolds) {
  EXPECT_THAT(write_jcs(std::int64_t{9007199254740992}), IsOkAndHolds("9007199254740992"));
  EXPECT_THAT(write_jcs(std::numeric_limits<std::int64_t>::min()),
              IsOkAndHolds("-9223372036854776000"));
  for (const std::int64_t integer :
       {std::int64_t{9007199254740993}, std::int64_t{-9007199254740993},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min() + 1}) {
    EXPECT_THAT(write_jcs(integer), RefusedWith(Code::k_json_number_range)) << integer;
    EXPECT_THAT(write_jcs(Array{Object{{"a", integer}}}), RefusedWith(Code::k_json_number_range));
  }
}

TEST(WriteJcs, RefusesWhatIsNotFinite) {
  EXPECT_THAT(write_jcs(std::numeric_limits<double>::infinity()),
              RefusedWith(Code::k_json_number_range));
  EXPECT_THAT(write_jcs(std::numeric_limits<double>::quiet_NaN()),
              RefusedWith(Code::k_json_number_range));
}

TEST(WriteJcs, RefusesBytesThatAreNotUtf8) {
  EXPECT_THAT(write_jcs("a\xff"), RefusedWith(Code::k_json_bad_utf8));
  EXPECT_THAT(write_jcs(Object{{"\xc3", 1}}), RefusedWith(Code::k_json_bad_utf8));
}

}  // namespace
}  // namespace ajwt::json
