// SPDX-License-Identifier: Apache-2.0

#include "http/internal/upstream_address.h"

#include <charconv>
#include <system_error>

namespace ajwt::http::internal {
namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::uint16_t kDefaultPort = 80;

Error bad_upstream(std::string_view url) {
  return refuse(Code::k_configuration_refused,
                "the upstream must be http://host[:port], not " + std::string(url));
}

bool is_host_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '.' || c == '_' || c == ':';
}

}  // namespace

Result<UpstreamAddress> parse_upstream(std::string_view url) {
  if (!url.starts_with(kScheme)) return bad_upstream(url);
  auto authority = url.substr(kScheme.size());
  if (authority.ends_with('/')) authority.remove_suffix(1);

  std::string_view host = authority;
  std::string_view port_text;
  const bool bracketed = authority.starts_with('[');
  if (bracketed) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return bad_upstream(url);
    host = authority.substr(1, end - 1);
    port_text = authority.substr(end + 1);
  } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port_text = authority.substr(colon);
  }
  if (host.empty()) return bad_upstream(url);
  for (char c : host) {
    if (!is_host_char(c)) return bad_upstream(url);
  }

  std::uint16_t port = kDefaultPort;
  if (!port_text.empty()) {
    const char* end = port_text.data() + port_text.size();
    const auto parsed = std::from_chars(port_text.data() + 1, end, port);
    if (port_text.front() != ':' || port_text.size() < 2 || parsed.ec != std::errc() ||
        parsed.ptr != end || port == 0)
      return bad_upstream(url);
  }
  return UpstreamAddress{
      .host = std::string(host), .port = port, .authority = std::string(authority)};
}

}  // namespace ajwt::http::internal
