// SPDX-License-Identifier: Apache-2.0
//
// Bytes, views of them, and comparison that does not tell by its time where two differ.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ajwt {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
// Digest is a SHA-256 value.
using Digest = std::array<std::uint8_t, 32>;

// as_bytes views text as bytes; the view lives as long as the text.
inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// as_text views bytes as text; the view lives as long as the bytes.
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// to_hex returns lowercase hexadecimal digits, two a byte.
std::string to_hex(ByteView bytes);

// is_lowercase_hex tells whether text is `digits` digits as to_hex writes them.
bool is_lowercase_hex(std::string_view text, std::size_t digits);

// parse_hex returns the bytes that an even number of hexadecimal digits (either case) spells, or
// nothing.
std::optional<Bytes> parse_hex(std::string_view text);

// equal_constant_time tells whether two byte strings are equal, in a time that depends on their
// lengths alone. For checksums, MACs, secrets and digests of them.
bool equal_constant_time(ByteView a, ByteView b);
inline bool equal_constant_time(std::string_view a, std::string_view b) {
  return equal_constant_time(as_bytes(a), as_bytes(b));
}

}  // namespace ajwt
