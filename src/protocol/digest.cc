// SPDX-License-Identifier: Apache-2.0
#include "protocol/digest.h"

#include <cstddef>
#include <cstdint>

#include "crypto/hash.h"
#include "jose/base64url.h"

namespace ajwt {
namespace {

constexpr std::size_t kDraftDigits = 16;

void append_length_prefixed(std::string& out, std::string_view text) {
  const auto size = static_cast<std::uint64_t>(text.size());
  for (int shift = 56; shift >= 0; shift -= 8) {
    out += static_cast<char>((size >> shift) & 0xff);
  }
  out += text;
}

}  // namespace

std::string draft_sequence_hash(const std::vector<std::string>& ids) {
  std::string joined;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) joined += '|';
    joined += ids[i];
  }
  return to_hex(crypto::sha256(joined)).substr(0, kDraftDigits);
}

std::string sequence_digest(std::string_view label, const std::vector<std::string>& texts) {
  std::string input;
  append_length_prefixed(input, label);
  for (const std::string& text : texts) append_length_prefixed(input, text);
  return jose::encode_base64url(crypto::sha256(input));
}

}  // namespace ajwt
