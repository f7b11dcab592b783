// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/token_kind.h"

#include <utility>

#include "apps/ajwt/support/input.h"
#include "jose/peek.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

Error in_part(std::string_view part, const Error& error) {
  if (error.code() == Code::k_jws_malformed) return error;  // of the whole
  return refuse(error.code(), "In the token's " + std::string(part) + ": " + error.message());
}

std::string token_kind(bool has_intent) { return has_intent ? "intent token" : "access token"; }

std::string draft_kind(bool has_intent) {
  return token_kind(has_intent) + " of profile " + std::string(names::kDraft00);
}

}  // namespace

bool DecodedToken::is_draft() const { return claims.text(names::kProfile) == names::kDraft00; }

Result<DecodedToken> decode_token(std::string_view token) {
  auto header = jose::peek_header(token, kMaxTokenInputBytes);
  if (!header) return in_part("header", header.error());
  auto claims = jose::peek_payload(token, kMaxTokenInputBytes);
  if (!claims) return in_part("claims", claims.error());
  return DecodedToken{*std::move(header), *std::move(claims)};
}

std::string kind_of(const DecodedToken& token) {
  const bool has_intent = token.claims.contains(names::kIntent);
  if (token.is_draft()) return draft_kind(has_intent);
  const std::string type = token.header.text("typ");
  if (type == names::kTypProof) return "DPoP proof";
  if (type == names::kTypAgentProof) return "agent proof";
  if (type == names::kTypAccessToken) return token_kind(has_intent);
  return type.empty() ? "JWT" : type;
}

std::string kind_of(const AccessToken& token) { return token_kind(token.is_intent_token()); }
std::string kind_of(const DraftToken& token) { return draft_kind(token.agent.has_value()); }

}  // namespace ajwt::app
