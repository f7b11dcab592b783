// SPDX-License-Identifier: Apache-2.0
//
// Edits of a compact token or of any text, as an attacker would make them: bytes changed, parts
// moved, and bytes changed below the base64url, so that the result is well spelled again.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/support/choices.h"
#include "jose/base64url.h"
#include "tests/support/mutations.h"

namespace ajwt::fuzz {

// edit_bytes changes one place of the text.
inline void edit_bytes(std::string& text, Choices& choices) {
  const std::size_t at = choices.index(text.size() + 1);
  switch (choices.index(5)) {
    case 0:
      if (at < text.size()) text[at] = static_cast<char>(choices.byte());
      return;
    case 1:
      if (at < text.size()) text.erase(at, 1 + choices.index(8));
      return;
    case 2:
      text.insert(at, choices.take(1 + choices.index(8)));
      return;
    case 3:
      text.resize(at);
      return;
    case 4:
      if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << choices.index(7)));
      return;
  }
}

// edit_parts changes what stands between the dots.
inline void edit_parts(std::string& text, Choices& choices) {
  auto parts = testing::split_at_dots(text);
  const std::size_t a = choices.index(parts.size());
  const std::size_t b = choices.index(parts.size());
  switch (choices.index(4)) {
    case 0:
      std::swap(parts[a], parts[b]);
      break;
    case 1:
      parts[a] = parts[b];
      break;
    case 2:
      parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(a), parts[b]);
      break;
    case 3: {
      const auto decoded = jose::decode_base64url(parts[a]);
      if (!decoded) break;
      std::string bytes(as_text(*decoded));
      edit_bytes(bytes, choices);
      parts[a] = jose::encode_base64url(bytes);
      break;
    }
  }
  text = testing::join_with_dots(parts);
}

// edited returns `text` after up to three edits; it may be what it was.
inline std::string edited(std::string text, Choices& choices) {
  const std::size_t edits = 1 + choices.index(3);
  for (std::size_t i = 0; i < edits && !choices.empty(); ++i) {
    if (choices.index(2) == 0) {
      edit_bytes(text, choices);
    } else {
      edit_parts(text, choices);
    }
  }
  return text;
}

}  // namespace ajwt::fuzz
