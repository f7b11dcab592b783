// SPDX-License-Identifier: Apache-2.0
//
// The expected texts were written by CPython's json.dumps(value, sort_keys=True).
#include "protocol/python_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>

#include "tests/support/matchers.h"

namespace ajwt {
namespace {

struct Number {
  double value;
  const char* text;
};

TEST(PythonJson, WritesDoublesAsPythonsRepr) {
  constexpr auto kNumbers = std::to_array<Number>({
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {3.0, "3.0"},
      {-2.5, "-2.5"},
      {0.1, "0.1"},
      {0.30000000000000004, "0.30000000000000004"},
      {100.0, "100.0"},
      {123456.789, "123456.789"},
      {1e15, "1000000000000000.0"},
      {9999999999999998.0, "9999999999999998.0"},
      {1e16, "1e+16"},
      {1.2345678901234568e17, "1.2345678901234568e+17"},
      {1e20, "1e+20"},
      {1e21, "1e+21"},
      {1e100, "1e+100"},
      {0.001, "0.001"},
      {0.0001, "0.0001"},
      {0.00012345, "0.00012345"},
      {1e-5, "1e-05"},
      {1e-6, "1e-06"},
      {1e-7, "1e-07"},
      {5e-324, "5e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
  });
  for (const Number& number : kNumbers) {
    EXPECT_THAT(write_python_json(number.value), IsOkAndHolds(std::string(number.text)));
  }
}

TEST(PythonJson, WritesIntegersAsTheyAre) {
  EXPECT_THAT(write_python_json(std::int64_t{9007199254740993}),
              IsOkAndHolds(std::string("9007199254740993")));
  EXPECT_THAT(write_python_json(std::numeric_limits<std::int64_t>::min()),
              IsOkAndHolds(std::string("-9223372036854775808")));
}

TEST(PythonJson, EscapesAllThatIsNotPrintableAscii) {
  EXPECT_THAT(write_python_json("\"\\\n\r\t\f\b\x01\x1f /~\x7f\xc2\x80\xc3\xa9\xe2\x80\xa8\xef\xbf"
                                "\xbf\xf0\x9f\x99\x82\xf4\x8f\xbf\xbf"),
              IsOkAndHolds(std::string(R"("\"\\\n\r\t\f\b\u0001\u001f /~\u007f\u0080\u00e9\u2028)"
                                       R"(\uffff\ud83d\ude42\udbff\udfff")")));
}

TEST(PythonJson, PutsSpacesBetweenThingsAndSortsMembersByCodePoint) {
  // U+FF61 comes before U+1F642 by code point and after it by UTF-16 code unit.
  const json::Object object = {{"b", json::Array{1, true, nullptr, json::Array{}}},
                               {"\xf0\x9f\x99\x82", json::Object{}},
                               {"\xef\xbd\xa1", false},
                               {"a", json::Object{{"z", 1.0}, {"B", "x"}}}};
  EXPECT_THAT(write_python_json(object),
              IsOkAndHolds(std::string(R"({"a": {"B": "x", "z": 1.0}, "b": [1, true, null, []], )"
                                       R"("\uff61": false, "\ud83d\ude42": {}})")));
}

TEST(PythonJson, RefusesNumbersThatJsonLacks) {
  for (const double number :
       {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THAT(write_python_json(json::Array{number}), RefusedWith(Code::k_json_number_range));
    EXPECT_THAT(write_python_json(json::Object{{"a", number}}),
                RefusedWith(Code::k_json_number_range));
  }
}

}  // namespace
}  // namespace ajwt
