// SPDX-License-Identifier: Apache-2.0

#include "http/internal/fields.h"

#include <algorithm>
#include <array>

namespace ajwt::http::internal {
namespace {

constexpr auto kHopByHop = std::to_array<std::string_view>(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
     "te", "trailer", "transfer-encoding", "upgrade", "http2-settings"});

// Frameworks let a field like X-Original-URL replace the path after a guard has judged another one.
constexpr auto kOverrides = std::to_array<std::string_view>(
    {"forwarded", "x-original-url", "x-rewrite-url", "x-http-method-override", "x-http-method",
     "x-method-override"});
constexpr std::string_view kForwardedPrefix = "x-forwarded-";

// fold lowers the case and makes '_' a '-'.
std::string fold(std::string_view name) {
  std::string folded(name);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_') c = '-';
  }
  return folded;
}

template <class Predicate>
void remove_if_name(HttpHeaders& headers, Predicate unwanted) {
  HttpHeaders kept;
  for (const auto& [name, value] : headers.fields()) {
    if (!unwanted(name)) kept.add(name, value);
  }
  headers = std::move(kept);
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

bool is_hop_by_hop(std::string_view name) {
  return std::any_of(kHopByHop.begin(), kHopByHop.end(),
                     [&](std::string_view hop) { return equal_ignoring_case(name, hop); });
}

void remove_hop_by_hop(HttpHeaders& headers) {
  const auto named = named_by_connection(headers);
  remove_if_name(headers, [&](std::string_view name) {
    return is_hop_by_hop(name) ||
           std::any_of(named.begin(), named.end(),
                       [&](std::string_view other) { return equal_ignoring_case(name, other); });
  });
}

void remove_folded(HttpHeaders& headers, std::string_view name) {
  const std::string wanted = fold(name);
  remove_if_name(headers, [&](std::string_view other) { return fold(other) == wanted; });
}

void remove_overrides(HttpHeaders& headers) {
  remove_if_name(headers, [](std::string_view name) {
    const std::string folded = fold(name);
    return folded.starts_with(kForwardedPrefix) ||
           std::find(kOverrides.begin(), kOverrides.end(), folded) != kOverrides.end();
  });
}

void replace_fields(HttpHeaders& headers,
                    const std::vector<std::pair<std::string, std::string>>& fields) {
  for (const auto& [name, value] : fields) remove_folded(headers, name);
  for (const auto& [name, value] : fields) headers.add(name, value);
}

bool is_framing_field(std::string_view name) {
  return is_hop_by_hop(name) || equal_ignoring_case(name, "content-length") ||
         equal_ignoring_case(name, "host");
}

}  // namespace ajwt::http::internal
