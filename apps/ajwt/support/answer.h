// SPDX-License-Identifier: Apache-2.0
//
// Parts of the authority's answers.
#pragma once

#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace ajwt::app {

// get_rows returns an array of objects from an answer; refuses k_response_malformed.
Result<json::Array> get_rows(const json::Object& answer, std::string_view name);

}  // namespace ajwt::app
