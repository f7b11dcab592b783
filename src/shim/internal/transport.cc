// SPDX-License-Identifier: Apache-2.0
#include "shim/internal/transport.h"

#include <string>

#include "base/http_message.h"
#include "protocol/uri.h"

namespace ajwt::shim {
Status check_transport(std::string_view what, std::string_view url, PlainHttp plain_http) {
  const auto uri = parse_http_uri(url);
  if (plain_http == PlainHttp::kAnywhere || !uri || !equal_ignoring_case(uri->scheme, "http") ||
      is_loopback_host(uri->host)) {
    return ok();
  }
  return refuse(Code::k_configuration_refused,
                std::string(what) +
                    " must be https: over plain http, secrets and tokens are readable on the way.");
}

}  // namespace ajwt::shim
