// SPDX-License-Identifier: Apache-2.0
//
// base64 with padding (RFC 4648 4), strict, where others ask for it: HTTP Basic (RFC 7617), signed
// notes. What is ours is base64url.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace ajwt::jose {

std::string encode_base64(ByteView bytes);
inline std::string encode_base64(std::string_view text) { return encode_base64(as_bytes(text)); }

// decode_base64 refuses k_base64_malformed: missing padding, the alphabet of base64url, and what
// decode_base64url refuses.
Result<Bytes> decode_base64(std::string_view text);

}  // namespace ajwt::jose
