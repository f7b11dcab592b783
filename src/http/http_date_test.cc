// SPDX-License-Identifier: Apache-2.0
#include "http/http_date.h"

#include <gtest/gtest.h>

namespace ajwt::http {
namespace {

TEST(HttpDate, ReadsWhatRfc9110Writes) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), from_unix(784111777));
  EXPECT_EQ(parse_http_date(""), std::nullopt);
  EXPECT_EQ(parse_http_date("yesterday"), std::nullopt);
}

}  // namespace
}  // namespace ajwt::http
