// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>

#include "protocol/agent_checksum.h"

namespace ajwt {
namespace {

using namespace std::string_view_literals;

// What Python's str.strip takes for white space: str.isspace(), as UTF-8.
constexpr std::string_view kLongSpaces[] = {
    "\xC2\x85"sv,      // U+0085
    "\xC2\xA0"sv,      // U+00A0
    "\xE1\x9A\x80"sv,  // U+1680
    "\xE2\x80\xA8"sv,  // U+2028
    "\xE2\x80\xA9"sv,  // U+2029
    "\xE2\x80\xAF"sv,  // U+202F
    "\xE2\x81\x9F"sv,  // U+205F
    "\xE3\x80\x80"sv,  // U+3000
};

// space_length returns the length of the white space character that `text` begins with, or 0.
std::size_t space_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) {
    return first == ' ' || (first >= 0x09 && first <= 0x0d) || (first >= 0x1c && first <= 0x1f);
  }
  // U+2000 to U+200A.
  if (text.size() >= 3 && text.starts_with("\xE2\x80"sv) &&
      static_cast<unsigned char>(text[2]) >= 0x80 && static_cast<unsigned char>(text[2]) <= 0x8a) {
    return 3;
  }
  for (const std::string_view space : kLongSpaces) {
    if (text.starts_with(space)) return space.size();
  }
  return 0;
}

// strip drops white space at both ends. It walks forwards, character by character, so that the
// last byte of some other character is never taken for a space.
std::string_view strip(std::string_view line) {
  while (const std::size_t length = space_length(line)) line.remove_prefix(length);
  std::size_t end = 0;
  for (std::size_t i = 0; i < line.size();) {
    const std::size_t length = space_length(line.substr(i));
    i += std::max<std::size_t>(length, 1);
    if (length == 0) end = i;
  }
  return line.substr(0, end);
}

}  // namespace

std::string normalize_prompt(std::string_view prompt) {
  // The listing strips the whole, turns "\r\n" into "\n" and collapses blank lines first. Each of
  // these only removes white space beside a line feed, or whole blank lines; stripping each line
  // and dropping those that are empty does the same again. So this loop is all of it.
  std::string normalized;
  normalized.reserve(prompt.size());
  for (std::size_t begin = 0; begin < prompt.size();) {
    const std::size_t end = std::min(prompt.find('\n', begin), prompt.size());
    const std::string_view line = strip(prompt.substr(begin, end - begin));
    if (!line.empty()) {
      if (!normalized.empty()) normalized += '\n';
      normalized += line;
    }
    begin = end + 1;
  }
  return normalized;
}

}  // namespace ajwt
