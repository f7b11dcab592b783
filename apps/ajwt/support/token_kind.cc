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

constexpr std::string_view kIntentToken = "intent token";
constexpr std::string_view kAccessToken = "access token";

std::string of_draft(std::string_view kind) {
  return std::string(kind) + " of profile " + std::string(names::kDraft00);
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
  const std::string_view kind = token.claims.contains(names::kIntent) ? kIntentToken : kAccessToken;
  if (token.is_draft()) return of_draft(kind);
  const std::string type = token.header.text("typ");
  if (type == names::kTypProof) return "DPoP proof";
  if (type == names::kTypAgentProof) return "agent proof";
  if (type == names::kTypAccessToken) return std::string(kind);
  return type.empty() ? "JWT" : type;
}

std::string kind_of(const AccessToken& token) {
  return std::string(token.is_intent_token() ? kIntentToken : kAccessToken);
}
std::string kind_of(const DraftToken& token) {
  return of_draft(token.agent ? kIntentToken : kAccessToken);
}

}  // namespace ajwt::app
