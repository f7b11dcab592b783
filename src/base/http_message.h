// SPDX-License-Identifier: Apache-2.0
//
// HTTP messages as plain values: what endpoints, the guard and the shim see of HTTP. Parsing and
// sockets are the http folder's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ajwt {

// HttpHeaders keeps fields in order of arrival; names compare without case (RFC 9110 5.1).
class HttpHeaders {
 public:
  void add(std::string_view name, std::string value) {
    fields_.emplace_back(name, std::move(value));
  }
  // set replaces every field of that name with one.
  void set(std::string_view name, std::string value);
  void remove(std::string_view name);
  // find returns the first value of that name; the view lives until the next change.
  std::optional<std::string_view> find(std::string_view name) const;
  // all returns the values of every field of that name, in order.
  std::vector<std::string_view> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// equal_ignoring_case compares ASCII text without case.
bool equal_ignoring_case(std::string_view a, std::string_view b);

// HttpRequest is a request whose framing is gone: one body, whatever its transfer coding was.
struct HttpRequest {
  std::string method;  // as sent, case matters
  std::string path;    // of the target, still percent-encoded, starts with '/'
  std::string query;   // after '?', raw, without it; empty if none
  HttpHeaders headers;
  std::string body;
  std::string peer;  // the connection's address, for rate limits and logs
};

// HttpResponse is an answer; whoever sends it adds framing and Date.
struct HttpResponse {
  int status;
  HttpHeaders headers;
  std::string body;
};

}  // namespace ajwt
