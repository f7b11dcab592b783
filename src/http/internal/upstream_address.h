// SPDX-License-Identifier: Apache-2.0
//
// Where a reverse proxy's upstream is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ajwt::http::internal {

// UpstreamAddress is what "http://host[:port]" says.
struct UpstreamAddress {
  std::string host;  // without the brackets of an IPv6 address
  std::uint16_t port;
  std::string authority;  // as it is written in Host
};

// parse_upstream reads "http://host[:port]", with at most one '/' after it. Refuses
// k_configuration_refused.
Result<UpstreamAddress> parse_upstream(std::string_view url);

}  // namespace ajwt::http::internal
