// SPDX-License-Identifier: Apache-2.0
//
// Standard base64 (RFC 4648 4), which the driver's callers send.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace ajwt::driver {

// decode_base64 reads base64 or base64url, with or without padding. Refuses k_base64_malformed.
Result<Bytes> decode_base64(std::string_view text);

// encode_base64 writes standard base64 with padding.
std::string encode_base64(std::string_view bytes);

}  // namespace ajwt::driver
