// SPDX-License-Identifier: Apache-2.0
//
// What a verified token is good for, in words.
#pragma once

#include <string>
#include <vector>

#include "apps/ajwt/explain/explain.h"
#include "base/clock.h"
#include "json/value.h"

namespace ajwt::app {

// permits_of says who may do what, where, at which step and until when.
json::Object permits_of(const ExplainedToken& token, Instant now);

// conditions_of says, a sentence each, what it takes to use the token and whose word it is.
std::vector<std::string> conditions_of(const ExplainedToken& token);

// comma_list puts a comma between texts.
std::string comma_list(const std::vector<std::string>& texts);

}  // namespace ajwt::app
