// SPDX-License-Identifier: Apache-2.0
#include "crypto/seal.h"

#include <sodium.h>

#include "crypto/key.h"
#include "crypto/locked.h"

namespace ajwt::crypto {
namespace {

constexpr std::size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

}  // namespace

struct SealingKey::Parts {
  LockedBytes key;
};

Result<SealingKey> SealingKey::from_bytes(ByteView key) {
  if (key.size() != kKeyBytes) {
    return refuse(Code::k_crypto_failed, "A sealing key has 32 bytes.");
  }
  AJWT_ASSIGN(auto locked, LockedBytes::copy_of(key));
  locked.make_read_only();
  return SealingKey(std::make_shared<const Parts>(Parts{std::move(locked)}));
}

Result<Bytes> SealingKey::seal(ByteView plaintext, std::string_view context) const {
  // Nonces of 192 bits may be drawn at random without ever meeting twice.
  Bytes box(kNonceBytes + plaintext.size() + kTagBytes);
  randombytes_buf(box.data(), kNonceBytes);
  const ByteView bound = as_bytes(context);
  if (crypto_aead_xchacha20poly1305_ietf_encrypt(
          box.data() + kNonceBytes, nullptr, plaintext.data(), plaintext.size(), bound.data(),
          bound.size(), nullptr, box.data(), parts_->key.view().data()) != 0) {
    return refuse(Code::k_crypto_failed).with_detail("sealing failed");
  }
  return box;
}

Result<Bytes> SealingKey::open(ByteView box, std::string_view context) const {
  if (box.size() < kNonceBytes + kTagBytes) {
    return refuse(Code::k_crypto_failed).with_detail("the sealed box is too short");
  }
  const ByteView sealed = box.subspan(kNonceBytes);
  const ByteView bound = as_bytes(context);
  Bytes plaintext(sealed.size() - kTagBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(plaintext.data(), nullptr, nullptr, sealed.data(),
                                                 sealed.size(), bound.data(), bound.size(),
                                                 box.data(), parts_->key.view().data()) != 0) {
    return refuse(Code::k_crypto_failed).with_detail("the sealed box does not open");
  }
  return plaintext;
}

}  // namespace ajwt::crypto
