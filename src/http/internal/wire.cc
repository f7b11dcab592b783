// SPDX-License-Identifier: Apache-2.0

#include <array>
#include <ctime>
#include <string>
#include <string_view>

#include "base/field_name.h"
#include "http/gate.h"
#include "http/internal/fields.h"
#include "http/internal/message.h"

namespace ajwt::http::internal {
namespace {

// date_now returns the time as an IMF-fixdate (RFC 9110 5.6.7), made once per second and thread.
std::string_view date_now() {
  thread_local std::time_t made_at = 0;
  thread_local std::array<char, 32> text{};
  thread_local std::size_t size = 0;
  const std::time_t now = std::time(nullptr);
  if (now != made_at || size == 0) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    made_at = now;
  }
  return {text.data(), size};
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

Status append_fields(std::string& out, const HttpHeaders& headers) {
  for (const auto& [name, value] : headers.fields()) {
    if (is_hop_by_hop(name) || equal_folded(name, "content-length")) continue;
    // A line break in a value would end the field and begin one of its author's choice.
    if (!is_token(name) || !is_field_value(value))
      return refuse(Code::k_internal_error).with_detail("a header field cannot be written");
    append_field(out, name, value);
  }
  return ok();
}

void append_framing(std::string& out, Framing framing, std::uint64_t length) {
  switch (framing) {
    case Framing::kNone:
    case Framing::kUntilClose:
      break;
    case Framing::kLength:
      append_field(out, "Content-Length", std::to_string(length));
      break;
    case Framing::kChunked:
      append_field(out, "Transfer-Encoding", "chunked");
      break;
  }
}

}  // namespace

bool is_bodiless(int status) { return status < 200 || status == 204 || status == 304; }

Result<std::string> write_response_head(int status, const HttpHeaders& headers,
                                        const ResponseFraming& framing) {
  if (status < 200 || status > 599)
    return refuse(Code::k_internal_error).with_detail("a response with an impossible status");
  std::string out = "HTTP/1.1 " + std::to_string(status);
  out.append(" ").append(reason_phrase(status)).append("\r\n");
  if (!headers.find("date")) append_field(out, "Date", date_now());
  AJWT_TRY(append_fields(out, headers));
  append_framing(out, framing.framing, framing.length);
  switch (framing.persistence) {
    case Persistence::kClose:
      append_field(out, "Connection", "close");
      break;
    case Persistence::kKeepAlive:
      break;
  }
  out += "\r\n";
  return out;
}

Result<std::string> write_request_head(const HttpRequest& request, const HttpHeaders& headers,
                                       Framing framing, std::uint64_t length) {
  std::string out = request.method + " " + request.path;
  if (!request.query.empty()) out.append("?").append(request.query);
  out += " HTTP/1.1\r\n";
  AJWT_TRY(append_fields(out, headers));
  append_framing(out, framing, length);
  out += "\r\n";
  return out;
}

Result<std::string> write_response(const HttpResponse& response, std::string_view method,
                                   Persistence persistence) {
  const bool bodiless = is_bodiless(response.status);
  AJWT_ASSIGN(std::string out,
              write_response_head(response.status, response.headers,
                                  {.framing = bodiless ? Framing::kNone : Framing::kLength,
                                   .length = response.body.size(),
                                   .persistence = persistence}));
  if (!bodiless && method != "HEAD") out += response.body;
  return out;
}

}  // namespace ajwt::http::internal
