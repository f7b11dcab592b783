// SPDX-License-Identifier: Apache-2.0
#include "gateway/original_request.h"

#include <string>
#include <utility>

#include "base/field_name.h"
#include "guard/verifier.h"
#include "http/gate.h"
#include "protocol/names.h"

namespace ajwt::gateway {
namespace {

// misasked is the refusal of a subrequest as such. What is wrong is for the operator alone.
Error misasked(std::string detail) {
  return refuse(Code::k_subrequest_malformed).with_detail(std::move(detail));
}

Status check_subrequest(const HttpRequest& subrequest) {
  if (subrequest.method != "GET") return misasked("the method is not GET");
  if (!subrequest.query.empty()) return misasked("it has a query");
  // A body here is one that the service will not get: nginx read it for this.
  if (guard::has_body(subrequest) || !subrequest.body.empty()) {
    return misasked(
        "it has a body; proxy_pass_request_body off and Content-Length \"\" are missing");
  }
  return ok();
}

// single_value takes no other spelling beside the name: one that is not nginx's came from a client.
Result<std::string> single_value(const HttpRequest& subrequest, std::string_view name) {
  const std::string* found = nullptr;
  for (const auto& [other, value] : subrequest.headers.fields()) {
    if (!equal_folded(other, name)) continue;
    if (found != nullptr || !equal_ignoring_case(other, name)) {
      return misasked(std::string(name) + " is there more than once");
    }
    found = &value;
  }
  if (found == nullptr) return misasked(std::string(name) + " is missing");
  return *found;
}

bool is_credential(std::string_view name) {
  return equal_ignoring_case(name, names::kAuthorization) ||
         equal_ignoring_case(name, names::kDpopHeader);
}

bool is_ours(std::string_view name) {
  return equal_ignoring_case(name, kOriginalMethodField) ||
         equal_ignoring_case(name, kOriginalUriField);
}

// The reverse proxy takes these out of what it forwards; here the service would get them.
Status check_fields(const HttpHeaders& headers) {
  for (const auto& [name, value] : headers.fields()) {
    const bool forbidden = (guard::is_identity_header(name) && !is_credential(name)) ||
                           (http::is_override_field(name) && !is_ours(name));
    if (forbidden) return refuse(Code::k_header_field_refused, name + ".");
  }
  return ok();
}

}  // namespace

Result<HttpRequest> parse_original_request(const HttpRequest& subrequest) {
  AJWT_TRY(check_subrequest(subrequest));
  AJWT_ASSIGN(std::string method, single_value(subrequest, kOriginalMethodField));
  AJWT_ASSIGN(const std::string target, single_value(subrequest, kOriginalUriField));
  AJWT_TRY(check_fields(subrequest.headers));
  if (!http::is_token(method)) return refuse(Code::k_request_malformed, "the method is no token");
  AJWT_TRY(http::check_target(target));
  const std::size_t question = target.find('?');
  HttpRequest original{.method = std::move(method),
                       .path = target.substr(0, question),
                       .query = {},
                       .headers = subrequest.headers,
                       .body = {},
                       .peer = subrequest.peer};
  if (question != std::string::npos) original.query = target.substr(question + 1);
  AJWT_TRY(http::check_path(original.path));
  return original;
}

}  // namespace ajwt::gateway
