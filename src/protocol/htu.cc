// SPDX-License-Identifier: Apache-2.0
#include <cstddef>

#include "protocol/proof.h"
#include "protocol/uri.h"

namespace ajwt {
namespace {

constexpr std::string_view kHttpsScheme = "https";
constexpr std::string_view kHttpsPort = "443";
constexpr std::string_view kHttpPort = "80";

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char to_upper(char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; }

int hex_value(char c) {
  if (c <= '9') return c - '0';
  return to_upper(c) - 'A' + 10;
}

void append_lowercase(std::string& out, std::string_view text) {
  for (const char c : text) out += to_lower(c);
}

// append_path writes a path whose percent-escapes are known to be whole.
void append_path(std::string& out, std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out += path[i];
      continue;
    }
    const auto decoded = static_cast<char>(hex_value(path[i + 1]) * 16 + hex_value(path[i + 2]));
    if (is_unreserved(decoded)) {
      out += decoded;
    } else {
      out.append({'%', to_upper(path[i + 1]), to_upper(path[i + 2])});
    }
    i += 2;
  }
}

}  // namespace

Result<std::string> normalize_htu(std::string_view uri) {
  const auto parts = parse_http_uri(uri);
  if (!parts) return refuse(Code::k_proof_uri_mismatch, "It must be an absolute http(s) URI.");
  std::string out;
  out.reserve(uri.size() + 1);
  append_lowercase(out, parts->scheme);
  const bool is_https = out == kHttpsScheme;
  out += "://";
  append_lowercase(out, parts->host);
  if (!parts->port.empty() && parts->port != (is_https ? kHttpsPort : kHttpPort)) {
    out += ':';
    out += parts->port;
  }
  // RFC 3986 6.2.3: an empty path is the same as "/".
  if (parts->path.empty()) out += '/';
  append_path(out, parts->path);
  return out;
}

}  // namespace ajwt
