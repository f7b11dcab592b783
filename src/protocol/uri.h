// SPDX-License-Identifier: Apache-2.0
//
// http and https URIs (RFC 3986, RFC 9110 4.2), as far as audiences and proofs need them.
#pragma once

#include <optional>
#include <string_view>

namespace ajwt {

// is_unreserved: what a URI never has to escape (RFC 3986 2.3).
bool is_unreserved(char c);

// HttpUri is an absolute URI taken apart; the parts are views of the text, spelled as there.
struct HttpUri {
  std::string_view scheme;                   // "http" or "https" in any case
  std::string_view host;                     // an IPv6 address with its brackets
  std::string_view port;                     // digits, or empty
  std::string_view path;                     // starts with '/', or empty
  std::optional<std::string_view> query;     // without '?'
  std::optional<std::string_view> fragment;  // without '#'
};

// parse_http_uri returns the parts of an absolute http or https URI, or nothing for any other
// text: user info, an empty host, a host with percent-escapes, characters that RFC 3986 does not
// allow where they stand, a '%' without two digits.
std::optional<HttpUri> parse_http_uri(std::string_view text);

// is_loopback_host tells whether a URI's host is this machine itself: "localhost", 127.0.0.0/8 in
// four decimal numbers, or "[::1]". Other spellings are not known and count as another machine.
bool is_loopback_host(std::string_view host);

}  // namespace ajwt
