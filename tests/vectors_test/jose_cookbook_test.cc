// SPDX-License-Identifier: Apache-2.0
//
// The JOSE cookbook (RFC 7520, RFC 8037, RFC 7797): tokens of our algorithms verify, all others
// are refused for the reason that each deserves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "crypto/key.h"
#include "jose/base64url.h"
#include "jose/jws.h"
#include "tests/vectors_test/vector_file.h"

namespace ajwt::jose {
namespace {

using ::ajwt::testing::load_vectors;
using ::ajwt::testing::member;

// Example is a cookbook file: the key that it prints, private parts among it, and its token.
struct Example {
  json::Object key;
  json::Object public_key;
  std::string payload;
  std::string token;
};

Example load_example(const std::string& path) {
  const json::Object file = load_vectors(path);
  const json::Object& input = member(file, "input").as_object();
  Example example{member(input, "key").as_object(), member(input, "key").as_object(),
                  member(input, "payload").as_string(),
                  member(member(file, "output").as_object(), "compact").as_string()};
  for (const char* part : {"d", "p", "q", "dp", "dq", "qi"}) example.public_key.remove(part);
  return example;
}

Result<VerifiedJws> verify_with(const json::Object& key, std::string_view token) {
  AJWT_ASSIGN(const Jwk jwk, parse_jwk(key));
  AJWT_ASSIGN(auto jws, UnverifiedJws::parse(token, 16 * 1024));
  return VerifiedJws::verify(std::move(jws), jwk, AlgorithmSet::all());
}

TEST(JoseCookbook, VerifiesRfc7520Section41) {
  const Example example = load_example("jose-cookbook/jws/4_1.rsa_v15_signature.json");
  const auto jws = verify_with(example.public_key, example.token);
  ASSERT_THAT(jws, IsOk());
  EXPECT_EQ(jws->header().alg, Algorithm::kRS256);
  EXPECT_EQ(jws->header().kid, "bilbo.baggins@hobbiton.example");
  EXPECT_EQ(as_text(jws->payload()), example.payload);
}

TEST(JoseCookbook, VerifiesAndMakesTheEd25519TokenOfRfc8037) {
  const Example example = load_example("jose-cookbook/curve25519/jws.json");
  const auto jws = verify_with(example.public_key, example.token);
  ASSERT_THAT(jws, IsOk());
  EXPECT_EQ(as_text(jws->payload()), example.payload);

  const auto seed = decode_base64url(member(example.key, "d").as_string());
  ASSERT_THAT(seed, IsOk());
  const auto key = crypto::PrivateKey::from_ed25519_seed(*seed);
  ASSERT_THAT(key, IsOk());
  EXPECT_THAT(sign_jws(example.payload, *key, SignJwsOptions{}), IsOkAndHolds(example.token));
}

TEST(JoseCookbook, RefusesThePrivateKeysThatItPrints) {
  for (const char* path :
       {"jose-cookbook/jwk/3_2.ec_private_key.json", "jose-cookbook/jwk/3_4.rsa_private_key.json",
        "jose-cookbook/jwk/3_5.symmetric_key_mac_computation.json",
        "jose-cookbook/jwk/3_6.symmetric_key_encryption.json"}) {
    EXPECT_THAT(parse_jwk(load_vectors(path)), RefusedWith(Code::k_jwk_has_private_part)) << path;
  }
}

TEST(JoseCookbook, ReadsTheRsaKeyAndNotTheP521Key) {
  EXPECT_THAT(parse_jwk(load_vectors("jose-cookbook/jwk/3_3.rsa_public_key.json")), IsOk());
  EXPECT_THAT(parse_jwk(load_vectors("jose-cookbook/jwk/3_1.ec_public_key.json")),
              RefusedWith(Code::k_jwk_unsupported));
}

TEST(JoseCookbook, RefusesTokensOfOtherAlgorithms) {
  for (const char* path : {"jose-cookbook/jws/4_2.rsa-pss_signature.json",
                           "jose-cookbook/jws/4_3.ecdsa_signature.json",
                           "jose-cookbook/jws/4_4.hmac-sha2_integrity_protection.json"}) {
    EXPECT_THAT(UnverifiedJws::parse(load_example(path).token, 16 * 1024),
                RefusedWith(Code::k_jws_algorithm_refused))
        << path;
  }
}

TEST(JoseCookbook, RefusesTheUnencodedPayloadOfRfc7797) {
  EXPECT_THAT(UnverifiedJws::parse(
                  load_example("jose-cookbook/rfc7797/hmac-sha2_b64_false.json").token, 16 * 1024),
              RefusedWith(Code::k_jws_critical_unknown));
}

}  // namespace
}  // namespace ajwt::jose
