// SPDX-License-Identifier: Apache-2.0
//
// The demo's sample files, embedded in the program (demo/samples/).
#pragma once

#include <string_view>

namespace ajwt::demo {

std::string_view sample_package_json();
std::string_view sample_packages_txt();
std::string_view sample_advisories_json();

}  // namespace ajwt::demo
