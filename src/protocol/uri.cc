// SPDX-License-Identifier: Apache-2.0
#include "protocol/uri.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "base/http_message.h"

namespace ajwt {
namespace {

constexpr std::string_view kSchemeEnd = "://";
constexpr std::size_t kMaxPortDigits = 5;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

// is_text tells whether text is made of pchar (RFC 3986 3.3), the characters `further` and whole
// percent-escapes.
bool is_text(std::string_view text, std::string_view further) {
  constexpr std::string_view kSubDelimsAndMore = "!$&'()*+,;=:@";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (text.size() - i < 3 || !is_hex_digit(text[i + 1]) || !is_hex_digit(text[i + 2])) {
        return false;
      }
      i += 2;
    } else if (!is_unreserved(text[i]) && !is_one_of(text[i], kSubDelimsAndMore) &&
               !is_one_of(text[i], further)) {
      return false;
    }
  }
  return true;
}

// is_host takes a name of unreserved characters or an IPv6 address. The rest of RFC 3986's
// reg-name (escapes, sub-delimiters) names no host of the web, and has two spellings for one.
bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return false;
    const std::string_view address = host.substr(1, host.size() - 2);
    return !address.empty() && std::all_of(address.begin(), address.end(), [](char c) {
      return is_hex_digit(c) || c == ':' || c == '.';
    });
  }
  return !host.empty() && std::all_of(host.begin(), host.end(), is_unreserved);
}

bool split_authority(std::string_view authority, HttpUri& uri) {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  uri.host = has_port ? authority.substr(0, colon) : authority;
  if (has_port) uri.port = authority.substr(colon + 1);
  return is_host(uri.host) && uri.port.size() <= kMaxPortDigits &&
         std::all_of(uri.port.begin(), uri.port.end(), is_digit);
}

// take_after cuts `rest` at the first `mark` and returns what follows it, if there is a mark.
std::optional<std::string_view> take_after(std::string_view& rest, char mark) {
  const std::size_t at = rest.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view after = rest.substr(at + 1);
  rest = rest.substr(0, at);
  return after;
}

}  // namespace

bool is_unreserved(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

std::optional<HttpUri> parse_http_uri(std::string_view text) {
  const std::size_t scheme_end = text.find(kSchemeEnd);
  if (scheme_end == std::string_view::npos) return std::nullopt;
  HttpUri uri{};
  uri.scheme = text.substr(0, scheme_end);
  if (!equal_ignoring_case(uri.scheme, "http") && !equal_ignoring_case(uri.scheme, "https")) {
    return std::nullopt;
  }
  std::string_view rest = text.substr(scheme_end + kSchemeEnd.size());
  uri.fragment = take_after(rest, '#');
  uri.query = take_after(rest, '?');
  const std::size_t path = std::min(rest.find('/'), rest.size());
  uri.path = rest.substr(path);
  if (!split_authority(rest.substr(0, path), uri)) return std::nullopt;
  if (!is_text(uri.path, "/") || !is_text(uri.query.value_or(""), "/?") ||
      !is_text(uri.fragment.value_or(""), "/?")) {
    return std::nullopt;
  }
  return uri;
}

bool is_loopback_host(std::string_view host) {
  if (equal_ignoring_case(host, "localhost") || host == "[::1]") return true;
  constexpr std::string_view kNetwork = "127.";
  if (!host.starts_with(kNetwork)) return false;
  host.remove_prefix(kNetwork.size());
  int numbers = 0;
  while (true) {
    unsigned char number = 0;
    const auto [end, error] = std::from_chars(host.data(), host.data() + host.size(), number);
    const auto digits = static_cast<std::size_t>(end - host.data());
    // With a leading zero it is octal to some, and no address but a name to others.
    if (error != std::errc() || (digits > 1 && host.front() == '0')) return false;
    ++numbers;
    host.remove_prefix(digits);
    if (host.empty()) return numbers == 3;
    if (numbers == 3 || host.front() != '.') return false;
    host.remove_prefix(1);
  }
}

}  // namespace ajwt
