// SPDX-License-Identifier: Apache-2.0
#include "protocol/subject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.h"

namespace ajwt {
namespace {

TEST(AgentName, ReadsWhatItWrites) {
  const AgentName name{AppId::trusted("shop"), AgentId::trusted("patcher")};
  EXPECT_EQ(name.str(), "agent:shop:patcher");
  EXPECT_THAT(AgentName::parse(name.str()), IsOkAndHolds(name));
}

TEST(AgentName, GivesEveryFurtherColonToTheAgent) {
  const auto name = AgentName::parse("agent:shop:team:patcher");
  ASSERT_THAT(name, IsOk());
  EXPECT_EQ(name->app_id.str(), "shop");
  EXPECT_EQ(name->agent_id.str(), "team:patcher");
}

TEST(AgentName, RefusesWhatIsNoAgent) {
  for (const char* text : {"", "agent", "agent:", "agent:shop", "agent::patcher",
                           "agent:shop:", "user:shop:patcher", "Agent:shop:patcher",
                           "agent:shop:a b", "agent:sh|op:a", " agent:shop:a", "agent:shop:a\n"}) {
    EXPECT_THAT(AgentName::parse(text), RefusedWith(Code::k_claim_malformed)) << text;
  }
}

TEST(AppIdOfAnApplication, HasNoColon) {
  EXPECT_THAT(parse_app_id("shop-1.eu_west"), IsOk());
  EXPECT_THAT(parse_app_id("shop:eu"), RefusedWith(Code::k_identifier_malformed));
  EXPECT_THAT(parse_app_id(""), RefusedWith(Code::k_identifier_malformed));
}

}  // namespace
}  // namespace ajwt
