// SPDX-License-Identifier: Apache-2.0
#include "json/parse.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "json/utf8.h"

namespace ajwt::json {
namespace {

namespace bj = boost::json;

Error refuse_at(Code code, std::size_t offset) {
  return refuse(code, "At byte " + std::to_string(offset) + ".");
}

// Tells whether two members share a name. Sorting, not hashing: names are the sender's choice, and
// chosen ones can make a hash table quadratic.
bool has_duplicate_name(const Object& object) {
  const auto& members = object.members();
  if (members.size() <= 8) {
    for (std::size_t i = 1; i < members.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (members[i].name == members[j].name) return true;
      }
    }
    return false;
  }
  std::vector<std::string_view> names;
  names.reserve(members.size());
  for (const auto& member : members) names.emplace_back(member.name);
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

// Returns the value of a number's literal, or nothing if it is out of range.
std::optional<Value> number_value(std::string_view literal) {
  const char* const begin = literal.data();
  const char* const end = begin + literal.size();
  if (literal.find_first_of(".eE") == std::string_view::npos) {
    std::int64_t integer = 0;
    const auto [rest, error] = std::from_chars(begin, end, integer);
    if (error != std::errc() || rest != end) return std::nullopt;
    return Value(integer);
  }
  double number = 0;
  const auto [rest, error] = std::from_chars(begin, end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  if (number == 0) {
    const auto mantissa = literal.substr(0, literal.find_first_of("eE"));
    if (mantissa.find_first_of("123456789") != std::string_view::npos) return std::nullopt;
  }
  return Value(number);
}

// Builder takes the parser's events and builds the value on a stack of open arrays and objects.
class Builder {
 public:
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);

  bool on_document_begin(bj::error_code&) { return true; }
  bool on_document_end(bj::error_code&) { return true; }
  bool on_array_begin(bj::error_code&) { return open(Array()); }
  bool on_array_end(std::size_t, bj::error_code&) { return close(); }
  bool on_object_begin(bj::error_code&) { return open(Object()); }
  bool on_object_end(std::size_t, bj::error_code& ec) {
    if (has_duplicate_name(std::get<Object>(open_.back().container))) {
      return fail(Code::k_json_duplicate_name, ec);
    }
    return close();
  }
  bool on_string_part(bj::string_view part, std::size_t, bj::error_code&) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_string(bj::string_view part, std::size_t, bj::error_code&) {
    text_.append(part.data(), part.size());
    return add(Value(std::exchange(text_, std::string())));
  }
  bool on_key_part(bj::string_view part, std::size_t n, bj::error_code& ec) {
    return on_string_part(part, n, ec);
  }
  bool on_key(bj::string_view part, std::size_t, bj::error_code&) {
    text_.append(part.data(), part.size());
    open_.back().name = std::exchange(text_, std::string());
    return true;
  }
  // The whole text is one buffer, so no number comes in parts.
  bool on_number_part(bj::string_view, bj::error_code&) { return true; }
  // Of a number only the literal counts: the parser's own doubles are not correctly rounded.
  bool on_int64(std::int64_t, bj::string_view literal, bj::error_code& ec) {
    return number(literal, ec);
  }
  bool on_uint64(std::uint64_t, bj::string_view literal, bj::error_code& ec) {
    return number(literal, ec);
  }
  bool on_double(double, bj::string_view literal, bj::error_code& ec) {
    return number(literal, ec);
  }
  bool on_bool(bool b, bj::error_code&) { return add(Value(b)); }
  bool on_null(bj::error_code&) { return add(Value(nullptr)); }
  bool on_comment_part(bj::string_view, bj::error_code&) { return false; }
  bool on_comment(bj::string_view, bj::error_code&) { return false; }

  // own_refusal returns the reason that an event itself refused with, if one did.
  std::optional<Code> own_refusal() const { return refusal_; }
  Value take() { return std::move(*root_); }

 private:
  struct Open {
    std::variant<Array, Object> container;
    std::string name;  // of the member whose value comes next
  };

  bool fail(Code code, bj::error_code& ec) {
    refusal_ = code;
    ec = bj::make_error_code(bj::error::syntax);
    return false;
  }

  bool number(std::string_view literal, bj::error_code& ec) {
    auto value = number_value(literal);
    return value ? add(*std::move(value)) : fail(Code::k_json_number_range, ec);
  }

  bool open(std::variant<Array, Object> container) {
    open_.push_back(Open{std::move(container), std::string()});
    return true;
  }

  bool close() {
    auto container = std::move(open_.back().container);
    open_.pop_back();
    return add(std::visit([](auto& c) { return Value(std::move(c)); }, container));
  }

  bool add(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (auto* array = std::get_if<Array>(&open_.back().container)) {
      array->push_back(std::move(value));
    } else {
      std::get<Object>(open_.back().container)
          .append(Member(std::move(open_.back().name), std::move(value)));
    }
    return true;
  }

  std::vector<Open> open_;
  std::string text_;
  std::optional<Value> root_;
  std::optional<Code> refusal_;
};

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Tells whether an escape of a high surrogate starts at `at`.
bool is_high_surrogate(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return false;
  const char second = text[at + 3];
  if ((text[at + 2] | 0x20) != 'd' || !is_hex(second) || !is_hex(text[at + 4]) ||
      !is_hex(text[at + 5])) {
    return false;
  }
  if (second != '8' && second != '9' && (second | 0x20) != 'a' && (second | 0x20) != 'b') {
    return false;
  }
  // An even run of backslashes ends in one that is itself escaped.
  const auto before = text.substr(0, at).find_last_not_of('\\');
  const std::size_t run = before == std::string_view::npos ? at : at - before - 1;
  return run % 2 == 0;
}

// Tells whether the parser stopped at `at` because a high surrogate has no low one after it. The
// parser calls that a syntax error or a bad hex digit, depending on how much text is left.
bool is_unpaired(std::string_view text, std::size_t at) {
  const auto starts_before = [&](std::size_t distance) {
    return at >= distance && is_high_surrogate(text, at - distance);
  };
  if (at >= text.size()) return false;  // cut short, rather
  if (starts_before(6) && text[at] != '\\') return true;
  if (starts_before(7) && text[at - 1] == '\\' && text[at] != 'u') return true;
  return starts_before(12) && text[at - 6] == '\\' && text[at - 5] == 'u' &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at - 4),
                     text.begin() + static_cast<std::ptrdiff_t>(at), is_hex);
}

Code code_of(const bj::error_code& ec, std::string_view text, std::size_t at) {
  if (ec == bj::error::too_deep) return Code::k_json_too_deep;
  if (ec == bj::error::exponent_overflow) return Code::k_json_number_range;
  if (ec == bj::error::illegal_leading_surrogate || ec == bj::error::illegal_trailing_surrogate ||
      is_unpaired(text, at)) {
    return Code::k_json_lone_surrogate;
  }
  return Code::k_json_malformed;
}

}  // namespace

Result<Value> parse(std::string_view text, const Limits& limits) {
  if (text.size() > limits.max_bytes) {
    return refuse(Code::k_json_too_large,
                  "The limit is " + std::to_string(limits.max_bytes) + " bytes.");
  }
  if (const auto bad = find_bad_utf8(text); bad != std::string_view::npos) {
    return refuse_at(Code::k_json_bad_utf8, bad);
  }
  bj::parse_options options;
  options.max_depth = limits.max_depth;
  bj::basic_parser<Builder> parser(options);
  bj::error_code ec;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
  if (const auto refusal = parser.handler().own_refusal()) return refuse_at(*refusal, used);
  if (ec) return refuse_at(code_of(ec, text, used), used);
  if (used != text.size()) return refuse_at(Code::k_json_malformed, used);
  return parser.handler().take();
}

Result<Object> parse_object(std::string_view text, const Limits& limits) {
  AJWT_ASSIGN(Value value, parse(text, limits));
  Object* object = value.find_object();
  if (object == nullptr) return refuse(Code::k_json_wrong_type, "The text must be a JSON object.");
  return std::move(*object);
}

}  // namespace ajwt::json
