// SPDX-License-Identifier: Apache-2.0
//
// Issuing: how a token of any kind leaves the authority.
#pragma once

#include <string>

#include "authority/context.h"
#include "base/result.h"
#include "protocol/access_token.h"

namespace ajwt::authority {

// issue_verified signs the token with the active key and puts it through our own verifier: a claim
// that we would refuse never leaves the house. Refuses what issue_access_token refuses, and
// k_internal_error for a token that the verifier refuses.
Result<std::string> issue_verified(const Context& context, const AccessToken& token);

}  // namespace ajwt::authority
