// SPDX-License-Identifier: Apache-2.0
//
// Reading what endpoints have in common: bodies, ids in paths, queries.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/exchange.h"
#include "authority/oauth/form.h"
#include "authority/oauth/refusal.h"
#include "base/result.h"
#include "json/members.h"
#include "json/value.h"

namespace ajwt::authority {

// check_content_type refuses k_content_type_refused unless the request has exactly one Content-Type
// and it is this media type, with or without charset=utf-8.
Status check_content_type(const HttpRequest& request, std::string_view media_type);

// parse_json_body reads a JSON object; no body at all is an empty object.
Result<json::Object> parse_json_body(const HttpRequest& request);

// parse_form_body reads a form in which only `audience` and `resource` may be repeated (RFC 8707
// 2), so that their being repeated can have its own reason.
Result<Form> parse_form_body(const HttpRequest& request);

// parse_query reads the query; refuses a repeated parameter and one that is not in `known`.
Result<Form> parse_query(const HttpRequest& request, std::initializer_list<std::string_view> known);

// find_audiences reads the member `audiences` (ceilings of RFC 8707 2), nullopt if it is absent.
inline constexpr std::string_view kAudiences = "audiences";
Result<std::optional<std::vector<std::string>>> find_audiences(json::Members& members);

// parse_path_id reads a path's parameter as an id of type T. A text that no id can be names
// nothing that exists: k_not_found.
template <class T>
Result<T> parse_path_id(const Exchange& exchange, std::size_t index) {
  auto id = T::parse(exchange.parameters[index]);
  if (!id) return refuse(Code::k_not_found);
  return id;
}

}  // namespace ajwt::authority
