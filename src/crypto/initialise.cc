// SPDX-License-Identifier: Apache-2.0
#include <openssl/crypto.h>
#include <sodium.h>

#include <mutex>

#include "crypto/key.h"

namespace ajwt::crypto {
namespace {

// Room for some hundred RSA keys and the secret numbers of the operations under way.
constexpr std::size_t kSecureHeapBytes = 1024 * 1024;
// OpenSSL's secure heap hands out powers of two, from this size on.
constexpr std::size_t kSecureHeapSmallest = 32;

// Returns 0 or what failed. A program that we are a part of may have set the heap up already; 2
// means that it is there but could not be locked or guarded in full, which key.h tells.
const char* initialise_once() {
  if (sodium_init() < 0) return "libsodium cannot be initialised";
  if (CRYPTO_secure_malloc_initialized() == 0 &&
      CRYPTO_secure_malloc_init(kSecureHeapBytes, kSecureHeapSmallest) == 0) {
    return "OpenSSL's secure heap cannot be set up";
  }
  return nullptr;
}

}  // namespace

Status initialise() {
  static std::once_flag once;
  static const char* failure = nullptr;
  std::call_once(once, [] { failure = initialise_once(); });
  if (failure != nullptr) return refuse(Code::k_crypto_failed).with_detail(failure);
  return ok();
}

}  // namespace ajwt::crypto
