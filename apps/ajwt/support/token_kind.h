// SPDX-License-Identifier: Apache-2.0
//
// What kind of token or proof a text is.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"
#include "protocol/access_token.h"
#include "protocol/draft_token.h"

namespace ajwt::app {

// DecodedToken is what a token or proof says of itself. Nothing of it was verified.
struct DecodedToken {
  json::Object header;
  json::Object claims;

  // is_draft tells whether it calls itself a token of profile draft-00.
  bool is_draft() const;
};

// decode_token refuses what jose::peek_header and jose::peek_payload refuse, naming the part.
Result<DecodedToken> decode_token(std::string_view token);

// kind_of returns the kind in words: "intent token", "access token of profile draft-00".
std::string kind_of(const DecodedToken& token);
std::string kind_of(const AccessToken& token);
std::string kind_of(const DraftToken& token);

}  // namespace ajwt::app
