// SPDX-License-Identifier: Apache-2.0
#include "protocol/proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "jose/base64url.h"
#include "jose/jws.h"
#include "json/parse.h"
#include "json/write.h"
#include "tests/support/matchers.h"
#include "tests/support/mutations.h"
#include "tests/support/test_keys.h"

namespace ajwt {
namespace {

using testing::ed25519_key;

constexpr Instant kMadeAt = from_unix(1'800'000'000);
constexpr std::string_view kCalledUri = "https://api.example/orders";
constexpr std::string_view kToken = "an-access-token";
constexpr std::string_view kSentBody = R"({"item":1})";
constexpr std::string_view kQuery = "dry=1";

// RFC 9449 4.2 and 7.1: two proofs of one key, and the token that the second is for.
constexpr std::string_view kRfcHeader =
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo"
    "UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERW"
    "clUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.";
constexpr std::string_view kRfcTokenRequest =
    "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUu"
    "Y29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ."
    "2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
constexpr std::string_view kRfcResourceRequest =
    "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxl"
    "Lm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0Ji"
    "MHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9."
    "2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
constexpr std::string_view kRfcAccessToken = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
constexpr std::string_view kRfcJkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

NonceIssuer nonces() {
  Digest key{};
  key.fill(7);
  return NonceIssuer(key, Seconds(300));
}

ProofClaims claims() {
  return {.method = "POST",
          .uri = kCalledUri,
          .jti = "jti-1",
          .now = kMadeAt,
          .access_token = kToken,
          .body = as_bytes(kSentBody),
          .query = kQuery};
}

ProofFacts facts() {
  return {.method = "POST",
          .uri = kCalledUri,
          .now = kMadeAt,
          .nonces = nullptr,
          .access_token = kToken,
          .binding = ProofFacts::Binding::kBound,
          .body = as_bytes(kSentBody),
          .query = kQuery};
}

std::string build(const ProofClaims& claims) {
  const auto proof = build_dpop_proof(ed25519_key(1), claims);
  EXPECT_THAT(proof, IsOk());
  return proof ? *proof : std::string();
}

Result<VerifiedProof> verify(std::string_view proof, const ProofFacts& facts) {
  return verify_dpop_proof(proof, facts, jose::AlgorithmSet::all());
}

// payload_of returns the claims of a proof; signed_payload signs others in their place.
json::Object payload_of(std::string_view proof) {
  const auto parts = testing::split_at_dots(proof);
  return *json::parse_object(as_text(*jose::decode_base64url(parts.at(1))));
}

std::string signed_text(std::string_view payload, std::string_view typ = "dpop+jwt") {
  jose::SignJwsOptions options;
  options.typ = typ;
  options.embedded = jose::EmbeddedKey::kRequired;
  return *jose::sign_jws(payload, ed25519_key(1), options);
}

// signed_with signs the standard claims with one of them changed.
std::string signed_with(std::string_view name, json::Value value) {
  json::Object payload = payload_of(build(claims()));
  payload.set(name, std::move(value));
  return signed_text(json::write(payload));
}

std::string signed_without(std::string_view name) {
  json::Object payload = payload_of(build(claims()));
  payload.remove(name);
  return signed_text(json::write(payload));
}

// with_header replaces a proof's header and leaves the rest as it is.
std::string with_header(std::string_view header) {
  auto parts = testing::split_at_dots(build(claims()));
  parts[0] = jose::encode_base64url(header);
  return testing::join_with_dots(parts);
}

// --- what is accepted

TEST(Proof, BuiltForARequestIsAcceptedForIt) {
  const auto proof = verify(build(claims()), facts());
  ASSERT_THAT(proof, IsOk());
  EXPECT_EQ(proof->jkt(), jose::thumbprint(ed25519_key(1).public_key()));
  EXPECT_EQ(proof->key(), ed25519_key(1).public_key());
  EXPECT_EQ(proof->jti(), "jti-1");
  EXPECT_EQ(proof->remember_until(), kMadeAt + kProofWindow + kProofSkew);
  EXPECT_EQ(proof->agent_checksum(), std::nullopt);
  EXPECT_EQ(proof->agent_id(), std::nullopt);
}

TEST(Proof, CarriesTheAgentsOwnClaims) {
  ProofClaims ours = claims();
  ours.agent_checksum = "sha256:x";
  ours.agent_id = "patcher";
  const auto proof = verify(build(ours), facts());
  ASSERT_THAT(proof, IsOk());
  EXPECT_EQ(proof->agent_checksum(), "sha256:x");
  EXPECT_EQ(proof->agent_id(), "patcher");
}

TEST(Proof, OfEveryKindOfKeyIsAccepted) {
  for (const auto kind :
       {crypto::KeyKind::kEd25519, crypto::KeyKind::kP256, crypto::KeyKind::kRsa}) {
    const auto key = crypto::PrivateKey::generate(kind);
    ASSERT_THAT(key, IsOk());
    const auto proof = build_dpop_proof(*key, claims());
    ASSERT_THAT(proof, IsOk());
    EXPECT_THAT(verify(*proof, facts()), IsOk());
  }
}

TEST(Proof, SignsTheUriWithoutQueryAndFragment) {
  ProofClaims ours = claims();
  ours.uri = "HTTPS://API.example:443/orders?dry=1#f";
  const std::string proof = build(ours);
  EXPECT_EQ(*payload_of(proof).find("htu")->find_string(), kCalledUri);
  ProofFacts request = facts();
  request.uri = "https://api.example/orders?dry=1";
  EXPECT_THAT(verify(proof, request), IsOk());
}

TEST(Proof, ForAUriThatIsNoneIsNotBuilt) {
  ProofClaims ours = claims();
  ours.uri = "/orders";
  EXPECT_THAT(build_dpop_proof(ed25519_key(1), ours), RefusedWith(Code::k_proof_uri_mismatch));
}

TEST(Proof, OfRfc9449ForATokenRequestIsAccepted) {
  const std::string proof = std::string(kRfcHeader) + std::string(kRfcTokenRequest);
  const ProofFacts request{.method = "POST",
                           .uri = "https://server.example.com/token",
                           .now = from_unix(1562262616),
                           .nonces = nullptr,
                           .binding = ProofFacts::Binding::kIfPresent};
  const auto verified = verify(proof, request);
  ASSERT_THAT(verified, IsOk());
  EXPECT_EQ(verified->jkt(), kRfcJkt);
  EXPECT_EQ(verified->jti(), "-BwC3ESc6acc2lTc");
}

TEST(Proof, OfRfc9449ForAResourceIsAcceptedWithItsTokenAlone) {
  const std::string proof = std::string(kRfcHeader) + std::string(kRfcResourceRequest);
  ProofFacts request{.method = "GET",
                     .uri = "https://resource.example.org/protectedresource",
                     .now = from_unix(1562262618),
                     .nonces = nullptr,
                     .access_token = kRfcAccessToken,
                     .jkt = kRfcJkt,
                     .binding = ProofFacts::Binding::kIfPresent};
  EXPECT_THAT(verify(proof, request), IsOk());
  request.access_token = kToken;
  EXPECT_THAT(verify(proof, request), RefusedWith(Code::k_proof_token_mismatch));
}

// --- form, type, algorithm, key, signature

TEST(Proof, ChangedAnywhereIsRefused) {
  const ProofFacts request = facts();
  int count = 0;
  testing::for_each_mutation(build(claims()), [&](std::string_view changed, auto what) {
    const auto proof = verify(changed, request);
    EXPECT_FALSE(proof.has_value()) << what;
    if (!proof) {
      EXPECT_GE(static_cast<int>(proof.error().code()), 400) << what;
      EXPECT_LT(static_cast<int>(proof.error().code()), 500) << what;
    }
    ++count;
  });
  EXPECT_GT(count, 4000);
}

TEST(Proof, ThatIsNoJwsIsMalformed) {
  for (const char* text : {"", ".", "..", "a.b.c", "x", "eyJhbGciOiJub25lIn0", "DPoP a.b.c"}) {
    EXPECT_THAT(verify(text, facts()), RefusedWith(Code::k_proof_malformed)) << text;
  }
  EXPECT_THAT(verify(build(claims()) + std::string(kMaxProofBytes, 'A'), facts()),
              RefusedWith(Code::k_proof_malformed));
}

TEST(Proof, WithPayloadThatIsNoStrictObjectIsMalformed) {
  for (const char* payload : {"", "[]", "{", R"({"jti":"a","jti":"b"})"}) {
    EXPECT_THAT(verify(signed_text(payload), facts()), RefusedWith(Code::k_proof_malformed))
        << payload;
  }
}

TEST(Proof, OfAnotherTypeIsRefused) {
  const std::string payload = json::write(payload_of(build(claims())));
  for (const char* typ : {"", "jwt", "at+jwt", "agent-proof+jwt", "dpop"}) {
    EXPECT_THAT(verify(signed_text(payload, typ), facts()), RefusedWith(Code::k_proof_type_refused))
        << typ;
  }
}

TEST(Proof, ThatIsReallyATokenIsRefusedForItsType) {
  jose::SignJwsOptions options;
  options.typ = "at+jwt";
  options.kid = "k";
  const auto token = jose::sign_jws("{}", ed25519_key(1), options);
  EXPECT_THAT(verify(*token, facts()), RefusedWith(Code::k_proof_type_refused));
}

TEST(Proof, OfAnAlgorithmThatIsNotAcceptedIsRefused) {
  EXPECT_THAT(verify_dpop_proof(build(claims()), facts(), {jose::Algorithm::kES256}),
              RefusedWith(Code::k_proof_algorithm_refused));
  EXPECT_THAT(verify_dpop_proof(build(claims()), facts(), {}),
              RefusedWith(Code::k_proof_algorithm_refused));
  for (const char* alg : {"none", "HS256", "ES384", "eddsa"}) {
    json::Object header = {{"typ", "dpop+jwt"}, {"alg", alg}};
    header.set("jwk", jose::to_json(ed25519_key(1).public_key()));
    EXPECT_THAT(verify(with_header(json::write(header)), facts()),
                RefusedWith(Code::k_proof_algorithm_refused))
        << alg;
  }
}

TEST(Proof, WithoutUsablePublicKeyIsRefused) {
  json::Object jwk = jose::to_json(ed25519_key(1).public_key());
  const auto header = [](std::optional<json::Value> key) {
    json::Object object = {{"typ", "dpop+jwt"}, {"alg", "EdDSA"}};
    if (key) object.set("jwk", *std::move(key));
    return with_header(json::write(object));
  };
  EXPECT_THAT(verify(header(std::nullopt), facts()), RefusedWith(Code::k_proof_key_malformed));
  EXPECT_THAT(verify(header("key"), facts()), RefusedWith(Code::k_proof_key_malformed));
  EXPECT_THAT(verify(header(json::Object()), facts()), RefusedWith(Code::k_proof_key_malformed));
  json::Object with_private = jwk;
  with_private.set("d", "AAAA");
  EXPECT_THAT(verify(header(with_private), facts()), RefusedWith(Code::k_proof_key_malformed));
  jwk.set("x", "AAAA");
  EXPECT_THAT(verify(header(jwk), facts()), RefusedWith(Code::k_proof_key_malformed));
}

TEST(Proof, SignedByAnotherKeyThanItNamesIsRefused) {
  json::Object header = {{"typ", "dpop+jwt"}, {"alg", "EdDSA"}};
  header.set("jwk", jose::to_json(ed25519_key(2).public_key()));
  EXPECT_THAT(verify(with_header(json::write(header)), facts()),
              RefusedWith(Code::k_proof_signature_invalid));
}

// --- claims

TEST(Proof, WithoutARequiredClaimIsRefused) {
  for (const char* name : {"jti", "htm", "htu", "iat", "ath"}) {
    EXPECT_THAT(verify(signed_without(name), facts()), RefusedWith(Code::k_proof_claim_missing))
        << name;
  }
}

TEST(Proof, WithAClaimOfTheWrongTypeIsMalformed) {
  for (const char* name :
       {"jti", "htm", "htu", "ath", "nonce", "bd", "qd", "agent_checksum", "agent_id"}) {
    for (const json::Value& value :
         {json::Value(1), json::Value(nullptr), json::Value(""), json::Value(json::Array{"a"})}) {
      EXPECT_THAT(verify(signed_with(name, value), facts()), RefusedWith(Code::k_proof_malformed))
          << name;
    }
  }
  for (const json::Value& iat : {json::Value("1800000000"), json::Value(1.8e9), json::Value(-1),
                                 json::Value(std::int64_t{1} << 62)}) {
    EXPECT_THAT(verify(signed_with("iat", iat), facts()), RefusedWith(Code::k_proof_malformed));
  }
}

TEST(Proof, HasAJtiOfAtMost256Characters) {
  EXPECT_THAT(verify(signed_with("jti", std::string(256, 'j')), facts()), IsOk());
  EXPECT_THAT(verify(signed_with("jti", std::string(257, 'j')), facts()),
              RefusedWith(Code::k_proof_malformed));
}

TEST(Proof, ForAnotherMethodIsRefused) {
  for (const char* method : {"GET", "post", "POST ", ""}) {
    ProofFacts request = facts();
    request.method = method;
    EXPECT_THAT(verify(build(claims()), request), RefusedWith(Code::k_proof_method_mismatch));
  }
}

TEST(Proof, ForAnotherUriIsRefused) {
  for (const char* uri : {"https://api.example/orders/", "https://api.example/Orders",
                          "http://api.example/orders", "https://api.example:8443/orders",
                          "https://evil.example/orders", "https://api.example/x/../orders"}) {
    ProofFacts request = facts();
    request.uri = uri;
    EXPECT_THAT(verify(build(claims()), request), RefusedWith(Code::k_proof_uri_mismatch)) << uri;
  }
  EXPECT_THAT(verify(signed_with("htu", "/orders"), facts()),
              RefusedWith(Code::k_proof_uri_mismatch));
}

TEST(Proof, IsAcceptedFromAMinuteAgoToHalfAMinuteAhead) {
  for (const int offset : {-30, 0, 60}) {
    ProofFacts request = facts();
    request.now = kMadeAt + Seconds(offset);
    EXPECT_THAT(verify(build(claims()), request), IsOk()) << offset;
  }
  for (const int offset : {-31, 61, 100000, -100000}) {
    ProofFacts request = facts();
    request.now = kMadeAt + Seconds(offset);
    EXPECT_THAT(verify(build(claims()), request), RefusedWith(Code::k_proof_time_refused))
        << offset;
  }
}

TEST(Proof, IsRememberedUntilItCanNoLongerBeAccepted) {
  const auto proof = verify(build(claims()), facts());
  ASSERT_THAT(proof, IsOk());
  ProofFacts late = facts();
  late.now = proof->remember_until();
  EXPECT_THAT(verify(build(claims()), late), RefusedWith(Code::k_proof_time_refused));
}

TEST(Proof, MustCarryANonceOfTheIssuer) {
  const NonceIssuer issuer = nonces();
  ProofFacts request = facts();
  request.nonces = &issuer;
  EXPECT_THAT(verify(build(claims()), request), RefusedWith(Code::k_proof_nonce_missing));
  ProofClaims ours = claims();
  const std::string nonce = issuer.issue(kMadeAt);
  ours.nonce = nonce;
  EXPECT_THAT(verify(build(ours), request), IsOk());
  ours.nonce = "another";
  EXPECT_THAT(verify(build(ours), request), RefusedWith(Code::k_proof_nonce_refused));
  const std::string old = issuer.issue(kMadeAt - Seconds(400));
  ours.nonce = old;
  EXPECT_THAT(verify(build(ours), request), RefusedWith(Code::k_proof_nonce_refused));
}

TEST(Proof, MustCarryTheExactNonceWhereOneIsAskedFor) {
  ProofFacts request = facts();
  request.exact_nonce = "n-1";
  EXPECT_THAT(verify(build(claims()), request), RefusedWith(Code::k_proof_nonce_missing));
  ProofClaims ours = claims();
  ours.nonce = "n-2";
  EXPECT_THAT(verify(build(ours), request), RefusedWith(Code::k_proof_nonce_refused));
  ours.nonce = "n-1";
  EXPECT_THAT(verify(build(ours), request), IsOk());
}

TEST(Proof, ForAnotherTokenIsRefused) {
  ProofFacts request = facts();
  request.access_token = "another-token";
  EXPECT_THAT(verify(build(claims()), request), RefusedWith(Code::k_proof_token_mismatch));
}

TEST(Proof, OfAnotherKeyThanTheTokensIsRefused) {
  const std::string jkt = jose::thumbprint(ed25519_key(1).public_key());
  const std::string other = jose::thumbprint(ed25519_key(2).public_key());
  ProofFacts request = facts();
  request.jkt = jkt;
  EXPECT_THAT(verify(build(claims()), request), IsOk());
  request.jkt = other;
  EXPECT_THAT(verify(build(claims()), request), RefusedWith(Code::k_proof_key_mismatch));
}

// --- body and query

TEST(ProofBinding, RefusesAnotherBodyOrQuery) {
  for (const auto binding : {ProofFacts::Binding::kBound, ProofFacts::Binding::kIfPresent}) {
    ProofFacts request = facts();
    request.binding = binding;
    for (const std::string_view body : {"", "{}", R"({"item":2})"}) {
      request.body = as_bytes(body);
      EXPECT_THAT(verify(build(claims()), request), RefusedWith(Code::k_proof_body_mismatch));
    }
    request = facts();
    request.binding = binding;
    for (const std::string_view query : {"", "dry=0", "dry=1&dry=0"}) {
      request.query = query;
      EXPECT_THAT(verify(build(claims()), request), RefusedWith(Code::k_proof_query_mismatch));
    }
  }
}

TEST(ProofBinding, RefusesABodyThatWasNotRead) {
  for (const auto binding : {ProofFacts::Binding::kBound, ProofFacts::Binding::kIfPresent}) {
    ProofFacts request = facts();
    request.binding = binding;
    request.body = std::nullopt;
    EXPECT_THAT(verify(build(claims()), request), RefusedWith(Code::k_proof_body_mismatch));
  }
}

TEST(ProofBinding, ThatIsAskedForMayBeLeftOutForNothingOnly) {
  ProofClaims plain = claims();
  plain.body = std::nullopt;
  plain.query = std::nullopt;
  const std::string proof = build(plain);
  ProofFacts request = facts();
  EXPECT_THAT(verify(proof, request), RefusedWith(Code::k_proof_query_mismatch));
  request.query = "";
  EXPECT_THAT(verify(proof, request), RefusedWith(Code::k_proof_body_mismatch));
  request.body = std::nullopt;
  EXPECT_THAT(verify(proof, request), RefusedWith(Code::k_proof_body_mismatch));
  request.body = ByteView();
  EXPECT_THAT(verify(proof, request), IsOk());
}

TEST(ProofBinding, IsNotAskedOfPlainClients) {
  ProofClaims plain = claims();
  plain.body = std::nullopt;
  plain.query = std::nullopt;
  ProofFacts request = facts();
  request.binding = ProofFacts::Binding::kIfPresent;
  EXPECT_THAT(verify(build(plain), request), IsOk());
  request.body = std::nullopt;
  EXPECT_THAT(verify(build(plain), request), IsOk());
}

// Whoever never sees a body must not take a `bd` for judged, and says so.
TEST(ProofBinding, OfABodyOutOfSightIsNotJudgedAndSaysSo) {
  for (const auto binding : {ProofFacts::Binding::kHead, ProofFacts::Binding::kHeadIfPresent}) {
    ProofFacts request = facts();
    request.binding = binding;
    request.body = std::nullopt;
    const auto verified = verify(build(claims()), request);
    ASSERT_THAT(verified, IsOk());
    EXPECT_FALSE(verified->binds_body());
    request.query = "dry=0";
    EXPECT_THAT(verify(build(claims()), request), RefusedWith(Code::k_proof_query_mismatch));
  }
}

TEST(ProofBinding, OfAQueryIsAskedForWhereTheBodyIsOutOfSight) {
  ProofClaims plain = claims();
  plain.body = std::nullopt;
  plain.query = std::nullopt;
  ProofFacts request = facts();
  request.body = std::nullopt;
  request.binding = ProofFacts::Binding::kHead;
  EXPECT_THAT(verify(build(plain), request), RefusedWith(Code::k_proof_query_mismatch));
  request.binding = ProofFacts::Binding::kHeadIfPresent;
  EXPECT_THAT(verify(build(plain), request), IsOk());
}

TEST(ProofBinding, IsToldOfABodyThatWasSignedForOrIsEmpty) {
  const auto binds = [](const ProofClaims& signed_claims, const ProofFacts& request) {
    const auto verified = verify(build(signed_claims), request);
    EXPECT_THAT(verified, IsOk());
    return verified && verified->binds_body();
  };
  EXPECT_TRUE(binds(claims(), facts()));
  ProofClaims plain = claims();
  plain.body = std::nullopt;
  ProofFacts request = facts();
  request.binding = ProofFacts::Binding::kIfPresent;
  EXPECT_FALSE(binds(plain, request));
  request.body = std::nullopt;
  EXPECT_FALSE(binds(plain, request));
  request.body = ByteView();
  EXPECT_TRUE(binds(plain, request));
}

}  // namespace
}  // namespace ajwt
