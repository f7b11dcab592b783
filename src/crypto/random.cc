// SPDX-License-Identifier: Apache-2.0
#include "crypto/random.h"

#include <sodium.h>

#include <chrono>

#include "base/check.h"
#include "crypto/key.h"

namespace ajwt::crypto {
namespace {

// Crockford's base32, without the letters that look like digits.
constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";

// Appends `count` digits, the last ones of `number`.
void append_base32(std::string& out, std::uint64_t number, unsigned count) {
  for (unsigned i = count; i-- > 0;) out += kAlphabet[(number >> (5 * i)) & 31U];
}

}  // namespace

Bytes random_bytes(std::size_t size) {
  AJWT_CHECK(initialise());
  Bytes bytes(size);
  if (size != 0) randombytes_buf(bytes.data(), size);
  return bytes;
}

Digest random_digest() {
  AJWT_CHECK(initialise());
  Digest digest{};
  randombytes_buf(digest.data(), digest.size());
  return digest;
}

std::string random_token(std::size_t size) {
  const Bytes bytes = random_bytes(size);
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_encoded_len(size, kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), kVariant);
  text.pop_back();  // the terminator, which libsodium counts
  return text;
}

std::string make_id(std::string_view prefix, Instant now) {
  const std::chrono::milliseconds since_epoch = now.time_since_epoch();
  const auto time = static_cast<std::uint64_t>(since_epoch.count());
  std::string id(prefix);
  id += '_';
  append_base32(id, time & 0xffffffffffffU, 10);
  const Bytes random = random_bytes(10);
  for (std::size_t half = 0; half < 10; half += 5) {
    std::uint64_t number = 0;
    for (std::size_t i = half; i < half + 5; ++i) number = number << 8U | random[i];
    append_base32(id, number, 8);
  }
  return id;
}

}  // namespace ajwt::crypto
