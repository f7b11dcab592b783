// SPDX-License-Identifier: Apache-2.0
#include "shim/internal/fleet_core.h"

#include <gtest/gtest.h>

#include <set>

namespace ajwt::shim {
namespace {

// Protocol 9. The fleet's own tests vary what a caller can; here is what no caller can vary alone,
// since a key and a checksum belong to one declaration.
TEST(TokenKey, DiffersWithEachOfItsParts) {
  const ToolCall call{.tool = "t", .scopes = {"s"}, .audience = "https://a.example"};
  ToolCall tool = call;
  tool.tool = "u";
  ToolCall audience = call;
  audience.audience = "https://b.example";
  const std::set<std::string> keys{
      token_key("step", "jkt", "sum", call, "s"),
      token_key("other", "jkt", "sum", call, "s"),
      token_key("step", "other", "sum", call, "s"),
      token_key("step", "jkt", "other", call, "s"),
      token_key("step", "jkt", "sum", tool, "s"),
      token_key("step", "jkt", "sum", audience, "s"),
      token_key("step", "jkt", "sum", call, "other"),
  };
  EXPECT_EQ(keys.size(), 7U);
}

}  // namespace
}  // namespace ajwt::shim
