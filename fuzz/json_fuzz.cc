// SPDX-License-Identifier: Apache-2.0
//
// The strict JSON reader and the writers: what is read is written and read again as the same value,
// the canonical form is its own canonical form, and a second reader sees the same value. What we
// call malformed, the second reader refuses too; the rest of our strictness has codes of its own.

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "fuzz/support/choices.h"
#include "json/parse.h"
#include "json/utf8.h"
#include "json/write.h"

namespace ajwt {
namespace {

namespace bj = boost::json;

bool same(const json::Value& ours, const bj::value& theirs);

bool same_object(const json::Object& ours, const bj::object& theirs) {
  if (ours.size() != theirs.size()) return false;
  for (const auto& member : ours.members()) {
    const bj::value* other = theirs.if_contains(member.name);
    if (other == nullptr || !same(member.value, *other)) return false;
  }
  return true;
}

bool same_array(const json::Array& ours, const bj::array& theirs) {
  if (ours.size() != theirs.size()) return false;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (!same(ours[i], theirs[i])) return false;
  }
  return true;
}

// Boost's doubles are not rounded correctly, so nearly equal is equal.
bool same_number(double ours, const bj::value& theirs) {
  const double other = theirs.to_number<double>();
  return std::abs(ours - other) <= 1e-13 * std::abs(ours) || std::abs(ours) < 1e-290;
}

bool same(const json::Value& ours, const bj::value& theirs) {
  switch (ours.type()) {
    case json::Type::kNull:
      return theirs.is_null();
    case json::Type::kBoolean:
      return theirs.is_bool() && theirs.get_bool() == ours.as_boolean();
    case json::Type::kInteger:
      // "-0" is an integer to us and a double to Boost.
      if (theirs.is_double()) return ours.as_integer() == 0 && theirs.get_double() == 0;
      return theirs.is_int64() ? theirs.get_int64() == ours.as_integer() : false;
    case json::Type::kDouble:
      return theirs.is_number() && same_number(ours.as_double(), theirs);
    case json::Type::kString:
      return theirs.is_string() && std::string_view(theirs.get_string().data(),
                                                    theirs.get_string().size()) == ours.as_string();
    case json::Type::kArray:
      return theirs.is_array() && same_array(ours.as_array(), theirs.get_array());
    case json::Type::kObject:
      return theirs.is_object() && same_object(ours.as_object(), theirs.get_object());
  }
  return false;
}

void check_writers(const json::Value& value) {
  const std::string text = json::write(value);
  AJWT_CHECK(json::is_utf8(text));
  const json::Limits wide{.max_bytes = 1 << 24, .max_depth = 32};
  const auto again = json::parse(text, wide);
  AJWT_CHECK(again && *again == value);
  const auto indented = json::parse(json::write_indented(value), wide);
  AJWT_CHECK(indented && *indented == value);

  const auto canonical = json::write_jcs(value);
  if (!canonical) {
    AJWT_CHECK(canonical.error().code() == Code::k_json_number_range);
    return;
  }
  // A double such as 1e20 has a canonical form that reads as an integer beyond 64 bits, or as one
  // that no double holds: the one way in which a canonical form cannot be read or written again.
  const auto reread = json::parse(*canonical, wide);
  if (!reread) {
    AJWT_CHECK(reread.error().code() == Code::k_json_number_range);
    return;
  }
  const auto rewritten = json::write_jcs(*reread);
  if (rewritten) {
    AJWT_CHECK(*rewritten == *canonical);
  } else {
    AJWT_CHECK(rewritten.error().code() == Code::k_json_number_range);
  }
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ajwt;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::text_of(data, size);
  const auto ours = json::parse(text);

  boost::system::error_code error;
  const bj::value theirs = bj::parse(bj::string_view(text.data(), text.size()), error);
  if (ours) {
    AJWT_CHECK(!error);
    AJWT_CHECK(same(*ours, theirs));
    check_writers(*ours);
  } else if (ours.error().code() == Code::k_json_malformed) {
    AJWT_CHECK(static_cast<bool>(error));
  }
  return 0;
}
