// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <array>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "crypto/key.h"
#include "tests/support/matchers.h"

namespace ajwt::crypto {
namespace {

constexpr auto kAllSchemes = std::to_array<Scheme>(
    {Scheme::kEd25519, Scheme::kEcdsaP256, Scheme::kRsaPkcs1, Scheme::kRsaPss});

// One key of each kind for the whole program: RSA keys take long to find.
const PrivateKey& key_of(KeyKind kind) {
  static const auto keys = std::to_array<PrivateKey>({
      *PrivateKey::generate(KeyKind::kEd25519),
      *PrivateKey::generate(KeyKind::kP256),
      *PrivateKey::generate(KeyKind::kRsa),
  });
  return keys.at(static_cast<std::size_t>(kind));
}

const PrivateKey& key_for(Scheme scheme) {
  for (const auto kind : {KeyKind::kEd25519, KeyKind::kP256}) {
    if (fits(kind, scheme)) return key_of(kind);
  }
  return key_of(KeyKind::kRsa);
}

std::size_t signature_size(Scheme scheme) {
  return scheme == Scheme::kEd25519 || scheme == Scheme::kEcdsaP256 ? 64 : 256;
}

Secret secret(std::string_view text) { return Secret(std::string(text)); }

TEST(PrivateKey, SignsWhatItsPublicKeyVerifies) {
  for (const auto scheme : kAllSchemes) {
    const PrivateKey& key = key_for(scheme);
    for (const std::string message : {"", "x", "a message of some length"}) {
      const auto signature = key.sign(scheme, as_bytes(message));
      ASSERT_THAT(signature, IsOk());
      EXPECT_EQ(signature->size(), signature_size(scheme));
      EXPECT_THAT(key.public_key().verify(scheme, as_bytes(message), *signature), IsOk());
      EXPECT_THAT(key.public_key().verify(scheme, as_bytes(message + "!"), *signature),
                  RefusedWith(Code::k_jws_signature_invalid));
    }
  }
}

TEST(PrivateKey, SignaturesDoNotSurviveAnyChangedByte) {
  for (const auto scheme : kAllSchemes) {
    const Bytes signature = *key_for(scheme).sign(scheme, as_bytes("message"));
    for (std::size_t i = 0; i < signature.size(); ++i) {
      Bytes changed = signature;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ (1U << (i % 8)));
      EXPECT_THAT(key_for(scheme).public_key().verify(scheme, as_bytes("message"), changed),
                  RefusedWith(Code::k_jws_signature_invalid))
          << i;
    }
  }
}

TEST(PrivateKey, SignaturesOfAnotherLengthAreRefused) {
  for (const auto scheme : kAllSchemes) {
    const PublicKey& key = key_for(scheme).public_key();
    const Bytes signature = *key_for(scheme).sign(scheme, as_bytes("message"));
    Bytes longer = signature;
    longer.push_back(0);
    Bytes zero_first = signature;
    zero_first.insert(zero_first.begin(), 0);
    for (const auto& wrong :
         {longer, zero_first, Bytes(), Bytes(signature.begin(), signature.end() - 1),
          Bytes(signature.begin() + 1, signature.end())}) {
      EXPECT_THAT(key.verify(scheme, as_bytes("message"), wrong),
                  RefusedWith(Code::k_jws_signature_invalid));
    }
  }
}

TEST(PrivateKey, EverySchemeRefusesTheSignaturesAndKeysOfAnother) {
  for (const auto signing : kAllSchemes) {
    const Bytes signature = *key_for(signing).sign(signing, as_bytes("message"));
    for (const auto verifying : kAllSchemes) {
      if (verifying == signing) continue;
      for (const auto kind : {KeyKind::kEd25519, KeyKind::kP256, KeyKind::kRsa}) {
        EXPECT_THAT(key_of(kind).public_key().verify(verifying, as_bytes("message"), signature),
                    RefusedWith(Code::k_jws_signature_invalid));
      }
    }
  }
}

TEST(PrivateKey, RefusesToSignWithASchemeThatDoesNotFit) {
  for (const auto scheme : kAllSchemes) {
    for (const auto kind : {KeyKind::kEd25519, KeyKind::kP256, KeyKind::kRsa}) {
      if (fits(kind, scheme)) continue;
      EXPECT_THAT(key_of(kind).sign(scheme, as_bytes("x")), RefusedWith(Code::k_crypto_failed));
    }
  }
}

TEST(PrivateKey, AnotherKeyOfTheSameKindVerifiesNothing) {
  const auto other = PrivateKey::generate(KeyKind::kEd25519);
  const Bytes signature = *key_of(KeyKind::kEd25519).sign(Scheme::kEd25519, as_bytes("x"));
  EXPECT_THAT(other->public_key().verify(Scheme::kEd25519, as_bytes("x"), signature),
              RefusedWith(Code::k_jws_signature_invalid));
  EXPECT_NE(other->public_key(), key_of(KeyKind::kEd25519).public_key());
}

TEST(PrivateKey, GeneratesRsaKeysOf2048Bits) {
  EXPECT_EQ(key_of(KeyKind::kRsa).public_key().n().size(), 256U);
  EXPECT_EQ(to_hex(key_of(KeyKind::kRsa).public_key().e()), "010001");
}

TEST(PrivateKey, SignsAsRfc8032Does) {
  const auto hex = [](std::string_view digits) { return parse_hex(digits).value(); };
  const auto key = PrivateKey::from_ed25519_seed(
      hex("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42"));
  ASSERT_THAT(key, IsOk());
  EXPECT_EQ(to_hex(key->public_key().x()),
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf");
  const Bytes message =
      hex("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  EXPECT_THAT(
      key->sign(Scheme::kEd25519, message),
      IsOkAndHolds(hex("dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
                       "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704")));
}

TEST(PrivateKey, TakesSeedsOf32BytesAlone) {
  for (const std::size_t size : {0U, 31U, 33U, 64U}) {
    EXPECT_THAT(PrivateKey::from_ed25519_seed(Bytes(size, 1)), RefusedWith(Code::k_jwk_malformed));
  }
}

TEST(PrivateKey, SurvivesPem) {
  for (const auto scheme : kAllSchemes) {
    const PrivateKey& key = key_for(scheme);
    const auto pem = key.to_pem();
    ASSERT_THAT(pem.has_value(), true);
    EXPECT_TRUE(pem->reveal().starts_with("-----BEGIN PRIVATE KEY-----\n"));

    const auto read = PrivateKey::from_pem(*pem);

    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->kind(), key.kind());
    EXPECT_EQ(read->public_key(), key.public_key());
    const auto signature = read->sign(scheme, as_bytes("message"));
    ASSERT_THAT(signature, IsOk());
    EXPECT_THAT(key.public_key().verify(scheme, as_bytes("message"), *signature), IsOk());
    EXPECT_TRUE(read->to_pem()->equals(pem->reveal()));
  }
}

// Made for this test and used nowhere else.
constexpr std::string_view kP256Body =
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0S5J6U4JZi7kSUAY\n"
    "H82Dp2jKBAlE3eio5Wt1XZCS6ryhRANCAASS2XIbZPZ2nA1M6mC9Kam9Wd2ngZbD\n"
    "cheRTOEpMC1pC12sQ6+TgGuLRtWWQ0rIuFcduVhsU55NCv/zm5xnMpGc\n";

std::string pem_of(std::string_view label, std::string_view body) {
  return "-----BEGIN " + std::string(label) + "-----\n" + std::string(body) + "-----END " +
         std::string(label) + "-----\n";
}

TEST(PrivateKeyFromPem, TakesOneBlockAndNothingElse) {
  const std::string pem = pem_of("PRIVATE KEY", kP256Body);
  EXPECT_TRUE(PrivateKey::from_pem(secret(pem)).has_value());
  EXPECT_TRUE(PrivateKey::from_pem(secret("\n" + pem + "\n")).has_value());
  for (const auto& text : {std::string(), "x" + pem, pem + "x", pem + pem,
                           pem.substr(0, pem.size() / 2), pem_of("PUBLIC KEY", kP256Body),
                           pem_of("PRIVATE KEY", ""), pem_of("PRIVATE KEY", "AAAA\n")}) {
    EXPECT_THAT(PrivateKey::from_pem(secret(text)), RefusedWith(Code::k_jwk_malformed));
  }
}

TEST(PrivateKeyFromPem, RefusesOlderAndEncryptedForms) {
  constexpr std::string_view kSec1Body =
      "MHcCAQEEINEuSelOCWYu5ElAGB/Ng6doygQJRN3oqOVrdV2Qkuq8oAoGCCqGSM49\n"
      "AwEHoUQDQgAEktlyG2T2dpwNTOpgvSmpvVndp4GWw3IXkUzhKTAtaQtdrEOvk4Br\n"
      "i0bVlkNKyLhXHblYbFOeTQr/85ucZzKRnA==\n";
  constexpr std::string_view kEncryptedBody =
      "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgBa78g3bpObQICCAAw\n"
      "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEE2WGOxPzEHd64+TZF1JEsYEgZBr\n"
      "SBrBh3aMDrqMnC0BvjBa7XfYgc2jj5BhEwCvFuisnqZdOL81TBAfME1swQxIYLZ7\n"
      "M+qZD8MrGNICP8W8nF49ZRmOtU9SrLvsvK6qk/Mpwv6hB/mVNmWfaZZPpj3t4MzX\n"
      "3ExK3oxQQ2cZtVv46QckZgviO6/kxUbXIuLvZ/Cq75GI0EyFK85mFIFUF/255WI=\n";
  for (const auto& text :
       {pem_of("EC PRIVATE KEY", kSec1Body), pem_of("PRIVATE KEY", kSec1Body),
        pem_of("ENCRYPTED PRIVATE KEY", kEncryptedBody), pem_of("PRIVATE KEY", kEncryptedBody)}) {
    EXPECT_THAT(PrivateKey::from_pem(secret(text)), RefusedWith(Code::k_jwk_malformed));
  }
}

TEST(PrivateKeyFromPem, RefusesPartsThatDoNotBelongTogether) {
  constexpr std::string_view kMismatchedBody =
      "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0S5J6U4JZi7kSUAY\n"
      "H82Dp2jKBAlE3eio5Wt1XZCS6ryhRANCAAS+ZpH5sX//Xa1zancU78N+D7REZskQ\n"
      "o2Y/EvZ3ZUAzkEm1wTObxhu2W/ZokhzUG2+3oVq6eJt79wywusu4aRCK\n";
  EXPECT_THAT(PrivateKey::from_pem(secret(pem_of("PRIVATE KEY", kMismatchedBody))),
              RefusedWith(Code::k_jwk_malformed));
}

TEST(PrivateKeyFromPem, RefusesSmallKeysAndOtherKinds) {
  constexpr std::string_view kRsa1024Body =
      "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAM7AITF7frWl0KmS\n"
      "5PfTemv3OtFdjZzyhXTvdIrQubOG5+3vaImh6kOLdBso8f0FSzSXjSh7H5qS8CoR\n"
      "kSilaW+aMnXqPw/MJ0NCHA8ruVYNhXqnzDL4INV928N6kEasDgt6+t5+57yh/Cym\n"
      "9IL5w8g/idK0o8sXQxhCTbKdnXXTAgMBAAECgYAlcxnQG71867cbMDd3SIAxVEv8\n"
      "JoUDO86+uq0Sg/JPOY2DRM1buM91QqpaTRVgLnhL43O3NG4qEpmcFSiFA0lQkW4R\n"
      "oo+CxjI5f2vtOaOW7vwWgG9QlNOX5rMnr0NxQTNkXzMLaPFri2KKbfFvFa6BGFZP\n"
      "JV5bOnen5cQFZThVMQJBAOyPQq+AVMCCjn/9qWE2MuQbTeIp1rmW7gJyJNdQyTMW\n"
      "tn4VaT+urR9i28U/oC49x/+OxRu42Nzga8Jff0n2/IkCQQDfvb7UKAwzlQNkeUJe\n"
      "boI67NlpUVb1MRrSiNv7RjUQfZWVlxlAEU40S0EK2xlJpTXoT0EwKjohTsLllyNz\n"
      "GSB7AkBgyWShZcJHWaNwHpr0mTZNOhatmCywll4fRhBowDbx3jMgdyYu1gsjMlF0\n"
      "7Mle4gw4NXPUGdcw1+l/B4+O9azxAkEAjEGLLb3JIFDKZqKpGz9VPhEZnS7TPzNA\n"
      "KDiJBjSVsTe4nKSyvHnct2VxaZe9e3Aooe+E4ueltxmDjZ84Jr/anwJAfa3d3WNj\n"
      "s+vGCc4dTUDI3AoecxPo31uAIXuT2X/fE86FSnpkltvT9HSi84UZYdAiDDlYgLfo\n"
      "/fzCCI/YVPpcBg==\n";
  constexpr std::string_view kX25519Body =
      "MC4CAQAwBQYDK2VuBCIEIDeXdUlVuveWvb/iPDttDZI/0FZ+3DI7oETAz5wwzSnV\n";
  EXPECT_THAT(PrivateKey::from_pem(secret(pem_of("PRIVATE KEY", kRsa1024Body))),
              RefusedWith(Code::k_jwk_too_small));
  EXPECT_THAT(PrivateKey::from_pem(secret(pem_of("PRIVATE KEY", kX25519Body))),
              RefusedWith(Code::k_jwk_unsupported));
}

TEST(PrivateKey, LeavesNothingInOpensslsErrorQueue) {
  EXPECT_THAT(PublicKey::from_pem("junk"), RefusedWith(Code::k_jwk_malformed));
  EXPECT_THAT(PublicKey::from_der(Bytes(40, 0x30)), RefusedWith(Code::k_jwk_malformed));
  EXPECT_THAT(PublicKey::p256(Bytes(32, 1), Bytes(32, 1)), RefusedWith(Code::k_jwk_malformed));
  EXPECT_THAT(PrivateKey::from_pem(secret(pem_of("PRIVATE KEY", "AAAA\n"))),
              RefusedWith(Code::k_jwk_malformed));
  for (const auto scheme : kAllSchemes) {
    const Bytes wrong(signature_size(scheme), 0x11);
    EXPECT_THAT(key_for(scheme).public_key().verify(scheme, as_bytes("x"), wrong),
                RefusedWith(Code::k_jws_signature_invalid));
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(PrivateKey, IsSharedByThreads) {
  std::vector<std::thread> threads;
  std::array<int, 4> good{};
  for (std::size_t t = 0; t < good.size(); ++t) {
    threads.emplace_back([t, &good] {
      const Scheme scheme = kAllSchemes.at(t);
      const std::string message = "message " + std::to_string(t);
      for (int i = 0; i < 20; ++i) {
        for (const auto other : {scheme, Scheme::kEcdsaP256}) {
          const auto signature = key_for(other).sign(other, as_bytes(message));
          if (signature &&
              key_for(other).public_key().verify(other, as_bytes(message), *signature)) {
            ++good.at(t);
          }
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const int count : good) EXPECT_EQ(count, 40);
}

TEST(Initialise, MayBeCalledAgain) {
  EXPECT_THAT(initialise(), IsOk());
  EXPECT_THAT(initialise(), IsOk());
}

}  // namespace
}  // namespace ajwt::crypto
