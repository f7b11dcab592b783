// SPDX-License-Identifier: Apache-2.0
//
// The verifier: token, proof and request facts in, VerifiedRequest or a reason out (protocol 8).
// It does no I/O and reads no clock. Every form of the guard is a shell around it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/http_message.h"
#include "base/result.h"
#include "guard/policy.h"
#include "guard/replay_cache.h"
#include "jose/jwk.h"
#include "protocol/access_token.h"
#include "protocol/draft_token.h"
#include "protocol/nonce.h"
#include "protocol/proof.h"

namespace ajwt::guard {

class TokenCache;

// BodySight tells whether the form of the guard that asks sees bodies. In one that never does, the
// claim bd cannot be judged: a route of ProofBinding::kBound refuses everything there.
enum class BodySight { kSeen, kUnseen };

// BodyBinding tells whether the proof of a request bound its body: kBound also where there is none.
enum class BodyBinding { kBound, kUnbound };

// RequestFacts is what the verifier may know of a request. What the views show outlives the call.
struct RequestFacts {
  std::string_view method;
  std::string_view uri;    // absolute, as the client addressed it: the guard's public URL + path
  std::string_view query;  // raw, without '?'
  std::vector<std::string_view> authorization;  // every Authorization field
  std::vector<std::string_view> dpop;           // every DPoP field
  std::optional<ByteView> body;                 // absent: not read; empty: there is none
  BodySight sight = BodySight::kSeen;           // kUnseen: `body` is absent, and stays so
};

// VerifiedRequest is proof that a request passed every check of its route; only Verifier makes
// one, and only it lets a request through.
class VerifiedRequest {
 public:
  // token and draft_token return the claims; one of them is null. A request has a draft_token only
  // on a route of profile draft-00.
  const AccessToken* token() const { return token_.get(); }
  const DraftToken* draft_token() const { return draft_token_.get(); }
  BodyBinding body() const { return body_; }

 private:
  friend class Verifier;
  VerifiedRequest(std::shared_ptr<const AccessToken> token, BodyBinding body)
      : token_(std::move(token)), body_(body) {}
  explicit VerifiedRequest(std::shared_ptr<const DraftToken> token)
      : draft_token_(std::move(token)), body_(BodyBinding::kUnbound) {}
  std::shared_ptr<const AccessToken> token_;
  std::shared_ptr<const DraftToken> draft_token_;
  BodyBinding body_;
};

// Trace is what became known of a request on the way to a verdict, be it a refusal. For logs: only
// a VerifiedRequest says that a request may pass.
struct Trace {
  std::shared_ptr<const AccessToken> token;       // null unless it was verified
  std::shared_ptr<const DraftToken> draft_token;  // likewise, in profile draft-00
};

// VerifierOptions is what a guard expects of every token, whatever the route.
struct VerifierOptions {
  std::string issuer;
  std::string audience;
  jose::AlgorithmSet algorithms = jose::AlgorithmSet::all();
  Seconds skew{60};
  std::size_t token_cache_capacity = 10'000;
};

// Verifier is safe for concurrent use. It remembers verified tokens by the SHA-256 of their bytes
// together with the key set that verified them; times are checked on every use.
class Verifier {
 public:
  // Verifier keeps a reference to `replays`, which outlives it and has the same epoch as `nonces`.
  Verifier(VerifierOptions options, const NonceIssuer& nonces, ReplayCache& replays);
  ~Verifier();
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

  // verify applies, in this order: exactly one token in the DPoP scheme -> token (size, form, alg,
  // kid, signature, typ, iss, aud, times) -> kind of token -> proof (signature, key, method, URI,
  // time, nonce, token hash, binding of body and query) -> route (scope, workflow, step, tool) ->
  // proof unused. The proof is remembered last, so that a refused request burns nothing.
  //
  // Refuses k_token_missing, k_token_duplicated (also a token in the query beside the header's),
  // k_token_scheme_refused, what verify_access_token refuses, k_intent_missing, k_intent_refused,
  // k_subject_profile_refused, k_proof_missing, k_proof_duplicated, what verify_dpop_proof refuses
  // (a nonce is mandatory), k_scope_insufficient, k_workflow_refused, k_step_refused,
  // k_tool_refused, what ReplayCache::remember refuses, and k_keys_unavailable for null `keys`.
  // On a route of profile draft-00 instead: exactly one token in the Bearer scheme -> token of that
  // profile -> application, scope, workflow, step. There is no proof.
  // `trace` may be null.
  Result<VerifiedRequest> verify(const RequestFacts& facts, const Route& route,
                                 const std::shared_ptr<const jose::KeySet>& keys, Instant now,
                                 Trace* trace = nullptr) const;

  // verify_head tells whether it is worth to read the body of a request: it applies everything that
  // verify does but what needs the body (claim bd), and does not ask whether the proof was used. It
  // lets nothing through and remembers nothing; `facts.body` is absent. Refuses as verify does.
  Status verify_head(const RequestFacts& facts, const Route& route,
                     const std::shared_ptr<const jose::KeySet>& keys, Instant now,
                     Trace* trace = nullptr) const;

  // needs_body tells whether this request's body must be read before it can be judged: it has one,
  // and the route demands that the proof binds it or the proof says that it does.
  static bool needs_body(const Route& route, const HttpRequest& head);

  const NonceIssuer& nonces() const { return nonces_; }

 private:
  struct Presented;
  Result<std::shared_ptr<const DraftToken>> verify_draft(
      const RequestFacts& facts, const Route& route,
      const std::shared_ptr<const jose::KeySet>& keys, Instant now, Trace* trace) const;
  Result<Presented> verify_presented(const RequestFacts& facts, const Route& route,
                                     const std::shared_ptr<const jose::KeySet>& keys, Instant now,
                                     Trace* trace) const;
  Result<std::shared_ptr<const AccessToken>> verify_token(
      std::string_view token, const Digest& digest, const std::shared_ptr<const jose::KeySet>& keys,
      Instant now) const;
  Result<VerifiedProof> verify_proof(const RequestFacts& facts, const Route& route,
                                     const Presented& presented, Instant now) const;

  VerifierOptions options_;
  NonceIssuer nonces_;
  ReplayCache& replays_;
  std::unique_ptr<TokenCache> cache_;
};

// has_body tells whether a header section announces a body of at least one byte, or of a size that
// it does not tell.
bool has_body(const HttpRequest& head);

// peek_proof_claim returns a string claim of a proof whose signature nobody looked at: a hint for
// what to read or to send, never a ground for a decision. Empty if there is none.
std::string peek_proof_claim(std::string_view proof, std::string_view claim);

// challenge returns the response for a refusal: status, JSON body (error, error_description,
// reason, decision_id), and for 401 and insufficient_scope the WWW-Authenticate of RFC 6750 3 and
// RFC 9449 7.1 (error, error_description, scope of `route`, algs), always with a fresh DPoP-Nonce.
// `route` may be null. Whatever `error` says cannot leave its quotes in the header.
HttpResponse challenge(const Error& error, const Route* route, std::string_view nonce,
                       std::string_view decision_id);

// identity_headers returns the header fields that a guard sets for the protected service:
// X-Agent-Subject, X-Agent-App, X-Agent-Id, X-Agent-Registration, X-Agent-Scope, X-Agent-Workflow,
// X-Agent-Workflow-Version, X-Agent-Step, X-Agent-Execution, X-Agent-Tool, X-Agent-Delegators,
// X-Agent-Key, X-Agent-Token-Id, X-Agent-Initiated-By, and X-Agent-Body: "bound" or "unbound"
// (BodyBinding). A field without a value is left out. In profile draft-00: X-Agent-Profile, and
// neither subject nor key, so that a service which knows nothing of the profile finds nobody.
// Delegators are joined by ','; bytes that are not visible ASCII, '%', '"', '\\' and, between
// delegators, ',' are percent-encoded.
HttpHeaders identity_headers(const VerifiedRequest& request);
// is_identity_header tells whether a client's field must be stripped: X-Agent-*, X-Ajwt-*,
// Authorization, DPoP; folded (base/field_name.h), since many services read them alike.
bool is_identity_header(std::string_view name);
// is_guards_answer_field tells whether a field of the service's answer must be stripped, because
// the client would take it for the guard's word: DPoP-Nonce, X-Ajwt-*, and a WWW-Authenticate that
// names the scheme DPoP, with whatever other challenge the same line has.
bool is_guards_answer_field(std::string_view name, std::string_view value);

}  // namespace ajwt::guard
