// SPDX-License-Identifier: Apache-2.0
//
// The field Date (RFC 9110 5.6.7).
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"

namespace ajwt::http {

// parse_http_date returns the time that a date of HTTP spells, or nothing.
std::optional<Instant> parse_http_date(const std::string& text);

}  // namespace ajwt::http
