// SPDX-License-Identifier: Apache-2.0
//
// Wycheproof's Ed25519 cases: every verdict of the file.
#include <gtest/gtest.h>

#include <string>

#include "crypto/key.h"
#include "tests/vectors_test/vector_file.h"

namespace ajwt::crypto {
namespace {

using ::ajwt::testing::load_vectors;
using ::ajwt::testing::member;

Bytes bytes_of(const json::Object& object, std::string_view name) {
  return parse_hex(member(object, name).as_string()).value();
}

TEST(WycheproofEd25519, EveryVerdictIsAsTheFileSays) {
  int valid = 0;
  int invalid = 0;
  const json::Object file = load_vectors("wycheproof/ed25519_test.json");
  for (const json::Value& group_value : member(file, "testGroups").as_array()) {
    const json::Object& group = group_value.as_object();
    const auto key = PublicKey::from_der(bytes_of(group, "publicKeyDer"));
    ASSERT_THAT(key, IsOk());
    for (const json::Value& test_value : member(group, "tests").as_array()) {
      const json::Object& test = test_value.as_object();
      const auto verdict =
          key->verify(Scheme::kEd25519, bytes_of(test, "msg"), bytes_of(test, "sig"));
      const std::string label = "tcId " + std::to_string(member(test, "tcId").as_integer());
      if (member(test, "result").as_string() == "valid") {
        EXPECT_THAT(verdict, IsOk()) << label;
        ++valid;
      } else {
        EXPECT_THAT(verdict, RefusedWith(Code::k_jws_signature_invalid)) << label;
        ++invalid;
      }
    }
  }
  EXPECT_EQ(valid, 88);
  EXPECT_EQ(invalid, 63);
}

TEST(WycheproofEd25519, EveryFormOfAKeyIsTheSameKey) {
  const json::Object file = load_vectors("wycheproof/ed25519_test.json");
  for (const json::Value& group_value : member(file, "testGroups").as_array()) {
    const json::Object& group = group_value.as_object();
    const json::Object& raw = member(group, "publicKey").as_object();
    const auto key = PublicKey::ed25519(bytes_of(raw, "pk"));
    ASSERT_THAT(key, IsOk());
    EXPECT_THAT(PublicKey::from_der(bytes_of(group, "publicKeyDer")), IsOkAndHolds(*key));
    EXPECT_THAT(PublicKey::from_pem(member(group, "publicKeyPem").as_string()), IsOkAndHolds(*key));
    EXPECT_EQ(key->to_pem(), member(group, "publicKeyPem").as_string());
  }
}

}  // namespace
}  // namespace ajwt::crypto
