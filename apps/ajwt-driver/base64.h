// SPDX-License-Identifier: Apache-2.0
//
// base64 as the driver's callers send it.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace ajwt::driver {

// decode_base64 reads base64 or base64url, with or without padding. Refuses k_base64_malformed.
Result<Bytes> decode_base64(std::string_view text);

}  // namespace ajwt::driver
