// SPDX-License-Identifier: Apache-2.0
#include "protocol/readiness.h"

#include <gtest/gtest.h>

#include "json/write.h"

namespace ajwt {
namespace {

TEST(Readiness, NamesEveryPartThatIsUp) {
  EXPECT_EQ(json::write(write_readiness({{.name = "store"}, {.name = "signing_keys"}})),
            R"({"status":"ready","components":{"store":{"status":"up"},)"
            R"("signing_keys":{"status":"up"}}})");
}

TEST(Readiness, SaysWhatIsDownAndWhy) {
  const std::vector<ComponentState> components = {
      {.name = "store"},
      {.name = "keys", .down = Code::k_keys_unavailable, .cause = Code::k_network_failed}};
  EXPECT_EQ(find_down(components), Code::k_keys_unavailable);
  EXPECT_EQ(json::write(write_readiness(components)),
            R"({"status":"not_ready","reason":"keys_unavailable","components":{)"
            R"("store":{"status":"up"},"keys":{"status":"down","reason":"keys_unavailable",)"
            R"("cause":"network_failed"}}})");
}

}  // namespace
}  // namespace ajwt
