// SPDX-License-Identifier: Apache-2.0
//
// The gate: strict rules over the raw bytes of a header section, applied before any parser reads
// them. What two HTTP parsers could understand differently is refused here, so that nothing can be
// smuggled past a guard to the server behind it. Pure; the server and the reverse proxy both use
// it. Paths are never normalised: one whose spelling an upstream might change is refused.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace ajwt::http {

// HeadLimits bounds a header section.
struct HeadLimits {
  std::size_t max_bytes = 32 * 1024;  // start line, fields and the empty line
  std::size_t max_fields = 100;
};

// find_head_end returns the size of the header section at the start of `received`, CRLFCRLF
// included, or 0 if more bytes are needed. Refuses k_header_too_large once max_bytes have come
// without an end, and k_request_malformed at the first byte that no header section can hold (a CR
// or LF outside a CRLF pair, NUL), so that such a client does not hold a connection until it times
// out. `searched` bytes were searched by an earlier call and found to hold no end: a client that
// sends byte by byte shall not cost a search from the start each time.
Result<std::size_t> find_head_end(std::string_view received, const HeadLimits& limits = {},
                                  std::size_t searched = 0);

// check_request_head judges the header section of a request, from the first byte of the request
// line up to and including CRLFCRLF.
//
// Refuses with k_header_too_large (bytes or number of fields) or k_request_malformed: CR or LF that
// are not a pair, line folding (RFC 9112 5.2), white space before a colon, names that are no
// tokens, control characters in values, a method that is no token, a target that is not in origin
// form or has raw control, non-ASCII, '#', '"', '<', '>', '\', '^', '`', '{', '|' or '}'
// characters or bad percent escapes, a version other than HTTP/1.1 and HTTP/1.0, a missing,
// repeated or malformed Host (HTTP/1.0 may leave it out), a repeated Content-Length or one that is
// not 1 to 18 digits, a Transfer-Encoding other than one field "chunked", one beside
// Content-Length or in HTTP/1.0, a Connection that is not a list of tokens, and an Expect other
// than 100-continue. RFC 9112 2.2, 3, 5, 6.
Status check_request_head(std::string_view head, const HeadLimits& limits = {});

// check_response_head judges the header section of an upstream's response by the same rules for
// lines, fields and framing. Refuses as check_request_head does.
Status check_response_head(std::string_view head, const HeadLimits& limits = {});

// check_target judges a request's target in origin form: path and query as they stand in the
// request line. Refuses k_request_malformed as check_request_head does.
Status check_target(std::string_view target);

// check_path judges a request path (percent-encoded, without query). Refuses k_request_malformed
// for every path that an upstream could rewrite into another one after it was judged: one that does
// not start with '/', empty segments ("//"), "." and ".." segments, also with parameters ("..;x",
// "..%3Bx"), backslashes, bad percent escapes, percent-encoded slashes, backslashes, dots, other
// unreserved characters (RFC 3986 2.3), control characters and doubly encoded characters, and what
// is not UTF-8 once decoded.
Status check_path(std::string_view path);

// is_override_field tells whether a field, folded (base/field_name.h), is one by which frameworks
// replace host, path or method after they were judged: X-Original-*, X-Rewrite-URL,
// X-HTTP-Method-Override and its kin.
bool is_override_field(std::string_view name);

// is_token tells whether `text` is a token (RFC 9110 5.6.2): a method or a field name.
bool is_token(std::string_view text);

// is_field_value tells whether `text` may be a field value as we write it: visible ASCII, space,
// tab and bytes above 0x7f, without white space at its ends. Whatever is put into a header that we
// write must pass it, or it could end the field and begin another (response splitting).
bool is_field_value(std::string_view text);

}  // namespace ajwt::http
