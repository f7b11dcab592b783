// SPDX-License-Identifier: Apache-2.0
//
// What a compact JWS says before anybody looked at its signature: to find the key that must verify
// it, to show it to a person, to save a round trip. Never a ground for a decision.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace ajwt::jose {

// peek_header and peek_payload decode one part of a text of exactly three. Refuse
// k_jws_too_large above `max_bytes`, k_jws_malformed for another number of parts, and what
// decode_base64url and json::parse_object refuse.
Result<json::Object> peek_header(std::string_view jws, std::size_t max_bytes);
Result<json::Object> peek_payload(std::string_view jws, std::size_t max_bytes);

}  // namespace ajwt::jose
