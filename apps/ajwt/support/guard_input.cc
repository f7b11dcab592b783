// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/guard_input.h"

#include <algorithm>

#include "config/toml.h"
#include "protocol/uri.h"

namespace ajwt::app {
namespace {

Error malformed_request() {
  return refuse(Code::k_parameter_malformed,
                "--request: a method, a space and a path or URL, as \"POST "
                "https://api.example.com/orders\".");
}

bool is_method(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

Result<gateway::GuardOptions> load_guard_config(const std::string& path) {
  const auto document = config::load_toml(path);
  // A file that cannot be read is a wrong command line.
  if (!document) return refuse(Code::k_configuration_refused, document.error().message());
  return gateway::parse_guard_options(*document);
}

Result<RequestLine> parse_request_line(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == text.npos || !is_method(text.substr(0, space))) return malformed_request();
  RequestLine line{
      .method = std::string(text.substr(0, space)), .origin = {}, .path = {}, .query = {}};
  std::string_view target = text.substr(space + 1);
  if (!target.starts_with('/')) {
    const auto uri = parse_http_uri(target);
    if (!uri || uri->fragment) return malformed_request();
    line.origin = std::string(uri->scheme) + "://" + std::string(uri->host);
    if (!uri->port.empty()) line.origin += ":" + std::string(uri->port);
    line.path = uri->path.empty() ? "/" : std::string(uri->path);
    line.query = std::string(uri->query.value_or(""));
    return line;
  }
  if (target.find_first_of(" #") != target.npos) return malformed_request();
  const std::size_t mark = target.find('?');
  line.path = std::string(target.substr(0, mark));
  if (mark != target.npos) line.query = std::string(target.substr(mark + 1));
  return line;
}

}  // namespace ajwt::app
