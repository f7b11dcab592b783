// SPDX-License-Identifier: Apache-2.0
//
// OpenSSL as this folder uses it: owners for its objects, and its SHA-256. Internal to crypto.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>

#include "base/result.h"

namespace ajwt::crypto {

// Free is a deleter that calls an OpenSSL function.
template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using Pkey = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_clear_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

// ErrorScope drops the errors that OpenSSL queued since it was made. The queue belongs to the
// thread: what is left in it is taken for the next caller's failure, a TLS connection's say.
class ErrorScope {
 public:
  ErrorScope() { ERR_set_mark(); }
  ~ErrorScope() { ERR_pop_to_mark(); }
  ErrorScope(const ErrorScope&) = delete;
  ErrorScope& operator=(const ErrorScope&) = delete;
};

// sha256_algorithm returns OpenSSL's SHA-256, looked up once.
const EVP_MD* sha256_algorithm();

// crypto_failed returns the Error of an OpenSSL call that had no reason to fail.
Error crypto_failed(std::string_view call);

}  // namespace ajwt::crypto
