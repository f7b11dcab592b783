// SPDX-License-Identifier: Apache-2.0
//
// The strict JSON reader: what two readers could understand differently is refused.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace ajwt::json {

// Limits of what is read, whatever it says.
struct Limits {
  std::size_t max_bytes = 256 * 1024;
  std::size_t max_depth = 32;  // arrays and objects around a value
};

// parse returns the value that `text` spells (RFC 8259, with RFC 7493's strictness).
//
// Refuses: k_json_malformed (syntax, trailing bytes, comments, a byte order mark, empty text),
// k_json_duplicate_name, k_json_bad_utf8, k_json_lone_surrogate, k_json_too_deep,
// k_json_too_large, k_json_number_range (an integer outside int64, a number that overflows or
// underflows a double). An integer literal (no '.', no exponent) becomes kInteger, any other
// number the nearest double. Error messages name a byte offset, never the text.
Result<Value> parse(std::string_view text, const Limits& limits = {});

// parse_object is parse for a text whose value must be an object (k_json_wrong_type otherwise).
Result<Object> parse_object(std::string_view text, const Limits& limits = {});

}  // namespace ajwt::json
