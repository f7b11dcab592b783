// SPDX-License-Identifier: Apache-2.0

#include "http/error_response.h"

#include <string>

#include "json/write.h"

namespace ajwt::http {

HttpResponse write_error_response(const Error& error) {
  const Reason& reason = error.reason();
  json::Object body;
  if (!reason.oauth_error.empty()) body.append("error", reason.oauth_error);
  body.append("error_description", reason.klass == ReasonClass::kFailure
                                       ? std::string(reason.sentence)
                                       : error.describe());
  body.append("reason", reason.name);

  HttpResponse response{.status = reason.http_status, .headers = {}, .body = json::write(body)};
  response.headers.add("Content-Type", "application/json");
  response.headers.add("Cache-Control", "no-store");
  if (reason.http_status == 503 || reason.http_status == 429)
    response.headers.add("Retry-After", "1");
  return response;
}

}  // namespace ajwt::http
