// SPDX-License-Identifier: Apache-2.0
//
// Times for people.
#pragma once

#include <string>

#include "base/clock.h"

namespace ajwt::app {

// time_text returns "2026-01-31 08:05:09 UTC".
std::string time_text(Instant time);

// relative_text returns "in 4 min 12 s", "3 h 2 min ago" or "now": the two largest units.
std::string relative_text(Instant time, Instant now);

// dated_text returns both: "2026-01-31 08:05:09 UTC (in 4 min 12 s)".
std::string dated_text(Instant time, Instant now);

}  // namespace ajwt::app
