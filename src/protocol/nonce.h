// SPDX-License-Identifier: Apache-2.0
//
// DPoP nonces (RFC 9449 8, 9; protocol 6.1): a MAC over the time, under a key that lives exactly as
// long as the memory of used proofs. When that memory is lost, the key is drawn anew and every
// nonce handed out before is refused, so that a forgotten proof cannot be used again.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace ajwt {

// NonceIssuer gives and judges nonces. It keeps no list: a nonce says when it was made. Safe for
// concurrent use.
class NonceIssuer {
 public:
  // key: 32 random bytes, one per replay memory. lifetime: how long a nonce is good at most
  // (300 s), counted from the beginning of its slice; it is good for 7/8 of that at least.
  NonceIssuer(Digest key, Seconds lifetime);
  ~NonceIssuer();
  NonceIssuer(const NonceIssuer&) = default;
  NonceIssuer& operator=(const NonceIssuer&) = default;

  // issue returns a nonce; within one slice of lifetime/8 it is the same text, so that it can be
  // cached by clients.
  std::string issue(Instant now) const;
  // check refuses k_proof_nonce_refused for a nonce that is malformed, not ours, too old or from
  // the future. Constant time in the MAC.
  Status check(std::string_view nonce, Instant now) const;

 private:
  Digest key_;
  Seconds lifetime_;
};

}  // namespace ajwt
