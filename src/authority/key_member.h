// SPDX-License-Identifier: Apache-2.0
//
// The key of a registration or a client, as requests carry it.
#pragma once

#include <optional>

#include "base/result.h"
#include "crypto/key.h"
#include "json/members.h"

namespace ajwt::authority {

// find_public_key reads `public_key` (PEM) or `jwk`, nullopt if there is neither. Refuses
// k_parameter_duplicated for both, and what crypto::PublicKey::from_pem and jose::parse_jwk refuse.
Result<std::optional<crypto::PublicKey>> find_public_key(json::Members& members);

}  // namespace ajwt::authority
