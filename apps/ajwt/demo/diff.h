// SPDX-License-Identifier: Apache-2.0
//
// A unified diff of two texts.
#pragma once

#include <string>
#include <string_view>

namespace ajwt::demo {

// unified_diff returns a diff with three lines of context, or "" for equal texts.
std::string unified_diff(std::string_view before, std::string_view after, std::string_view name);

}  // namespace ajwt::demo
