// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/demo/diff.h"

#include <algorithm>
#include <vector>

#include "apps/ajwt/support/edit_script.h"

namespace ajwt::demo {
namespace {

using app::Edit;
using app::EditKind;

constexpr std::size_t kContext = 3;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

bool is_change(const Edit& edit) { return edit.kind != EditKind::kKeep; }

char mark_of(const Edit& edit) {
  if (edit.kind == EditKind::kKeep) return ' ';
  return edit.kind == EditKind::kRemove ? '-' : '+';
}

// One hunk: a run of changes with at most 2 * kContext equal lines between any two.
void append_hunk(std::string& out, const std::vector<Edit>& edits, std::size_t from,
                 std::size_t to) {
  std::size_t old_line = 1;
  std::size_t new_line = 1;
  for (std::size_t k = 0; k < from; ++k) {
    if (edits[k].kind != EditKind::kAdd) ++old_line;
    if (edits[k].kind != EditKind::kRemove) ++new_line;
  }
  std::size_t old_count = 0;
  std::size_t new_count = 0;
  std::string body;
  for (std::size_t k = from; k < to; ++k) {
    if (edits[k].kind != EditKind::kAdd) ++old_count;
    if (edits[k].kind != EditKind::kRemove) ++new_count;
    body += mark_of(edits[k]) + std::string(edits[k].text) + '\n';
  }
  out += "@@ -" + std::to_string(old_line) + "," + std::to_string(old_count) + " +" +
         std::to_string(new_line) + "," + std::to_string(new_count) + " @@\n" + body;
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, std::string_view name) {
  if (before == after) return "";
  const auto edits = app::edit_script(lines_of(before), lines_of(after));
  std::string out = "--- a/" + std::string(name) + "\n+++ b/" + std::string(name) + "\n";
  auto next = std::find_if(edits.begin(), edits.end(), is_change);
  while (next != edits.end()) {
    auto last = next;
    auto probe = next;
    while (probe != edits.end() && probe - last <= static_cast<std::ptrdiff_t>(2 * kContext)) {
      if (is_change(*probe)) last = probe;
      ++probe;
    }
    const auto begin = static_cast<std::size_t>(next - edits.begin());
    const auto end = static_cast<std::size_t>(last - edits.begin()) + 1;
    append_hunk(out, edits, begin - std::min(begin, kContext),
                std::min(end + kContext, edits.size()));
    next = std::find_if(last + 1, edits.end(), is_change);
  }
  return out;
}

}  // namespace ajwt::demo
