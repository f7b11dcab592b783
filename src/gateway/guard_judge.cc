// SPDX-License-Identifier: Apache-2.0
#include "gateway/guard_judge.h"

#include <memory>
#include <utility>

#include "crypto/random.h"
#include "http/gate.h"
#include "protocol/names.h"

namespace ajwt::gateway {
namespace {

constexpr std::string_view kOperation = "guard";
constexpr std::string_view kDecisionField = "X-Ajwt-Decision-Id";
constexpr std::string_view kMetadataPath = "/.well-known/oauth-protected-resource";

// add_metadata_url tells a client that has no token where to get one (RFC 9728 5.1).
void add_metadata_url(HttpResponse& response, std::string_view public_url) {
  const auto field = response.headers.find(names::kWwwAuthenticate);
  if (!field) return;
  response.headers.set(
      std::string(names::kWwwAuthenticate),
      std::string(*field) + ", resource_metadata=\"" + resource_metadata_url(public_url) + "\"");
}

std::string_view view_of(const std::string& text) { return text; }

}  // namespace

// Case is one request on its way to a decision.
struct GuardJudge::Case {
  const HttpRequest& request;
  std::string decision_id;
  Instant now;
  std::chrono::steady_clock::time_point begun;
  const guard::Route* route = nullptr;
};

std::string resource_metadata_url(std::string_view public_url) {
  return std::string(public_url).append(kMetadataPath);
}

void GuardJudge::open(std::string public_url) {
  public_url_ = std::move(public_url);
  open_.store(true, std::memory_order_release);
}

void GuardJudge::observe(const HttpRequest& /*head*/, const http::ProxyOutcome& /*outcome*/) {}

http::ProxyDecision GuardJudge::judge(const HttpRequest& head) {
  Case judged = begin(head);
  if (const Status status = match(judged); !status) return refuse_request(judged, status.error());
  const bool has_one_of_each = head.headers.all(names::kAuthorization).size() == 1 &&
                               head.headers.all(names::kDpopHeader).size() == 1;
  // Without token or proof no body could help; it is not read for a stranger's sake.
  if (has_one_of_each && guard::Verifier::needs_body(*judged.route, head)) {
    return http::NeedBody{judged.route->max_body_bytes};
  }
  return decide(judged, guard::has_body(head) ? std::nullopt : std::optional(ByteView()));
}

http::ProxyDecision GuardJudge::judge_with_body(const HttpRequest& whole) {
  Case judged = begin(whole);
  if (const Status status = match(judged); !status) return refuse_request(judged, status.error());
  http::ProxyDecision decision = decide(judged, as_bytes(whole.body));
  // The bytes that were judged are the bytes that are sent.
  if (auto* forward = std::get_if<http::Forward>(&decision)) forward->body = whole.body;
  return decision;
}

GuardJudge::Case GuardJudge::begin(const HttpRequest& request) const {
  const Instant now = options_.clock.now();
  return Case{.request = request,
              .decision_id = crypto::make_id("dec", now),
              .now = now,
              .begun = std::chrono::steady_clock::now()};
}

Status GuardJudge::match(Case& judged) const {
  if (!open_.load(std::memory_order_acquire)) return refuse(Code::k_keys_unavailable);
  // The engine checked the path; a policy must not depend on who calls it.
  AJWT_TRY(http::check_path(judged.request.path));
  AJWT_ASSIGN(judged.route, options_.policy.find(judged.request.method, judged.request.path));
  return ok();
}

http::ProxyDecision GuardJudge::decide(const Case& judged, std::optional<ByteView> body) {
  const auto verified = verify(judged, body);
  if (!verified) return refuse_request(judged, verified.error());
  tell(judged, nullptr, &*verified);
  return forward(judged, *verified);
}

Result<guard::VerifiedRequest> GuardJudge::verify(const Case& judged,
                                                  std::optional<ByteView> body) {
  const HttpRequest& request = judged.request;
  const std::string uri = public_url_ + request.path;
  const guard::RequestFacts facts{.method = request.method,
                                  .uri = uri,
                                  .query = request.query,
                                  .authorization = request.headers.all(names::kAuthorization),
                                  .dpop = request.headers.all(names::kDpopHeader),
                                  .body = body};
  http::JwksSource::Keys keys = options_.keys.keys();
  auto verified = options_.verifier.verify(facts, *judged.route, keys, judged.now);
  if (verified) return verified;
  const Code code = verified.error().code();
  if (code != Code::k_key_unknown && code != Code::k_keys_unavailable) return verified;
  // The authority may have a new key. All requests that ask at once share one fetch, and there is
  // one in a while at most: a made-up kid costs its sender a wait and the authority next to
  // nothing.
  const auto fresh = options_.keys.refresh_for_unknown_kid(options_.key_patience);
  if (fresh == nullptr || fresh == keys) return verified;
  return options_.verifier.verify(facts, *judged.route, fresh, judged.now);
}

http::Forward GuardJudge::forward(const Case& judged,
                                  const guard::VerifiedRequest& verified) const {
  http::Forward forward;
  for (const auto& [name, value] : judged.request.headers.fields()) {
    if (guard::is_identity_header(name)) forward.strip.push_back(name);
  }
  forward.set = guard::identity_headers(verified).fields();
  forward.set.emplace_back(kDecisionField, judged.decision_id);
  // RFC 9449 8.2: the next nonce comes with an answer, so that no request is spent on asking for
  // it. Such an answer must not be served from a cache.
  const auto proof = judged.request.headers.find(names::kDpopHeader);
  std::string nonce = options_.verifier.nonces().issue(judged.now);
  if (proof && guard::peek_proof_claim(*proof, names::kNonce) != nonce) {
    forward.set_in_response.emplace_back(names::kDpopNonce, std::move(nonce));
    forward.set_in_response.emplace_back("Cache-Control", "no-store");
  }
  return forward;
}

http::ProxyDecision GuardJudge::refuse_request(const Case& judged, const Error& error) {
  tell(judged, &error, nullptr);
  const std::string nonce = options_.verifier.nonces().issue(judged.now);
  HttpResponse response = guard::challenge(error, judged.route, nonce, judged.decision_id);
  if (open_.load(std::memory_order_acquire)) add_metadata_url(response, public_url_);
  return http::Answer{std::move(response)};
}

void GuardJudge::tell(const Case& judged, const Error* error,
                      const guard::VerifiedRequest* verified) {
  const AccessToken* token = verified == nullptr ? nullptr : &verified->token();
  const IntentClaims::Step* step =
      token != nullptr && token->intent && token->intent->step ? &*token->intent->step : nullptr;
  Decision decision{
      .decision_id = judged.decision_id,
      .operation = kOperation,
      .refused = error == nullptr ? std::nullopt : std::optional(error->code()),
      .method = judged.request.method,
      .route = judged.route == nullptr ? std::string_view() : view_of(judged.route->path),
      .subject = token == nullptr ? std::string_view() : view_of(token->sub),
      .execution = step == nullptr ? std::string_view() : view_of(step->execution_id.str()),
      .workflow = step == nullptr ? std::string_view() : view_of(step->workflow_id.str()),
      .step = step == nullptr ? std::string_view() : view_of(step->workflow_step.str()),
      .detail = error == nullptr ? std::string_view() : view_of(error->detail()),
      .took = std::chrono::duration_cast<std::chrono::microseconds>(
          std::chrono::steady_clock::now() - judged.begun)};
  options_.observer.observe(decision);
}

}  // namespace ajwt::gateway
