// SPDX-License-Identifier: Apache-2.0
#include "protocol/uri.h"

#include <gtest/gtest.h>

namespace ajwt {
namespace {

TEST(IsLoopbackHost, KnowsTheNamesOfThisMachine) {
  for (const std::string_view host :
       {"localhost", "LocalHost", "127.0.0.1", "127.0.0.2", "127.255.255.255", "[::1]"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
}

TEST(IsLoopbackHost, TakesNothingElseForIt) {
  for (const std::string_view host : {"",
                                      "::1",
                                      "[::]",
                                      "[::1",
                                      "127",
                                      "127.",
                                      "127.0.0",
                                      "127.0.0.",
                                      "127.0.0.256",
                                      "127.0.0.1.",
                                      "127.0.0.1.2",
                                      "127.0.0.08",
                                      "127.0.0.001",
                                      "127.00.0.1",
                                      "127.0.0.x",
                                      "127..0.1",
                                      "127.0.0.-1",
                                      "127.0.0.1.evil.example",
                                      "128.0.0.1",
                                      "0.0.0.0",
                                      "localhost.evil.example",
                                      "[::ffff:127.0.0.1]",
                                      "[0:0:0:0:0:0:0:1]"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

}  // namespace
}  // namespace ajwt
