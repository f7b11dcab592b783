// SPDX-License-Identifier: Apache-2.0
#include "crypto/scheme.h"

#include <openssl/rsa.h>

namespace ajwt::crypto {
namespace {

constexpr int kHalf = 32;       // bytes of r and of s
constexpr int kSaltBytes = 32;  // exactly, also when verifying (RFC 7518 3.5)

}  // namespace

bool fits(KeyKind kind, Scheme scheme) {
  switch (scheme) {
    case Scheme::kEd25519:
      return kind == KeyKind::kEd25519;
    case Scheme::kEcdsaP256:
      return kind == KeyKind::kP256;
    case Scheme::kRsaPkcs1:
    case Scheme::kRsaPss:
      return kind == KeyKind::kRsa;
  }
  return false;
}

bool set_scheme(EVP_PKEY_CTX* context, Scheme scheme) {
  switch (scheme) {
    case Scheme::kEd25519:
      return false;
    case Scheme::kEcdsaP256:
      break;
    case Scheme::kRsaPkcs1:
      if (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1) return false;
      break;
    case Scheme::kRsaPss:
      if (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) != 1 ||
          EVP_PKEY_CTX_set_rsa_pss_saltlen(context, kSaltBytes) != 1 ||
          EVP_PKEY_CTX_set_rsa_mgf1_md(context, sha256_algorithm()) != 1) {
        return false;
      }
      break;
  }
  return EVP_PKEY_CTX_set_signature_md(context, sha256_algorithm()) == 1;
}

Bytes ecdsa_to_der(ByteView raw) {
  const EcdsaSignature signature(ECDSA_SIG_new());
  Number r(BN_bin2bn(raw.data(), kHalf, nullptr));
  Number s(BN_bin2bn(raw.data() + kHalf, kHalf, nullptr));
  if (!signature || !r || !s) return {};
  if (ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
  static_cast<void>(r.release());  // now the signature's
  static_cast<void>(s.release());
  unsigned char* encoded = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &encoded);
  if (size <= 0) return {};
  Bytes der(encoded, encoded + size);
  OPENSSL_free(encoded);
  return der;
}

Bytes ecdsa_from_der(ByteView der) {
  const unsigned char* at = der.data();
  const EcdsaSignature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  Bytes raw(2 * kHalf);
  if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), kHalf) != kHalf ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw.data() + kHalf, kHalf) != kHalf) {
    return {};
  }
  return raw;
}

}  // namespace ajwt::crypto
