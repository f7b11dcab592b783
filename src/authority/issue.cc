// SPDX-License-Identifier: Apache-2.0
#include "authority/issue.h"

#include "authority/keys/key_ring.h"

namespace ajwt::authority {

Result<std::string> issue_verified(const Context& context, const AccessToken& token) {
  const auto signer = context.keys.active();
  AJWT_ASSIGN(std::string compact, issue_access_token(token, signer.key, signer.kid));
  const TokenRules rules{.issuer = context.options.issuer,
                         .audience = token.aud,
                         .algorithms = jose::AlgorithmSet::all(),
                         .skew = Seconds(0)};
  auto verified = verify_access_token(compact, rules, *context.keys.published(), token.iat);
  if (!verified) {
    // The key was revoked a moment ago.
    if (verified.error().code() == Code::k_key_unknown) return refuse(Code::k_state_changed);
    return refuse(Code::k_internal_error)
        .with_detail("own token refused: " + std::string(verified.error().reason().name));
  }
  return compact;
}

}  // namespace ajwt::authority
