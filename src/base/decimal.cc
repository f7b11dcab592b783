// SPDX-License-Identifier: Apache-2.0
#include "base/decimal.h"

#include <charconv>

namespace ajwt {

std::optional<std::uint64_t> parse_decimal(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_canonical = digits == "0" || (!digits.empty() && digits.front() != '0');
  if (error != std::errc() || end != digits.data() + digits.size() || !is_canonical) {
    return std::nullopt;
  }
  return number;
}

}  // namespace ajwt
