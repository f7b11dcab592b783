// SPDX-License-Identifier: Apache-2.0
//
// Randomness from the operating system. The core never calls this; authority, shim and
// applications do, and hand the result on.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"

namespace ajwt::crypto {

// random_bytes returns unpredictable bytes.
Bytes random_bytes(std::size_t size);

// random_digest returns an unpredictable key or seed of the size of a digest.
Digest random_digest();

// random_token returns `size` random bytes as base64url without padding.
std::string random_token(std::size_t size);

// make_id returns "<prefix>_" and 26 characters of lowercase Crockford base32: 48 bits of `now` in
// milliseconds, then 80 random bits, so that ids sort by age.
std::string make_id(std::string_view prefix, Instant now);

}  // namespace ajwt::crypto
