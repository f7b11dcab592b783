// SPDX-License-Identifier: Apache-2.0
//
// What differs between two texts, word by word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/ajwt/support/edit_script.h"
#include "json/value.h"

namespace ajwt::app {

// Change is a run of words of one kind, with the white space between them.
struct Change {
  EditKind kind;
  std::string text;
};

// word_diff returns what turns one text into the other: runs that follow each other and that join
// to the texts.
std::vector<Change> word_diff(std::string_view before, std::string_view after);

// to_json writes [{"op": "same"|"removed"|"added", "text"}].
json::Array to_json(const std::vector<Change>& changes);

enum class Colours { kOff, kOn };

// write_changes returns the lines with changes and two around each for people, indented:
// [-removed-]{+added+}. Control characters are escaped; a line end that changed stands there as
// "\n", too. Empty if nothing changed.
std::string write_changes(const std::vector<Change>& changes, std::string_view indent,
                          Colours colours);

}  // namespace ajwt::app
