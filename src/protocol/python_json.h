// SPDX-License-Identifier: Apache-2.0
//
// JSON as Python's json.dumps(value, sort_keys=True) writes it. The draft's reference listing
// hashes that text, so its checksum can be had in no other spelling.
#pragma once

#include <string>

#include "base/result.h"
#include "json/value.h"

namespace ajwt {

// write_python_json returns the text: ", " and ": " between things, members sorted by code point,
// everything outside printable ASCII escaped (beyond U+FFFF as two surrogates), doubles as
// Python's repr. Strings must be valid UTF-8. Refuses k_json_number_range for a double that is not
// finite: Python would write a word that is no JSON.
Result<std::string> write_python_json(const json::Value& value);

}  // namespace ajwt
