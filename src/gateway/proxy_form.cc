// SPDX-License-Identifier: Apache-2.0
#include "gateway/proxy_form.h"

#include <charconv>
#include <memory>
#include <utility>

#include "protocol/names.h"

namespace ajwt::gateway {
namespace {

constexpr std::size_t kSmallBodyBytes = 16 * 1024;

bool is_small_body(const HttpHeaders& headers) {
  const auto text = headers.find("Content-Length");
  std::size_t length = 0;
  if (!text) return false;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
  return error == std::errc() && end == text->data() + text->size() && length <= kSmallBodyBytes;
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

}  // namespace

// Passage is a request that was let through, on its way to the service and back.
class ProxyForm::Passage final : public http::ForwardObserver {
 public:
  Passage(GuardJudge& judge, const Case& judged) : judge_(judge), judged_(judged) {}

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
    judge_.tell_delivery(judged_, {.failure = failed_ ? &*failed_ : nullptr,
                                   .failed = failed,
                                   .status = outcome.status,
                                   .took = outcome.took});
  }

 private:
  GuardJudge& judge_;
  const Case judged_;  // its request is not looked at: it belongs to the engine
  std::optional<Error> failed_;
};

http::ProxyDecision ProxyForm::judge(const HttpRequest& head) {
  Case judged = judge_.begin(head);
  if (const Status status = judge_.match(judged); !status) {
    return http::Answer{judge_.refuse_request(judged, status.error())};
  }
  if (guard::Verifier::needs_body(*judged.route, head)) {
    if (const Status status = may_send_body(judged); !status) {
      return http::Answer{judge_.refuse_request(judged, status.error())};
    }
    return http::NeedBody{judged.route->max_body_bytes};
  }
  return decide(judged, guard::has_body(head) ? std::nullopt : std::optional(ByteView()));
}

http::ProxyDecision ProxyForm::judge_with_body(const HttpRequest& whole) {
  Case judged = judge_.begin(whole);
  if (const Status status = judge_.match(judged); !status) {
    return http::Answer{judge_.refuse_request(judged, status.error())};
  }
  return decide(judged, as_bytes(whole.body));
}

HttpResponse ProxyForm::on_refused(const HttpRequest* head, const Error& error) {
  const HttpRequest unread;
  Case judged = judge_.begin(head == nullptr ? unread : *head);
  // For the log alone: the refusal stands, whatever the route.
  if (head != nullptr) (void)judge_.match(judged);
  return judge_.refuse_request(judged, error);
}

http::ProxyDecision ProxyForm::decide(Case& judged, std::optional<ByteView> body) {
  auto pass = judge_.judge(judged, guard::BodySight::kSeen, body, std::nullopt);
  if (!pass) return http::Answer{judge_.refuse_request(judged, pass.error())};
  http::Forward let_through = forward(judged, *std::move(pass));
  let_through.observer = std::make_shared<Passage>(judge_, judged);
  return let_through;
}

// What a large body costs is spent on holders of a good token and a fresh proof alone. A small one
// costs less than the second verification, and the engine bounds what all of them hold together.
Status ProxyForm::may_send_body(Case& judged) {
  const auto& headers = judged.request.headers;
  const bool presents_both =
      headers.find(names::kAuthorization) && headers.find(names::kDpopHeader);
  if (presents_both && is_small_body(headers)) return ok();
  return judge_.verify_head(judged);
}

http::Forward ProxyForm::forward(const Case& judged, Pass pass) const {
  http::Forward forward;
  for (const auto& [name, value] : judged.request.headers.fields()) {
    if (guard::is_identity_header(name)) forward.strip.push_back(name);
  }
  forward.set = guard::identity_headers(pass.verified).fields();
  forward.set.emplace_back(kDecisionField, judged.decision_id);
  forward.set_in_response.emplace_back(kDecisionField, judged.decision_id);
  set_trace(forward, judged.span);
  // Links that the service makes of these must lead to the guard, not to whatever host the client
  // wrote.
  const std::string& url = judge_.public_url();
  const std::size_t colon = url.find("://");
  forward.set.emplace_back("X-Forwarded-Proto", url.substr(0, colon));
  forward.set.emplace_back("X-Forwarded-Host",
                           colon == std::string::npos ? "" : url.substr(colon + 3));
  forward.strip_in_response = guard::is_guards_answer_field;
  if (pass.next_nonce) {
    forward.set_in_response.emplace_back(names::kDpopNonce, *std::move(pass.next_nonce));
    forward.set_in_response.emplace_back("Cache-Control", "no-store");
  }
  return forward;
}

}  // namespace ajwt::gateway
