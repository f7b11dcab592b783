// SPDX-License-Identifier: Apache-2.0
#include "protocol/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "crypto/hash.h"
#include "jose/base64.h"
#include "tests/support/matchers.h"
#include "tests/support/test_keys.h"

namespace ajwt {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Checkpoint sample() {
  return {.origin = "as.example/intent/audit", .head = {7, crypto::sha256("root")}};
}

VerifierKey log_key(std::uint8_t seed, std::string name = "as.example/intent/audit") {
  return *VerifierKey::create(std::move(name), testing::ed25519_key(seed).public_key());
}

std::string note() { return *sign_checkpoint(sample(), testing::ed25519_key(1)); }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// The key and the note that stand in C2SP signed-note, "Signatures" and "Verifier keys".
TEST(Checkpoint, ReadsAKeyOfAnotherImplementation) {
  const auto key =
      VerifierKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  ASSERT_THAT(key, IsOk());
  EXPECT_EQ(key->name(), "PeterNeumann");
  EXPECT_EQ(key->id(), 0xc74f20a3U);
}

// The note of the same place, signed over a text that is no checkpoint.
TEST(Checkpoint, TakesTheSignatureOfAnotherImplementation) {
  const auto key =
      *VerifierKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  const std::string text =
      "If you think cryptography is the answer to your problem,\n"
      "then you don't know what your problem is.\n";
  const std::string signature =
      "\xe2\x80\x94 PeterNeumann "
      "x08go/ZJkuBS9UG/"
      "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
  EXPECT_THAT(verify_checkpoint(text + "\n" + signature, key),
              RefusedWith(Code::k_checkpoint_malformed))
      << "signed, but no checkpoint";
  EXPECT_THAT(verify_checkpoint(replaced(text, "answer", "Answer") + "\n" + signature, key),
              RefusedWith(Code::k_checkpoint_signature_invalid));
}

TEST(Checkpoint, IsReadAsItWasSigned) {
  EXPECT_THAT(note(), StartsWith("as.example/intent/audit\n7\n"));
  EXPECT_THAT(note(), HasSubstr("\n\n\xe2\x80\x94 as.example/intent/audit "));
  const auto checkpoint = verify_checkpoint(note(), log_key(1));
  ASSERT_THAT(checkpoint, IsOk());
  EXPECT_EQ(checkpoint->origin, sample().origin);
  EXPECT_EQ(checkpoint->head, sample().head);
}

TEST(Checkpoint, TakesWitnessesBesideTheLog) {
  const std::string other = note() + "\xe2\x80\x94 witness.example AAAAAAAA\n";
  EXPECT_THAT(verify_checkpoint(other, log_key(1)), IsOk());
}

TEST(Checkpoint, IsNobodyElses) {
  for (const VerifierKey& key : {log_key(2), log_key(1, "as.example/other")}) {
    EXPECT_THAT(verify_checkpoint(note(), key), RefusedWith(Code::k_checkpoint_signature_invalid));
  }
  for (const auto& [from, to] :
       {std::pair{"\n7\n", "\n8\n"}, std::pair{"as.example", "bs.example"}}) {
    EXPECT_THAT(verify_checkpoint(replaced(note(), from, to), log_key(1)),
                RefusedWith(Code::k_checkpoint_signature_invalid));
  }
}

TEST(Checkpoint, IsRefusedInAnyOtherForm) {
  const auto sign = [](const std::string& text) {
    return *sign_note(text, sample().origin, testing::ed25519_key(1));
  };
  const std::string root = jose::encode_base64(ByteView(sample().head.root));
  const std::string good = "as.example/intent/audit\n7\n" + root + "\n";
  ASSERT_THAT(verify_checkpoint(sign(good), log_key(1)), IsOk());
  for (const std::string& text :
       {"as.example/intent/audit\n07\n" + root + "\n",
        "as.example/intent/audit\n-7\n" + root + "\n", "as.example/intent/audit\n\n" + root + "\n",
        "as.example/intent/audit\n7\n" + root + "\nmore\n",
        "as.example/intent/audit\n7\n" + root.substr(4) + "\n",
        std::string("as.example/intent/audit\n7\n"),
        std::string("as.example/intent/audit\n18446744073709551616\n") + root + "\n"}) {
    EXPECT_THAT(verify_checkpoint(sign(text), log_key(1)),
                RefusedWith(Code::k_checkpoint_malformed))
        << text;
  }
  for (const std::string& text : {std::string(), good, note() + "x", std::string(70'000, 'x')}) {
    EXPECT_THAT(verify_checkpoint(text, log_key(1)), RefusedWith(Code::k_checkpoint_malformed))
        << text;
  }
  for (const std::string& text : {good + "\n", note() + "\n"}) {
    EXPECT_THAT(verify_checkpoint(text, log_key(1)),
                RefusedWith(Code::k_checkpoint_signature_invalid))
        << text;
  }
}

TEST(VerifierKey, IsWrittenAsItIsRead) {
  const auto parsed = VerifierKey::parse(log_key(3).str());
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->str(), log_key(3).str());
  EXPECT_EQ(parsed->key(), testing::ed25519_key(3).public_key());
  for (const std::string& text :
       {std::string(), std::string("a"), std::string("a+b"), replaced(log_key(3).str(), "+", "x+"),
        replaced(log_key(3).str(), "audit+", "audit+0")}) {
    EXPECT_THAT(VerifierKey::parse(text), RefusedWith(Code::k_value_malformed)) << text;
  }
  EXPECT_THAT(VerifierKey::create("two words", log_key(1).key()),
              RefusedWith(Code::k_value_malformed));
  EXPECT_THAT(VerifierKey::create("a+b", log_key(1).key()), RefusedWith(Code::k_value_malformed));
}

}  // namespace
}  // namespace ajwt
