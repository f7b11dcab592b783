// SPDX-License-Identifier: Apache-2.0
//
// Compact JWS (RFC 7515). The types keep the order: bytes -> UnverifiedJws -> VerifiedJws. What a
// payload says cannot be read before its signature has been verified.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "jose/algorithm.h"
#include "jose/jwk.h"

namespace ajwt::jose {

// EmbeddedKey says whether a header may carry its own public key: only proofs may, and must.
enum class EmbeddedKey { kRefused, kRequired };

// JwsHeader is a header that passed the strict rules below.
struct JwsHeader {
  Algorithm alg;
  std::optional<std::string> typ;  // lowercased, without a leading "application/"
  std::optional<std::string> kid;
  std::optional<Jwk> jwk;  // present exactly when EmbeddedKey::kRequired
};

// UnverifiedJws is a token that was split and whose header was read, and nothing more.
class UnverifiedJws {
 public:
  // parse splits at exactly two dots, decodes strictly and reads the header.
  // Refuses: k_jws_too_large (the token, or a header of more than 4 KiB); k_jws_malformed (parts,
  // base64url, a header that is no strict JSON object or is nested more than 4 deep, an empty
  // signature); k_jws_algorithm_refused (alg missing, unknown, "none");
  // k_jws_critical_unknown (any `crit`: no extension is understood); k_jws_header_refused (`jku`,
  // `x5u`, `x5c`, `b64`, and `jwk` where it is refused, or missing where it is required, or any
  // known parameter of the wrong type); k_jwk_* for an embedded key that is no public key. An
  // empty payload is a payload; `x5t` and `x5t#S256` are ignored, as unknown parameters are.
  static Result<UnverifiedJws> parse(std::string_view token, std::size_t max_bytes,
                                     EmbeddedKey embedded = EmbeddedKey::kRefused);

  const JwsHeader& header() const { return header_; }

 private:
  friend class VerifiedJws;
  UnverifiedJws(JwsHeader header, std::string signing_input, Bytes payload, Bytes signature);
  JwsHeader header_;
  std::string signing_input_;
  Bytes payload_;
  Bytes signature_;
};

// VerifiedJws is proof that a signature was verified; only `verify` makes one.
class VerifiedJws {
 public:
  // verify checks `alg` against the caller's list and against the key (kind, curve, and the JWK's
  // own alg if it has one), then the signature over the raw bytes. Refuses
  // k_jws_algorithm_refused, k_jws_signature_invalid.
  static Result<VerifiedJws> verify(UnverifiedJws jws, const Jwk& key,
                                    const AlgorithmSet& accepted);

  const JwsHeader& header() const { return header_; }
  // payload returns the bytes that were signed.
  ByteView payload() const { return payload_; }

 private:
  VerifiedJws(JwsHeader header, Bytes payload);
  JwsHeader header_;
  Bytes payload_;
};

// SignJwsOptions is the header that sign_jws writes besides alg; an empty `typ` is left out.
struct SignJwsOptions {
  std::string_view typ = {};
  std::optional<std::string> kid = std::nullopt;
  EmbeddedKey embedded = EmbeddedKey::kRefused;  // kRequired writes the signer's public `jwk`
};

// sign_jws returns a compact JWS with the key's default algorithm (RSA: PS256), or `algorithm`.
// Refuses k_crypto_failed.
Result<std::string> sign_jws(std::string_view payload, const crypto::PrivateKey& key,
                             const SignJwsOptions& options,
                             std::optional<Algorithm> algorithm = std::nullopt);

}  // namespace ajwt::jose
