// SPDX-License-Identifier: Apache-2.0
//
// Keys and signatures: Ed25519 (libsodium), ECDSA P-256 and RSA (OpenSSL). The scheme of a
// signature is the caller's, never read from the signed object.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace ajwt::crypto {

// KeyKind is what a key is; Scheme is what may be done with it.
enum class KeyKind { kEd25519, kP256, kRsa };

enum class Scheme {
  kEd25519,    // RFC 8032, 64 bytes
  kEcdsaP256,  // with SHA-256, signature r||s of 32 bytes each (RFC 7518 3.4)
  kRsaPkcs1,   // RSASSA-PKCS1-v1_5 with SHA-256
  kRsaPss,     // RSASSA-PSS, SHA-256, MGF1 SHA-256, salt of 32 bytes
};

// fits tells whether keys of this kind make signatures of this scheme.
bool fits(KeyKind kind, Scheme scheme);

// PublicKey is a value; copies share the parsed key. Safe to use from many threads.
class PublicKey {
 public:
  // ed25519 takes the 32 bytes of RFC 8032; refuses k_jwk_malformed for another length, for a
  // coordinate that is not reduced and for points of small order, under which one signature holds
  // for any message. A value that is no point of the curve is a key under which verify refuses
  // everything: finding that out here would cost as much again as a third of a verification.
  static Result<PublicKey> ed25519(ByteView raw);
  // p256 takes two coordinates of exactly 32 bytes; refuses k_jwk_malformed for another length and
  // for a point that is not on the curve.
  static Result<PublicKey> p256(ByteView x, ByteView y);
  // rsa takes modulus and exponent, big-endian; refuses k_jwk_malformed for leading zeros and for
  // an even modulus, k_jwk_too_small below 2048 bits and k_jwk_unsupported above 8192 bits or for
  // an exponent that is even, below 65537 or longer than 64 bits.
  static Result<PublicKey> rsa(ByteView n, ByteView e);
  // from_pem reads one SubjectPublicKeyInfo ("BEGIN PUBLIC KEY") of the three kinds, with nothing
  // but white space around it; refuses as from_der does.
  static Result<PublicKey> from_pem(std::string_view pem);
  // from_der reads a DER SubjectPublicKeyInfo (RFC 5280 4.1.2.7); refuses k_jwk_malformed, for
  // trailing bytes too, k_jwk_unsupported for another kind or curve, and what the functions above
  // refuse.
  static Result<PublicKey> from_der(ByteView der);

  KeyKind kind() const;
  // The parts that a JWK carries: kEd25519: x; kP256: x, y (32 bytes each); kRsa: n, e (no leading
  // zeros). Parts of another kind are empty.
  const Bytes& x() const;
  const Bytes& y() const;
  const Bytes& n() const;
  const Bytes& e() const;
  // to_pem returns SubjectPublicKeyInfo PEM.
  std::string to_pem() const;

  // verify refuses k_jws_signature_invalid, also when the scheme does not fit the key or the
  // signature's length is wrong.
  Status verify(Scheme scheme, ByteView message, ByteView signature) const;

  // operator== compares kind and parts.
  friend bool operator==(const PublicKey& a, const PublicKey& b);

 private:
  struct Parts;
  explicit PublicKey(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

// PrivateKey holds a key whose secret part lives in locked memory that is left out of core dumps
// (sodium_malloc; OpenSSL's secure heap) and is wiped when the last copy goes. Copies share it.
// Safe to use from many threads. Where the machine's limit on locked memory (RLIMIT_MEMLOCK) is
// used up, the memory is guarded, left out of core dumps and wiped all the same, but could be
// swapped: the key is used rather than refused.
class PrivateKey {
 public:
  // generate draws a new key; RSA keys have 2048 bits. Refuses k_crypto_failed.
  static Result<PrivateKey> generate(KeyKind kind);
  // from_pem reads an unencrypted PKCS #8 key ("BEGIN PRIVATE KEY") of the three kinds; refuses as
  // PublicKey::from_pem does, and k_jwk_malformed if its private and public parts do not belong
  // together.
  static Result<PrivateKey> from_pem(const Secret& pem);
  // from_ed25519_seed takes 32 bytes; refuses k_jwk_malformed for another length. For test
  // vectors.
  static Result<PrivateKey> from_ed25519_seed(ByteView seed);

  KeyKind kind() const;
  const PublicKey& public_key() const;
  // to_pem returns PKCS #8 PEM.
  Result<Secret> to_pem() const;
  // sign returns a signature in the form that Scheme documents; refuses k_crypto_failed also when
  // the scheme does not fit the key.
  Result<Bytes> sign(Scheme scheme, ByteView message) const;

 private:
  struct Parts;
  explicit PrivateKey(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

// initialise makes libsodium ready and sets up OpenSSL's secure heap. Called by every function
// that needs it; a program may call it early to fail early. Returns k_crypto_failed if it cannot.
Status initialise();

}  // namespace ajwt::crypto
