// SPDX-License-Identifier: Apache-2.0
//
// The version of this build.
#pragma once

#include <string>
#include <string_view>

namespace ajwt::app {

// version returns the version number, as in "0.1.0".
std::string_view version();

// version_line returns the number and what speaks which protocol: one line.
std::string version_line();

}  // namespace ajwt::app
