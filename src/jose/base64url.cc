// SPDX-License-Identifier: Apache-2.0
#include "jose/base64url.h"

#include <array>
#include <cstdint>

namespace ajwt::jose {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kInvalid = 0xff;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = kInvalid;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr auto kValues = make_values();

}  // namespace

std::string encode_base64url(ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t buffer = 0;
  unsigned bits = 0;
  for (const auto byte : bytes) {
    buffer = (buffer << 8U) | byte;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += kAlphabet[(buffer >> bits) & 0x3fU];
    }
  }
  if (bits > 0) text += kAlphabet[(buffer << (6 - bits)) & 0x3fU];
  return text;
}

Result<Bytes> decode_base64url(std::string_view text) {
  // A lone last character spells six bits, which is no byte.
  if (text.size() % 4 == 1) return refuse(Code::k_base64_malformed);
  Bytes bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t buffer = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::uint8_t value = kValues[static_cast<std::uint8_t>(c)];
    if (value == kInvalid) return refuse(Code::k_base64_malformed);
    buffer = (buffer << 6U) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push_back(static_cast<std::uint8_t>((buffer >> bits) & 0xffU));
    }
  }
  // Bits left over would let one token be written in many ways, and so pass a replay cache or a
  // revocation list that knows it by its text.
  if ((buffer & ((1U << bits) - 1U)) != 0) return refuse(Code::k_base64_malformed);
  return bytes;
}

}  // namespace ajwt::jose
