// SPDX-License-Identifier: Apache-2.0
#include "jose/jws.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jose/base64url.h"
#include "json/parse.h"
#include "tests/support/matchers.h"
#include "tests/support/mutations.h"
#include "tests/support/rfc_keys.h"

namespace ajwt::jose {
namespace {

using ::ajwt::testing::for_each_mutation;
using ::ajwt::testing::kRfc7515P256Jwk;
using ::ajwt::testing::kRfc7515P256Jws;
using ::ajwt::testing::kRfc7638RsaJwk;
using ::ajwt::testing::kRfc8037Ed25519Jwk;
using ::ajwt::testing::kRfc8037Jws;

constexpr std::size_t kMaxBytes = 8 * 1024;
constexpr std::string_view kPayload = R"({"sub":"a"})";

Result<Jwk> jwk_of(std::string_view text) {
  AJWT_ASSIGN(const json::Object object, json::parse_object(text));
  return parse_jwk(object);
}

Result<VerifiedJws> verify(std::string_view token, const Jwk& key, const AlgorithmSet& accepted) {
  AJWT_ASSIGN(auto jws, UnverifiedJws::parse(token, kMaxBytes));
  return VerifiedJws::verify(std::move(jws), key, accepted);
}

// token_with has the header's text as it is, and a signature by nobody.
std::string token_with(std::string_view header) {
  return encode_base64url(header) + "." + encode_base64url(kPayload) + "." +
         encode_base64url(std::string(64, 's'));
}

Result<UnverifiedJws> parse(std::string_view token) {
  return UnverifiedJws::parse(token, kMaxBytes);
}
Result<UnverifiedJws> parse_header(std::string_view header) { return parse(token_with(header)); }
Result<UnverifiedJws> parse_proof_header(std::string_view header) {
  return UnverifiedJws::parse(token_with(header), kMaxBytes, EmbeddedKey::kRequired);
}

// KeyCase is a key and an algorithm that it signs with.
struct KeyCase {
  crypto::KeyKind kind;
  Algorithm algorithm;
};

class JwsOfEachAlgorithm : public ::testing::TestWithParam<KeyCase> {
 protected:
  void SetUp() override {
    auto key = crypto::PrivateKey::generate(GetParam().kind);
    ASSERT_THAT(key, IsOk());
    key_ = *std::move(key);
    auto token = sign_jws(kPayload, *key_, SignJwsOptions{"at+jwt", "k1"}, GetParam().algorithm);
    ASSERT_THAT(token, IsOk());
    token_ = *std::move(token);
  }
  Jwk jwk() const { return Jwk{key_->public_key(), "k1", std::nullopt}; }

  std::optional<crypto::PrivateKey> key_;
  std::string token_;
};

INSTANTIATE_TEST_SUITE_P(All, JwsOfEachAlgorithm,
                         ::testing::Values(KeyCase{crypto::KeyKind::kEd25519, Algorithm::kEdDSA},
                                           KeyCase{crypto::KeyKind::kP256, Algorithm::kES256},
                                           KeyCase{crypto::KeyKind::kRsa, Algorithm::kRS256},
                                           KeyCase{crypto::KeyKind::kRsa, Algorithm::kPS256}),
                         [](const auto& test) { return std::string(name(test.param.algorithm)); });

TEST_P(JwsOfEachAlgorithm, WhatWasSignedVerifies) {
  const auto jws = verify(token_, jwk(), {GetParam().algorithm});
  ASSERT_THAT(jws, IsOk());
  EXPECT_EQ(as_text(jws->payload()), kPayload);
  EXPECT_EQ(jws->header().alg, GetParam().algorithm);
  EXPECT_EQ(jws->header().typ, "at+jwt");
  EXPECT_EQ(jws->header().kid, "k1");
  EXPECT_FALSE(jws->header().jwk.has_value());
}

TEST_P(JwsOfEachAlgorithm, NoChangedTokenVerifies) {
  const Jwk key = jwk();
  std::size_t changes = 0;
  for_each_mutation(token_, [&](std::string_view changed, std::string_view change) {
    ++changes;
    const auto jws = verify(changed, key, AlgorithmSet::all());
    ASSERT_FALSE(jws.has_value()) << change;
    EXPECT_EQ(jws.error().reason().oauth_error, "invalid_token") << change;
  });
  EXPECT_GT(changes, token_.size() * 10);
}

TEST_P(JwsOfEachAlgorithm, AnotherKeyOfTheSameKindRefuses) {
  const auto other = crypto::PrivateKey::generate(GetParam().kind);
  ASSERT_THAT(other, IsOk());
  EXPECT_THAT(verify(token_, Jwk{other->public_key(), "k1", std::nullopt}, AlgorithmSet::all()),
              RefusedWith(Code::k_jws_signature_invalid));
}

TEST_P(JwsOfEachAlgorithm, IsRefusedWhereTheCallerDoesNotAcceptIt) {
  EXPECT_THAT(verify(token_, jwk(), {}), RefusedWith(Code::k_jws_algorithm_refused));
  for (const Algorithm other :
       {Algorithm::kEdDSA, Algorithm::kES256, Algorithm::kRS256, Algorithm::kPS256}) {
    if (other == GetParam().algorithm) continue;
    EXPECT_THAT(verify(token_, jwk(), {other}), RefusedWith(Code::k_jws_algorithm_refused));
  }
}

TEST_P(JwsOfEachAlgorithm, IsRefusedByKeysThatItsAlgorithmDoesNotFit) {
  for (const auto text : {kRfc7638RsaJwk, kRfc7515P256Jwk, kRfc8037Ed25519Jwk}) {
    const auto other = jwk_of(text);
    ASSERT_THAT(other, IsOk());
    if (crypto::fits(other->key.kind(), scheme_of(GetParam().algorithm))) continue;
    EXPECT_THAT(verify(token_, *other, AlgorithmSet::all()),
                RefusedWith(Code::k_jws_algorithm_refused));
  }
}

TEST_P(JwsOfEachAlgorithm, CarriesItsKeyWhereAsked) {
  SignJwsOptions options{"dpop+jwt", std::nullopt, EmbeddedKey::kRequired};
  const auto proof = sign_jws(kPayload, *key_, options, GetParam().algorithm);
  ASSERT_THAT(proof, IsOk());
  auto jws = UnverifiedJws::parse(*proof, kMaxBytes, EmbeddedKey::kRequired);
  ASSERT_THAT(jws, IsOk());
  ASSERT_TRUE(jws->header().jwk.has_value());
  const Jwk embedded = *jws->header().jwk;
  EXPECT_TRUE(embedded.key == key_->public_key());
  EXPECT_THAT(VerifiedJws::verify(*std::move(jws), embedded, AlgorithmSet::all()), IsOk());
  EXPECT_THAT(parse(*proof), RefusedWith(Code::k_jws_header_refused));
}

TEST(SignJws, SignsWithTheDefaultOfTheKind) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyKind::kRsa);
  ASSERT_THAT(key, IsOk());
  const auto token = sign_jws(kPayload, *key, SignJwsOptions{"at+jwt"});
  ASSERT_THAT(token, IsOk());
  const auto jws = parse(*token);
  ASSERT_THAT(jws, IsOk());
  EXPECT_EQ(jws->header().alg, Algorithm::kPS256);
  EXPECT_EQ(jws->header().kid, std::nullopt);
}

TEST(SignJws, RefusesAnAlgorithmThatDoesNotFitTheKey) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
  ASSERT_THAT(key, IsOk());
  EXPECT_THAT(sign_jws(kPayload, *key, SignJwsOptions{"at+jwt"}, Algorithm::kES256),
              RefusedWith(Code::k_crypto_failed));
}

TEST(VerifyJws, AcceptsTheExamplesOfRfc7515AndRfc8037) {
  const auto p256 = jwk_of(kRfc7515P256Jwk);
  const auto ed25519 = jwk_of(kRfc8037Ed25519Jwk);
  ASSERT_THAT(p256, IsOk());
  ASSERT_THAT(ed25519, IsOk());
  EXPECT_THAT(verify(kRfc7515P256Jws, *p256, {Algorithm::kES256}), IsOk());
  const auto jws = verify(kRfc8037Jws, *ed25519, {Algorithm::kEdDSA});
  ASSERT_THAT(jws, IsOk());
  EXPECT_EQ(as_text(jws->payload()), "Example of Ed25519 signing");
}

TEST(VerifyJws, HoldsTheTokenToTheKeysOwnAlgorithm) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyKind::kRsa);
  ASSERT_THAT(key, IsOk());
  const auto token = sign_jws(kPayload, *key, SignJwsOptions{"at+jwt"}, Algorithm::kRS256);
  ASSERT_THAT(token, IsOk());
  const Jwk rs256{key->public_key(), std::nullopt, Algorithm::kRS256};
  const Jwk ps256{key->public_key(), std::nullopt, Algorithm::kPS256};
  EXPECT_THAT(verify(*token, rs256, AlgorithmSet::all()), IsOk());
  EXPECT_THAT(verify(*token, ps256, AlgorithmSet::all()),
              RefusedWith(Code::k_jws_algorithm_refused));
}

TEST(VerifyJws, TakesEitherNameOfEdDsa) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
  ASSERT_THAT(key, IsOk());
  for (const char* alg : {"EdDSA", "Ed25519"}) {
    std::string token = encode_base64url(std::string(R"({"alg":")") + alg + "\"}") + "." +
                        encode_base64url(kPayload);
    const auto signature = key->sign(crypto::Scheme::kEd25519, as_bytes(token));
    ASSERT_THAT(signature, IsOk());
    token += "." + encode_base64url(*signature);
    EXPECT_THAT(
        verify(token, Jwk{key->public_key(), std::nullopt, Algorithm::kEdDSA}, {Algorithm::kEdDSA}),
        IsOk())
        << alg;
  }
}

TEST(VerifyJws, AcceptsAnEmptyPayload) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
  ASSERT_THAT(key, IsOk());
  const auto token = sign_jws("", *key, SignJwsOptions{"at+jwt"});
  ASSERT_THAT(token, IsOk());
  const auto jws = verify(*token, Jwk{key->public_key(), {}, {}}, {Algorithm::kEdDSA});
  ASSERT_THAT(jws, IsOk());
  EXPECT_TRUE(jws->payload().empty());
}

// RFC 7515 A.1 (HMAC) and A.5 (unsecured): the two confusions that broke other verifiers.
TEST(ParseJws, RefusesHmacAndUnsecuredTokens) {
  EXPECT_THAT(parse("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
                    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
                    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
              RefusedWith(Code::k_jws_algorithm_refused));
  EXPECT_THAT(parse("eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0"
                    "dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."),
              RefusedWith(Code::k_jws_algorithm_refused));
}

TEST(ParseJws, RefusesAlgorithmsThatAreUnknownOrMissing) {
  for (const char* header :
       {R"({})", R"({"alg":"none"})", R"({"alg":"NONE"})", R"({"alg":""})", R"({"alg":"HS256"})",
        R"({"alg":"es256"})", R"({"alg":"RS384"})", R"({"alg":"RSA-OAEP","enc":"A128GCM"})"}) {
    EXPECT_THAT(parse_header(header), RefusedWith(Code::k_jws_algorithm_refused)) << header;
  }
}

TEST(ParseJws, RefusesAnyCrit) {
  for (const char* crit :
       {R"(["exp"])", R"(["b64"])", R"([])", R"(null)", R"("b64")", R"(["alg"])"}) {
    const std::string header = std::string(R"({"alg":"EdDSA","b64":true,"crit":)") + crit + "}";
    EXPECT_THAT(parse_header(header), RefusedWith(Code::k_jws_critical_unknown)) << header;
  }
}

TEST(ParseJws, RefusesParametersThatChangeThePayloadOrBringKeys) {
  for (const char* member :
       {R"("b64":false)", R"("b64":true)", R"("jku":"https://evil.example/jwks")",
        R"("x5u":"https://evil.example/")", R"("x5c":["AAAA"])", R"("jku":null)",
        R"("jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
        R"("jwk":null)"}) {
    const std::string header = std::string(R"({"alg":"EdDSA",)") + member + "}";
    EXPECT_THAT(parse_header(header), RefusedWith(Code::k_jws_header_refused)) << header;
  }
}

TEST(ParseJws, RefusesKnownParametersOfAnotherType) {
  for (const char* member : {"typ", "kid", "cty", "x5t", "x5t#S256"}) {
    for (const char* value : {"null", "1", "true", "[]", "{}", "[\"a\"]"}) {
      const std::string header = std::string(R"({"alg":"EdDSA",")") + member + "\":" + value + "}";
      EXPECT_THAT(parse_header(header), RefusedWith(Code::k_jws_header_refused)) << header;
    }
  }
  for (const char* header : {R"({"alg":null})", R"({"alg":1})", R"({"alg":["EdDSA"]})"}) {
    EXPECT_THAT(parse_header(header), RefusedWith(Code::k_jws_header_refused)) << header;
  }
}

TEST(ParseJws, IgnoresCertificateHashesAndUnknownParameters) {
  EXPECT_THAT(parse_header(R"({"alg":"EdDSA","x5t":"AAAA","x5t#S256":"AAAA","foo":[1,{"a":2}]})"),
              IsOk());
}

TEST(ParseJws, NormalisesTyp) {
  for (const char* typ : {"at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"}) {
    const auto jws = parse_header(std::string(R"({"alg":"EdDSA","typ":")") + typ + "\"}");
    ASSERT_THAT(jws, IsOk());
    EXPECT_EQ(jws->header().typ, "at+jwt") << typ;
  }
  const auto bare = parse_header(R"({"alg":"EdDSA"})");
  ASSERT_THAT(bare, IsOk());
  EXPECT_EQ(bare->header().typ, std::nullopt);
  // Only the leading type goes, once.
  const auto twice = parse_header(R"({"alg":"EdDSA","typ":"application/application/at+jwt"})");
  ASSERT_THAT(twice, IsOk());
  EXPECT_EQ(twice->header().typ, "application/at+jwt");
}

TEST(ParseJws, RefusesHeadersThatAreNoStrictJsonObject) {
  for (const char* header :
       {R"([])", R"("EdDSA")", R"({"alg":"EdDSA")", R"({"alg":"EdDSA"} x)",
        R"({"alg":"EdDSA","alg":"none"})", "{\"alg\":\"EdDSA\",\"a\":\"\xff\"}",
        R"({"alg":"EdDSA","a":[[[[1]]]]})", R"({'alg':'EdDSA'})",
        R"({"alg":"EdDSA","kid":"a","kid":"b"})", " ", "\xef\xbb\xbf{\"alg\":\"EdDSA\"}"}) {
    EXPECT_THAT(parse_header(header), RefusedWith(Code::k_jws_malformed)) << header;
  }
}

TEST(ParseJws, RefusesWhatHasNotExactlyThreeParts) {
  const std::string token = token_with(R"({"alg":"EdDSA"})");
  ASSERT_THAT(parse(token), IsOk());
  const std::string header = token.substr(0, token.find('.'));
  const std::vector<std::string> texts = {"",
                                          ".",
                                          "..",
                                          "...",
                                          header,
                                          header + ".",
                                          header + "..",
                                          header + ".AAAA",
                                          header + ".AAAA.",
                                          token + ".",
                                          token + ".AAAA",
                                          "." + token,
                                          ".AAAA.AAAA",
                                          token + ".AAAA.AAAA"};
  for (const std::string& text : texts) {
    EXPECT_THAT(parse(text), RefusedWith(Code::k_jws_malformed)) << text;
  }
}

TEST(ParseJws, CountsTheDotsBeforeItReadsTheHeader) {
  // A JWE is no JWS with an unknown algorithm.
  const std::string jwe = encode_base64url(R"({"alg":"RSA-OAEP","enc":"A128GCM"})");
  EXPECT_THAT(parse(jwe + ".AAAA.AAAA.AAAA.AAAA"), RefusedWith(Code::k_jws_malformed));
}

TEST(ParseJws, RefusesLenientBase64urlInEachPart) {
  const std::vector<std::string> parts =
      ::ajwt::testing::split_at_dots(token_with(R"({"alg":"EdDSA"})"));
  for (const char* added : {"=", "==", " ", "\n", "+", "/", "?"}) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      auto changed = parts;
      changed[i] += added;
      EXPECT_THAT(parse(::ajwt::testing::join_with_dots(changed)),
                  RefusedWith(Code::k_jws_malformed))
          << i << added;
    }
  }
}

TEST(ParseJws, RefusesTokensAndHeadersThatAreTooLarge) {
  const std::string token = token_with(R"({"alg":"EdDSA"})");
  EXPECT_THAT(UnverifiedJws::parse(token, token.size()), IsOk());
  EXPECT_THAT(UnverifiedJws::parse(token, token.size() - 1), RefusedWith(Code::k_jws_too_large));
  const auto header_of = [](std::size_t size) {
    const std::string frame = R"({"alg":"EdDSA","a":""})";
    return R"({"alg":"EdDSA","a":")" + std::string(size - frame.size(), 'a') + "\"}";
  };
  EXPECT_THAT(parse_header(header_of(4096)), IsOk());
  EXPECT_THAT(parse_header(header_of(4097)), RefusedWith(Code::k_jws_too_large));
}

TEST(ParseProof, NeedsAPublicKeyInItsHeader) {
  const std::string good =
      std::string(R"({"alg":"EdDSA","jwk":)") + std::string(kRfc8037Ed25519Jwk);
  EXPECT_THAT(parse_proof_header(good + "}"), IsOk());
  for (const char* header : {R"({"alg":"EdDSA"})", R"({"alg":"EdDSA","jwk":null})",
                             R"({"alg":"EdDSA","jwk":"k"})", R"({"alg":"EdDSA","jwk":[]})"}) {
    EXPECT_THAT(parse_proof_header(header), RefusedWith(Code::k_jws_header_refused)) << header;
  }
  EXPECT_THAT(parse_proof_header(R"({"alg":"EdDSA","jwk":{}})"),
              RefusedWith(Code::k_jwk_malformed));
  EXPECT_THAT(parse_proof_header(R"({"alg":"EdDSA","jwk":{"kty":"oct"}})"),
              RefusedWith(Code::k_jwk_unsupported));
  EXPECT_THAT(parse_proof_header(R"({"alg":"EdDSA","jwk":{"kty":"oct","k":"AAAA"}})"),
              RefusedWith(Code::k_jwk_has_private_part));
}

TEST(ParseProof, RefusesAPrivateKey) {
  EXPECT_THAT(parse_proof_header(R"({"alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519",)"
                                 R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",)"
                                 R"("d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}})"),
              RefusedWith(Code::k_jwk_has_private_part));
}

TEST(VerifyProof, RefusesAnAlgorithmThatTheEmbeddedKeyDoesNotFit) {
  const std::string header =
      std::string(R"({"alg":"ES256","jwk":)") + std::string(kRfc8037Ed25519Jwk) + "}";
  auto jws = parse_proof_header(header);
  ASSERT_THAT(jws, IsOk());
  const Jwk key = *jws->header().jwk;
  EXPECT_THAT(VerifiedJws::verify(*std::move(jws), key, AlgorithmSet::all()),
              RefusedWith(Code::k_jws_algorithm_refused));
}

}  // namespace
}  // namespace ajwt::jose
