// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 and HMAC-SHA-256.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace ajwt::crypto {

// sha256 returns the SHA-256 of the bytes (FIPS 180-4).
Digest sha256(ByteView bytes);
inline Digest sha256(std::string_view text) { return sha256(as_bytes(text)); }

// hmac_sha256 returns HMAC-SHA-256 (RFC 2104).
Digest hmac_sha256(ByteView key, ByteView message);

}  // namespace ajwt::crypto
