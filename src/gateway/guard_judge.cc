// SPDX-License-Identifier: Apache-2.0
#include "gateway/guard_judge.h"

#include <charconv>
#include <memory>
#include <utility>

#include "crypto/random.h"
#include "gateway/guard_endpoints.h"
#include "http/gate.h"
#include "protocol/names.h"

namespace ajwt::gateway {
namespace {

constexpr std::string_view kOperation = "guard";
constexpr std::string_view kDecisionField = "X-Ajwt-Decision-Id";

// add_metadata_url tells a client that has no token where to get one (RFC 9728 5.1).
void add_metadata_url(HttpResponse& response, std::string_view public_url) {
  const auto field = response.headers.find(names::kWwwAuthenticate);
  if (!field) return;
  response.headers.set(
      std::string(names::kWwwAuthenticate),
      std::string(*field) + ", resource_metadata=\"" + resource_metadata_url(public_url) + "\"");
}

std::string_view view_of(const std::string& text) { return text; }

guard::RequestFacts facts_of(const HttpRequest& request, std::string_view uri,
                             std::optional<ByteView> body) {
  return {.method = request.method,
          .uri = uri,
          .query = request.query,
          .authorization = request.headers.all(names::kAuthorization),
          .dpop = request.headers.all(names::kDpopHeader),
          .body = body};
}

// set_trace hands on the guard's own span, never the fields as received.
void set_trace(http::Forward& forward, const Span& span) {
  forward.strip.emplace_back(kTraceStateField);
  forward.set.emplace_back(kTraceParentField, write_traceparent(span.self));
  if (!span.tracestate.empty()) forward.set.emplace_back(kTraceStateField, span.tracestate);
}

Code upstream_failure(int status) {
  return status == reason_of(Code::k_upstream_timed_out).http_status ? Code::k_upstream_timed_out
                                                                     : Code::k_upstream_unavailable;
}

constexpr std::size_t kSmallBodyBytes = 16 * 1024;

bool is_small_body(const HttpHeaders& headers) {
  const auto text = headers.find("Content-Length");
  std::size_t length = 0;
  if (!text) return false;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
  return error == std::errc() && end == text->data() + text->size() && length <= kSmallBodyBytes;
}

}  // namespace

// Case is one request on its way to a decision.
struct GuardJudge::Case {
  const HttpRequest& request;
  std::string decision_id;
  Instant now;
  std::chrono::steady_clock::time_point begun;
  Span span;
  const guard::Route* route = nullptr;
  guard::Trace trace = {};

  std::chrono::microseconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                 begun);
  }
};

// Passage is a request that was let through, on its way to the service and back.
class GuardJudge::Passage final : public http::ForwardObserver {
 public:
  Passage(GuardJudge& judge, const Case& judged)
      : judge_(judge), method_(judged.request.method), judged_(judged) {}

  HttpResponse on_failed(const Error& error) override {
    failed_ = error;
    return judge_.write_refusal(judged_, error);
  }

  void on_end(const http::ProxyOutcome& outcome) override {
    using End = http::ProxyOutcome::End;
    std::optional<Code> failed;
    if (outcome.end == End::kClientGone) failed = Code::k_network_failed;
    if (outcome.end == End::kUpstreamFailed) failed = upstream_failure(outcome.status);
    if (failed_) failed = failed_->code();
    judge_.options_.observer.observe_delivery(
        {.decision = describe(judged_, method_, nullptr, std::nullopt),
         .failed = failed,
         .detail = failed_ ? std::string_view(failed_->detail()) : std::string_view(),
         .status = outcome.status,
         .took = outcome.took});
  }

 private:
  GuardJudge& judge_;
  const std::string method_;
  const Case judged_;  // its request is not looked at: it belongs to the engine
  std::optional<Error> failed_;
};

std::string resource_metadata_url(std::string_view public_url) {
  return std::string(public_url).append(kMetadataPath);
}

void GuardJudge::open(std::string public_url) {
  public_url_ = std::move(public_url);
  const std::size_t colon = public_url_.find("://");
  public_scheme_ = public_url_.substr(0, colon);
  public_authority_ = colon == std::string::npos ? "" : public_url_.substr(colon + 3);
  open_.store(true, std::memory_order_release);
}

http::ProxyDecision GuardJudge::judge(const HttpRequest& head) {
  Case judged = begin(head);
  if (const Status status = match(judged); !status) {
    return http::Answer{refuse_request(judged, status.error())};
  }
  if (guard::Verifier::needs_body(*judged.route, head)) {
    if (const Status status = may_send_body(judged); !status) {
      return http::Answer{refuse_request(judged, status.error())};
    }
    return http::NeedBody{judged.route->max_body_bytes};
  }
  return decide(judged, guard::has_body(head) ? std::nullopt : std::optional(ByteView()));
}

http::ProxyDecision GuardJudge::judge_with_body(const HttpRequest& whole) {
  Case judged = begin(whole);
  if (const Status status = match(judged); !status) {
    return http::Answer{refuse_request(judged, status.error())};
  }
  return decide(judged, as_bytes(whole.body));
}

HttpResponse GuardJudge::on_refused(const HttpRequest* head, const Error& error) {
  const HttpRequest unread;
  Case judged = begin(head == nullptr ? unread : *head);
  // For the log alone: the refusal stands, whatever the route.
  if (head != nullptr) (void)match(judged);
  return refuse_request(judged, error);
}

GuardJudge::Case GuardJudge::begin(const HttpRequest& request) const {
  const Instant now = options_.clock.now();
  return Case{.request = request,
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

http::ProxyDecision GuardJudge::decide(Case& judged, std::optional<ByteView> body) {
  const auto verified = verify(judged, body);
  if (!verified) return http::Answer{refuse_request(judged, verified.error())};
  tell(judged, nullptr, std::nullopt);
  http::Forward let_through = forward(judged, *verified);
  let_through.observer = std::make_shared<Passage>(*this, judged);
  return let_through;
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

// What a large body costs is spent on holders of a good token and a fresh proof alone. A small one
// costs less than the second verification, and the engine bounds what all of them hold together.
Status GuardJudge::may_send_body(Case& judged) {
  const auto& headers = judged.request.headers;
  const bool presents_both =
      headers.find(names::kAuthorization) && headers.find(names::kDpopHeader);
  if (presents_both && is_small_body(headers)) return ok();
  return verify_head(judged);
}

Status GuardJudge::verify_head(Case& judged) {
  const std::string uri = public_url_ + judged.request.path;
  const guard::RequestFacts facts = facts_of(judged.request, uri, std::nullopt);
  return with_keys([&](const http::JwksSource::Keys& keys) {
    return options_.verifier.verify_head(facts, *judged.route, keys, judged.now, &judged.trace);
  });
}

Result<guard::VerifiedRequest> GuardJudge::verify(Case& judged, std::optional<ByteView> body) {
  const std::string uri = public_url_ + judged.request.path;
  const guard::RequestFacts facts = facts_of(judged.request, uri, body);
  return with_keys([&](const http::JwksSource::Keys& keys) {
    return options_.verifier.verify(facts, *judged.route, keys, judged.now, &judged.trace);
  });
}

http::Forward GuardJudge::forward(const Case& judged,
                                  const guard::VerifiedRequest& verified) const {
  http::Forward forward;
  for (const auto& [name, value] : judged.request.headers.fields()) {
    if (guard::is_identity_header(name)) forward.strip.push_back(name);
  }
  forward.set = guard::identity_headers(verified).fields();
  forward.set.emplace_back(kDecisionField, judged.decision_id);
  forward.set_in_response.emplace_back(kDecisionField, judged.decision_id);
  set_trace(forward, judged.span);
  // Links that the service makes of these must lead to the guard, not to whatever host the client
  // wrote.
  forward.set.emplace_back("X-Forwarded-Proto", public_scheme_);
  forward.set.emplace_back("X-Forwarded-Host", public_authority_);
  forward.strip_in_response = guard::is_guards_answer_field;
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

HttpResponse GuardJudge::refuse_request(const Case& judged, const Error& error) {
  HttpResponse response = write_refusal(judged, error);
  tell(judged, &error, response.status);
  return response;
}

HttpResponse GuardJudge::write_refusal(const Case& judged, const Error& error) const {
  const std::string nonce = options_.verifier.nonces().issue(judged.now);
  HttpResponse response = guard::challenge(error, judged.route, nonce, judged.decision_id);
  response.headers.set(std::string(kDecisionField), judged.decision_id);
  if (open_.load(std::memory_order_acquire)) add_metadata_url(response, public_url_);
  return response;
}

void GuardJudge::tell(const Case& judged, const Error* error, std::optional<int> status) {
  options_.observer.observe(describe(judged, judged.request.method, error, status));
}

// describe is the record of a decision; its views are of what it is given.
Decision GuardJudge::describe(const Case& judged, const std::string& method, const Error* error,
                              std::optional<int> status) {
  const AccessToken* token = judged.trace.token.get();
  const IntentClaims::Step* step =
      token != nullptr && token->intent && token->intent->step ? &*token->intent->step : nullptr;
  return Decision{
      .decision_id = judged.decision_id,
      .operation = kOperation,
      .refused = error == nullptr ? std::nullopt : std::optional(error->code()),
      .method = method,
      .route = judged.route == nullptr ? std::string_view() : view_of(judged.route->path),
      .subject = token == nullptr ? std::string_view() : view_of(token->sub),
      .execution = step == nullptr ? std::string_view() : view_of(step->execution_id.str()),
      .workflow = step == nullptr ? std::string_view() : view_of(step->workflow_id.str()),
      .step = step == nullptr ? std::string_view() : view_of(step->workflow_step.str()),
      .detail = error == nullptr ? std::string_view() : view_of(error->detail()),
      .took = judged.elapsed(),
      .span = judged.span,
      .status = status};
}

}  // namespace ajwt::gateway
