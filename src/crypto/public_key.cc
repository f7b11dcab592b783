// SPDX-License-Identifier: Apache-2.0
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/operation_count.h"
#include "crypto/hash.h"
#include "crypto/key.h"
#include "crypto/key_encoding.h"
#include "crypto/openssl.h"
#include "crypto/scheme.h"

namespace ajwt::crypto {
namespace {

using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;

constexpr std::size_t kCoordinateBytes = 32;
constexpr std::size_t kEcdsaSignatureBytes = 64;
constexpr int kSmallestRsaBits = 2048;
constexpr int kLargestRsaBits = 8192;
constexpr std::size_t kLargestExponentBytes = 8;  // longer ones only make verifying slow
constexpr std::uint64_t kSmallestExponent = 65537;

// The y coordinates, little-endian and reduced, of the eight points whose order divides 8: 0, 1,
// -1 and two more that are each other's negative. Each stands for x and -x.
constexpr std::array<std::array<std::uint8_t, 32>, 5> kSmallOrder = {{
    {0x00},
    {0x01},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
}};

// Tells whether the coordinate (sign bit cleared) is below p = 2^255 - 19.
bool is_reduced(const std::array<std::uint8_t, 32>& y) {
  const bool high_bytes_full =
      y[31] == 0x7f && std::all_of(y.begin() + 1, y.begin() + 31, [](auto b) { return b == 0xff; });
  return !high_bytes_full || y[0] < 0xed;
}

Error no_key() { return refuse(Code::k_jwk_malformed, "The key's numbers make no key."); }

// The curve alone, set up once: an import that starts from it takes a fourth of the time.
const EVP_PKEY* p256_curve() {
  static const EVP_PKEY* const curve = [] {
    EVP_PKEY* key = nullptr;
    const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    AJWT_CHECK(context && EVP_PKEY_paramgen_init(context.get()) == 1 &&
               EVP_PKEY_CTX_set_group_name(context.get(), SN_X9_62_prime256v1) == 1 &&
               EVP_PKEY_paramgen(context.get(), &key) == 1);
    return key;
  }();
  return curve;
}

Result<Pkey> import_p256(ByteView x, ByteView y) {
  std::array<std::uint8_t, 1 + 2 * kCoordinateBytes> point{0x04};  // uncompressed (SEC 1 2.3.3)
  std::copy(x.begin(), x.end(), point.begin() + 1);
  std::copy(y.begin(), y.end(), point.begin() + 1 + kCoordinateBytes);
  Pkey key(EVP_PKEY_new());
  if (!key || EVP_PKEY_copy_parameters(key.get(), p256_curve()) != 1) {
    return crypto_failed("EVP_PKEY_copy_parameters");
  }
  // Checks that the point is on the curve: one that is not lies on a weak curve instead.
  if (EVP_PKEY_set1_encoded_public_key(key.get(), point.data(), point.size()) != 1) {
    return no_key();
  }
  return key;
}

Result<Pkey> import_rsa(const BIGNUM* n, const BIGNUM* e) {
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e) != 1) {
    return crypto_failed("OSSL_PARAM_BLD");
  }
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1) {
    return crypto_failed("EVP_PKEY_fromdata_init");
  }
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return no_key();
  }
  return Pkey(key);
}

// Limits the cost of a verification with a key that a stranger chose, and keeps weak keys out.
Status check_rsa_numbers(const BIGNUM* n, ByteView e) {
  if (BN_num_bits(n) < kSmallestRsaBits) {
    return refuse(Code::k_jwk_too_small, "An RSA key needs 2048 bits or more.");
  }
  if (BN_num_bits(n) > kLargestRsaBits) {
    return refuse(Code::k_jwk_unsupported, "An RSA key may have 8192 bits at most.");
  }
  if (BN_is_odd(n) == 0) return refuse(Code::k_jwk_malformed, "The RSA modulus is even.");
  std::uint64_t exponent = 0;
  if (e.size() <= kLargestExponentBytes) {
    for (const auto byte : e) exponent = exponent << 8U | byte;
  }
  if (exponent < kSmallestExponent || exponent % 2 == 0) {
    return refuse(Code::k_jwk_unsupported, "The RSA exponent is not supported.");
  }
  return ok();
}

bool verify_prehashed(EVP_PKEY* key, Scheme scheme, ByteView message, ByteView signature) {
  const ErrorScope errors;
  const Digest digest = sha256(message);
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return context && EVP_PKEY_verify_init(context.get()) == 1 && set_scheme(context.get(), scheme) &&
         EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(),
                         digest.size()) == 1;
}

Error invalid_signature() { return refuse(Code::k_jws_signature_invalid); }

}  // namespace

struct PublicKey::Parts {
  KeyKind kind;
  Bytes x, y, n, e;
  Pkey pkey;  // of kP256 and kRsa
};

Result<PublicKey> PublicKey::ed25519(ByteView raw) {
  if (raw.size() != crypto_sign_PUBLICKEYBYTES) {
    return refuse(Code::k_jwk_malformed, "An Ed25519 key has 32 bytes.");
  }
  std::array<std::uint8_t, 32> y{};
  std::copy(raw.begin(), raw.end(), y.begin());
  y[31] &= 0x7f;  // the rest is the sign of x
  if (!is_reduced(y) || std::find(kSmallOrder.begin(), kSmallOrder.end(), y) != kSmallOrder.end()) {
    return refuse(Code::k_jwk_malformed, "The bytes are no usable Ed25519 key.");
  }
  AJWT_TRY(initialise());
  return PublicKey(std::make_shared<const Parts>(
      Parts{KeyKind::kEd25519, Bytes(raw.begin(), raw.end()), {}, {}, {}, nullptr}));
}

Result<PublicKey> PublicKey::p256(ByteView x, ByteView y) {
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) {
    return refuse(Code::k_jwk_malformed, "A P-256 coordinate has 32 bytes.");
  }
  AJWT_TRY(initialise());
  const ErrorScope errors;
  AJWT_ASSIGN(auto pkey, import_p256(x, y));
  return PublicKey(std::make_shared<const Parts>(Parts{KeyKind::kP256,
                                                       Bytes(x.begin(), x.end()),
                                                       Bytes(y.begin(), y.end()),
                                                       {},
                                                       {},
                                                       std::move(pkey)}));
}

Result<PublicKey> PublicKey::rsa(ByteView n, ByteView e) {
  if (n.empty() || e.empty() || n[0] == 0 || e[0] == 0) {
    return refuse(Code::k_jwk_malformed, "An RSA number is zero or has leading zeros.");
  }
  // Before any arithmetic: numbers are as long as their sender likes.
  if (n.size() > kLargestRsaBits / 8) {
    return refuse(Code::k_jwk_unsupported, "An RSA key may have 8192 bits at most.");
  }
  AJWT_TRY(initialise());
  const ErrorScope errors;
  const Number modulus(BN_bin2bn(n.data(), static_cast<int>(n.size()), nullptr));
  if (!modulus) return crypto_failed("BN_bin2bn");
  AJWT_TRY(check_rsa_numbers(modulus.get(), e));
  const Number exponent(BN_bin2bn(e.data(), static_cast<int>(e.size()), nullptr));
  if (!exponent) return crypto_failed("BN_bin2bn");
  AJWT_ASSIGN(auto pkey, import_rsa(modulus.get(), exponent.get()));
  return PublicKey(std::make_shared<const Parts>(Parts{KeyKind::kRsa,
                                                       {},
                                                       {},
                                                       Bytes(n.begin(), n.end()),
                                                       Bytes(e.begin(), e.end()),
                                                       std::move(pkey)}));
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  AJWT_ASSIGN(const Pkey key, read_spki_pem(pem));
  return public_key_of(key.get());
}

Result<PublicKey> PublicKey::from_der(ByteView der) {
  AJWT_ASSIGN(const Pkey key, read_spki(der));
  return public_key_of(key.get());
}

KeyKind PublicKey::kind() const { return parts_->kind; }
const Bytes& PublicKey::x() const { return parts_->x; }
const Bytes& PublicKey::y() const { return parts_->y; }
const Bytes& PublicKey::n() const { return parts_->n; }
const Bytes& PublicKey::e() const { return parts_->e; }

std::string PublicKey::to_pem() const {
  if (parts_->pkey) return *write_spki_pem(parts_->pkey.get());
  const Pkey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, x().data(), x().size()));
  AJWT_CHECK(key != nullptr);
  return *write_spki_pem(key.get());
}

Status PublicKey::verify(Scheme scheme, ByteView message, ByteView signature) const {
  if (!fits(kind(), scheme)) return invalid_signature();
  ++operation_count().verifications;
  bool valid = false;
  switch (scheme) {
    case Scheme::kEd25519:
      valid = signature.size() == crypto_sign_BYTES &&
              crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                          x().data()) == 0;
      break;
    case Scheme::kEcdsaP256:
      // An exact length, not halves of any: r||s cut elsewhere would be a second spelling.
      valid = signature.size() == kEcdsaSignatureBytes &&
              verify_prehashed(parts_->pkey.get(), scheme, message, ecdsa_to_der(signature));
      break;
    case Scheme::kRsaPkcs1:
    case Scheme::kRsaPss:
      valid = signature.size() == n().size() &&
              verify_prehashed(parts_->pkey.get(), scheme, message, signature);
      break;
  }
  if (!valid) return invalid_signature();
  return ok();
}

bool operator==(const PublicKey& a, const PublicKey& b) {
  return a.kind() == b.kind() && a.x() == b.x() && a.y() == b.y() && a.n() == b.n() &&
         a.e() == b.e();
}

}  // namespace ajwt::crypto
