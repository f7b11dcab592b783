// SPDX-License-Identifier: Apache-2.0
//
// Where a server listens, as people write it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ajwt::http {

// ListenAddress is a numeric address without brackets, and a port.
struct ListenAddress {
  std::string address;
  std::uint16_t port;
};

// parse_listen_address reads "127.0.0.1:8710" or "[::1]:8710"; port 0 is any free one. Refuses
// k_configuration_refused.
Result<ListenAddress> parse_listen_address(std::string_view text);

// host_of returns the address as a URL has it: IPv6 in brackets.
std::string host_of(const std::string& address);

}  // namespace ajwt::http
