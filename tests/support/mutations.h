// SPDX-License-Identifier: Apache-2.0
//
// Mutations of a compact token: every small change that an attacker may try. A test that refuses
// them all shows that no byte of the token is left out of what is checked.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ajwt::testing {

// MutationVisitor gets a changed token and, for messages, what was changed. Both views live as
// long as the call.
using MutationVisitor = std::function<void(std::string_view token, std::string_view change)>;

// split_at_dots returns the parts between the dots, empty ones among them.
inline std::vector<std::string> split_at_dots(std::string_view token) {
  std::vector<std::string> parts(1);
  for (const char c : token) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

inline std::string join_with_dots(const std::vector<std::string>& parts) {
  std::string token;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) token += '.';
    token += parts[i];
  }
  return token;
}

// for_each_byte_mutation flips each bit of each byte, and leaves out, doubles and swaps bytes.
inline void for_each_byte_mutation(std::string_view token, const MutationVisitor& visit) {
  const std::string original(token);
  for (std::size_t i = 0; i < original.size(); ++i) {
    const std::string at = " at byte " + std::to_string(i);
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string flipped = original;
      flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ (1U << bit));
      visit(flipped, "bit " + std::to_string(bit) + " flipped" + at);
    }
    visit(std::string(original).erase(i, 1), "byte left out" + at);
    visit(std::string(original).insert(i, 1, original[i]), "byte doubled" + at);
    if (i + 1 < original.size() && original[i] != original[i + 1]) {
      std::string swapped = original;
      std::swap(swapped[i], swapped[i + 1]);
      visit(swapped, "bytes swapped" + at);
    }
  }
}

// for_each_cut leaves out the beginning or the end, at every place.
inline void for_each_cut(std::string_view token, const MutationVisitor& visit) {
  for (std::size_t i = 0; i < token.size(); ++i) {
    visit(token.substr(0, i), "cut after byte " + std::to_string(i));
    if (i > 0) visit(token.substr(i), "cut before byte " + std::to_string(i));
  }
}

// for_each_part_mutation swaps, empties, doubles and leaves out what stands between the dots.
inline void for_each_part_mutation(std::string_view token, const MutationVisitor& visit) {
  const std::vector<std::string> parts = split_at_dots(token);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string which = " part " + std::to_string(i);
    auto changed = parts;
    if (!parts[i].empty()) {
      changed[i].clear();
      visit(join_with_dots(changed), "emptied" + which);
    }
    changed = parts;
    changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
    visit(join_with_dots(changed), "left out" + which);
    changed = parts;
    changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(i), parts[i]);
    visit(join_with_dots(changed), "doubled" + which);
    changed = parts;
    changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(i), std::string());
    visit(join_with_dots(changed), "dot doubled before" + which);
    for (std::size_t j = i + 1; j < parts.size(); ++j) {
      if (parts[i] == parts[j]) continue;
      changed = parts;
      std::swap(changed[i], changed[j]);
      visit(join_with_dots(changed), "swapped part " + std::to_string(j) + " with" + which);
    }
  }
}

// for_each_wrapping puts bytes around each part that lenient decoders skip.
inline void for_each_wrapping(std::string_view token, const MutationVisitor& visit) {
  using namespace std::string_view_literals;
  constexpr std::array kSkipped{"="sv,  "=="sv, " "sv, "\t"sv, "\r\n"sv,
                                "\n"sv, "\0"sv, "A"sv, "."sv};
  const std::vector<std::string> parts = split_at_dots(token);
  for (const std::string_view skipped : kSkipped) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      auto changed = parts;
      changed[i] += skipped;
      visit(join_with_dots(changed), "bytes added after part " + std::to_string(i));
      changed = parts;
      changed[i].insert(0, skipped);
      visit(join_with_dots(changed), "bytes added before part " + std::to_string(i));
    }
  }
}

// for_each_mutation visits thousands of changed tokens, none of them equal to `token`: each bit
// flipped, bytes left out, doubled and swapped, cuts, parts and dots moved, bytes around parts.
inline void for_each_mutation(std::string_view token, const MutationVisitor& visit) {
  const MutationVisitor unless_same = [&](std::string_view changed, std::string_view change) {
    if (changed != token) visit(changed, change);
  };
  for_each_byte_mutation(token, unless_same);
  for_each_cut(token, unless_same);
  for_each_part_mutation(token, unless_same);
  for_each_wrapping(token, unless_same);
}

}  // namespace ajwt::testing
