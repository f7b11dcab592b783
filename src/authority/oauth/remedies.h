// SPDX-License-Identifier: Apache-2.0
//
// Remedies: what to do about a reason. Hints in answers and the pages under /e/ are made from
// them.
#pragma once

#include <string_view>

#include "base/reason.h"

namespace ajwt::authority {

// remedy_for returns what to do next, in one or two sentences with the command to run; empty where
// the reason's own sentence says all there is.
std::string_view remedy_for(Code code);

}  // namespace ajwt::authority
