// SPDX-License-Identifier: Apache-2.0
//
// What turns one sequence of texts into another: lines for unified diffs, words for word diffs.
#pragma once

#include <string_view>
#include <vector>

namespace ajwt::app {

enum class EditKind { kKeep, kRemove, kAdd };

// Edit is one element; its text is a view of the sequence that it comes from.
struct Edit {
  EditKind kind;
  std::string_view text;
  friend bool operator==(const Edit&, const Edit&) = default;
};

// edit_script returns a shortest script (E. Myers, An O(ND) Difference Algorithm and Its
// Variations, 1986); within a change what goes comes before what is new. Sequences that differ in
// more than some thousands of elements are shown as removed and added as a whole, where they are
// not equal at the ends: time and memory stay bounded.
std::vector<Edit> edit_script(const std::vector<std::string_view>& before,
                              const std::vector<std::string_view>& after);

}  // namespace ajwt::app
