// SPDX-License-Identifier: Apache-2.0

#include "http/gate.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "base/field_name.h"
#include "base/http_message.h"
#include "json/utf8.h"

namespace ajwt::http {
namespace {

// Frameworks let a field like X-Original-URL replace the path after a guard has judged another one.
constexpr auto kOverrides = std::to_array<std::string_view>(
    {"x-rewrite-url", "x-http-method-override", "x-http-method", "x-method-override"});
constexpr std::string_view kOriginalPrefix = "x-original-";

constexpr std::size_t kMaxLengthDigits = 18;  // below 10^18: fits every integer type in the way

constexpr std::array<bool, 256> table_of(std::string_view extra) {
  std::array<bool, 256> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c : extra) table[static_cast<unsigned char>(c)] = true;
  return table;
}

constexpr auto kTokenChars = table_of("!#$%&'*+-.^_`|~");
constexpr auto kUnreservedChars = table_of("-._~");
// RFC 3986 3.3 and 3.4, and '[' ']', which clients send raw in queries. '%' is judged apart.
constexpr auto kTargetChars = table_of("-._~!$&'()*+,;=:@/?%[]");
constexpr auto kHostChars = table_of("-._~!$&'()*+,;=:[]%");

bool is_in(const std::array<bool, 256>& table, char c) {
  return table[static_cast<unsigned char>(c)];
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Error malformed(std::string message) {
  return refuse(Code::k_request_malformed, std::move(message));
}

std::optional<unsigned> hex_digit(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

// find_escape returns the byte that a percent escape at the start of `text` stands for.
std::optional<unsigned char> find_escape(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return std::nullopt;
  const auto high = hex_digit(text[1]);
  const auto low = hex_digit(text[2]);
  if (!high || !low) return std::nullopt;
  return static_cast<unsigned char>(*high * 16 + *low);
}

// is_field_byte: RFC 9110 5.5 field-vchar, SP, HTAB and obs-text.
bool is_field_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

// FramingFields gathers the fields on which the length of the body and the addressed host depend.
struct FramingFields {
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  std::size_t encodings = 0;
};

Status check_host(std::string_view value) {
  if (value.empty()) return malformed("the Host is empty");
  for (char c : value) {
    if (!is_in(kHostChars, c)) return malformed("the Host has a character that is not allowed");
  }
  return ok();
}

Status check_content_length(std::string_view value) {
  // A list ("5, 5") is as ambiguous as a repeated field: RFC 9112 6.3 allows to refuse both.
  if (value.empty() || value.size() > kMaxLengthDigits)
    return malformed("the Content-Length is not a number");
  for (char c : value) {
    if (!is_digit(c)) return malformed("the Content-Length is not a number");
  }
  return ok();
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// check_connection: RFC 9110 7.6.1, a list of tokens. What it names is removed by a proxy, so it
// must be read in one way alone.
Status check_connection(std::string_view value) {
  for (;;) {
    const auto comma = value.find(',');
    const auto option = trim(value.substr(0, comma));
    if (!option.empty() && !is_token(option))
      return malformed("the Connection is not a list of names");
    if (comma == std::string_view::npos) return ok();
    value.remove_prefix(comma + 1);
  }
}

Status check_special_field(std::string_view name, std::string_view value, FramingFields& framing) {
  if (equal_ignoring_case(name, "host")) {
    ++framing.hosts;
    return check_host(value);
  }
  if (equal_ignoring_case(name, "content-length")) {
    ++framing.lengths;
    return check_content_length(value);
  }
  if (equal_ignoring_case(name, "transfer-encoding")) {
    ++framing.encodings;
    // "xchunked", "chunked, identity" and the like: parsers differ in what they make of them, and
    // so in where the next request begins (request smuggling by TE.TE).
    if (!equal_ignoring_case(value, "chunked"))
      return malformed("the Transfer-Encoding is not chunked");
    return ok();
  }
  if (equal_ignoring_case(name, "connection") || equal_ignoring_case(name, "proxy-connection"))
    return check_connection(value);
  if (equal_ignoring_case(name, "expect") && !equal_ignoring_case(value, "100-continue"))
    return malformed("the Expect is not 100-continue");
  return ok();
}

Status check_field(std::string_view line, FramingFields& framing) {
  // A folded line continues the value before it for some parsers and is a field of its own for
  // others.
  if (line.front() == ' ' || line.front() == '\t') return malformed("a header line is folded");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return malformed("a header line has no colon");
  const auto name = line.substr(0, colon);
  // Among others "Content-Length : 5", which some parsers ignore and some do not (RFC 9112 5.1).
  if (!is_token(name)) return malformed("a header name has a character that is not allowed");
  const auto value = trim(line.substr(colon + 1));
  for (char c : value) {
    if (!is_field_byte(c)) return malformed("a header value has a control character");
  }
  return check_special_field(name, value, framing);
}

// check_fields judges the lines after the start line; `lines` ends with the empty line.
Status check_fields(std::string_view lines, std::size_t max_fields, FramingFields& framing) {
  std::size_t count = 0;
  for (;;) {
    const auto end = lines.find("\r\n");
    if (end == std::string_view::npos) return malformed("the header section has no end");
    if (end == 0) break;
    if (++count > max_fields) return refuse(Code::k_header_too_large, "too many header fields");
    AJWT_TRY(check_field(lines.substr(0, end), framing));
    lines.remove_prefix(end + 2);
  }
  if (lines.size() != 2) return malformed("bytes follow the header section");
  if (framing.lengths > 1) return malformed("there is more than one Content-Length");
  if (framing.encodings > 1) return malformed("there is more than one Transfer-Encoding");
  // Request smuggling by CL.TE and TE.CL: no message needs both (RFC 9112 6.1).
  if (framing.lengths + framing.encodings > 1)
    return malformed("both Content-Length and Transfer-Encoding are present");
  return ok();
}

// split_head cuts the start line off and refuses stray CR, LF and NUL anywhere.
Result<std::string_view> split_head(std::string_view head, const HeadLimits& limits) {
  AJWT_ASSIGN(const std::size_t size, find_head_end(head, limits));
  if (size != head.size()) return malformed("the header section has no end, or bytes follow it");
  const auto end = head.find("\r\n");
  if (end == 0) return malformed("the start line is empty");
  return head.substr(0, end);
}

enum class Version { kHttp10, kHttp11 };

Result<Version> check_version(std::string_view text) {
  if (text == "HTTP/1.1") return Version::kHttp11;
  if (text == "HTTP/1.0") return Version::kHttp10;
  return malformed("the HTTP version is not 1.1 or 1.0");
}

// find_semicolon returns where a segment's parameters begin. Some servers decode "%3B" first.
std::size_t find_semicolon(std::string_view segment) {
  return std::min({segment.find(';'), segment.find("%3b"), segment.find("%3B")});
}

Status check_segment(std::string_view segment) {
  // Some servers cut parameters off before they resolve dots: "/public/..;/admin".
  const auto semicolon = find_semicolon(segment);
  const auto name = segment.substr(0, semicolon);
  if (name == "." || name == "..") return malformed("the path has a dot segment");
  if (name.empty() && semicolon != std::string_view::npos)
    return malformed("the path has an empty segment");
  return ok();
}

Status check_escape(std::string_view text) {
  const auto byte = find_escape(text);
  if (!byte) return malformed("the path has a bad percent escape");
  // "%61dmin" is "admin" for the upstream and something else for a rule that names the path.
  if (kUnreservedChars[*byte]) return malformed("the path encodes a plain character");
  if (*byte == '/' || *byte == '\\' || *byte < 0x20 || *byte == 0x7f)
    return malformed("the path encodes a slash or a control character");
  // "%252e": an upstream that decodes twice sees a dot.
  if (*byte == '%' && text.size() >= 5 && hex_digit(text[3]) && hex_digit(text[4]))
    return malformed("the path is encoded twice");
  return ok();
}

// check_text: "%c0%ae" is a dot for decoders that take overlong forms, and what is no UTF-8 is
// repaired by each service in its own way.
Status check_text(std::string_view path) {
  std::string decoded;
  for (; !path.empty(); path.remove_prefix(path.front() == '%' ? 3 : 1))
    decoded += static_cast<char>(find_escape(path).value_or(static_cast<unsigned char>(path[0])));
  return json::is_utf8(decoded) ? ok() : malformed("the path is not UTF-8");
}

}  // namespace

Result<std::size_t> find_head_end(std::string_view received, const HeadLimits& limits,
                                  std::size_t searched) {
  const auto text = received.substr(0, limits.max_bytes);
  // An end or a pair may have begun in what was searched, whose last CR had no successor yet.
  std::size_t start = searched;
  if (start > 0 && start <= text.size() && text[start - 1] == '\r') --start;
  for (std::size_t i = start; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\0') return malformed("the header section has a NUL");
    if (c == '\n') return malformed("a line ends with a bare LF");
    if (c != '\r') continue;
    if (i + 1 == text.size()) break;
    if (text[i + 1] != '\n') return malformed("the header section has a bare CR");
    ++i;
    if (text.substr(0, i + 1).ends_with("\r\n\r\n")) return i + 1;
  }
  if (received.size() >= limits.max_bytes)
    return refuse(Code::k_header_too_large, "the header section is too large");
  return std::size_t{0};
}

Status check_request_head(std::string_view head, const HeadLimits& limits) {
  AJWT_ASSIGN(const auto line, split_head(head, limits));
  const auto first = line.find(' ');
  if (first == std::string_view::npos) return malformed("the request line has no target");
  const auto second = line.find(' ', first + 1);
  if (second == std::string_view::npos) return malformed("the request line has no version");
  if (!is_token(line.substr(0, first))) return malformed("the method is not a token");
  AJWT_TRY(check_target(line.substr(first + 1, second - first - 1)));
  AJWT_ASSIGN(const Version version, check_version(line.substr(second + 1)));

  FramingFields framing;
  AJWT_TRY(check_fields(head.substr(line.size() + 2), limits.max_fields, framing));
  if (framing.hosts > 1) return malformed("there is more than one Host");
  switch (version) {
    case Version::kHttp11:
      if (framing.hosts == 0) return malformed("the Host is missing");
      break;
    case Version::kHttp10:
      // RFC 9112 6.1: such a message's framing is to be treated as faulty.
      if (framing.encodings != 0) return malformed("HTTP/1.0 has no Transfer-Encoding");
      break;
  }
  return ok();
}

Status check_response_head(std::string_view head, const HeadLimits& limits) {
  AJWT_ASSIGN(const auto line, split_head(head, limits));
  AJWT_ASSIGN(const Version version, check_version(line.substr(0, 8)));
  const auto rest = line.substr(8);
  if (rest.size() < 4 || rest[0] != ' ' || !is_digit(rest[1]) || !is_digit(rest[2]) ||
      !is_digit(rest[3]) || (rest.size() > 4 && rest[4] != ' '))
    return malformed("the status line is malformed");
  for (char c : rest) {
    if (!is_field_byte(c)) return malformed("the status line has a control character");
  }
  FramingFields framing;
  AJWT_TRY(check_fields(head.substr(line.size() + 2), limits.max_fields, framing));
  if (version == Version::kHttp10 && framing.encodings != 0)
    return malformed("HTTP/1.0 has no Transfer-Encoding");
  return ok();
}

Status check_target(std::string_view target) {
  if (target.empty() || target.front() != '/') return malformed("the target is not a path");
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (!is_in(kTargetChars, target[i]))
      return malformed("the target has a character that is not allowed");
    if (target[i] == '%' && !find_escape(target.substr(i)))
      return malformed("the target has a bad percent escape");
  }
  return ok();
}

Status check_path(std::string_view path) {
  if (path.empty() || path.front() != '/') return malformed("the path does not start with a slash");
  std::size_t start = 1;
  for (std::size_t i = 1; i <= path.size(); ++i) {
    if (i < path.size() && path[i] != '/') {
      if (path[i] == '\\') return malformed("the path has a backslash");
      if (path[i] == '%') AJWT_TRY(check_escape(path.substr(i)));
      continue;
    }
    const auto segment = path.substr(start, i - start);
    if (segment.empty() && i < path.size()) return malformed("the path has an empty segment");
    AJWT_TRY(check_segment(segment));
    start = i + 1;
  }
  return check_text(path);
}

bool is_override_field(std::string_view name) {
  return begins_folded(name, kOriginalPrefix) ||
         std::any_of(kOverrides.begin(), kOverrides.end(),
                     [&](std::string_view other) { return equal_folded(name, other); });
}

bool is_token(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    if (!is_in(kTokenChars, c)) return false;
  }
  return true;
}

bool is_field_value(std::string_view text) {
  for (char c : text) {
    if (!is_field_byte(c)) return false;
  }
  return trim(text).size() == text.size();
}

}  // namespace ajwt::http
