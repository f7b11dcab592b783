// SPDX-License-Identifier: Apache-2.0
//
// Proofs of possession: the DPoP proof (RFC 9449) with our claims bd, qd and agent_checksum, and
// the agent proof that stands beside it in a body (protocol 6.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/key.h"
#include "jose/algorithm.h"
#include "jose/jwk.h"
#include "protocol/nonce.h"

namespace ajwt {

inline constexpr std::size_t kMaxProofBytes = 4096;
// A proof is accepted from kProofWindow ago to kProofSkew ahead, and remembered until
// iat + kProofWindow + kProofSkew.
inline constexpr Seconds kProofWindow{60};
inline constexpr Seconds kProofSkew{30};

// ProofFacts is the request that a proof must be for.
struct ProofFacts {
  std::string_view method;
  std::string_view uri;  // absolute; query and fragment are ignored (RFC 9449 4.3 (9))
  Instant now;
  const NonceIssuer* nonces;  // null: no nonce is asked for (say so on purpose)
  std::optional<std::string_view> exact_nonce = {};   // instead of `nonces`: this very text
  std::optional<std::string_view> access_token = {};  // given: `ath` must be its hash
  std::optional<std::string_view> jkt = {};           // given: the key must have this thumbprint
  // Binding of body and query (protocol 6.2). kBound: `bd` must match and may be absent only for an
  // empty body, `qd` likewise for the query. kIfPresent: RFC 9449 clients; what is there must
  // match. kHead and kHeadIfPresent are for who never sees a body: `bd` is not judged, whatever it
  // says, and `qd` as with kBound and kIfPresent.
  enum class Binding { kBound, kHead, kIfPresent, kHeadIfPresent };
  Binding binding;
  // Absent: not read, so a present `bd` cannot be judged: refused.
  std::optional<ByteView> body = {};
  std::string_view query = {};  // raw, without '?'
  // Instead of `access_token`, where the token was hashed already: its base64url SHA-256.
  std::optional<std::string_view> access_token_hash = {};
};

// VerifiedProof is proof that the holder of `key` signed this request. Only verify_* makes one.
// It is not yet known to be unused: remember (jkt, jti) until `remember_until` in a replay memory.
class VerifiedProof {
 public:
  const std::string& jkt() const { return jkt_; }
  const crypto::PublicKey& key() const { return key_; }
  const std::string& jti() const { return jti_; }
  Instant remember_until() const { return remember_until_; }
  // Our own claims, absent in proofs of plain RFC 9449 clients.
  const std::optional<std::string>& agent_checksum() const { return agent_checksum_; }
  const std::optional<std::string>& agent_id() const { return agent_id_; }
  // binds_body tells whether the request's body is the one that was signed for: `bd` was judged, or
  // the body is known to be empty.
  bool binds_body() const { return binds_body_; }

 private:
  friend class ProofVerifier;
  VerifiedProof(crypto::PublicKey key, std::string jkt, std::string jti, Instant remember_until)
      : key_(std::move(key)),
        jkt_(std::move(jkt)),
        jti_(std::move(jti)),
        remember_until_(remember_until) {}
  crypto::PublicKey key_;
  std::string jkt_;
  std::string jti_;
  Instant remember_until_;
  std::optional<std::string> agent_checksum_;
  std::optional<std::string> agent_id_;
  bool binds_body_ = false;
};

// verify_dpop_proof verifies a DPoP proof (RFC 9449 4.3, in its order), but for "used before".
// Refuses k_proof_*: the order is form, type, algorithm, key, signature, required claims, method,
// URI, time, nonce, token hash, key binding, query, body: whoever has not read the body yet knows
// from k_proof_body_mismatch that all else is right.
Result<VerifiedProof> verify_dpop_proof(std::string_view proof, const ProofFacts& facts,
                                        const jose::AlgorithmSet& accepted);

// AgentProofFacts is what an agent proof in a body's key_proofs must be for (protocol 6.3).
struct AgentProofFacts {
  std::string_view method;
  std::string_view uri;
  Instant now;
  const NonceIssuer* nonces;
  ByteView body_without_proofs;  // JCS of the body without its member key_proofs
  std::string_view beside_jkt;   // thumbprint of the key of the DPoP proof beside it
};

// verify_agent_proof verifies a JWS of typ agent-proof+jwt with the claims of a DPoP proof, `bd`
// over body_without_proofs and `jkt`, the key beside it. Refuses k_proof_* as above.
Result<VerifiedProof> verify_agent_proof(std::string_view proof, const AgentProofFacts& facts,
                                         const jose::AlgorithmSet& accepted);

// ProofClaims is what build_dpop_proof and build_agent_proof sign.
struct ProofClaims {
  std::string_view method;
  std::string_view uri;
  std::string_view jti;  // 96 random bits or more, base64url
  Instant now;
  std::optional<std::string_view> nonce = {};
  std::optional<std::string_view> access_token = {};  // gives ath
  std::optional<ByteView> body = {};                  // gives bd
  std::optional<std::string_view> query = {};         // gives qd
  std::optional<std::string_view> agent_checksum = {};
  std::optional<std::string_view> agent_id = {};
  std::optional<std::string_view> beside_jkt = {};  // agent proofs alone
};
Result<std::string> build_dpop_proof(const crypto::PrivateKey& key, const ProofClaims& claims);
Result<std::string> build_agent_proof(const crypto::PrivateKey& key, const ProofClaims& claims);

// normalize_htu returns scheme and authority lowercased, without default port, query and fragment,
// percent-escapes in upper case and unreserved characters unescaped (RFC 3986 6.2.2, 6.2.3). Dot
// segments are not resolved. Refuses k_proof_uri_mismatch unless it is an absolute http(s) URI
// without user info.
Result<std::string> normalize_htu(std::string_view uri);

}  // namespace ajwt
