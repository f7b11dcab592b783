// SPDX-License-Identifier: Apache-2.0
#include "protocol/proof.h"

#include <utility>

#include "crypto/hash.h"
#include "jose/base64url.h"
#include "jose/jws.h"
#include "jose/names.h"
#include "json/parse.h"
#include "protocol/claims.h"
#include "protocol/names.h"

namespace ajwt {
namespace {

constexpr json::Limits kProofPayloadLimits{kMaxProofBytes, 8};

// proof_error turns a refusal of the JOSE layer into the proof's own: a proof that fails and a
// token that fails must be told apart by who reads the answer.
Error proof_error(const Error& error) {
  const Code code = error.code();
  const auto as = [&](Code proof_code) {
    return refuse(proof_code).with_detail(std::string(error.reason().name) + " " + error.message());
  };
  if (code == Code::k_jws_algorithm_refused) return as(Code::k_proof_algorithm_refused);
  if (code == Code::k_jws_signature_invalid) return as(Code::k_proof_signature_invalid);
  const bool is_key = code == Code::k_jwk_malformed || code == Code::k_jwk_unsupported ||
                      code == Code::k_jwk_too_small || code == Code::k_jwk_has_private_part;
  const bool lacks_key = code == Code::k_jws_header_refused && error.message() == jose::names::kJwk;
  if (is_key || lacks_key) return as(Code::k_proof_key_malformed);
  if (error.reason().klass == ReasonClass::kFailure) return error;
  return as(Code::k_proof_malformed);
}

// parse_proof reads form and header. A signed object of another type that was put in a proof's
// place has no key in its header; it is told what it is rather than what it lacks.
Result<jose::UnverifiedJws> parse_proof(std::string_view proof, std::string_view typ) {
  auto jws = jose::UnverifiedJws::parse(proof, kMaxProofBytes, jose::EmbeddedKey::kRequired);
  if (!jws) {
    const auto other = jose::UnverifiedJws::parse(proof, kMaxProofBytes);
    if (other && other->header().typ != typ) return refuse(Code::k_proof_type_refused);
    return proof_error(jws.error());
  }
  // Cross-JWT confusion (RFC 8725 2.8): a token is no proof, and one kind of proof no other.
  if (jws->header().typ != typ) return refuse(Code::k_proof_type_refused);
  return jws;
}

Result<jose::VerifiedJws> verify_signature(std::string_view proof, std::string_view typ,
                                           const jose::AlgorithmSet& accepted) {
  AJWT_ASSIGN(auto unverified, parse_proof(proof, typ));
  const jose::Jwk key = *unverified.header().jwk;
  auto verified = jose::VerifiedJws::verify(std::move(unverified), key, accepted);
  if (!verified) return proof_error(verified.error());
  return verified;
}

// check_uri is RFC 9449 4.3 (9).
Status check_uri(std::string_view htu, std::string_view uri) {
  AJWT_ASSIGN(const std::string signed_uri, normalize_htu(htu));
  AJWT_ASSIGN(const std::string actual_uri, normalize_htu(uri));
  if (signed_uri != actual_uri) return refuse(Code::k_proof_uri_mismatch);
  return ok();
}

// check_time is RFC 9449 4.3 (11).
Status check_time(Instant iat, Instant now) {
  if (iat < now - kProofWindow || iat > now + kProofSkew) {
    return refuse(Code::k_proof_time_refused);
  }
  return ok();
}

// check_hash_claim compares a claim that carries a hash with the thing that was hashed.
Status check_hash_claim(std::string_view claim, ByteView actual, Code code) {
  if (claim != jose::encode_base64url(crypto::sha256(actual))) return refuse(code);
  return ok();
}

// judges_body tells whether a `bd` is looked at.
bool judges_body(ProofFacts::Binding binding) {
  switch (binding) {
    case ProofFacts::Binding::kBound:
    case ProofFacts::Binding::kIfPresent:
      return true;
    case ProofFacts::Binding::kHead:
    case ProofFacts::Binding::kHeadIfPresent:
      return false;
  }
  return true;
}

}  // namespace

// ProofVerifier holds the claims of a proof whose signature was verified and judges them one by
// one. It alone can make a VerifiedProof.
class ProofVerifier {
 public:
  static Result<VerifiedProof> verify_dpop(std::string_view proof, const ProofFacts& facts,
                                           const jose::AlgorithmSet& accepted);
  static Result<VerifiedProof> verify_agent(std::string_view proof, const AgentProofFacts& facts,
                                            const jose::AlgorithmSet& accepted);

 private:
  explicit ProofVerifier(const json::Object& payload)
      : claims_(payload, Code::k_proof_claim_missing, Code::k_proof_malformed) {}

  Status read();
  Status check_request(std::string_view method, std::string_view uri, Instant now) const;
  Status check_nonce(const NonceIssuer* nonces, const std::optional<std::string_view>& exact,
                     Instant now) const;
  Status check_token(std::string_view access_token) const;
  Status check_token_hash(std::string_view hash) const;
  Status check_query(const ProofFacts& facts) const;
  Status check_body(const ProofFacts& facts) const;
  VerifiedProof make(const crypto::PublicKey& key, std::string jkt) const;

  Claims claims_;
  std::string_view jti_;
  std::string_view htm_;
  std::string_view htu_;
  Instant iat_;
  std::optional<std::string_view> nonce_;
  std::optional<std::string_view> bd_;
  std::optional<std::string_view> qd_;
  std::optional<std::string_view> agent_checksum_;
  std::optional<std::string_view> agent_id_;
};

Status ProofVerifier::read() {
  AJWT_ASSIGN(jti_, claims_.get_text(names::kJti));
  // A replay memory keeps what the sender chose here: not at any length.
  if (jti_.size() > names::kMaxJtiLength) return claims_.malformed(names::kJti);
  AJWT_ASSIGN(htm_, claims_.get_text(names::kHtm));
  AJWT_ASSIGN(htu_, claims_.get_text(names::kHtu));
  AJWT_ASSIGN(iat_, claims_.get_time(names::kIat));
  AJWT_ASSIGN(nonce_, claims_.find_text(names::kNonce));
  AJWT_ASSIGN(bd_, claims_.find_text(names::kBd));
  AJWT_ASSIGN(qd_, claims_.find_text(names::kQd));
  AJWT_ASSIGN(agent_checksum_, claims_.find_text(names::kAgentChecksum));
  AJWT_ASSIGN(agent_id_, claims_.find_text(names::kAgentId));
  return ok();
}

Status ProofVerifier::check_request(std::string_view method, std::string_view uri,
                                    Instant now) const {
  if (htm_ != method) return refuse(Code::k_proof_method_mismatch);
  AJWT_TRY(check_uri(htu_, uri));
  return check_time(iat_, now);
}

Status ProofVerifier::check_nonce(const NonceIssuer* nonces,
                                  const std::optional<std::string_view>& exact, Instant now) const {
  if (nonces == nullptr && !exact) return ok();
  if (!nonce_) return refuse(Code::k_proof_nonce_missing);
  if (exact && !equal_constant_time(*nonce_, *exact)) return refuse(Code::k_proof_nonce_refused);
  return nonces == nullptr ? ok() : nonces->check(*nonce_, now);
}

// A proof stolen together with another token must not carry this one (RFC 9449 4.3 (12)).
Status ProofVerifier::check_token(std::string_view access_token) const {
  AJWT_ASSIGN(const auto ath, claims_.get_text(names::kAth));
  return check_hash_claim(ath, as_bytes(access_token), Code::k_proof_token_mismatch);
}

Status ProofVerifier::check_token_hash(std::string_view hash) const {
  AJWT_ASSIGN(const auto ath, claims_.get_text(names::kAth));
  return ath == hash ? ok() : refuse(Code::k_proof_token_mismatch);
}

// A proof binds method and path; whoever can change body or query on the way would change what is
// done. So our own proofs bind them too (protocol 6.2), and a binding that cannot be judged is
// none.
Status ProofVerifier::check_query(const ProofFacts& facts) const {
  if (qd_) return check_hash_claim(*qd_, as_bytes(facts.query), Code::k_proof_query_mismatch);
  const bool must_bind =
      facts.binding == ProofFacts::Binding::kBound || facts.binding == ProofFacts::Binding::kHead;
  if (must_bind && !facts.query.empty()) return refuse(Code::k_proof_query_mismatch);
  return ok();
}

Status ProofVerifier::check_body(const ProofFacts& facts) const {
  if (!judges_body(facts.binding)) return ok();
  if (bd_) {
    if (!facts.body) return refuse(Code::k_proof_body_mismatch).with_detail("the body is unread");
    return check_hash_claim(*bd_, *facts.body, Code::k_proof_body_mismatch);
  }
  const bool must_bind = facts.binding == ProofFacts::Binding::kBound;
  if (must_bind && (!facts.body || !facts.body->empty())) {
    return refuse(Code::k_proof_body_mismatch);
  }
  return ok();
}

VerifiedProof ProofVerifier::make(const crypto::PublicKey& key, std::string jkt) const {
  VerifiedProof proof(key, std::move(jkt), std::string(jti_), iat_ + kProofWindow + kProofSkew);
  proof.agent_checksum_ = agent_checksum_;
  proof.agent_id_ = agent_id_;
  return proof;
}

Result<VerifiedProof> ProofVerifier::verify_dpop(std::string_view proof, const ProofFacts& facts,
                                                 const jose::AlgorithmSet& accepted) {
  AJWT_ASSIGN(const auto jws, verify_signature(proof, names::kTypProof, accepted));
  const auto payload = json::parse_object(as_text(jws.payload()), kProofPayloadLimits);
  if (!payload) return proof_error(payload.error());
  ProofVerifier verifier(*payload);
  AJWT_TRY(verifier.read());
  AJWT_TRY(verifier.check_request(facts.method, facts.uri, facts.now));
  AJWT_TRY(verifier.check_nonce(facts.nonces, facts.exact_nonce, facts.now));
  if (facts.access_token) AJWT_TRY(verifier.check_token(*facts.access_token));
  if (facts.access_token_hash) AJWT_TRY(verifier.check_token_hash(*facts.access_token_hash));
  const crypto::PublicKey& key = jws.header().jwk->key;
  std::string jkt = jose::thumbprint(key);
  if (facts.jkt && jkt != *facts.jkt) return refuse(Code::k_proof_key_mismatch);
  AJWT_TRY(verifier.check_query(facts));
  AJWT_TRY(verifier.check_body(facts));
  VerifiedProof verified = verifier.make(key, std::move(jkt));
  // What check_body let pass without `bd` is bound only where there is nothing to bind.
  verified.binds_body_ = judges_body(facts.binding) &&
                         (verifier.bd_.has_value() || (facts.body && facts.body->empty()));
  return verified;
}

Result<VerifiedProof> ProofVerifier::verify_agent(std::string_view proof,
                                                  const AgentProofFacts& facts,
                                                  const jose::AlgorithmSet& accepted) {
  AJWT_ASSIGN(const auto jws, verify_signature(proof, names::kTypAgentProof, accepted));
  const auto payload = json::parse_object(as_text(jws.payload()), kProofPayloadLimits);
  if (!payload) return proof_error(payload.error());
  ProofVerifier verifier(*payload);
  AJWT_TRY(verifier.read());
  AJWT_TRY(verifier.check_request(facts.method, facts.uri, facts.now));
  AJWT_TRY(verifier.check_nonce(facts.nonces, std::nullopt, facts.now));
  // Without the key beside it, a proof taken from one application's request would serve another's.
  AJWT_ASSIGN(const auto beside, verifier.claims_.get_text(names::kJkt));
  if (beside != facts.beside_jkt) return refuse(Code::k_proof_key_mismatch);
  AJWT_ASSIGN(const auto bd, verifier.claims_.get_text(names::kBd));
  AJWT_TRY(check_hash_claim(bd, facts.body_without_proofs, Code::k_proof_body_mismatch));
  const crypto::PublicKey& key = jws.header().jwk->key;
  VerifiedProof verified = verifier.make(key, jose::thumbprint(key));
  verified.binds_body_ = true;
  return verified;
}

Result<VerifiedProof> verify_dpop_proof(std::string_view proof, const ProofFacts& facts,
                                        const jose::AlgorithmSet& accepted) {
  return ProofVerifier::verify_dpop(proof, facts, accepted);
}

Result<VerifiedProof> verify_agent_proof(std::string_view proof, const AgentProofFacts& facts,
                                         const jose::AlgorithmSet& accepted) {
  return ProofVerifier::verify_agent(proof, facts, accepted);
}

}  // namespace ajwt
