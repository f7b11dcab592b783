// SPDX-License-Identifier: Apache-2.0
//
// Which header fields a proxy passes on, and the names of statuses.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http_message.h"

namespace ajwt::http::internal {

// Names compare folded (base/field_name.h): a service may read Content_Length as Content-Length.

// remove_if removes every field for which unwanted(name, value) holds.
template <class Predicate>
void remove_if(HttpHeaders& headers, Predicate unwanted) {
  HttpHeaders kept;
  for (const auto& [name, value] : headers.fields()) {
    if (!unwanted(name, value)) kept.add(name, value);
  }
  headers = std::move(kept);
}

// is_hop_by_hop tells whether a field is about one connection alone (RFC 9110 7.6.1), whatever the
// Connection field says.
bool is_hop_by_hop(std::string_view name);

// remove_hop_by_hop removes those fields, and the ones that Connection names.
void remove_hop_by_hop(HttpHeaders& headers);

// remove_folded removes every field of this name.
void remove_folded(HttpHeaders& headers, std::string_view name);

// remove_overrides removes what makes an upstream believe in another client, host, path or method
// than the ones that were judged: Forwarded, X-Forwarded-*, X-Real-IP, X-Original-*, X-Rewrite-URL,
// X-HTTP-Method-Override and its kin, and Proxy.
void remove_overrides(HttpHeaders& headers);

// replace_fields sets each field, after removing all of its name.
void replace_fields(HttpHeaders& headers,
                    const std::vector<std::pair<std::string, std::string>>& fields);

// is_framing_field tells whether a field is the engine's own: hop-by-hop, Content-Length, Host.
bool is_framing_field(std::string_view name);

// reason_phrase returns the usual phrase of a status, or nothing.
std::string_view reason_phrase(int status);

}  // namespace ajwt::http::internal
