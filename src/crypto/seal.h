// SPDX-License-Identifier: Apache-2.0
//
// Sealing of data at rest: XChaCha20-Poly1305 under a key from a file of its own.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace ajwt::crypto {

// SealingKey is a 256-bit key in locked memory. Copies share it. Safe for many threads.
class SealingKey {
 public:
  // from_bytes takes 32 bytes; refuses k_crypto_failed for another length.
  static Result<SealingKey> from_bytes(ByteView key);

  // seal returns nonce || ciphertext || tag, the nonce of 24 bytes drawn at random. `context` is
  // authenticated, not stored: it ties the box to the row that it belongs to.
  Result<Bytes> seal(ByteView plaintext, std::string_view context) const;
  // open refuses k_crypto_failed if box, context or key differ.
  Result<Bytes> open(ByteView box, std::string_view context) const;

 private:
  struct Parts;
  explicit SealingKey(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

}  // namespace ajwt::crypto
