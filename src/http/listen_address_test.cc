// SPDX-License-Identifier: Apache-2.0
#include "http/listen_address.h"

#include "tests/support/matchers.h"

namespace ajwt::http {
namespace {

TEST(ParseListenAddress, TakesNumericAddresses) {
  const auto v4 = parse_listen_address("127.0.0.1:8710");
  ASSERT_THAT(v4, IsOk());
  EXPECT_EQ(v4->address, "127.0.0.1");
  EXPECT_EQ(v4->port, 8710);
  const auto v6 = parse_listen_address("[::1]:0");
  ASSERT_THAT(v6, IsOk());
  EXPECT_EQ(v6->address, "::1");
  EXPECT_EQ(v6->port, 0);
  const auto long_v6 = parse_listen_address("[0:0:0:0:0:0:0:1]:1");
  ASSERT_THAT(long_v6, IsOk());
  EXPECT_EQ(long_v6->address, "::1");
  EXPECT_EQ(host_of(v4->address), "127.0.0.1");
  EXPECT_EQ(host_of(v6->address), "[::1]");
}

TEST(ParseListenAddress, RefusesEverythingElse) {
  for (const std::string_view text :
       {"", "8710", ":8710", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:80x", "localhost:8710", "::1:8710", "[127.0.0.1]:8710", "[::1:8710"}) {
    EXPECT_THAT(parse_listen_address(text), RefusedWith(Code::k_configuration_refused)) << text;
  }
}

}  // namespace
}  // namespace ajwt::http
