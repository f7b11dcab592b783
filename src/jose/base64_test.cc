// SPDX-License-Identifier: Apache-2.0
#include "jose/base64.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/matchers.h"

namespace ajwt::jose {
namespace {

TEST(Base64, SpellsTheExamplesOfRfc4648) {
  const std::vector<std::pair<std::string, std::string>> examples = {{"", ""},
                                                                     {"f", "Zg=="},
                                                                     {"fo", "Zm8="},
                                                                     {"foo", "Zm9v"},
                                                                     {"foob", "Zm9vYg=="},
                                                                     {"fooba", "Zm9vYmE="},
                                                                     {"foobar", "Zm9vYmFy"},
                                                                     {"\xfb\xff\xbf", "+/+/"}};
  for (const auto& [plain, encoded] : examples) {
    EXPECT_EQ(encode_base64(plain), encoded);
    const auto decoded = decode_base64(encoded);
    ASSERT_THAT(decoded, IsOk());
    EXPECT_EQ(as_text(*decoded), plain);
  }
}

TEST(Base64, HasOneSpellingForEach) {
  for (const char* text :
       {"Zg", "Zg=", "Zg===", "Zh==", "-_-_", "Zg==\n", " Zg==", "Z===", "===="}) {
    EXPECT_THAT(decode_base64(text), RefusedWith(Code::k_base64_malformed)) << text;
  }
}

}  // namespace
}  // namespace ajwt::jose
