// SPDX-License-Identifier: Apache-2.0
//
// The guard as a reverse proxy: which part of a request the judge is shown, and what is forwarded.
#pragma once

#include <optional>

#include "base/http_message.h"
#include "gateway/guard_judge.h"
#include "http/reverse_proxy.h"

namespace ajwt::gateway {

// ProxyForm takes away what the client says of its own identity (guard::is_identity_header), sets
// what was verified and the address that the client used (X-Forwarded-Proto and -Host from the
// public URL), and lets no answer of the service speak in the guard's voice
// (guard::is_guards_answer_field). Answer and forwarded request carry the decision's id
// (X-Ajwt-Decision-Id); the request also carries the guard's span as its parent (traceparent), and
// never what the client wrote there.
//
// Nothing is forwarded, and no body of more than 16 KiB is read, for a request that no route names
// or whose token or proof is not good (GuardJudge::verify_head). Once the body is there, everything
// is judged again, for time has passed.
class ProxyForm final : public http::ProxyJudge {
 public:
  // ProxyForm keeps a reference to `judge`, which outlives it.
  explicit ProxyForm(GuardJudge& judge) : judge_(judge) {}

  http::ProxyDecision judge(const HttpRequest& head) override;
  http::ProxyDecision judge_with_body(const HttpRequest& whole) override;
  // on_refused makes a decision of the engine's refusal: told, numbered and answered like any
  // other.
  HttpResponse on_refused(const HttpRequest* head, const Error& error) override;

 private:
  class Passage;
  http::ProxyDecision decide(Case& judged, std::optional<ByteView> body);
  Status may_send_body(Case& judged);
  http::Forward forward(const Case& judged, Pass pass) const;

  GuardJudge& judge_;
};

}  // namespace ajwt::gateway
