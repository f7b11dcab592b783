// SPDX-License-Identifier: Apache-2.0
#include "protocol/scope.h"

#include <algorithm>
#include <cstddef>

#include "json/members.h"
#include "protocol/names.h"
#include "protocol/uri.h"

namespace ajwt {
namespace {

constexpr std::size_t kMaxScopes = 64;
constexpr std::size_t kMaxScopeLength = 128;
constexpr std::size_t kMaxAudienceLength = 512;
constexpr std::size_t kMaxPermissions = 256;
constexpr std::size_t kMaxToolLength = 256;

// is_nqchar is RFC 6749's NQCHAR: what a scope token is made of.
bool is_nqchar(char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; }

bool is_scope_token(std::string_view token) {
  return !token.empty() && token.size() <= kMaxScopeLength &&
         std::all_of(token.begin(), token.end(), is_nqchar);
}

Result<Permission> parse_permission(const json::Value& value) {
  const json::Object* object = value.find_object();
  if (object == nullptr) return refuse(Code::k_json_wrong_type, "A grant's entry.");
  json::Members members(*object);
  Permission permission;
  AJWT_ASSIGN(permission.audience, members.get_string(names::kAudience));
  AJWT_ASSIGN(permission.tool, members.find_string(names::kTool));
  AJWT_ASSIGN(permission.scopes, members.get_strings(names::kScopes));
  AJWT_TRY(members.check_no_others());
  AJWT_TRY(check_audience(permission.audience));
  AJWT_TRY(check_scopes(permission.scopes));
  if (permission.tool && (permission.tool->empty() || permission.tool->size() > kMaxToolLength)) {
    return refuse(Code::k_parameter_malformed, "Member tool.");
  }
  return permission;
}

}  // namespace

Status check_scopes(const Scopes& scopes) {
  if (scopes.size() > kMaxScopes) return refuse(Code::k_scope_malformed, "Too many scopes.");
  for (auto scope = scopes.begin(); scope != scopes.end(); ++scope) {
    if (!is_scope_token(*scope)) return refuse(Code::k_scope_malformed);
    if (std::find(scopes.begin(), scope, *scope) != scope) {
      return refuse(Code::k_scope_malformed, "Scope " + *scope + " is given twice.");
    }
  }
  return ok();
}

Result<Scopes> parse_scope(std::string_view text) {
  Scopes scopes;
  for (std::size_t begin = 0; begin <= text.size();) {
    // Stops at the first token too many, so that a long text costs no more than a short one.
    if (scopes.size() > kMaxScopes) return refuse(Code::k_scope_malformed, "Too many scopes.");
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    scopes.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  AJWT_TRY(check_scopes(scopes));
  return scopes;
}

std::string join_scopes(const Scopes& scopes) {
  std::string joined;
  for (const std::string& scope : scopes) {
    if (!joined.empty()) joined += ' ';
    joined += scope;
  }
  return joined;
}

bool has_scope(const Scopes& scopes, std::string_view scope) {
  return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

Status check_audience(std::string_view text) {
  const auto uri = text.size() <= kMaxAudienceLength ? parse_http_uri(text) : std::nullopt;
  if (!uri || uri->fragment) {
    return refuse(Code::k_parameter_malformed,
                  "An audience is an absolute http or https URI without fragment or user info.");
  }
  return ok();
}

Result<Grant> parse_grant(const json::Array& grant) {
  if (grant.size() > kMaxPermissions) return refuse(Code::k_limit_exceeded, "Entries of a grant.");
  Grant parsed;
  parsed.reserve(grant.size());
  for (const json::Value& value : grant) {
    AJWT_ASSIGN(Permission permission, parse_permission(value));
    parsed.push_back(std::move(permission));
  }
  return parsed;
}

json::Array to_json(const Grant& grant) {
  json::Array array;
  array.reserve(grant.size());
  for (const Permission& permission : grant) {
    json::Object object;
    object.append(names::kAudience, permission.audience);
    if (permission.tool) object.append(names::kTool, *permission.tool);
    object.append(names::kScopes, json::string_array(permission.scopes));
    array.emplace_back(std::move(object));
  }
  return array;
}

Status check_within(const Permission& asked, const Grant& ceiling, std::string_view ceiling_name) {
  Scopes missing = asked.scopes;
  bool any = false;
  for (const Permission& permission : ceiling) {
    if (permission.audience != asked.audience || permission.tool != asked.tool) continue;
    any = true;
    std::erase_if(missing, [&](const std::string& s) { return has_scope(permission.scopes, s); });
  }
  const std::string where = " beyond " + std::string(ceiling_name) + ".";
  if (!any) {
    return refuse(Code::k_audience_exceeds_ceiling,
                  "Audience " + asked.audience + (asked.tool ? " with its tool" : "") + where);
  }
  if (!missing.empty()) {
    std::string message = "Scope " + join_scopes(missing) + where;
    return refuse(Code::k_scope_exceeds_ceiling, std::move(message)).with_items(std::move(missing));
  }
  return ok();
}

}  // namespace ajwt
