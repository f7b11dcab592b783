// SPDX-License-Identifier: Apache-2.0
//
// What nginx says of a request, with whatever a client put into it. The input is lines: method,
// target, then fields "name: value". What is taken has one reading: it is what nginx said, byte for
// byte, passes the gate's rules, and nothing in it could be taken for the guard's word.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "base/field_name.h"
#include "gateway/original_request.h"
#include "http/gate.h"

namespace ajwt {
namespace {

std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

void check(std::string_view text) {
  const std::string_view method = next_line(text);
  const std::string_view target = next_line(text);
  HttpRequest asked{
      .method = "GET", .path = "/-/auth", .query = {}, .headers = {}, .body = {}, .peer = {}};
  asked.headers.add(std::string(gateway::kOriginalMethodField), std::string(method));
  asked.headers.add(std::string(gateway::kOriginalUriField), std::string(target));
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    asked.headers.add(std::string(line.substr(0, colon)), std::string(line.substr(colon + 2)));
  }

  const auto original = gateway::parse_original_request(asked);

  if (!original) return;
  AJWT_CHECK(original->method == method && http::is_token(method));
  AJWT_CHECK(http::check_path(original->path) && http::check_target(target));
  const std::string whole =
      original->path + (target.find('?') == std::string_view::npos ? "" : "?" + original->query);
  AJWT_CHECK(whole == target);
  for (const auto& [name, value] : original->headers.fields()) {
    AJWT_CHECK(!begins_folded(name, "X-Agent-") && !begins_folded(name, "X-Ajwt-"));
  }
  for (const std::string_view name : {"X-Original-Method", "X-Original-URI"}) {
    AJWT_CHECK(std::count_if(original->headers.fields().begin(), original->headers.fields().end(),
                             [&](const auto& field) { return equal_folded(field.first, name); }) ==
               1);
  }
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ajwt::check(ajwt::as_text({data, size}));
  return 0;
}
