// SPDX-License-Identifier: Apache-2.0
#include "http/http_date.h"

#include <curl/curl.h>

namespace ajwt::http {

std::optional<Instant> parse_http_date(const std::string& text) {
  const std::time_t seconds = text.empty() ? -1 : curl_getdate(text.c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  return from_unix(seconds);
}

}  // namespace ajwt::http
