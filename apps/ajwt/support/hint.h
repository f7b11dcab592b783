// SPDX-License-Identifier: Apache-2.0
//
// What to try after an error of the command line.
#pragma once

#include <string_view>

#include "base/result.h"

namespace ajwt::app {

// hint_for returns what to try, where one thing nearly always helps; else an empty view.
std::string_view hint_for(const Error& error);

}  // namespace ajwt::app
