// SPDX-License-Identifier: Apache-2.0
#include "http/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>

namespace ajwt::http {

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::string_view address = text.substr(0, colon);
  const std::string_view port =
      colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool bracketed = address.starts_with('[') && address.ends_with(']');
  if (bracketed) address = address.substr(1, address.size() - 2);
  const std::string host(address);
  const int family = bracketed ? AF_INET6 : AF_INET;
  in6_addr numeric{};  // has room for both families
  const bool known = inet_pton(family, host.c_str(), &numeric) == 1;
  if (!known || port.empty() || error != std::errc() || end != port.data() + port.size()) {
    return refuse(Code::k_configuration_refused,
                  "'" + std::string(text) +
                      "' is no address and port, such as 127.0.0.1:8710 or [::1]:8710.");
  }
  // One spelling for each address: [0:0:0:0:0:0:0:1] is ::1.
  char spelled[INET6_ADDRSTRLEN] = {};
  (void)inet_ntop(family, &numeric, spelled, sizeof spelled);
  return ListenAddress{spelled, number};
}

std::string host_of(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

}  // namespace ajwt::http
