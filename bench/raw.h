// SPDX-License-Identifier: Apache-2.0
//
// The primitives alone, called as their own documentation says, over bytes that are ready: what no
// implementation can do without.
#pragma once

#include <sodium.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"

using EVP_PKEY = struct evp_pkey_st;

namespace ajwt::bench {

// SignedBytes is a compact JWS taken apart: what was signed, and the signature.
struct SignedBytes {
  std::string message;
  Bytes signature;
};
SignedBytes take_apart(std::string_view compact);

// Ed25519 is a key pair of libsodium's.
struct Ed25519 {
  explicit Ed25519(std::uint8_t fill);
  Bytes public_key;
  Bytes secret_key;

  bool verify(const SignedBytes& bytes) const;
  Bytes sign(std::string_view message) const;
};

// OpenSslVerifier verifies by EVP with a key that is ready.
class OpenSslVerifier {
 public:
  // of_p256 and of_rsa take SubjectPublicKeyInfo PEM. `bytes` are kept; an ECDSA signature is
  // turned into DER here, once.
  static OpenSslVerifier of_p256(const std::string& pem, SignedBytes bytes);
  static OpenSslVerifier of_rsa(const std::string& pem, SignedBytes bytes);
  bool verify() const;

 private:
  OpenSslVerifier(const std::string& pem, SignedBytes bytes);
  std::shared_ptr<EVP_PKEY> key_;
  SignedBytes bytes_;
};

// sha256_by_openssl is one call of EVP_Digest; sha256_by_sodium one of crypto_hash_sha256.
Digest sha256_by_openssl(std::string_view text);
Digest sha256_by_sodium(std::string_view text);

}  // namespace ajwt::bench
