// SPDX-License-Identifier: Apache-2.0
//
// What a subrequest of nginx's auth_request says of the request that it asks about.
#pragma once

#include <string_view>

#include "base/http_message.h"
#include "base/result.h"

namespace ajwt::gateway {

inline constexpr std::string_view kOriginalMethodField = "X-Original-Method";
inline constexpr std::string_view kOriginalUriField = "X-Original-URI";

// parse_original_request returns the request that a subrequest is about: method and target as
// X-Original-Method and X-Original-URI say, which must be nginx's own ($request_method,
// $request_uri), and the fields of the client's, without a body. Whoever asks must be believed:
// nothing here tells nginx from anybody else.
//
// Refuses k_subrequest_malformed for what the proxy's configuration is to blame for: a subrequest
// that is no GET, has a query or a body, or does not have each of the two fields exactly once,
// spelled so. Refuses what is the client's own doing: k_header_field_refused for a field that the
// service could take for the guard's word (guard::is_identity_header) or that replaces host, path
// or method (http::is_override_field), since this form of the guard can take nothing out of a
// request; k_request_malformed for a method or target that http/gate.h refuses.
Result<HttpRequest> parse_original_request(const HttpRequest& subrequest);

}  // namespace ajwt::gateway
