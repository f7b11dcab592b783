// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/word_diff.h"

#include <algorithm>
#include <cstddef>

#include "apps/ajwt/support/session.h"

namespace ajwt::app {
namespace {

constexpr std::size_t kLinesAround = 2;

enum class CharacterClass { kWord, kSpace, kLineEnd, kPunctuation };

CharacterClass class_of(char c) {
  if (c == '\n') return CharacterClass::kLineEnd;
  if (c == ' ' || c == '\t' || c == '\r') return CharacterClass::kSpace;
  const auto byte = static_cast<unsigned char>(c);
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-' || byte >= 0x80;
  return letter ? CharacterClass::kWord : CharacterClass::kPunctuation;
}

// split_words cuts a text into words, white space, line ends and single other characters.
std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const CharacterClass kind = class_of(text.front());
    std::size_t end = 1;
    if (kind == CharacterClass::kWord || kind == CharacterClass::kSpace) {
      while (end < text.size() && class_of(text[end]) == kind) ++end;
    }
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

// Line is one line as it is shown.
struct Line {
  std::string text;
  bool changed = false;
};

struct Marks {
  std::string_view begin;
  std::string_view end;
};

Marks marks_of(EditKind kind, Colours colours) {
  const bool on = colours == Colours::kOn;
  if (kind == EditKind::kRemove) {
    return on ? Marks{"\x1b[31m[-", "-]\x1b[0m"} : Marks{"[-", "-]"};
  }
  return on ? Marks{"\x1b[32m{+", "+}\x1b[0m"} : Marks{"{+", "+}"};
}

void append_change(std::vector<Line>& lines, const Change& change, Colours colours) {
  std::string_view rest = change.text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const bool ends_line = end != std::string_view::npos;
    const std::string shown = printable(rest.substr(0, end));
    if (change.kind == EditKind::kKeep) {
      lines.back().text += shown;
    } else {
      const Marks marks = marks_of(change.kind, colours);
      lines.back().text.append(marks.begin).append(shown).append(ends_line ? "\\n" : "");
      lines.back().text.append(marks.end);
      lines.back().changed = true;
    }
    if (ends_line) lines.emplace_back();
    rest.remove_prefix(ends_line ? end + 1 : rest.size());
  }
}

std::vector<bool> shown_lines(const std::vector<Line>& lines) {
  std::vector<bool> shown(lines.size(), false);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].changed) continue;
    const std::size_t from = i - std::min(i, kLinesAround);
    const std::size_t to = std::min(i + kLinesAround + 1, lines.size());
    std::fill(shown.begin() + static_cast<std::ptrdiff_t>(from),
              shown.begin() + static_cast<std::ptrdiff_t>(to), true);
  }
  return shown;
}

std::string_view op_of(EditKind kind) {
  if (kind == EditKind::kKeep) return "same";
  return kind == EditKind::kRemove ? "removed" : "added";
}

}  // namespace

std::vector<Change> word_diff(std::string_view before, std::string_view after) {
  std::vector<Change> changes;
  for (const Edit& edit : edit_script(split_words(before), split_words(after))) {
    if (changes.empty() || changes.back().kind != edit.kind) changes.push_back({edit.kind, {}});
    changes.back().text += edit.text;
  }
  return changes;
}

json::Array to_json(const std::vector<Change>& changes) {
  json::Array array;
  for (const Change& change : changes) {
    array.emplace_back(json::Object{{"op", op_of(change.kind)}, {"text", change.text}});
  }
  return array;
}

std::string write_changes(const std::vector<Change>& changes, std::string_view indent,
                          Colours colours) {
  std::vector<Line> lines(1);
  for (const Change& change : changes) append_change(lines, change, colours);
  if (lines.back().text.empty()) lines.pop_back();
  const std::vector<bool> shown = shown_lines(lines);
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool gap = i > 0 && !shown[i - 1];
    if (shown[i] && gap) out.append(indent).append("...\n");
    if (shown[i]) out.append(indent).append(lines[i].text).append("\n");
  }
  if (!out.empty() && !shown.back()) out.append(indent).append("...\n");
  return out;
}

}  // namespace ajwt::app
