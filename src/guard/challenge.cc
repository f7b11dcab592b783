// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "guard/verifier.h"
#include "jose/algorithm.h"
#include "json/write.h"
#include "protocol/names.h"

namespace ajwt::guard {
namespace {

// is_quotable tells whether a character may stand inside the quotes of an auth-param as it is (RFC
// 6750 3: %x20-21 / %x23-5B / %x5D-7E). A quote, a backslash or a line break would end the value
// and let an error's text write parameters or header fields of its own.
bool is_quotable(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) out += is_quotable(c) ? c : '?';
  return out + "\"";
}

std::string accepted_algorithms() {
  std::string joined;
  for (const std::string_view name : jose::AlgorithmSet::all().names()) {
    if (!joined.empty()) joined += ' ';
    joined += name;
  }
  return joined;
}

constexpr std::string_view kInsufficientScope = "insufficient_scope";

// RFC 6750 3 and RFC 9449 7.1. A request without any token is told no error code (RFC 6750 3.1).
std::string authenticate_field(const Error& error, const Route* route) {
  const std::string_view code = error.reason().oauth_error;
  const bool takes_bearer = route != nullptr && route->profile == TokenProfile::kDraft00;
  std::string field(takes_bearer ? names::kBearer : names::kDpop);
  field += ' ';
  if (!code.empty()) {
    field += "error=" + quoted(code) + ", error_description=" + quoted(error.describe()) + ", ";
  }
  if (code == kInsufficientScope && route != nullptr) {
    field += "scope=" + quoted(join_scopes(route->scopes)) + ", ";
  }
  if (takes_bearer) return field + "realm=\"ajwt\"";
  return field + "algs=" + quoted(accepted_algorithms());
}

// The sentence alone for our own failures: what broke in here is nobody else's business.
std::string description_of(const Error& error) {
  const Reason& reason = error.reason();
  return reason.klass == ReasonClass::kFailure ? std::string(reason.sentence) : error.describe();
}

}  // namespace

HttpResponse challenge(const Error& error, const Route* route, std::string_view nonce,
                       std::string_view decision_id) {
  const Reason& reason = error.reason();
  json::Object body;
  if (!reason.oauth_error.empty()) body.append(names::kError, reason.oauth_error);
  body.append(names::kErrorDescription, description_of(error));
  body.append(names::kReason, reason.name);
  body.append(names::kDecisionId, decision_id);

  HttpResponse response{.status = reason.http_status, .headers = {}, .body = json::write(body)};
  response.headers.add("Content-Type", "application/json");
  // RFC 9449 8.2: an answer with a nonce must not be served again from a cache.
  response.headers.add("Cache-Control", "no-store");
  if (std::all_of(nonce.begin(), nonce.end(), is_quotable)) {
    response.headers.add(names::kDpopNonce, std::string(nonce));
  }
  if (reason.http_status == 401 || reason.oauth_error == kInsufficientScope) {
    response.headers.add(names::kWwwAuthenticate, authenticate_field(error, route));
  }
  if (reason.http_status == 503 || reason.http_status == 429) {
    response.headers.add(names::kRetryAfter, "1");
  }
  return response;
}

}  // namespace ajwt::guard
