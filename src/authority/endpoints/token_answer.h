// SPDX-License-Identifier: Apache-2.0
//
// What the doors that issue tokens share: the grant's two names and the answer of RFC 6749 5.1.
#pragma once

#include <string_view>

#include "authority/exchange.h"
#include "base/clock.h"
#include "protocol/scope.h"

namespace ajwt::authority {

// is_agent_checksum tells whether a grant_type is the draft's, by its short name or its URN.
bool is_agent_checksum(std::string_view grant_type);

// write_token answers with a token whose token_type is `DPoP` or, in profile draft-00, `Bearer`.
HttpResponse write_token(std::string_view token_type, std::string_view token, Seconds expires_in,
                         const Scopes& scope);

}  // namespace ajwt::authority
