// SPDX-License-Identifier: Apache-2.0
//
// GET /e/{reason}: the page that `error_uri` points at. Made from the reason table; no script, no
// style, nothing from anywhere else, so that it works without a network.
#include "authority/endpoints/endpoints.h"
#include "authority/oauth/remedies.h"

namespace ajwt::authority {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string paragraph(std::string_view heading, std::string_view text) {
  if (text.empty()) return std::string();
  return "<h2>" + std::string(heading) + "</h2>\n<p>" + escaped(text) + "</p>\n";
}

std::string_view what_kind(const Reason& reason) {
  return reason.klass == ReasonClass::kFailure
             ? "A failure: nothing is wrong with the request, and it may be sent again."
             : "A refusal: the request breaks a rule, and the same request will be refused again.";
}

std::string_view what_to_do(const Reason& reason) {
  const auto remedy = remedy_for(reason.code);
  if (!remedy.empty()) return remedy;
  if (reason.klass == ReasonClass::kFailure) {
    return "Send the request again, with a new proof, after a moment. The authority's log has the "
           "cause under the answer's decision_id.";
  }
  return "Change the request: the answer's error_description says which part of it is meant. The "
         "authority's log has more under the answer's decision_id.";
}

std::string write_page(const Reason& reason) {
  const std::string name = escaped(reason.name);
  std::string wire = "HTTP " + std::to_string(reason.http_status);
  if (!reason.oauth_error.empty()) wire += ", error " + std::string(reason.oauth_error);
  return "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>" + name +
         "</title></head>\n<body>\n<h1>" + name + "</h1>\n<p>" + escaped(reason.sentence) +
         "</p>\n" + paragraph("What to do", what_to_do(reason)) +
         paragraph("Kind", what_kind(reason)) + paragraph("On the wire", wire) +
         paragraph("Rule", reason.source) + "</body>\n</html>\n";
}

}  // namespace

Result<HttpResponse> handle_reason_page(Exchange& exchange) {
  const auto reason = find_reason(exchange.parameters.front());
  if (!reason) return refuse(Code::k_not_found);
  HttpResponse response{.status = 200, .headers = {}, .body = write_page(*reason)};
  response.headers.add("Content-Type", "text/html; charset=utf-8");
  response.headers.add("Content-Security-Policy",
                       "default-src 'none'; base-uri 'none'; form-action 'none'; "
                       "frame-ancestors 'none'");
  response.headers.add("Cache-Control", "public, max-age=300");
  return response;
}

}  // namespace ajwt::authority
