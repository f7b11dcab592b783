// SPDX-License-Identifier: Apache-2.0
//
// Signing keys as administrators read them.
#pragma once

#include "authority/keys/key_ring.h"
#include "json/value.h"

namespace ajwt::authority {

// write_signing_keys writes what is published: kid, alg, status, created_at, retire_at.
json::Array write_signing_keys(const KeyRing& ring);

}  // namespace ajwt::authority
