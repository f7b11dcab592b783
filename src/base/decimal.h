// SPDX-License-Identifier: Apache-2.0
//
// Decimal numbers with one spelling each.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ajwt {

// parse_decimal returns the number that digits spell, without sign, space or leading zeros; nothing
// for any other text and beyond 2^64 - 1.
std::optional<std::uint64_t> parse_decimal(std::string_view digits);

}  // namespace ajwt
