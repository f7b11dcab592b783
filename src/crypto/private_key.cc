// SPDX-License-Identifier: Apache-2.0
#include <openssl/rsa.h>
#include <sodium.h>

#include <array>
#include <variant>

#include "crypto/hash.h"
#include "crypto/key.h"
#include "crypto/key_encoding.h"
#include "crypto/locked.h"
#include "crypto/openssl.h"
#include "crypto/scheme.h"

namespace ajwt::crypto {
namespace {

constexpr std::size_t kSeedBytes = crypto_sign_SEEDBYTES;
constexpr std::size_t kRsaBits = 2048;

// Ed25519: libsodium's form, the seed and then the public key. The other kinds: OpenSSL's key.
using SecretPart = std::variant<LockedBytes, Pkey>;

ByteView seed_of(const LockedBytes& secret) { return secret.view().first(kSeedBytes); }

Result<Bytes> sign_prehashed(EVP_PKEY* key, Scheme scheme, ByteView message) {
  const ErrorScope errors;
  const Digest digest = sha256(message);
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  std::size_t size = 0;
  if (!context || EVP_PKEY_sign_init(context.get()) != 1 || !set_scheme(context.get(), scheme) ||
      EVP_PKEY_sign(context.get(), nullptr, &size, digest.data(), digest.size()) != 1) {
    return crypto_failed("EVP_PKEY_sign_init");
  }
  Bytes signature(size);
  if (EVP_PKEY_sign(context.get(), signature.data(), &size, digest.data(), digest.size()) != 1) {
    return crypto_failed("EVP_PKEY_sign");
  }
  signature.resize(size);
  if (scheme != Scheme::kEcdsaP256) return signature;
  Bytes raw = ecdsa_from_der(signature);
  if (raw.empty()) return crypto_failed("d2i_ECDSA_SIG");
  return raw;
}

Result<Bytes> sign_ed25519(const LockedBytes& secret, ByteView message) {
  Bytes signature(crypto_sign_BYTES);
  if (crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                           secret.view().data()) != 0) {
    return refuse(Code::k_crypto_failed).with_detail("crypto_sign_detached");
  }
  return signature;
}

// An Ed25519 key as OpenSSL has it: for PEM alone.
Result<Pkey> ed25519_pkey(const LockedBytes& secret) {
  const ByteView seed = seed_of(secret);
  Pkey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  if (!key) return crypto_failed("EVP_PKEY_new_raw_private_key");
  return key;
}

// Refuses a key whose parts do not belong together: a private part that does not match signs what
// nobody can verify, and damaged RSA numbers give the key away with the first signature.
Status check_pair(const PrivateKey& key) {
  constexpr std::string_view kProbe = "ajwt key check";
  const Scheme scheme = key.kind() == KeyKind::kEd25519 ? Scheme::kEd25519
                        : key.kind() == KeyKind::kP256  ? Scheme::kEcdsaP256
                                                        : Scheme::kRsaPkcs1;
  const auto signature = key.sign(scheme, as_bytes(kProbe));
  if (!signature || !key.public_key().verify(scheme, as_bytes(kProbe), *signature)) {
    return refuse(Code::k_jwk_malformed, "The private and the public part differ.");
  }
  return ok();
}

}  // namespace

struct PrivateKey::Parts {
  PublicKey public_key;
  SecretPart secret;
};

Result<PrivateKey> PrivateKey::from_ed25519_seed(ByteView seed) {
  if (seed.size() != kSeedBytes) {
    return refuse(Code::k_jwk_malformed, "An Ed25519 seed has 32 bytes.");
  }
  AJWT_ASSIGN(auto secret, LockedBytes::allocate(crypto_sign_SECRETKEYBYTES));
  std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> raw{};
  crypto_sign_seed_keypair(raw.data(), secret.data(), seed.data());
  secret.make_read_only();
  AJWT_ASSIGN(auto public_key, PublicKey::ed25519(raw));
  return PrivateKey(std::make_shared<const Parts>(Parts{std::move(public_key), std::move(secret)}));
}

Result<PrivateKey> PrivateKey::generate(KeyKind kind) {
  AJWT_TRY(initialise());
  const ErrorScope errors;
  Pkey key;
  switch (kind) {
    case KeyKind::kEd25519: {
      AJWT_ASSIGN(auto seed, LockedBytes::allocate(kSeedBytes));
      randombytes_buf(seed.data(), kSeedBytes);
      return from_ed25519_seed(seed.view());
    }
    case KeyKind::kP256:
      key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", SN_X9_62_prime256v1));
      break;
    case KeyKind::kRsa:
      key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", kRsaBits));
      break;
  }
  if (!key) return crypto_failed("EVP_PKEY_Q_keygen");
  AJWT_ASSIGN(auto public_key, public_key_of(key.get()));
  return PrivateKey(std::make_shared<const Parts>(Parts{std::move(public_key), std::move(key)}));
}

Result<PrivateKey> PrivateKey::from_pem(const Secret& pem) {
  AJWT_ASSIGN(auto key, read_pkcs8_pem(pem.reveal()));
  AJWT_ASSIGN(auto public_key, public_key_of(key.get()));
  if (public_key.kind() == KeyKind::kEd25519) {
    AJWT_ASSIGN(auto seed, LockedBytes::allocate(kSeedBytes));
    std::size_t size = kSeedBytes;
    if (EVP_PKEY_get_raw_private_key(key.get(), seed.data(), &size) != 1) {
      return crypto_failed("EVP_PKEY_get_raw_private_key");
    }
    return from_ed25519_seed(seed.view());
  }
  PrivateKey private_key(
      std::make_shared<const Parts>(Parts{std::move(public_key), std::move(key)}));
  AJWT_TRY(check_pair(private_key));
  return private_key;
}

KeyKind PrivateKey::kind() const { return parts_->public_key.kind(); }
const PublicKey& PrivateKey::public_key() const { return parts_->public_key; }

Result<Secret> PrivateKey::to_pem() const {
  if (const auto* pkey = std::get_if<Pkey>(&parts_->secret)) return write_pkcs8_pem(pkey->get());
  AJWT_ASSIGN(const auto pkey, ed25519_pkey(std::get<LockedBytes>(parts_->secret)));
  return write_pkcs8_pem(pkey.get());
}

Result<Bytes> PrivateKey::sign(Scheme scheme, ByteView message) const {
  if (!fits(kind(), scheme)) {
    return refuse(Code::k_crypto_failed).with_detail("the scheme does not fit the key");
  }
  if (const auto* secret = std::get_if<LockedBytes>(&parts_->secret)) {
    return sign_ed25519(*secret, message);
  }
  return sign_prehashed(std::get<Pkey>(parts_->secret).get(), scheme, message);
}

}  // namespace ajwt::crypto
