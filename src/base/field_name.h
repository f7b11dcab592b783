// SPDX-License-Identifier: Apache-2.0
//
// How names of header fields compare where it matters what a service makes of them. Many turn a
// name into that of a variable and so read X-Agent-App, X_Agent_App and X.Agent.App alike.
#pragma once

#include <algorithm>
#include <string_view>

namespace ajwt {

// fold_char lowers the case and makes '-' of whatever is neither letter nor digit.
constexpr char fold_char(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
}

// begins_folded tells whether a name begins with a prefix, both folded.
constexpr bool begins_folded(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), name.begin(),
                    [](char a, char b) { return fold_char(a) == fold_char(b); });
}

// equal_folded tells whether two names are one once folded.
constexpr bool equal_folded(std::string_view a, std::string_view b) {
  return a.size() == b.size() && begins_folded(a, b);
}

}  // namespace ajwt
