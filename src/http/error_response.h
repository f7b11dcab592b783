// SPDX-License-Identifier: Apache-2.0
//
// The response by which this folder says no, where no application code was reached.
#pragma once

#include "base/http_message.h"
#include "base/result.h"

namespace ajwt::http {

// write_error_response returns a response with the reason's status and a JSON body with `error`,
// `error_description` and `reason`; for a refusal, the description includes the error's message.
// A failure tells the sentence alone. 503 and 429 ask to retry after a second.
HttpResponse write_error_response(const Error& error);

}  // namespace ajwt::http
