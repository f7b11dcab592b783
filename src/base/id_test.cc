// SPDX-License-Identifier: Apache-2.0
#include "base/id.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <unordered_set>

#include "tests/support/matchers.h"

namespace ajwt {
namespace {

// One kind of id is never taken for another, and none exists without a text.
static_assert(!std::is_convertible_v<AgentId, AppId>);
static_assert(!std::is_constructible_v<AgentId, std::string>);
static_assert(!std::is_default_constructible_v<AgentId>);

TEST(Id, TakesTheCharactersAndLengthsOfAnIdentifier) {
  for (const auto& text : {std::string("a"), std::string("A-z_0.9:x"), std::string(128, 'a')}) {
    const auto id = AgentId::parse(text);
    ASSERT_THAT(id, IsOk());
    EXPECT_EQ(id->str(), text);
  }
}

TEST(Id, RefusesEverythingElse) {
  for (int c = 0; c < 256; ++c) {
    const std::string text = std::string("a") + static_cast<char>(c);
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '.' || c == '_' || c == ':' || c == '-';
    EXPECT_EQ(is_identifier(text), allowed) << c;
  }
  EXPECT_THAT(AppId::parse(""), RefusedWith(Code::k_identifier_malformed));
  EXPECT_THAT(AppId::parse(std::string(129, 'a')), RefusedWith(Code::k_identifier_malformed));
  EXPECT_THAT(AppId::parse("a|b"), RefusedWith(Code::k_identifier_malformed));
}

TEST(Id, RefusalNamesTheKindAndNotTheText) {
  EXPECT_EQ(StepId::parse("a b").error().message(), "workflow_step");
}

TEST(Id, ComparesAndHashesByItsText) {
  EXPECT_EQ(AgentId::trusted("a"), AgentId::trusted("a"));
  EXPECT_LT(AgentId::trusted("a"), AgentId::trusted("b"));
  EXPECT_NE(AgentId::trusted("a"), AgentId::trusted("A"));
  const std::unordered_set<AgentId> ids{AgentId::trusted("a"), AgentId::trusted("a")};
  EXPECT_EQ(ids.size(), 1U);
}

}  // namespace
}  // namespace ajwt
