// SPDX-License-Identifier: Apache-2.0
#include "gateway/guard_judge.h"

#include <memory>
#include <utility>

#include "base/check.h"
#include "crypto/random.h"
#include "gateway/guard_endpoints.h"
#include "http/gate.h"
#include "protocol/names.h"

namespace ajwt::gateway {
namespace {

constexpr std::string_view kOperation = "guard";

// add_metadata_url tells a client that has no token where to get one (RFC 9728 5.1).
void add_metadata_url(HttpResponse& response, std::string_view public_url) {
  const auto field = response.headers.find(names::kWwwAuthenticate);
  if (!field) return;
  response.headers.set(names::kWwwAuthenticate, std::string(*field) + ", resource_metadata=\"" +
                                                    resource_metadata_url(public_url) + "\"");
}

std::string_view view_of(const std::string& text) { return text; }

// Named is what a verified token says of who acts, and where; views of it.
struct Named {
  std::string_view subject = {};
  std::string_view execution = {};
  std::string_view workflow = {};
  std::string_view step = {};
  std::string_view profile = {};
};

Named named_by(const AccessToken& token) {
  Named named{.subject = token.sub};
  if (const auto* step = token.find_step()) {
    named.execution = step->execution_id.str();
    named.workflow = step->workflow_id.str();
    named.step = step->workflow_step.str();
  }
  return named;
}

Named named_by(const DraftToken& token) {
  Named named{.subject = token.sub, .profile = names::kDraft00};
  if (const auto* step = token.find_step()) {
    named.workflow = step->workflow_id.str();
    named.step = step->workflow_step.str();
  }
  return named;
}

Named named_by(const guard::Trace& trace) {
  if (trace.token != nullptr) return named_by(*trace.token);
  return trace.draft_token == nullptr ? Named() : named_by(*trace.draft_token);
}

guard::RequestFacts facts_of(const HttpRequest& request, std::string_view uri,
                             guard::BodySight sight, std::optional<ByteView> body) {
  return {.method = request.method,
          .uri = uri,
          .query = request.query,
          .authorization = request.headers.all(names::kAuthorization),
          .dpop = request.headers.all(names::kDpopHeader),
          .body = body,
          .sight = sight};
}

// describe returns the record of a decision; its views are of what it is given.
Decision describe(const Case& judged, const Error* error, std::optional<int> status) {
  const Named named = named_by(judged.trace);
  return Decision{
      .decision_id = judged.decision_id,
      .operation = kOperation,
      .refused = error == nullptr ? std::nullopt : std::optional(error->code()),
      .method = judged.method,
      .route = judged.route == nullptr ? std::string_view() : view_of(judged.route->path),
      .subject = named.subject,
      .execution = named.execution,
      .workflow = named.workflow,
      .step = named.step,
      .profile = named.profile,
      .body = judged.body,
      .detail = error == nullptr ? std::string_view() : view_of(error->detail()),
      .took = std::chrono::duration_cast<std::chrono::microseconds>(
          std::chrono::steady_clock::now() - judged.begun),
      .span = judged.span,
      .status = status};
}

}  // namespace

std::string resource_metadata_url(std::string_view public_url) {
  return std::string(public_url).append(kMetadataPath);
}

void GuardJudge::open(std::string public_url) {
  public_url_ = std::move(public_url);
  open_.store(true, std::memory_order_release);
}

Case GuardJudge::begin(const HttpRequest& request) const {
  const Instant now = options_.clock.now();
  return Case{.request = request,
              .method = request.method,
              .decision_id = crypto::make_id("dec", now),
              .now = now,
              .begun = std::chrono::steady_clock::now(),
              .span = begin_span(request.headers, crypto::random_bytes(kSpanRandomBytes))};
}

Status GuardJudge::match(Case& judged) const {
  if (!open_.load(std::memory_order_acquire)) return refuse(Code::k_keys_unavailable);
  // The engine checked the path; a policy must not depend on who calls it.
  AJWT_TRY(http::check_path(judged.request.path));
  AJWT_ASSIGN(judged.route, options_.policy.find(judged.request.method, judged.request.path));
  return ok();
}

// with_keys verifies with the current keys and, if they lack the one that is named, with newer ones
// should there be any: the authority may have a new key. JwksSource bounds what that costs, so that
// a made-up kid is worth nothing to its sender.
template <class Verify>
auto GuardJudge::with_keys(Verify verify) {
  const http::JwksSource::Keys keys = options_.keys.keys();
  auto outcome = verify(keys);
  if (outcome) return outcome;
  const Code code = outcome.error().code();
  if (code != Code::k_key_unknown && code != Code::k_keys_unavailable) return outcome;
  const auto fresh = options_.keys.refresh_for_unknown_kid(options_.key_patience);
  if (fresh == nullptr || fresh == keys) return outcome;
  return verify(fresh);
}

Status GuardJudge::verify_head(Case& judged) {
  AJWT_CHECK(judged.route != nullptr);
  const std::string uri = public_url_ + judged.request.path;
  const guard::RequestFacts facts =
      facts_of(judged.request, uri, guard::BodySight::kSeen, std::nullopt);
  return with_keys([&](const http::JwksSource::Keys& keys) {
    return options_.verifier.verify_head(facts, *judged.route, keys, judged.now, &judged.trace);
  });
}

Result<guard::VerifiedRequest> GuardJudge::verify(Case& judged, guard::BodySight sight,
                                                  std::optional<ByteView> body) {
  AJWT_CHECK(judged.route != nullptr);
  const std::string uri = public_url_ + judged.request.path;
  const guard::RequestFacts facts = facts_of(judged.request, uri, sight, body);
  return with_keys([&](const http::JwksSource::Keys& keys) {
    return options_.verifier.verify(facts, *judged.route, keys, judged.now, &judged.trace);
  });
}

Result<Pass> GuardJudge::judge(Case& judged, guard::BodySight sight, std::optional<ByteView> body,
                               std::optional<int> status) {
  AJWT_ASSIGN(auto verified, verify(judged, sight, body));
  judged.body = verified.body();
  tell(judged, nullptr, status);
  return Pass{.verified = std::move(verified), .next_nonce = next_nonce(judged)};
}

std::optional<std::string> GuardJudge::next_nonce(const Case& judged) const {
  const auto proof = judged.request.headers.find(names::kDpopHeader);
  std::string nonce = options_.verifier.nonces().issue(judged.now);
  if (!proof || guard::peek_proof_claim(*proof, names::kNonce) == nonce) return std::nullopt;
  return nonce;
}

HttpResponse GuardJudge::refuse_request(const Case& judged, const Error& error) {
  HttpResponse response = write_refusal(judged, error);
  tell(judged, &error, response.status);
  return response;
}

HttpResponse GuardJudge::write_refusal(const Case& judged, const Error& error) const {
  const std::string nonce = options_.verifier.nonces().issue(judged.now);
  HttpResponse response = guard::challenge(error, judged.route, nonce, judged.decision_id);
  response.headers.set(kDecisionField, judged.decision_id);
  if (open_.load(std::memory_order_acquire)) add_metadata_url(response, public_url_);
  return response;
}

void GuardJudge::tell_delivery(const Case& judged, const Ending& ending) {
  const Error* failure = ending.failure;
  options_.observer.observe_delivery(
      {.decision = describe(judged, nullptr, std::nullopt),
       .failed = ending.failed,
       .detail = failure == nullptr ? std::string_view() : view_of(failure->detail()),
       .status = ending.status,
       .took = ending.took});
}

void GuardJudge::tell(const Case& judged, const Error* error, std::optional<int> status) {
  options_.observer.observe(describe(judged, error, status));
}

}  // namespace ajwt::gateway
