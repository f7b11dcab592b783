// SPDX-License-Identifier: Apache-2.0
#include "protocol/python_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <vector>

namespace ajwt {
namespace {

constexpr std::string_view kLowerHex = "0123456789abcdef";

void append_u_escape(std::string& out, std::uint32_t unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kLowerHex[(unit >> shift) & 0xf];
}

// take_code_point reads the character at `i` of valid UTF-8 and moves `i` behind it.
std::uint32_t take_code_point(std::string_view text, std::size_t& i) {
  const auto lead = static_cast<unsigned char>(text[i++]);
  if (lead < 0x80) return lead;
  const int following = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  std::uint32_t code_point = lead & (0x3fU >> following);
  for (int k = 0; k < following && i < text.size(); ++k) {
    code_point = (code_point << 6) | (static_cast<unsigned char>(text[i++]) & 0x3fU);
  }
  return code_point;
}

void append_character(std::string& out, std::uint32_t c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\b':
      out += "\\b";
      return;
    default:
      break;
  }
  if (c >= ' ' && c <= '~') {
    out += static_cast<char>(c);
  } else if (c < 0x10000) {
    append_u_escape(out, c);
  } else {
    append_u_escape(out, 0xd800 + ((c - 0x10000) >> 10));
    append_u_escape(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) append_character(out, take_code_point(text, i));
  out += '"';
}

// Decimal is the shortest digits that read back as the same double: d.ddd * 10^exponent.
struct Decimal {
  std::string digits;
  int exponent;
};

Decimal shortest_decimal(double positive) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), positive,
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t e = text.find('e');
  Decimal decimal{};
  std::copy_if(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(e),
               std::back_inserter(decimal.digits), [](char c) { return c != '.'; });
  const std::size_t sign = text[e + 1] == '+' ? e + 2 : e + 1;
  std::from_chars(text.data() + sign, text.data() + text.size(), decimal.exponent);
  return decimal;
}

// append_scientific writes d.ddde+XX with at least two digits of exponent.
void append_scientific(std::string& out, const Decimal& decimal) {
  out += decimal.digits[0];
  if (decimal.digits.size() > 1) out.append(".").append(decimal.digits, 1);
  out += decimal.exponent < 0 ? "e-" : "e+";
  const std::string exponent = std::to_string(std::abs(decimal.exponent));
  if (exponent.size() < 2) out += '0';
  out += exponent;
}

void append_fixed(std::string& out, const Decimal& decimal) {
  if (decimal.exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-decimal.exponent - 1), '0');
    out += decimal.digits;
    return;
  }
  const auto whole = static_cast<std::size_t>(decimal.exponent) + 1;
  std::string digits = decimal.digits;
  if (digits.size() < whole + 1) digits.resize(whole + 1, '0');
  out.append(digits, 0, whole).append(".").append(digits, whole);
}

// append_double writes Python's repr: an exponent below 1e-4 and from 1e16 on, else a fraction.
void append_double(std::string& out, double number) {
  if (std::signbit(number)) out += '-';
  if (number == 0) {
    out += "0.0";
    return;
  }
  const Decimal decimal = shortest_decimal(std::fabs(number));
  if (decimal.exponent < -4 || decimal.exponent >= 16) {
    append_scientific(out, decimal);
  } else {
    append_fixed(out, decimal);
  }
}

Status append_value(std::string& out, const json::Value& value);

Status append_array(std::string& out, const json::Array& array) {
  out += '[';
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (i > 0) out += ", ";
    AJWT_TRY(append_value(out, array[i]));
  }
  out += ']';
  return ok();
}

Status append_object(std::string& out, const json::Object& object) {
  std::vector<const json::Member*> members;
  members.reserve(object.members().size());
  for (const json::Member& member : object.members()) members.push_back(&member);
  // The order of UTF-8 bytes is the order of code points, Python's order of strings.
  std::sort(members.begin(), members.end(),
            [](const json::Member* a, const json::Member* b) { return a->name < b->name; });
  out += '{';
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out += ", ";
    append_string(out, members[i]->name);
    out += ": ";
    AJWT_TRY(append_value(out, members[i]->value));
  }
  out += '}';
  return ok();
}

Status append_value(std::string& out, const json::Value& value) {
  switch (value.type()) {
    case json::Type::kNull:
      out += "null";
      return ok();
    case json::Type::kBoolean:
      out += value.as_boolean() ? "true" : "false";
      return ok();
    case json::Type::kInteger:
      out += std::to_string(value.as_integer());
      return ok();
    case json::Type::kDouble:
      if (!std::isfinite(value.as_double())) return refuse(Code::k_json_number_range);
      append_double(out, value.as_double());
      return ok();
    case json::Type::kString:
      append_string(out, value.as_string());
      return ok();
    case json::Type::kArray:
      return append_array(out, value.as_array());
    case json::Type::kObject:
      return append_object(out, value.as_object());
  }
  return refuse(Code::k_internal_error);
}

}  // namespace

Result<std::string> write_python_json(const json::Value& value) {
  std::string out;
  AJWT_TRY(append_value(out, value));
  return out;
}

}  // namespace ajwt
