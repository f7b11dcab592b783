// SPDX-License-Identifier: Apache-2.0
//
// Keys that are the same in every run.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"
#include "crypto/key.h"

namespace ajwt::testing {

// ed25519_key returns the private key whose seed is 32 times `fill`.
inline crypto::PrivateKey ed25519_key(std::uint8_t fill) {
  auto key = crypto::PrivateKey::from_ed25519_seed(Bytes(32, fill));
  AJWT_CHECK(key.has_value());
  return *std::move(key);
}

}  // namespace ajwt::testing
