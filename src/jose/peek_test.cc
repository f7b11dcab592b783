// SPDX-License-Identifier: Apache-2.0
#include "jose/peek.h"

#include <gtest/gtest.h>

#include "jose/base64url.h"
#include "tests/support/matchers.h"

namespace ajwt::jose {
namespace {

std::string jws_of(std::string_view header, std::string_view payload) {
  return encode_base64url(header) + "." + encode_base64url(payload) + ".c2ln";
}

TEST(Peek, ReadsBothPartsWhateverTheSignature) {
  const std::string jws = jws_of(R"({"alg":"none"})", R"({"sub":"x"})");
  EXPECT_EQ(peek_header(jws, 4096)->text("alg"), "none");
  EXPECT_EQ(peek_payload(jws, 4096)->text("sub"), "x");
}

TEST(Peek, RefusesWhatIsNoCompactJws) {
  const std::string good = jws_of("{}", "{}");
  EXPECT_THAT(peek_payload("", 4096), RefusedWith(Code::k_jws_malformed));
  EXPECT_THAT(peek_payload("a.b", 4096), RefusedWith(Code::k_jws_malformed));
  EXPECT_THAT(peek_payload(good + ".x", 4096), RefusedWith(Code::k_jws_malformed));
  EXPECT_THAT(peek_payload(good, good.size() - 1), RefusedWith(Code::k_jws_too_large));
  EXPECT_THAT(peek_payload("e30.e30=.x", 4096), RefusedWith(Code::k_base64_malformed));
  EXPECT_THAT(peek_payload(jws_of("{}", "[]"), 4096), RefusedWith(Code::k_json_wrong_type));
  EXPECT_THAT(peek_header(jws_of("[]", "{}"), 4096), RefusedWith(Code::k_json_wrong_type));
}

}  // namespace
}  // namespace ajwt::jose
