// SPDX-License-Identifier: Apache-2.0
//
// Scopes, grants, audiences and names: one text for one meaning, and nothing within a grant that
// its tuples do not allow whole.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "fuzz/support/choices.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/scope.h"
#include "protocol/subject.h"
#include "protocol/uri.h"

namespace ajwt {
namespace {

void check_scope_text(std::string_view text) {
  const auto scopes = parse_scope(text);
  if (!scopes) return;
  AJWT_CHECK(join_scopes(*scopes) == text);
  AJWT_CHECK(!scopes->empty() && check_scopes(*scopes).has_value());
}

void check_names(std::string_view text) {
  if (check_audience(text)) {
    const auto uri = parse_http_uri(text);
    AJWT_CHECK(uri && !uri->fragment && !uri->host.empty());
    AJWT_CHECK(uri->host.find('@') == std::string_view::npos);
  }
  if (const auto name = AgentName::parse(text)) AJWT_CHECK(name->str() == text);
  if (const auto app = parse_app_id(text)) {
    AJWT_CHECK(app->str() == text && text.find(':') == std::string_view::npos);
  }
}

// allows is check_within written down a second time.
bool allows(const Grant& ceiling, const Permission& asked) {
  return std::all_of(asked.scopes.begin(), asked.scopes.end(), [&](const std::string& scope) {
    return std::any_of(ceiling.begin(), ceiling.end(), [&](const Permission& tuple) {
      return tuple.audience == asked.audience && tuple.tool == asked.tool &&
             has_scope(tuple.scopes, scope);
    });
  });
}

void check_grant(const Grant& grant) {
  const auto reread = json::parse(json::write(to_json(grant)));
  AJWT_CHECK(reread && reread->find_array() != nullptr);
  const auto again = parse_grant(reread->as_array());
  AJWT_CHECK(again && *again == grant);
  for (const Permission& one : grant) {
    AJWT_CHECK(check_within(one, grant, "the grant").has_value());
    for (const Permission& other : grant) {
      // A request made of two tuples' parts: a scope at one audience never helps at another.
      const Permission mixed{.audience = one.audience, .tool = other.tool, .scopes = other.scopes};
      if (check_within(mixed, grant, "the grant")) AJWT_CHECK(allows(grant, mixed));
    }
    AJWT_CHECK(!check_within(one, Grant(), "nothing"));
  }
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = ajwt::fuzz::text_of(data, size);
  ajwt::check_scope_text(text);
  ajwt::check_names(text);
  const auto value = ajwt::json::parse(text);
  if (!value || value->find_array() == nullptr) return 0;
  const auto grant = ajwt::parse_grant(value->as_array());
  if (grant && grant->size() <= 16) ajwt::check_grant(*grant);
  return 0;
}
