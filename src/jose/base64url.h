// SPDX-License-Identifier: Apache-2.0
//
// base64url without padding (RFC 4648 5, RFC 7515 2), strict: one text for one byte string.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace ajwt::jose {

// encode_base64url returns the digits without padding (RFC 7515 2).
std::string encode_base64url(ByteView bytes);
inline std::string encode_base64url(std::string_view text) {
  return encode_base64url(as_bytes(text));
}

// decode_base64url refuses k_base64_malformed: padding, characters outside the alphabet, an
// impossible length, and trailing bits that are not zero (a second spelling of the same bytes).
Result<Bytes> decode_base64url(std::string_view text);

}  // namespace ajwt::jose
