// SPDX-License-Identifier: Apache-2.0
//
// Digests over the delegation chain and the sequence of steps (draft 4.4.4; protocol 5.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace ajwt {

// draft_sequence_hash is draft 4.4.4: 16 hex digits of SHA-256 over the ids joined by '|'. Kept for
// readers of the draft; no decision of ours rests on it.
std::string draft_sequence_hash(const std::vector<std::string>& ids);

// sequence_digest is base64url SHA-256 over `label` and then every text, each of them, the label
// too, preceded by its length as 8 bytes big-endian, so that no two sequences share an input.
std::string sequence_digest(std::string_view label, const std::vector<std::string>& texts);

}  // namespace ajwt
