// SPDX-License-Identifier: Apache-2.0
//
// JSON writers: compact, indented, and canonical (RFC 8785).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace ajwt::json {

// write returns compact JSON in member order; what it returns for a value that `parse` made parses
// to an equal value: an integral double keeps a fraction (1.0, -0.0), so that it does not come back
// as an integer. A double that is not finite is written as null; bytes of a string that are not
// UTF-8 become U+FFFD.
std::string write(const Value& value);

// write_indented returns JSON with two spaces a level, for people.
std::string write_indented(const Value& value);

// write_jcs returns the RFC 8785 canonical form: members sorted by UTF-16 code units, numbers as
// ECMAScript writes them. Refuses k_json_number_range for a double that is not finite and for an
// integer that a double cannot hold exactly, since two different values would then share a form;
// k_json_bad_utf8 for a name or string that is not UTF-8, for the same reason.
Result<std::string> write_jcs(const Value& value);

// write_number returns a finite double as ECMAScript's Number::toString does (RFC 8785 3.2.2.3).
std::string write_number(double number);

// append_quoted appends `text` as a JSON string, with the escapes of RFC 8785 3.2.2.2. Bytes that
// are not UTF-8 become U+FFFD.
void append_quoted(std::string& out, std::string_view text);

}  // namespace ajwt::json
