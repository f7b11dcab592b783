// SPDX-License-Identifier: Apache-2.0
#include "authority/key_member.h"

#include <utility>

#include "jose/jwk.h"
#include "protocol/names.h"

namespace ajwt::authority {

Result<std::optional<crypto::PublicKey>> find_public_key(json::Members& members) {
  AJWT_ASSIGN(const auto pem, members.find_string(names::kPublicKey));
  AJWT_ASSIGN(const auto* jwk, members.find_object(names::kJwk));
  if (pem && jwk != nullptr) {
    return refuse(Code::k_parameter_duplicated, "Give public_key or jwk, not both.");
  }
  if (jwk != nullptr) {
    AJWT_ASSIGN(auto parsed, jose::parse_jwk(*jwk));
    return std::optional<crypto::PublicKey>(std::move(parsed.key));
  }
  if (!pem) return std::optional<crypto::PublicKey>();
  AJWT_ASSIGN(auto key, crypto::PublicKey::from_pem(*pem));
  return std::optional<crypto::PublicKey>(std::move(key));
}

}  // namespace ajwt::authority
