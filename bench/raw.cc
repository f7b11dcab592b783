// SPDX-License-Identifier: Apache-2.0
#include "bench/raw.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>

#include <utility>

#include "base/check.h"
#include "jose/base64url.h"

namespace ajwt::bench {
namespace {

Bytes to_der(const Bytes& raw) {
  AJWT_CHECK(raw.size() == 64);
  ECDSA_SIG* signature = ECDSA_SIG_new();
  ECDSA_SIG_set0(signature, BN_bin2bn(raw.data(), 32, nullptr),
                 BN_bin2bn(raw.data() + 32, 32, nullptr));
  Bytes der(static_cast<std::size_t>(i2d_ECDSA_SIG(signature, nullptr)));
  std::uint8_t* out = der.data();
  i2d_ECDSA_SIG(signature, &out);
  ECDSA_SIG_free(signature);
  return der;
}

}  // namespace

SignedBytes take_apart(std::string_view compact) {
  const std::size_t dot = compact.rfind('.');
  auto signature = jose::decode_base64url(compact.substr(dot + 1));
  AJWT_CHECK(signature.has_value());
  return SignedBytes{.message = std::string(compact.substr(0, dot)),
                     .signature = *std::move(signature)};
}

Ed25519::Ed25519(std::uint8_t fill)
    : public_key(crypto_sign_PUBLICKEYBYTES), secret_key(crypto_sign_SECRETKEYBYTES) {
  const Bytes seed(crypto_sign_SEEDBYTES, fill);
  AJWT_CHECK(sodium_init() >= 0);
  AJWT_CHECK(crypto_sign_seed_keypair(public_key.data(), secret_key.data(), seed.data()) == 0);
}

bool Ed25519::verify(const SignedBytes& bytes) const {
  const ByteView message = as_bytes(bytes.message);
  return crypto_sign_verify_detached(bytes.signature.data(), message.data(), message.size(),
                                     public_key.data()) == 0;
}

Bytes Ed25519::sign(std::string_view message) const {
  Bytes signature(crypto_sign_BYTES);
  const ByteView bytes = as_bytes(message);
  crypto_sign_detached(signature.data(), nullptr, bytes.data(), bytes.size(), secret_key.data());
  return signature;
}

OpenSslVerifier::OpenSslVerifier(const std::string& pem, SignedBytes bytes)
    : bytes_(std::move(bytes)) {
  BIO* memory = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  key_ = {PEM_read_bio_PUBKEY(memory, nullptr, nullptr, nullptr), EVP_PKEY_free};
  BIO_free(memory);
  AJWT_CHECK(key_ != nullptr);
}

OpenSslVerifier OpenSslVerifier::of_p256(const std::string& pem, SignedBytes bytes) {
  bytes.signature = to_der(bytes.signature);
  return OpenSslVerifier(pem, std::move(bytes));
}

OpenSslVerifier OpenSslVerifier::of_rsa(const std::string& pem, SignedBytes bytes) {
  return OpenSslVerifier(pem, std::move(bytes));
}

bool OpenSslVerifier::verify() const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const ByteView message = as_bytes(bytes_.message);
  const bool good =
      EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
      EVP_DigestVerify(context, bytes_.signature.data(), bytes_.signature.size(), message.data(),
                       message.size()) == 1;
  EVP_MD_CTX_free(context);
  return good;
}

Digest sha256_by_openssl(std::string_view text) {
  Digest digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

Digest sha256_by_sodium(std::string_view text) {
  Digest digest{};
  const ByteView bytes = as_bytes(text);
  crypto_hash_sha256(digest.data(), bytes.data(), bytes.size());
  return digest;
}

}  // namespace ajwt::bench
