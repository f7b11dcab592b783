// SPDX-License-Identifier: Apache-2.0
#include "jose/jwk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "jose/base64url.h"
#include "json/parse.h"
#include "json/write.h"
#include "tests/support/matchers.h"
#include "tests/support/rfc_keys.h"

namespace ajwt::jose {
namespace {

using ::ajwt::testing::kRfc7515P256Jwk;
using ::ajwt::testing::kRfc7638RsaJwk;
using ::ajwt::testing::kRfc7638Thumbprint;
using ::ajwt::testing::kRfc8037Ed25519Jwk;
using ::ajwt::testing::kRfc8037Thumbprint;

json::Object object_of(std::string_view text) {
  auto object = json::parse_object(text);
  EXPECT_THAT(object, IsOk());
  return object ? *object : json::Object();
}

// with returns the JWK text with one member set to another value.
json::Object with(std::string_view jwk, std::string_view member, json::Value value) {
  json::Object object = object_of(jwk);
  object.set(member, std::move(value));
  return object;
}

json::Object without(std::string_view jwk, std::string_view member) {
  json::Object object = object_of(jwk);
  object.remove(member);
  return object;
}

// set_of returns the text of a JWK set.
json::Object set_of(std::vector<json::Object> keys) {
  json::Array array;
  for (auto& key : keys) array.emplace_back(std::move(key));
  json::Object set;
  set.set("keys", std::move(array));
  return set;
}

json::Object ed25519_named(const std::string& kid) { return with(kRfc8037Ed25519Jwk, "kid", kid); }

TEST(ParseJwk, ReadsAKeyOfEachKind) {
  const auto rsa = parse_jwk(object_of(kRfc7638RsaJwk));
  ASSERT_THAT(rsa, IsOk());
  EXPECT_EQ(rsa->key.kind(), crypto::KeyKind::kRsa);
  EXPECT_EQ(rsa->alg, Algorithm::kRS256);
  EXPECT_EQ(rsa->kid, "2011-04-29");

  const auto p256 = parse_jwk(object_of(kRfc7515P256Jwk));
  ASSERT_THAT(p256, IsOk());
  EXPECT_EQ(p256->key.kind(), crypto::KeyKind::kP256);
  EXPECT_EQ(p256->alg, std::nullopt);
  EXPECT_EQ(p256->kid, std::nullopt);

  const auto ed25519 = parse_jwk(object_of(kRfc8037Ed25519Jwk));
  ASSERT_THAT(ed25519, IsOk());
  EXPECT_EQ(ed25519->key.kind(), crypto::KeyKind::kEd25519);
}

TEST(ParseJwk, IgnoresMembersThatItDoesNotKnow) {
  EXPECT_THAT(parse_jwk(with(kRfc8037Ed25519Jwk, "ext", true)), IsOk());
}

TEST(ParseJwk, RefusesEveryPrivateOrSymmetricMemberWhateverItsValue) {
  for (const char* member : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
    for (const auto jwk : {kRfc7638RsaJwk, kRfc7515P256Jwk, kRfc8037Ed25519Jwk}) {
      EXPECT_THAT(parse_jwk(with(jwk, member, "AQAB")), RefusedWith(Code::k_jwk_has_private_part));
      EXPECT_THAT(parse_jwk(with(jwk, member, nullptr)), RefusedWith(Code::k_jwk_has_private_part));
    }
  }
  EXPECT_THAT(parse_jwk(object_of(R"({"kty":"oct","k":"AAAA"})")),
              RefusedWith(Code::k_jwk_has_private_part));
}

TEST(ParseJwk, RefusesUnknownKindsAndCurves) {
  for (const char* kty : {"oct", "AKP", "rsa", "ec", "", "OKP "}) {
    EXPECT_THAT(parse_jwk(with(kRfc7638RsaJwk, "kty", kty)), RefusedWith(Code::k_jwk_unsupported))
        << kty;
  }
  for (const char* crv : {"P-384", "P-521", "secp256k1", "p-256", "Ed25519", ""}) {
    EXPECT_THAT(parse_jwk(with(kRfc7515P256Jwk, "crv", crv)), RefusedWith(Code::k_jwk_unsupported))
        << crv;
  }
  for (const char* crv : {"Ed448", "X25519", "P-256"}) {
    EXPECT_THAT(parse_jwk(with(kRfc8037Ed25519Jwk, "crv", crv)),
                RefusedWith(Code::k_jwk_unsupported))
        << crv;
  }
}

TEST(ParseJwk, RefusesAnAlgorithmThatIsUnknownOrDoesNotFitTheKey) {
  for (const char* alg : {"none", "HS256", "RSA-OAEP", "RS384", "", "rs256", "ES256", "EdDSA"}) {
    EXPECT_THAT(parse_jwk(with(kRfc7638RsaJwk, "alg", alg)), RefusedWith(Code::k_jwk_unsupported))
        << alg;
  }
  EXPECT_THAT(parse_jwk(with(kRfc7515P256Jwk, "alg", "RS256")),
              RefusedWith(Code::k_jwk_unsupported));
  EXPECT_THAT(parse_jwk(with(kRfc8037Ed25519Jwk, "alg", "ES256")),
              RefusedWith(Code::k_jwk_unsupported));
}

TEST(ParseJwk, TakesBothNamesOfEdDsa) {
  for (const char* alg : {"EdDSA", "Ed25519"}) {
    const auto jwk = parse_jwk(with(kRfc8037Ed25519Jwk, "alg", alg));
    ASSERT_THAT(jwk, IsOk());
    EXPECT_EQ(jwk->alg, Algorithm::kEdDSA);
  }
}

TEST(ParseJwk, RefusesKeysThatAreForAnythingButSignatures) {
  EXPECT_THAT(parse_jwk(with(kRfc7638RsaJwk, "use", "sig")), IsOk());
  for (const char* use : {"enc", "", "SIG", "tls"}) {
    EXPECT_THAT(parse_jwk(with(kRfc7638RsaJwk, "use", use)), RefusedWith(Code::k_jwk_unsupported))
        << use;
  }
  EXPECT_THAT(parse_jwk(with(kRfc7638RsaJwk, "key_ops", json::Array{"verify"})), IsOk());
  for (const auto& operations : {json::Array{}, json::Array{"encrypt"}, json::Array{"sign"}}) {
    EXPECT_THAT(parse_jwk(with(kRfc7638RsaJwk, "key_ops", operations)),
                RefusedWith(Code::k_jwk_unsupported));
  }
}

TEST(ParseJwk, RefusesMembersOfAnotherType) {
  const std::vector<json::Value> values = {nullptr, 1, true, json::Array{}, json::Object{}};
  for (const char* member : {"kty", "n", "e", "alg", "kid", "use"}) {
    for (const auto& value : values) {
      EXPECT_THAT(parse_jwk(with(kRfc7638RsaJwk, member, value)),
                  RefusedWith(Code::k_jwk_malformed))
          << member << json::write(value);
    }
  }
  for (const char* member : {"crv", "x", "y"}) {
    for (const auto& value : values) {
      EXPECT_THAT(parse_jwk(with(kRfc7515P256Jwk, member, value)),
                  RefusedWith(Code::k_jwk_malformed))
          << member << json::write(value);
    }
  }
  const std::vector<json::Value> operations = {nullptr, "verify", json::Array{1},
                                               json::Array{"verify", "verify"}};
  for (const auto& value : operations) {
    EXPECT_THAT(parse_jwk(with(kRfc7638RsaJwk, "key_ops", value)),
                RefusedWith(Code::k_jwk_malformed))
        << json::write(value);
  }
}

TEST(ParseJwk, RefusesAKeyWithAPartMissing) {
  for (const char* member : {"kty", "n", "e"}) {
    EXPECT_THAT(parse_jwk(without(kRfc7638RsaJwk, member)), RefusedWith(Code::k_jwk_malformed));
  }
  for (const char* member : {"kty", "crv", "x", "y"}) {
    EXPECT_THAT(parse_jwk(without(kRfc7515P256Jwk, member)), RefusedWith(Code::k_jwk_malformed));
  }
  EXPECT_THAT(parse_jwk(json::Object()), RefusedWith(Code::k_jwk_malformed));
}

TEST(ParseJwk, RefusesASecondSpellingOfANumber) {
  // "AAEAAQ" is 65537 with a leading zero byte: the same key under another thumbprint.
  EXPECT_THAT(parse_jwk(with(kRfc7638RsaJwk, "e", "AAEAAQ")), RefusedWith(Code::k_jwk_malformed));
  EXPECT_THAT(parse_jwk(with(kRfc7638RsaJwk, "e", "AQAB=")), RefusedWith(Code::k_jwk_malformed));
  EXPECT_THAT(parse_jwk(with(kRfc7638RsaJwk, "e", "")), RefusedWith(Code::k_jwk_malformed));
  EXPECT_THAT(parse_jwk(with(kRfc7638RsaJwk, "n", "")), RefusedWith(Code::k_jwk_malformed));

  const auto key = parse_jwk(object_of(kRfc7638RsaJwk));
  ASSERT_THAT(key, IsOk());
  Bytes padded = key->key.n();
  padded.insert(padded.begin(), 0);
  EXPECT_THAT(parse_jwk(with(kRfc7638RsaJwk, "n", encode_base64url(padded))),
              RefusedWith(Code::k_jwk_malformed));
}

TEST(ParseJwk, RefusesCoordinatesOfAnotherLength) {
  const auto key = parse_jwk(object_of(kRfc7515P256Jwk));
  ASSERT_THAT(key, IsOk());
  Bytes longer = key->key.x();
  longer.insert(longer.begin(), 0);
  Bytes shorter = key->key.x();
  shorter.pop_back();
  for (const Bytes& x : {longer, shorter, Bytes()}) {
    EXPECT_THAT(parse_jwk(with(kRfc7515P256Jwk, "x", encode_base64url(x))),
                RefusedWith(Code::k_jwk_malformed));
    EXPECT_THAT(parse_jwk(with(kRfc8037Ed25519Jwk, "x", encode_base64url(x))),
                RefusedWith(Code::k_jwk_malformed));
  }
}

TEST(ParseJwk, RefusesAPointThatIsNotOnTheCurve) {
  const auto key = parse_jwk(object_of(kRfc7515P256Jwk));
  ASSERT_THAT(key, IsOk());
  EXPECT_THAT(parse_jwk(with(kRfc7515P256Jwk, "y", encode_base64url(key->key.x()))),
              RefusedWith(Code::k_jwk_malformed));
}

TEST(ParseJwk, RefusesAnRsaKeyThatIsTooSmall) {
  const Bytes modulus(128, 0xff);
  EXPECT_THAT(parse_jwk(with(kRfc7638RsaJwk, "n", encode_base64url(modulus))),
              RefusedWith(Code::k_jwk_too_small));
}

TEST(Thumbprint, IsThatOfRfc7638Section3) {
  const auto jwk = parse_jwk(object_of(kRfc7638RsaJwk));
  ASSERT_THAT(jwk, IsOk());
  EXPECT_EQ(thumbprint(jwk->key), kRfc7638Thumbprint);
}

TEST(Thumbprint, IsThatOfRfc8037AppendixA3) {
  const auto jwk = parse_jwk(object_of(kRfc8037Ed25519Jwk));
  ASSERT_THAT(jwk, IsOk());
  EXPECT_EQ(thumbprint(jwk->key), kRfc8037Thumbprint);
}

TEST(ToJson, WritesTheRequiredMembersSortedAndNothingElse) {
  for (const auto text : {kRfc7638RsaJwk, kRfc7515P256Jwk, kRfc8037Ed25519Jwk}) {
    const auto jwk = parse_jwk(object_of(text));
    ASSERT_THAT(jwk, IsOk());
    const json::Object written = to_json(jwk->key);
    // RFC 8785 sorts: the text that is hashed is canonical already.
    EXPECT_THAT(json::write_jcs(written), IsOkAndHolds(json::write(written)));
    const auto again = parse_jwk(written);
    ASSERT_THAT(again, IsOk());
    EXPECT_TRUE(again->key == jwk->key);
    EXPECT_FALSE(written.contains("alg"));
    EXPECT_FALSE(written.contains("kid"));
  }
}

TEST(KeySet, FindsByKidAndAlgorithm) {
  const auto keys = parse_jwks(
      set_of({object_of(kRfc7638RsaJwk), ed25519_named("a"), with(kRfc7515P256Jwk, "kid", "a")}));
  ASSERT_THAT(keys, IsOk());
  EXPECT_EQ(keys->find("a", Algorithm::kEdDSA)->key.kind(), crypto::KeyKind::kEd25519);
  EXPECT_EQ(keys->find("a", Algorithm::kES256)->key.kind(), crypto::KeyKind::kP256);
  EXPECT_EQ(keys->find("2011-04-29", Algorithm::kRS256)->key.kind(), crypto::KeyKind::kRsa);
}

TEST(KeySet, RefusesAnotherKidOrAlgorithmEvenIfThereIsOneKeyOnly) {
  const auto keys = parse_jwks(set_of({ed25519_named("a")}));
  ASSERT_THAT(keys, IsOk());
  EXPECT_THAT(keys->find("a", Algorithm::kEdDSA), IsOk());
  EXPECT_THAT(keys->find("b", Algorithm::kEdDSA), RefusedWith(Code::k_key_unknown));
  EXPECT_THAT(keys->find("", Algorithm::kEdDSA), RefusedWith(Code::k_key_unknown));
  EXPECT_THAT(keys->find("A", Algorithm::kEdDSA), RefusedWith(Code::k_key_unknown));
  for (const Algorithm other : {Algorithm::kES256, Algorithm::kRS256, Algorithm::kPS256}) {
    EXPECT_THAT(keys->find("a", other), RefusedWith(Code::k_key_unknown));
  }
}

TEST(KeySet, AKeysOwnAlgorithmKeepsItFromOthers) {
  const auto keys = parse_jwks(set_of({object_of(kRfc7638RsaJwk)}));
  ASSERT_THAT(keys, IsOk());
  EXPECT_THAT(keys->find("2011-04-29", Algorithm::kRS256), IsOk());
  EXPECT_THAT(keys->find("2011-04-29", Algorithm::kPS256), RefusedWith(Code::k_key_unknown));
}

TEST(KeySet, RefusesToChooseBetweenTwoKeys) {
  const auto jwk = parse_jwk(ed25519_named("a"));
  ASSERT_THAT(jwk, IsOk());
  EXPECT_THAT(KeySet({*jwk}).find("a", Algorithm::kEdDSA), IsOk());
  EXPECT_THAT(KeySet({*jwk, *jwk}).find("a", Algorithm::kEdDSA), RefusedWith(Code::k_key_unknown));
}

TEST(KeySet, FindsNothingWhereThereIsNothing) {
  const auto keys = parse_jwks(set_of({}));
  ASSERT_THAT(keys, IsOk());
  EXPECT_THAT(keys->find("a", Algorithm::kEdDSA), RefusedWith(Code::k_key_unknown));
}

TEST(ParseJwks, LeavesOutKeysThatItCannotUse) {
  const auto keys = parse_jwks(set_of({
      ed25519_named("good"),
      object_of(kRfc8037Ed25519Jwk),                                  // no kid
      ed25519_named(""),                                              // no kid either
      object_of(R"({"kty":"AKP","kid":"pq","pub":"AA"})"),            // unknown kind
      with(kRfc7638RsaJwk, "use", "enc"),                             // for encryption
      with(kRfc7638RsaJwk, "alg", "RS512"),                           // unknown algorithm
      with(kRfc7638RsaJwk, "n", encode_base64url(Bytes(128, 0xff))),  // too small
      without(kRfc7515P256Jwk, "y"),                                  // malformed
  }));
  ASSERT_THAT(keys, IsOk());
  ASSERT_EQ(keys->keys().size(), 1U);
  EXPECT_EQ(keys->keys().front().kid, "good");
}

TEST(ParseJwks, RefusesASetWithPrivateOrSharedKeys) {
  auto lost = ed25519_named("b");
  lost.set("d", "AAAA");
  EXPECT_THAT(parse_jwks(set_of({ed25519_named("a"), lost})), RefusedWith(Code::k_jwks_malformed));
  EXPECT_THAT(parse_jwks(set_of({object_of(R"({"kty":"oct","kid":"s","k":"AAAA"})")})),
              RefusedWith(Code::k_jwks_malformed));
}

TEST(ParseJwks, RefusesWhatIsNoSet) {
  for (const char* text : {R"({})", R"({"keys":{}})", R"({"keys":null})", R"({"keys":"a"})",
                           R"({"keys":[1]})", R"({"keys":[null]})", R"({"keys":[[]]})"}) {
    EXPECT_THAT(parse_jwks(object_of(text)), RefusedWith(Code::k_jwks_malformed)) << text;
  }
}

TEST(ParseJwks, RefusesMoreKeysThanAllowedUsableOrNot) {
  const auto three = set_of({ed25519_named("a"), ed25519_named("b"), json::Object()});
  EXPECT_THAT(parse_jwks(three, 3), IsOk());
  EXPECT_THAT(parse_jwks(three, 2), RefusedWith(Code::k_jwks_malformed));
}

TEST(ParseJwks, RefusesTwoKeysForOnePairOfKidAndAlgorithm) {
  EXPECT_THAT(parse_jwks(set_of({ed25519_named("a"), ed25519_named("a")})),
              RefusedWith(Code::k_jwks_malformed));
  // One key names its algorithm, the other may verify all of its kind.
  EXPECT_THAT(parse_jwks(set_of({object_of(kRfc7638RsaJwk), without(kRfc7638RsaJwk, "alg")})),
              RefusedWith(Code::k_jwks_malformed));
  EXPECT_THAT(parse_jwks(set_of({object_of(kRfc7638RsaJwk), with(kRfc7638RsaJwk, "alg", "PS256")})),
              IsOk());
}

TEST(WriteJwks, WritesWhatParseJwksReads) {
  const auto keys = parse_jwks(
      set_of({object_of(kRfc7638RsaJwk), with(kRfc7515P256Jwk, "kid", "p"), ed25519_named("e")}));
  ASSERT_THAT(keys, IsOk());
  const json::Object written = write_jwks(*keys);
  const auto again = parse_jwks(written);
  ASSERT_THAT(again, IsOk());
  ASSERT_EQ(again->keys().size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(again->keys()[i].key == keys->keys()[i].key);
    EXPECT_EQ(again->keys()[i].kid, keys->keys()[i].kid);
    EXPECT_EQ(again->keys()[i].alg, keys->keys()[i].alg);
    EXPECT_EQ(*written.find("keys")->as_array()[i].as_object().find("use"), json::Value("sig"));
  }
}

}  // namespace
}  // namespace ajwt::jose
