// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 and HMAC-SHA-256.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace ajwt::crypto {

// sha256 returns the SHA-256 of the bytes (FIPS 180-4).
Digest sha256(ByteView bytes);
inline Digest sha256(std::string_view text) { return sha256(as_bytes(text)); }

// Sha256 hashes in pieces. Not for concurrent use; digest() may be called once.
class Sha256 {
 public:
  Sha256();
  void update(ByteView bytes);
  Digest digest();

 private:
  alignas(16) std::array<std::uint8_t, 128> state_;  // libsodium's state, kept out of this header
};

// hmac_sha256 returns HMAC-SHA-256 (RFC 2104).
Digest hmac_sha256(ByteView key, ByteView message);

}  // namespace ajwt::crypto
