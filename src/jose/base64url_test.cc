// SPDX-License-Identifier: Apache-2.0
#include "jose/base64url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/matchers.h"

namespace ajwt::jose {
namespace {

Bytes bytes_of(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

TEST(Base64url, SpellsTheExamplesOfRfc4648WithoutPadding) {
  const std::vector<std::pair<std::string, std::string>> examples = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [plain, encoded] : examples) {
    EXPECT_EQ(encode_base64url(plain), encoded);
    EXPECT_THAT(decode_base64url(encoded), IsOkAndHolds(bytes_of(plain)));
  }
}

TEST(Base64url, UsesMinusAndUnderscore) {
  const Bytes bytes = {0xfb, 0xff, 0xbf};
  EXPECT_EQ(encode_base64url(ByteView(bytes)), "-_-_");
  EXPECT_THAT(decode_base64url("-_-_"), IsOkAndHolds(bytes));
}

TEST(Base64url, EveryByteReturnsAsItWas) {
  Bytes bytes;
  for (unsigned i = 0; i < 256; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(i));
    EXPECT_THAT(decode_base64url(encode_base64url(ByteView(bytes))), IsOkAndHolds(bytes));
  }
}

TEST(Base64url, RefusesEveryByteOutsideTheAlphabet) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (unsigned i = 0; i < 256; ++i) {
    const char c = static_cast<char>(static_cast<unsigned char>(i));
    const std::string text = std::string("AAA") + c;
    if (alphabet.find(c) != std::string::npos) {
      EXPECT_THAT(decode_base64url(text), IsOk()) << i;
    } else {
      EXPECT_THAT(decode_base64url(text), RefusedWith(Code::k_base64_malformed)) << i;
    }
  }
}

TEST(Base64url, RefusesPaddingWhiteSpaceAndTheOtherAlphabet) {
  for (const char* text :
       {"Zg==", "Zg=", "Zm8=", "=", "Zm9v\n", " Zm9v", "Zm 9v", "+/+/", "Zm9v="}) {
    EXPECT_THAT(decode_base64url(text), RefusedWith(Code::k_base64_malformed)) << text;
  }
}

TEST(Base64url, RefusesALengthThatNoBytesHave) {
  EXPECT_THAT(decode_base64url("A"), RefusedWith(Code::k_base64_malformed));
  EXPECT_THAT(decode_base64url("AAAAA"), RefusedWith(Code::k_base64_malformed));
}

TEST(Base64url, RefusesASecondSpellingOfTheSameBytes) {
  // "Zg" spells "f"; "Zh" to "Zv" differ from it only in the four bits that spell nothing.
  for (char c = 'h'; c <= 'v'; ++c) {
    EXPECT_THAT(decode_base64url(std::string("Z") + c), RefusedWith(Code::k_base64_malformed)) << c;
  }
  for (const char* text : {"Zm9", "Zm-", "Zm_"}) {
    EXPECT_THAT(decode_base64url(text), RefusedWith(Code::k_base64_malformed)) << text;
  }
}

}  // namespace
}  // namespace ajwt::jose
