// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ajwt::json {

// is_utf8 tells whether the whole text is UTF-8.
bool is_utf8(std::string_view text);

// find_bad_utf8 returns the offset of the first byte that no UTF-8 character can have there, or
// npos.
std::size_t find_bad_utf8(std::string_view text);

// repair_utf8 returns the text with every byte that is not part of a character replaced by U+FFFD.
std::string repair_utf8(std::string_view text);

}  // namespace ajwt::json
