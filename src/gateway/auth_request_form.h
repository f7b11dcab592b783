// SPDX-License-Identifier: Apache-2.0
//
// The guard as an auth endpoint, in the dialect of nginx's auth_request: a verdict about a request
// that nginx holds, and that the guard never sees whole.
#pragma once

#include <string_view>

#include "base/http_message.h"
#include "base/reason.h"
#include "base/result.h"
#include "gateway/guard_judge.h"

namespace ajwt::gateway {

// kAuthRequestPath is what nginx asks.
inline constexpr std::string_view kAuthRequestPath = "/-/auth";

// auth_request_status returns the status that says a reason to nginx, which knows three: 200, 401
// and 403, and makes an error of its own (500) of everything else. A refusal is 401 where RFC 6750
// and 9449 want a challenge, else 403. A failure of ours keeps its 5xx, so that nginx answers with
// a 5xx as well: nobody who may come in is told that he may not.
int auth_request_status(const Reason& reason);

// AuthRequestForm answers subrequests (gateway/original_request.h), always without a body, which
// nginx would not read and which would cost the connection.
//
// 200 carries what the service and the client are to be told: X-Agent-* (guard::identity_headers),
// X-Ajwt-Decision-Id, and DPoP-Nonce if there is a newer one. Everything else carries what the
// guard as a reverse proxy would have answered: its fields (WWW-Authenticate, DPoP-Nonce,
// Retry-After), its status in X-Ajwt-Status, its body in X-Ajwt-Refusal, and X-Ajwt-Reason and
// X-Ajwt-Decision-Id for nginx's log. The decision belongs to the trace that the client's
// traceparent names, which nginx hands on. Safe for concurrent use.
class AuthRequestForm {
 public:
  // AuthRequestForm keeps a reference to `judge`, which outlives it.
  explicit AuthRequestForm(GuardJudge& judge) : judge_(judge) {}

  HttpResponse handle(const HttpRequest& subrequest);
  // on_refused makes a decision of the server's own refusal of a subrequest.
  HttpResponse on_refused(const Error& error);

 private:
  HttpResponse refuse_question(const HttpRequest& subrequest, const Error& error);
  HttpResponse refuse_request(const Case& judged, const Error& error);

  GuardJudge& judge_;
};

}  // namespace ajwt::gateway
