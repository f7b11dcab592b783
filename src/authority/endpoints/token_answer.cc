// SPDX-License-Identifier: Apache-2.0
#include "authority/endpoints/token_answer.h"

#include "protocol/names.h"

namespace ajwt::authority {

bool is_agent_checksum(std::string_view grant_type) {
  return grant_type == names::kAgentChecksumGrant || grant_type == names::kAgentChecksumGrantUrn;
}

HttpResponse write_token(std::string_view token_type, std::string_view token, Seconds expires_in,
                         const Scopes& scope) {
  json::Object body;
  body.set(names::kAccessToken, token);
  body.set(names::kTokenType, token_type);
  body.set(names::kExpiresIn, static_cast<std::int64_t>(expires_in.count()));
  body.set(names::kScope, join_scopes(scope));
  return write_json_response(200, body);
}

}  // namespace ajwt::authority
