// SPDX-License-Identifier: Apache-2.0
#include "gateway/auth_request_form.h"

#include <string>
#include <utility>

#include "gateway/original_request.h"
#include "protocol/names.h"

namespace ajwt::gateway {
namespace {

constexpr std::string_view kStatusField = "X-Ajwt-Status";
constexpr std::string_view kReasonField = "X-Ajwt-Reason";
constexpr std::string_view kRefusalField = "X-Ajwt-Refusal";
constexpr int kLetThrough = 200;

}  // namespace

int auth_request_status(const Reason& reason) {
  switch (reason.klass) {
    case ReasonClass::kFailure:
      return reason.http_status;
    case ReasonClass::kRefusal:
      return reason.http_status == 401 ? 401 : 403;
  }
  return 403;
}

HttpResponse AuthRequestForm::handle(const HttpRequest& subrequest) {
  const auto original = parse_original_request(subrequest);
  if (!original) return refuse_question(subrequest, original.error());
  Case judged = judge_.begin(*original);
  if (const Status status = judge_.match(judged); !status) {
    return refuse_request(judged, status.error());
  }
  auto pass = judge_.judge(judged, guard::BodySight::kUnseen, std::nullopt, kLetThrough);
  if (!pass) return refuse_request(judged, pass.error());
  HttpResponse response{
      .status = kLetThrough, .headers = guard::identity_headers(pass->verified), .body = {}};
  response.headers.add(kDecisionField, judged.decision_id);
  // A verdict is about one proof: from a cache it would let the same one in again.
  response.headers.add("Cache-Control", "no-store");
  if (pass->next_nonce) {
    response.headers.add(names::kDpopNonce, *std::move(pass->next_nonce));
  }
  return response;
}

// What asks badly does not say what it asks about: of its fields only the trace is told.
HttpResponse AuthRequestForm::refuse_question(const HttpRequest& subrequest, const Error& error) {
  HttpRequest unread;
  unread.headers = subrequest.headers;
  return refuse_request(judge_.begin(unread), error);
}

HttpResponse AuthRequestForm::on_refused(const Error& error) {
  const HttpRequest unread;
  return refuse_request(judge_.begin(unread), error);
}

HttpResponse AuthRequestForm::refuse_request(const Case& judged, const Error& error) {
  HttpResponse response = judge_.refuse_request(judged, error);
  response.headers.remove("Content-Type");
  response.headers.add(kStatusField, std::to_string(response.status));
  response.headers.add(kReasonField, std::string(error.reason().name));
  response.headers.add(kRefusalField, std::exchange(response.body, {}));
  response.status = auth_request_status(error.reason());
  return response;
}

}  // namespace ajwt::gateway
