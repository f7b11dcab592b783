// SPDX-License-Identifier: Apache-2.0
//
// Claims of access tokens: what is read is written and read again as the same claims, and a token
// with a right signature is taken only if its claims are in order.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "fuzz/support/choices.h"
#include "fuzz/support/must.h"
#include "jose/jws.h"
#include "json/write.h"
#include "protocol/access_token.h"
#include "protocol/names.h"
#include "tests/support/test_keys.h"

namespace ajwt {
namespace {

constexpr Instant kNow = from_unix(1'800'000'000);
constexpr Seconds kSkew{60};
constexpr std::string_view kKid = "key-1";

TokenRules rules() {
  return TokenRules{.issuer = "https://authority.example",
                    .audience = "https://api.example",
                    .algorithms = jose::AlgorithmSet::all(),
                    .skew = kSkew};
}

const crypto::PrivateKey& authority_key() {
  static const crypto::PrivateKey key = testing::ed25519_key(1);
  return key;
}

const jose::KeySet& keys() {
  static const jose::KeySet set({jose::Jwk{.key = authority_key().public_key(),
                                           .kid = std::string(kKid),
                                           .alg = jose::Algorithm::kEdDSA}});
  return set;
}

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
  const auto jws = jose::sign_jws(payload, authority_key(),
                                  {.typ = names::kTypAccessToken, .kid = std::string(kKid)});
  if (!jws) return;
  const auto verified = verify_access_token(*jws, rules(), keys(), kNow);
  if (!verified) return;
  AJWT_CHECK(parse_access_token(as_bytes(payload)).has_value());
  AJWT_CHECK(verified->iss == rules().issuer && verified->aud == rules().audience);
  AJWT_CHECK(kNow < verified->exp);
  AJWT_CHECK(verified->nbf <= kNow + kSkew && verified->iat <= kNow + kSkew);
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
