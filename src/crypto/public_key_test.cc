// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sodium.h>

#include <array>
#include <string>
#include <string_view>

#include "crypto/key.h"
#include "tests/support/matchers.h"

namespace ajwt::crypto {
namespace {

Bytes hex(std::string_view digits) { return parse_hex(digits).value(); }

// RFC 6979 A.2.5.
constexpr std::string_view kP256X =
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
constexpr std::string_view kP256Y =
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
constexpr std::string_view kP256Signature =
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
constexpr std::string_view kP256Order =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

PublicKey p256_key() { return *PublicKey::p256(hex(kP256X), hex(kP256Y)); }

// An odd number of that many bits that is good for nothing but being parsed.
Bytes modulus_of(std::size_t bits) {
  Bytes n((bits + 7) / 8, 0x5b);
  n.front() = static_cast<std::uint8_t>(1U << ((bits - 1) % 8));
  return n;
}

TEST(Fits, TiesEverySchemeToOneKindOfKey) {
  for (const auto kind : {KeyKind::kEd25519, KeyKind::kP256, KeyKind::kRsa}) {
    EXPECT_EQ(fits(kind, Scheme::kEd25519), kind == KeyKind::kEd25519);
    EXPECT_EQ(fits(kind, Scheme::kEcdsaP256), kind == KeyKind::kP256);
    EXPECT_EQ(fits(kind, Scheme::kRsaPkcs1), kind == KeyKind::kRsa);
    EXPECT_EQ(fits(kind, Scheme::kRsaPss), kind == KeyKind::kRsa);
  }
}

TEST(Ed25519, VerifiesTheSignaturesOfRfc8032) {
  struct Case {
    std::string_view key;
    std::string_view message;
    std::string_view signature;
  };
  constexpr auto kCases = std::to_array<Case>({
      {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf"
       "9"
       "b46bd25bf5f0595bbe24655141438e7a100b"},
      {"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f"
       "1"
       "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
       "d"
       "c6594a7c15e9716ed28dc027beceea1ec40a"},
  });
  for (const auto& [key, message, signature] : kCases) {
    const auto public_key = PublicKey::ed25519(hex(key));
    ASSERT_THAT(public_key, IsOk());
    EXPECT_THAT(public_key->verify(Scheme::kEd25519, hex(message), hex(signature)), IsOk());
    EXPECT_EQ(public_key->kind(), KeyKind::kEd25519);
    EXPECT_EQ(to_hex(public_key->x()), key);
    EXPECT_TRUE(public_key->y().empty() && public_key->n().empty() && public_key->e().empty());
  }
}

TEST(Ed25519, RefusesKeysOfAnotherLength) {
  for (const std::size_t size : {0U, 31U, 33U, 64U}) {
    EXPECT_THAT(PublicKey::ed25519(Bytes(size, 0x42)), RefusedWith(Code::k_jwk_malformed));
  }
}

// All encodings, reduced or not, of the points whose order divides 8. Under such a key there are
// signatures that hold for any message.
constexpr auto kSmallOrder = std::to_array<std::string_view>({
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
});

TEST(Ed25519, RefusesPointsOfSmallOrder) {
  for (const auto encoding : kSmallOrder) {
    EXPECT_THAT(PublicKey::ed25519(hex(encoding)), RefusedWith(Code::k_jwk_malformed)) << encoding;
    EXPECT_EQ(crypto_core_ed25519_is_valid_point(hex(encoding).data()), 0) << encoding;
  }
}

TEST(Ed25519, RefusesCoordinatesThatAreNotReduced) {
  // p, p + 2 (which stands for 2), and the largest.
  for (const unsigned first : {0xedU, 0xefU, 0xf5U, 0xffU}) {
    for (const unsigned last : {0x7fU, 0xffU}) {
      Bytes key(32, 0xff);
      key.front() = static_cast<std::uint8_t>(first);
      key.back() = static_cast<std::uint8_t>(last);
      EXPECT_THAT(PublicKey::ed25519(key), RefusedWith(Code::k_jwk_malformed)) << first;
    }
  }
}

TEST(Ed25519, VerifiesNothingUnderAKeyThatIsNoPoint) {
  const Bytes no_point = hex("0200000000000000000000000000000000000000000000000000000000000000");
  ASSERT_EQ(crypto_core_ed25519_is_valid_point(no_point.data()), 0);

  const auto key = PublicKey::ed25519(no_point);

  ASSERT_THAT(key, IsOk());
  EXPECT_THAT(key->verify(Scheme::kEd25519, {}, Bytes(64, 0)),
              RefusedWith(Code::k_jws_signature_invalid));
}

TEST(P256, VerifiesTheSignatureOfRfc6979) {
  const PublicKey key = p256_key();
  EXPECT_THAT(key.verify(Scheme::kEcdsaP256, as_bytes("sample"), hex(kP256Signature)), IsOk());
  EXPECT_THAT(key.verify(Scheme::kEcdsaP256, as_bytes("Sample"), hex(kP256Signature)),
              RefusedWith(Code::k_jws_signature_invalid));
  EXPECT_EQ(to_hex(key.x()), kP256X);
  EXPECT_EQ(to_hex(key.y()), kP256Y);
}

TEST(P256, RefusesPointsThatAreNotOnTheCurve) {
  Bytes wrong = hex(kP256Y);
  wrong.back() ^= 1U;
  EXPECT_THAT(PublicKey::p256(hex(kP256X), wrong), RefusedWith(Code::k_jwk_malformed));
  EXPECT_THAT(PublicKey::p256(hex(kP256Y), hex(kP256X)), RefusedWith(Code::k_jwk_malformed));
  EXPECT_THAT(PublicKey::p256(Bytes(32, 0), Bytes(32, 0)), RefusedWith(Code::k_jwk_malformed));
  EXPECT_THAT(PublicKey::p256(Bytes(32, 0xff), hex(kP256Y)), RefusedWith(Code::k_jwk_malformed));
}

TEST(P256, RefusesCoordinatesOfAnotherLength) {
  for (const std::size_t size : {0U, 31U, 33U}) {
    EXPECT_THAT(PublicKey::p256(Bytes(size, 1), hex(kP256Y)), RefusedWith(Code::k_jwk_malformed));
    EXPECT_THAT(PublicKey::p256(hex(kP256X), Bytes(size, 1)), RefusedWith(Code::k_jwk_malformed));
  }
}

// CVE-2022-21449, "psychic signatures": r and s of zero hold for any message in a careless
// verifier.
TEST(P256, RefusesZeroAndTooLargeNumbersInASignature) {
  const std::string zero(64, '0');
  const std::string r(kP256Signature.substr(0, 64));
  const std::string s(kP256Signature.substr(64));
  const std::string order(kP256Order);
  for (const auto& signature : {zero + zero, zero + s, r + zero, order + s, r + order,
                                std::string(64, 'f') + s, r + std::string(64, 'f')}) {
    EXPECT_THAT(p256_key().verify(Scheme::kEcdsaP256, as_bytes("sample"), hex(signature)),
                RefusedWith(Code::k_jws_signature_invalid))
        << signature;
  }
}

TEST(P256, RefusesSignaturesInDer) {
  const Bytes der = hex("3046022100" + std::string(kP256Signature.substr(0, 64)) + "022100" +
                        std::string(kP256Signature.substr(64)));
  EXPECT_THAT(p256_key().verify(Scheme::kEcdsaP256, as_bytes("sample"), der),
              RefusedWith(Code::k_jws_signature_invalid));
}

TEST(Rsa, TakesKeysFrom2048To8192Bits) {
  const Bytes e = hex("010001");
  for (const std::size_t bits : {2048U, 3072U, 4096U, 8192U}) {
    const auto key = PublicKey::rsa(modulus_of(bits), e);
    ASSERT_THAT(key, IsOk()) << bits;
    EXPECT_EQ(key->kind(), KeyKind::kRsa);
    EXPECT_EQ(key->n(), modulus_of(bits));
    EXPECT_EQ(key->e(), e);
  }
  for (const std::size_t bits : {8U, 512U, 1024U, 2040U, 2047U}) {
    EXPECT_THAT(PublicKey::rsa(modulus_of(bits), e), RefusedWith(Code::k_jwk_too_small)) << bits;
  }
  for (const std::size_t bits : {8193U, 8200U, 16384U, 1000000U}) {
    EXPECT_THAT(PublicKey::rsa(modulus_of(bits), e), RefusedWith(Code::k_jwk_unsupported)) << bits;
  }
}

TEST(Rsa, RefusesExponentsThatAreEvenTinyOrLong) {
  const Bytes n = modulus_of(2048);
  for (const std::string_view e : {"01", "02", "03", "11", "ffff", "010000", "010002",
                                   "ffffffffffffffffff", "010000000000000001"}) {
    EXPECT_THAT(PublicKey::rsa(n, hex(e)), RefusedWith(Code::k_jwk_unsupported)) << e;
  }
  for (const std::string_view e : {"010001", "010003", "ffffffff", "ffffffffffffffff"}) {
    EXPECT_THAT(PublicKey::rsa(n, hex(e)), IsOk()) << e;
  }
}

TEST(Rsa, RefusesLeadingZerosAndEvenModuli) {
  Bytes zero_first = modulus_of(2048);
  zero_first.insert(zero_first.begin(), 0);
  Bytes even = modulus_of(2048);
  even.back() = 0x5a;
  const Bytes e = hex("010001");
  EXPECT_THAT(PublicKey::rsa(zero_first, e), RefusedWith(Code::k_jwk_malformed));
  EXPECT_THAT(PublicKey::rsa(even, e), RefusedWith(Code::k_jwk_malformed));
  EXPECT_THAT(PublicKey::rsa(modulus_of(2048), hex("00010001")),
              RefusedWith(Code::k_jwk_malformed));
  EXPECT_THAT(PublicKey::rsa({}, e), RefusedWith(Code::k_jwk_malformed));
  EXPECT_THAT(PublicKey::rsa(modulus_of(2048), {}), RefusedWith(Code::k_jwk_malformed));
}

TEST(PublicKey, SurvivesPem) {
  for (const auto& key : {*PublicKey::ed25519(hex(
                              "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")),
                          p256_key(), *PublicKey::rsa(modulus_of(2048), hex("010001"))}) {
    const std::string pem = key.to_pem();
    EXPECT_TRUE(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"));
    EXPECT_THAT(PublicKey::from_pem(pem), IsOkAndHolds(key));
    EXPECT_THAT(PublicKey::from_pem("\n " + pem + "\r\n"), IsOkAndHolds(key));
  }
}

TEST(PublicKey, IsEqualByKindAndParts) {
  const Bytes x = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_EQ(*PublicKey::ed25519(x), *PublicKey::ed25519(x));
  EXPECT_NE(*PublicKey::ed25519(x), p256_key());
  EXPECT_NE(*PublicKey::rsa(modulus_of(2048), hex("010001")),
            *PublicKey::rsa(modulus_of(2048), hex("010003")));
}

TEST(PublicKeyFromPem, RefusesAllButOneBlockOfTheRightLabel) {
  const std::string pem = p256_key().to_pem();
  const std::string body = pem.substr(27, pem.size() - 27 - 25);
  for (const auto& text :
       {std::string(), std::string("junk"), "junk\n" + pem, pem + "junk", pem + pem,
        pem.substr(0, 60), pem.substr(1), std::string("-----BEGIN PUBLIC KEY-----"),
        "-----BEGIN CERTIFICATE-----\n" + body + "-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\n" + body + "-----END PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\n\n" + body +
            "-----END PUBLIC KEY-----\n",
        std::string("-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----\n"),
        std::string(100000, '-')}) {
    EXPECT_THAT(PublicKey::from_pem(text), RefusedWith(Code::k_jwk_malformed)) << text;
  }
}

constexpr std::string_view kP256Der =
    "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";

TEST(PublicKeyFromDer, TakesASubjectPublicKeyInfo) {
  EXPECT_THAT(PublicKey::from_der(hex(kP256Der)), IsOkAndHolds(p256_key()));
}

TEST(PublicKeyFromDer, RefusesEveryCutAndTrailingBytes) {
  const Bytes der = hex(kP256Der);
  for (std::size_t size = 0; size < der.size(); ++size) {
    EXPECT_THAT(PublicKey::from_der(ByteView(der).first(size)), RefusedWith(Code::k_jwk_malformed))
        << size;
  }
  Bytes longer = der;
  longer.push_back(0);
  EXPECT_THAT(PublicKey::from_der(longer), RefusedWith(Code::k_jwk_malformed));
}

TEST(PublicKeyFromDer, RefusesThePointAtInfinity) {
  EXPECT_THAT(PublicKey::from_der(hex("3019301306072a8648ce3d020106082a8648ce3d03010703020000")),
              RefusedWith(Code::k_jwk_malformed));
}

TEST(PublicKeyFromDer, RefusesOtherKindsAndCurves) {
  const struct {
    const char* kind;
    std::string_view der;
  } kCases[] = {
      {"P-384",
       "3076301006072a8648ce3d020106052b8104002203620004ef5360261c57fb71560760103dd6489c99ee4afb7eb"
       "3"
       "1f3edf1b03f6ac6ec37292662e32f0d339db453d2047966a80d0274e9378adc1b5234d3223248439eddf1f1c4eb"
       "3"
       "39a693c8f565cacc012f7b3f4da15ebd0f59048d9e0d7f2af2cadf4c"},
      {"secp256k1",
       "3056301006072a8648ce3d020106052b8104000a03420004d9391e8e9874cda8a70a577ae28be73c85c7c0fcc27"
       "e"
       "ae3969cc715b7f2e01b0543e4a787a7b8a03fc79f03b50a2313989cd7c7531fd94f615130f793d2a3810"},
      {"Ed448",
       "3043300506032b6571033a004b0fba4a77ea5b1b6ec433408c6a0821a10c6f1d7b0a31f725b5809a736819e0f66"
       "1"
       "27006690c07814d26897d713074be7cb90144b33c68680"},
      {"X25519",
       "302a300506032b656e0321006849f35e715ea9bf1d63c5f2c5b1c6cbd92cf2a913618dd83f37be66"
       "922ebb6e"},
      {"an unknown kind",
       "302a300506032b65660321006849f35e715ea9bf1d63c5f2c5b1c6cbd92cf2a913618dd8"
       "3f37be66922ebb6e"},
  };
  for (const auto& [kind, der] : kCases) {
    EXPECT_THAT(PublicKey::from_der(hex(der)), RefusedWith(Code::k_jwk_unsupported)) << kind;
  }
}

TEST(PublicKeyFromPem, RefusesRsaKeysThatAreTooSmall) {
  constexpr std::string_view kPem =
      "-----BEGIN PUBLIC KEY-----\n"
      "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDOwCExe361pdCpkuT303pr9zrR\n"
      "XY2c8oV073SK0Lmzhuft72iJoepDi3QbKPH9BUs0l40oex+akvAqEZEopWlvmjJ1\n"
      "6j8PzCdDQhwPK7lWDYV6p8wy+CDVfdvDepBGrA4Levrefue8ofwspvSC+cPIP4nS\n"
      "tKPLF0MYQk2ynZ110wIDAQAB\n"
      "-----END PUBLIC KEY-----\n";
  EXPECT_THAT(PublicKey::from_pem(kPem), RefusedWith(Code::k_jwk_too_small));
}

}  // namespace
}  // namespace ajwt::crypto
