// SPDX-License-Identifier: Apache-2.0
//
// The HTTP gate over any bytes: it never crashes, finds the end it judges, and lets through nothing
// in which two parsers could see two different messages: Beast sees what a plain reading of the
// lines sees.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "fuzz/support/choices.h"
#include "http/gate.h"
#include "http/internal/message.h"

namespace ajwt {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find(kLineEnd);
  const auto line = rest.substr(0, end);
  rest.remove_prefix(end + kLineEnd.size());
  return line;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Read is a header section as its lines say.
struct Read {
  std::string_view start_line;
  std::vector<std::pair<std::string, std::string>> fields;
};

Read read(std::string_view head) {
  Read result{.start_line = take_line(head), .fields = {}};
  for (auto line = take_line(head); !line.empty(); line = take_line(head)) {
    const std::size_t colon = line.find(':');
    AJWT_CHECK(colon != std::string_view::npos);
    result.fields.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  return result;
}

void check_lines(std::string_view head) {
  AJWT_CHECK(head.ends_with("\r\n\r\n"));
  AJWT_CHECK(count(head, "\r\n\r\n") == 1);
  AJWT_CHECK(count(head, "\n") == count(head, kLineEnd));
  AJWT_CHECK(count(head, "\r") == count(head, kLineEnd));
  AJWT_CHECK(head.find('\0') == std::string_view::npos);
  AJWT_CHECK(count(head, "\n ") == 0 && count(head, "\n\t") == 0);
}

void check_request(std::string_view head) {
  check_lines(head);
  const Read expected = read(head);
  http::internal::RequestParser parser(1 << 20);
  const auto parsed = parser.parse_head(head);
  if (!parsed) {
    AJWT_CHECK(parsed.error().code() == Code::k_body_too_large);
    return;
  }
  const HttpRequest& request = parsed->request;
  AJWT_CHECK(request.headers.fields() == expected.fields);
  std::string start_line = request.method + " " + request.path;
  const auto target = expected.start_line.substr(request.method.size() + 1);
  if (target.find('?') != std::string_view::npos) start_line += "?" + request.query;
  start_line += parsed->version == http::internal::Version::kHttp11 ? " HTTP/1.1" : " HTTP/1.0";
  AJWT_CHECK(start_line == expected.start_line);

  const bool chunked = request.headers.find("Transfer-Encoding").has_value();
  const bool sized = request.headers.find("Content-Length").has_value();
  AJWT_CHECK(!(chunked && sized));
  AJWT_CHECK(chunked == (parsed->framing == http::internal::Framing::kChunked));
  AJWT_CHECK(sized == (parsed->framing == http::internal::Framing::kLength));
}

void check_response(std::string_view head) {
  check_lines(head);
  const Read expected = read(head);
  http::internal::ResponseParser parser("GET");
  const auto parsed = parser.parse_head(head);
  if (parsed) AJWT_CHECK(parsed->response.headers.fields() == expected.fields);
}

// Where the end is found does not depend on how the bytes arrive.
void check_end(std::string_view text, std::size_t end) {
  const std::size_t half = text.size() / 2;
  const auto first = http::find_head_end(text.substr(0, half));
  if (!first) return;
  if (*first != 0) {
    AJWT_CHECK(*first == end);
    return;
  }
  const auto second = http::find_head_end(text, {}, half);
  AJWT_CHECK(second && *second == end);
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ajwt;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::text_of(data, size);
  const auto end = http::find_head_end(text);
  if (!end || *end == 0) {
    AJWT_CHECK(!http::check_request_head(text).has_value());
    return 0;
  }
  check_end(text, *end);
  const auto head = text.substr(0, *end);
  if (http::check_request_head(head)) check_request(head);
  if (http::check_response_head(head)) check_response(head);
  return 0;
}
