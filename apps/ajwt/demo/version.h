// SPDX-License-Identifier: Apache-2.0
//
// Comparing versions of packages as their ecosystems do.
#pragma once

#include <compare>
#include <string_view>

namespace ajwt::demo {

enum class Ecosystem { kNpm, kDebian };

// name returns the OSV name ("npm", "Debian").
std::string_view name(Ecosystem ecosystem);

// compare_versions orders two versions: Semantic Versioning 2.0.0 (11) for npm, Debian
// Policy 5.6.12 for Debian. What is no version compares as text would.
std::weak_ordering compare_versions(Ecosystem ecosystem, std::string_view a, std::string_view b);

}  // namespace ajwt::demo
