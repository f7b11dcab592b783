// SPDX-License-Identifier: Apache-2.0
//
// How the authority says no: RFC 6749 5.2 and RFC 6750 3, with help.
#pragma once

#include <string_view>

#include "authority/exchange.h"
#include "base/http_message.h"
#include "base/result.h"

namespace ajwt::authority {

// HintVisibility: whether this caller may see what to run next.
enum class HintVisibility { kHidden, kShown };

// RefusalFacts is what an answer to a refused request needs beside the error.
struct RefusalFacts {
  std::string_view issuer;
  std::string_view decision_id;
  Door door;
  HintVisibility hints;
};

// refuse_response writes a refusal or failure: status, `error`, `error_description`, `error_uri`,
// `reason`, `decision_id`, where the reason has them `missing_steps`, `hint`, and the fields
// WWW-Authenticate, Allow and Retry-After. A failure shows its reason's sentence alone.
HttpResponse refuse_response(const Error& error, const RefusalFacts& facts);

// write_json_response returns a response with a JSON body.
HttpResponse write_json_response(int status, const json::Object& body);

}  // namespace ajwt::authority
