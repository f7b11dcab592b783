// SPDX-License-Identifier: Apache-2.0
#include "json/utf8.h"

#include <cstdint>
#include <cstring>

namespace ajwt::json {
namespace {

// A range of second bytes, by first byte: what keeps overlong forms, surrogates and values above
// U+10FFFF out (RFC 3629 4).
struct Lead {
  std::size_t length;  // of the character; 0 if no character starts so
  unsigned low;
  unsigned high;
};

Lead lead_of(unsigned byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xc2) return {0, 0, 0};
  if (byte < 0xe0) return {2, 0x80, 0xbf};
  if (byte == 0xe0) return {3, 0xa0, 0xbf};
  if (byte == 0xed) return {3, 0x80, 0x9f};
  if (byte < 0xf0) return {3, 0x80, 0xbf};
  if (byte == 0xf0) return {4, 0x90, 0xbf};
  if (byte < 0xf4) return {4, 0x80, 0xbf};
  if (byte == 0xf4) return {4, 0x80, 0x8f};
  return {0, 0, 0};
}

unsigned byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

// Returns the length of the character at `at`, 0 if there is none.
std::size_t character_length(std::string_view text, std::size_t at) {
  const Lead lead = lead_of(byte_at(text, at));
  if (lead.length <= 1) return lead.length;
  if (text.size() - at < lead.length) return 0;
  const unsigned second = byte_at(text, at + 1);
  if (second < lead.low || second > lead.high) return 0;
  for (std::size_t i = at + 2; i < at + lead.length; ++i) {
    if ((byte_at(text, i) & 0xc0U) != 0x80U) return 0;
  }
  return lead.length;
}

// Tells whether the eight bytes at `at` are ASCII: nearly all text is.
bool eight_ascii(std::string_view text, std::size_t at) {
  std::uint64_t word = 0;
  std::memcpy(&word, text.data() + at, sizeof word);
  return (word & 0x8080808080808080U) == 0;
}

}  // namespace

std::size_t find_bad_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text.size() - at >= 8 && eight_ascii(text, at)) {
      at += 8;
      continue;
    }
    const std::size_t length = character_length(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

bool is_utf8(std::string_view text) { return find_bad_utf8(text) == std::string_view::npos; }

std::string repair_utf8(std::string_view text) {
  std::string repaired;
  for (std::size_t bad = find_bad_utf8(text); bad != std::string_view::npos;
       bad = find_bad_utf8(text)) {
    repaired += text.substr(0, bad);
    repaired += "\xef\xbf\xbd";
    text.remove_prefix(bad + 1);
  }
  repaired += text;
  return repaired;
}

}  // namespace ajwt::json
