// SPDX-License-Identifier: Apache-2.0
#include "json/write.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/check.h"
#include "json/utf8.h"

namespace ajwt::json {
namespace {

void append_escape(std::string& out, unsigned char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\b':
      out += "\\b";
      break;
    case '\t':
      out += "\\t";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\f':
      out += "\\f";
      break;
    case '\r':
      out += "\\r";
      break;
    default:
      out += "\\u00";
      out += kDigits[c >> 4U];
      out += kDigits[c & 0x0fU];
  }
}

void append_quoted_utf8(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0;  // start of what needs no escape
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out += text.substr(plain, i - plain);
    append_escape(out, c);
    plain = i + 1;
  }
  out += text.substr(plain);
  out += '"';
}

// The shortest decimal digits that spell a positive double, and the power of ten of the first.
struct Shortest {
  std::string digits;
  int exponent;
};

Shortest shortest_digits(double number) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                          std::chars_format::scientific);
  AJWT_CHECK(error == std::errc());
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const auto e = text.find('e');
  Shortest shortest{std::string(text.substr(0, 1)), 0};
  if (e > 2) shortest.digits += text.substr(2, e - 2);
  const char* exponent = text.data() + e + 1;
  if (*exponent == '+') ++exponent;
  std::from_chars(exponent, end, shortest.exponent);
  return shortest;
}

// ECMA-262 6.1.6.1.20 Number::toString, steps 6 to 12; `n` and `k` are its names.
std::string format_positive(double number) {
  const auto [digits, exponent] = shortest_digits(number);
  const int k = static_cast<int>(digits.size());
  const int n = exponent + 1;
  const auto zeros = [](int count) { return std::string(static_cast<std::size_t>(count), '0'); };
  if (k <= n && n <= 21) return digits + zeros(n - k);
  if (0 < n && n <= 21) {
    const auto point = static_cast<std::size_t>(n);
    return digits.substr(0, point) + '.' + digits.substr(point);
  }
  if (-6 < n && n <= 0) return "0." + zeros(-n) + digits;
  std::string text = digits.substr(0, 1);
  if (k > 1) text += '.' + digits.substr(1);
  text += n - 1 < 0 ? "e-" : "e+";
  return text + std::to_string(std::abs(n - 1));
}

// Writes a double so that it is read back as the same double.
void append_double(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  if (number == 0 && std::signbit(number)) out += '-';
  const std::string text = write_number(number);
  out += text;
  if (text.find_first_of(".e") == std::string::npos) out += ".0";
}

// Plain writes compact JSON, or indented if a level's white space is given.
class Plain {
 public:
  explicit Plain(std::string_view indent) : indent_(indent) {}

  void append(const Value& value) {
    switch (value.type()) {
      case Type::kNull:
        out_ += "null";
        return;
      case Type::kBoolean:
        out_ += value.as_boolean() ? "true" : "false";
        return;
      case Type::kInteger:
        out_ += std::to_string(value.as_integer());
        return;
      case Type::kDouble:
        append_double(out_, value.as_double());
        return;
      case Type::kString:
        append_quoted(out_, value.as_string());
        return;
      case Type::kArray:
        append_array(value.as_array());
        return;
      case Type::kObject:
        append_object(value.as_object());
        return;
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void append_array(const Array& array) {
    append_items('[', array, ']', [this](const Value& value) { append(value); });
  }

  void append_object(const Object& object) {
    append_items('{', object.members(), '}', [this](const Member& member) {
      append_quoted(out_, member.name);
      out_ += indent_.empty() ? ":" : ": ";
      append(member.value);
    });
  }

  template <class Items, class Append>
  void append_items(char open, const Items& items, char close, Append append_item) {
    out_ += open;
    ++level_;
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_ += ',';
      first = false;
      break_line();
      append_item(item);
    }
    --level_;
    if (!items.empty()) break_line();
    out_ += close;
  }

  void break_line() {
    if (indent_.empty()) return;
    out_ += '\n';
    for (std::size_t i = 0; i < level_; ++i) out_ += indent_;
  }

  std::string out_;
  std::string_view indent_;
  std::size_t level_ = 0;
};

// Compares names by UTF-16 code units (RFC 8785 3.2.3). That is the order of UTF-8 bytes, except
// that U+E000 to U+FFFF (first byte ee or ef) come after the characters that UTF-16 writes as
// surrogates (first byte f0 or more).
bool utf16_less(std::string_view a, std::string_view b) {
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (x == a.end() || y == b.end()) return x == a.end() && y != b.end();
  const auto rank = [](char c) {
    const unsigned byte = static_cast<unsigned char>(c);
    return byte == 0xee || byte == 0xef ? byte + 0x10 : byte;
  };
  return rank(*x) < rank(*y);
}

Status append_canonical_string(std::string& out, std::string_view text) {
  if (!is_utf8(text)) return refuse(Code::k_json_bad_utf8);
  append_quoted_utf8(out, text);
  return ok();
}

Status append_canonical_integer(std::string& out, std::int64_t integer) {
  const double number = static_cast<double>(integer);
  // 2^63 is the one double that comes from an int64 without fitting into one.
  if (number >= 9223372036854775808.0 || static_cast<std::int64_t>(number) != integer) {
    return refuse(Code::k_json_number_range, std::to_string(integer) + " is no double.");
  }
  out += write_number(number);
  return ok();
}

Status append_canonical(std::string& out, const Value& value);

Status append_canonical_array(std::string& out, const Array& array) {
  out += '[';
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (i != 0) out += ',';
    AJWT_TRY(append_canonical(out, array[i]));
  }
  out += ']';
  return ok();
}

Status append_canonical_object(std::string& out, const Object& object) {
  std::vector<const Member*> sorted;
  sorted.reserve(object.size());
  for (const auto& member : object.members()) sorted.push_back(&member);
  std::sort(sorted.begin(), sorted.end(),
            [](const Member* a, const Member* b) { return utf16_less(a->name, b->name); });
  out += '{';
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i != 0) out += ',';
    AJWT_TRY(append_canonical_string(out, sorted[i]->name));
    out += ':';
    AJWT_TRY(append_canonical(out, sorted[i]->value));
  }
  out += '}';
  return ok();
}

Status append_canonical(std::string& out, const Value& value) {
  switch (value.type()) {
    case Type::kNull:
      out += "null";
      return ok();
    case Type::kBoolean:
      out += value.as_boolean() ? "true" : "false";
      return ok();
    case Type::kInteger:
      return append_canonical_integer(out, value.as_integer());
    case Type::kDouble:
      if (!std::isfinite(value.as_double())) return refuse(Code::k_json_number_range);
      out += write_number(value.as_double());
      return ok();
    case Type::kString:
      return append_canonical_string(out, value.as_string());
    case Type::kArray:
      return append_canonical_array(out, value.as_array());
    case Type::kObject:
      return append_canonical_object(out, value.as_object());
  }
  AJWT_CHECK(false);
}

}  // namespace

std::string write(const Value& value) {
  Plain plain("");
  plain.append(value);
  return plain.take();
}

std::string write_indented(const Value& value) {
  Plain plain("  ");
  plain.append(value);
  return plain.take();
}

Result<std::string> write_jcs(const Value& value) {
  std::string out;
  AJWT_TRY(append_canonical(out, value));
  return out;
}

std::string write_number(double number) {
  AJWT_CHECK(std::isfinite(number));
  if (number == 0) return "0";
  return number < 0 ? '-' + format_positive(-number) : format_positive(number);
}

void append_quoted(std::string& out, std::string_view text) {
  if (is_utf8(text)) {
    append_quoted_utf8(out, text);
  } else {
    append_quoted_utf8(out, repair_utf8(text));
  }
}

}  // namespace ajwt::json
