// SPDX-License-Identifier: Apache-2.0
//
// The intent token's claims, built from facts that passed every check (protocol 5.1).
#pragma once

#include <string>

#include "authority/mint/facts.h"
#include "protocol/access_token.h"

namespace ajwt::authority {

// build_intent_token says what the token says; `jti` is 128 random bits, base64url. The token ends
// with its execution at the latest.
AccessToken build_intent_token(const MintFacts& facts, std::string jti);

}  // namespace ajwt::authority
