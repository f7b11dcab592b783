// SPDX-License-Identifier: Apache-2.0
#include "guard/verifier.h"

#include "crypto/hash.h"
#include "guard/checks.h"
#include "guard/token_cache.h"
#include "jose/base64url.h"
#include "jose/peek.h"
#include "protocol/names.h"

namespace ajwt::guard {
namespace {

// unescaped returns the text with percent-escapes decoded; bad ones are left as they are.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      if (const auto byte = parse_hex(text.substr(i + 1, 2))) {
        out += static_cast<char>(byte->front());
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

// RFC 6750 2.3: a token as a parameter of the query.
bool has_token_in_query(std::string_view query) {
  while (!query.empty()) {
    const std::size_t end = query.find_first_of("&;");
    const std::string_view parameter = query.substr(0, end);
    if (unescaped(parameter.substr(0, parameter.find('='))) == names::kAccessToken) return true;
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
  }
  return false;
}

// single_token returns the one token of the request. With two of them, the guard could judge one
// and the service behind it read the other.
Result<std::string_view> single_token(const RequestFacts& facts, std::string_view scheme) {
  const bool in_query = has_token_in_query(facts.query);
  if (facts.authorization.size() + (in_query ? 1 : 0) > 1) return refuse(Code::k_token_duplicated);
  // The route decides the scheme, never the token: a stolen one would be good without its key at
  // any endpoint that took both.
  if (in_query) return refuse(Code::k_token_scheme_refused, "It is in the query.");
  if (facts.authorization.empty()) return refuse(Code::k_token_missing);
  const std::string_view field = facts.authorization.front();
  const std::size_t space = field.find(' ');
  if (!equal_ignoring_case(field.substr(0, space), scheme)) {
    return refuse(Code::k_token_scheme_refused);
  }
  if (space == std::string_view::npos || space + 1 == field.size()) {
    return refuse(Code::k_token_missing);
  }
  return field.substr(space + 1);
}

Result<std::string_view> single_proof(const RequestFacts& facts) {
  if (facts.dpop.empty()) return refuse(Code::k_proof_missing);
  if (facts.dpop.size() > 1) return refuse(Code::k_proof_duplicated);
  return facts.dpop.front();
}

// binding_of never takes a route for weaker than the form of the guard makes necessary.
ProofFacts::Binding binding_of(ProofBinding proof, BodySight sight) {
  const bool seen = sight == BodySight::kSeen;
  switch (proof) {
    case ProofBinding::kBound:
      return ProofFacts::Binding::kBound;
    case ProofBinding::kHead:
      return seen ? ProofFacts::Binding::kBound : ProofFacts::Binding::kHead;
    case ProofBinding::kRfc9449:
      return seen ? ProofFacts::Binding::kIfPresent : ProofFacts::Binding::kHeadIfPresent;
  }
  return ProofFacts::Binding::kBound;
}

}  // namespace

// Presented is a verified token, with its hash as a proof must name it.
struct Verifier::Presented {
  std::shared_ptr<const AccessToken> token;
  std::string hash;
};

Verifier::Verifier(VerifierOptions options, const NonceIssuer& nonces, ReplayCache& replays)
    : options_(std::move(options)),
      nonces_(nonces),
      replays_(replays),
      cache_(std::make_unique<TokenCache>(options_.token_cache_capacity)) {}

Verifier::~Verifier() = default;

Result<std::shared_ptr<const AccessToken>> Verifier::verify_token(
    std::string_view token, const Digest& digest, const std::shared_ptr<const jose::KeySet>& keys,
    Instant now) const {
  const TokenRules rules{.issuer = options_.issuer,
                         .audience = options_.audience,
                         .algorithms = options_.algorithms,
                         .skew = options_.skew};
  return cache_->verify(token, digest, rules, keys, now);
}

Result<Verifier::Presented> Verifier::verify_presented(
    const RequestFacts& facts, const Route& route, const std::shared_ptr<const jose::KeySet>& keys,
    Instant now, Trace* trace) const {
  AJWT_ASSIGN(const std::string_view token_text, single_token(facts, names::kDpop));
  if (keys == nullptr) return refuse(Code::k_keys_unavailable);
  if (token_text.size() > kMaxTokenBytes) return refuse(Code::k_jws_too_large);
  // One hash serves twice: it finds the token in the cache, and the proof must name it.
  const Digest digest = crypto::sha256(token_text);
  AJWT_ASSIGN(auto token, verify_token(token_text, digest, keys, now));
  if (trace != nullptr) trace->token = token;
  AJWT_TRY(run_checks(token_checks(), {.token = *token, .route = route}));
  return Presented{.token = std::move(token), .hash = jose::encode_base64url(digest)};
}

Result<VerifiedProof> Verifier::verify_proof(const RequestFacts& facts, const Route& route,
                                             const Presented& presented, Instant now) const {
  AJWT_ASSIGN(const std::string_view proof_text, single_proof(facts));
  const ProofFacts proof_facts{.method = facts.method,
                               .uri = facts.uri,
                               .now = now,
                               .nonces = &nonces_,
                               .jkt = presented.token->cnf_jkt,
                               .binding = binding_of(route.proof, facts.sight),
                               .body = facts.body,
                               .query = facts.query,
                               .access_token_hash = presented.hash};
  return verify_dpop_proof(proof_text, proof_facts, options_.algorithms);
}

Result<std::shared_ptr<const DraftToken>> Verifier::verify_draft(
    const RequestFacts& facts, const Route& route, const std::shared_ptr<const jose::KeySet>& keys,
    Instant now, Trace* trace) const {
  AJWT_ASSIGN(const std::string_view token_text, single_token(facts, names::kBearer));
  if (keys == nullptr) return refuse(Code::k_keys_unavailable);
  const TokenRules rules{.issuer = options_.issuer,
                         .audience = options_.audience,
                         .algorithms = options_.algorithms,
                         .skew = options_.skew};
  auto verified = verify_draft_token(token_text, rules, *keys, now);
  // A token of another type is one of another profile.
  if (!verified && verified.error().code() == Code::k_jws_type_refused) {
    return refuse(Code::k_profile_refused);
  }
  if (!verified) return verified.error();
  const auto token = std::make_shared<const DraftToken>(*std::move(verified));
  if (trace != nullptr) trace->draft_token = token;
  AJWT_TRY(run_checks(draft_checks(), {.token = *token, .route = route}));
  return token;
}

Result<VerifiedRequest> Verifier::verify(const RequestFacts& facts, const Route& route,
                                         const std::shared_ptr<const jose::KeySet>& keys,
                                         Instant now, Trace* trace) const {
  if (route.profile == TokenProfile::kDraft00) {
    AJWT_ASSIGN(auto token, verify_draft(facts, route, keys, now, trace));
    return VerifiedRequest(std::move(token));
  }
  AJWT_ASSIGN(Presented presented, verify_presented(facts, route, keys, now, trace));
  AJWT_ASSIGN(const VerifiedProof proof, verify_proof(facts, route, presented, now));
  AJWT_TRY(run_checks(route_checks(), {.token = *presented.token, .route = route}));
  AJWT_TRY(replays_.remember(proof.jkt(), proof.jti(), proof.remember_until(), now));
  return VerifiedRequest(std::move(presented.token),
                         proof.binds_body() ? BodyBinding::kBound : BodyBinding::kUnbound);
}

Status Verifier::verify_head(const RequestFacts& facts, const Route& route,
                             const std::shared_ptr<const jose::KeySet>& keys, Instant now,
                             Trace* trace) const {
  if (route.profile == TokenProfile::kDraft00) {
    return verify_draft(facts, route, keys, now, trace).map([](const auto&) {});
  }
  AJWT_ASSIGN(const Presented presented, verify_presented(facts, route, keys, now, trace));
  // The body is the last thing that a proof is judged by: one that fails for it alone is good in
  // everything else.
  const auto proof = verify_proof(facts, route, presented, now);
  if (!proof && proof.error().code() != Code::k_proof_body_mismatch) return proof.error();
  return run_checks(route_checks(), {.token = *presented.token, .route = route});
}

bool Verifier::needs_body(const Route& route, const HttpRequest& head) {
  if (!has_body(head) || route.profile == TokenProfile::kDraft00) return false;
  switch (route.proof) {
    case ProofBinding::kBound:
    case ProofBinding::kHead:
      return true;
    case ProofBinding::kRfc9449: {
      const auto proof = head.headers.find(names::kDpopHeader);
      return proof && !peek_proof_claim(*proof, names::kBd).empty();
    }
  }
  return true;
}

bool has_body(const HttpRequest& head) {
  if (head.headers.find("Transfer-Encoding")) return true;
  const auto length = head.headers.find("Content-Length");
  return length && length->find_first_not_of('0') != std::string_view::npos;
}

std::string peek_proof_claim(std::string_view proof, std::string_view claim) {
  const auto claims = jose::peek_payload(proof, kMaxProofBytes);
  return claims ? claims->text(claim) : std::string();
}

}  // namespace ajwt::guard
