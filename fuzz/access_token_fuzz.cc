// SPDX-License-Identifier: Apache-2.0
//
// Claims of access tokens: what is read is written and read again as the same claims, and a token
// with a right signature is taken only if its claims are in order.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "fuzz/support/authority_keys.h"
#include "fuzz/support/choices.h"
#include "jose/jws.h"
#include "json/write.h"
#include "protocol/access_token.h"
#include "protocol/names.h"

namespace ajwt {
namespace {

using fuzz::authority_key;
using fuzz::kKid;
using fuzz::kNow;

void check_claims(const AccessToken& token) {
  AJWT_CHECK(!token.iss.empty() && !token.aud.empty() && !token.sub.empty());
  AJWT_CHECK(!token.cnf_jkt.empty() && !token.scope.empty() && !token.jti.empty());
  AJWT_CHECK(token.intent.has_value() == token.agent_proof.has_value());
  AJWT_CHECK(token.intent.has_value() == token.sub_profile.has_value());
  if (token.intent) AJWT_CHECK(token.intent->executed_by == token.sub);

  const json::Object written = to_json(token);
  const std::string text = json::write(written);
  const auto again = parse_access_token(as_bytes(text));
  AJWT_CHECK(again.has_value());
  AJWT_CHECK(to_json(*again) == written);
}

void check_signed(std::string_view payload) {
  const TokenRules rules = fuzz::token_rules();
  const auto jws = jose::sign_jws(payload, authority_key(),
                                  {.typ = names::kTypAccessToken, .kid = std::string(kKid)});
  if (!jws) return;
  const auto verified = verify_access_token(*jws, rules, fuzz::authority_keys(), kNow);
  if (!verified) return;
  AJWT_CHECK(parse_access_token(as_bytes(payload)).has_value());
  AJWT_CHECK(verified->iss == rules.issuer && verified->aud == rules.audience);
  AJWT_CHECK(kNow < verified->exp);
  AJWT_CHECK(verified->nbf <= kNow + rules.skew && verified->iat <= kNow + rules.skew);
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ajwt;  // NOLINT(google-build-using-namespace)
  const auto token = parse_access_token(ByteView(data, size));
  if (token) check_claims(*token);
  check_signed(fuzz::text_of(data, size));
  return 0;
}
