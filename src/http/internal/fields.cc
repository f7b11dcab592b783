// SPDX-License-Identifier: Apache-2.0

#include "http/internal/fields.h"

#include <algorithm>
#include <array>

#include "base/field_name.h"
#include "http/gate.h"

namespace ajwt::http::internal {
namespace {

constexpr auto kHopByHop = std::to_array<std::string_view>(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
     "te", "trailer", "transfer-encoding", "upgrade", "http2-settings"});

// CGI makes HTTP_PROXY of Proxy, which sends the service's own requests elsewhere.
constexpr auto kHearsay = std::to_array<std::string_view>({"forwarded", "proxy", "x-real-ip"});
constexpr std::string_view kForwardedPrefix = "x-forwarded-";

template <class Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view other) { return equal_folded(name, other); });
}

// named_by_connection returns the names that the Connection fields list.
std::vector<std::string> named_by_connection(const HttpHeaders& headers) {
  std::vector<std::string> names;
  for (std::string_view value : headers.all("connection")) {
    while (!value.empty()) {
      const auto comma = std::min(value.find(','), value.size());
      auto name = value.substr(0, comma);
      value.remove_prefix(std::min(comma + 1, value.size()));
      while (!name.empty() && (name.front() == ' ' || name.front() == '\t')) name.remove_prefix(1);
      while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
      if (!name.empty()) names.emplace_back(name);
    }
  }
  return names;
}

}  // namespace

bool is_hop_by_hop(std::string_view name) { return is_one_of(kHopByHop, name); }

void remove_hop_by_hop(HttpHeaders& headers) {
  const auto named = named_by_connection(headers);
  remove_if(headers, [&](std::string_view name, std::string_view /*value*/) {
    return is_hop_by_hop(name) || is_one_of(named, name);
  });
}

void remove_folded(HttpHeaders& headers, std::string_view name) {
  remove_if(headers, [&](std::string_view other, std::string_view /*value*/) {
    return equal_folded(other, name);
  });
}

void remove_overrides(HttpHeaders& headers) {
  remove_if(headers, [](std::string_view name, std::string_view /*value*/) {
    return begins_folded(name, kForwardedPrefix) || is_one_of(kHearsay, name) ||
           is_override_field(name);
  });
}

void replace_fields(HttpHeaders& headers,
                    const std::vector<std::pair<std::string, std::string>>& fields) {
  for (const auto& [name, value] : fields) remove_folded(headers, name);
  for (const auto& [name, value] : fields) headers.add(name, value);
}

bool is_framing_field(std::string_view name) {
  return is_hop_by_hop(name) || equal_folded(name, "content-length") || equal_folded(name, "host");
}

}  // namespace ajwt::http::internal
