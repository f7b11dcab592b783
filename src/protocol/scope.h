// SPDX-License-Identifier: Apache-2.0
//
// Scopes (RFC 6749 3.3) and permissions: what a ceiling allows and whether a request is within it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"

namespace ajwt {

// Scopes is a list of distinct scope tokens, in the order given.
using Scopes = std::vector<std::string>;

// parse_scope splits a scope string at single spaces. Refuses k_scope_malformed: an empty string,
// doubled, leading or trailing spaces, a token twice, characters outside RFC 6749's NQCHAR, more
// than 64 tokens or a token longer than 128.
Result<Scopes> parse_scope(std::string_view text);
// check_scopes applies the same rules to scopes that came as an array (may be empty).
Status check_scopes(const Scopes& scopes);
// join_scopes is the inverse of parse_scope.
std::string join_scopes(const Scopes& scopes);
bool has_scope(const Scopes& scopes, std::string_view scope);

// check_audience refuses k_parameter_malformed unless text is an absolute http or https URI
// without fragment, user info or control characters, at most 512 characters (RFC 8707 2).
Status check_audience(std::string_view text);

// Permission is one tuple of authority (protocol P2): these scopes, at this audience, with this
// tool (or, where absent, with none). It is also the shape of a request.
struct Permission {
  std::string audience;
  std::optional<std::string> tool = {};
  Scopes scopes = {};
  friend bool operator==(const Permission&, const Permission&) = default;
};

// Grant is a ceiling: a set of permissions. An empty grant allows nothing.
using Grant = std::vector<Permission>;

// parse_grant reads [{"audience","tool"?,"scopes":[..]}, ..]; at most 256 entries.
Result<Grant> parse_grant(const json::Array& grant);
json::Array to_json(const Grant& grant);

// check_within refuses what is asked for beyond `ceiling`: k_audience_exceeds_ceiling if no tuple
// has this audience and tool, k_scope_exceeds_ceiling (naming the scopes, and as items) if those
// that have it lack a scope. Tuples are matched whole: a scope at one audience never helps at
// another. `ceiling_name` says whose ceiling it is ("the agent's grant").
Status check_within(const Permission& asked, const Grant& ceiling, std::string_view ceiling_name);

}  // namespace ajwt
