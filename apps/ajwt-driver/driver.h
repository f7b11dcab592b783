// SPDX-License-Identifier: Apache-2.0
//
// One line in, one line out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ajwt::driver {

inline constexpr std::size_t kMaxLineBytes = 8 * 1024 * 1024;

// answer_line answers one request: {"op":..., ...} gives {"ok":true, ...} or
// {"ok":false,"err":<name of the reason>}. Total: any text has an answer, nothing is thrown.
std::string answer_line(std::string_view line);

// answer_too_long is the answer to a line above kMaxLineBytes.
std::string answer_too_long();

}  // namespace ajwt::driver
