// SPDX-License-Identifier: Apache-2.0
#include "protocol/component_drift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.h"
#include "tests/support/matchers.h"

namespace ajwt {
namespace {

using ::testing::ElementsAre;

const Component kPromptPart{.part = Part::kPrompt};

Component tool_part(std::string name) { return {.part = Part::kTool, .name = std::move(name)}; }

TEST(ComponentDrift, NamesEveryPartOfEitherSideOnce) {
  const ComponentDigests registered{
      {kPromptPart, "p"}, {tool_part("a"), "1"}, {tool_part("b"), "2"}, {tool_part("d"), "4"}};
  const ComponentDigests live{
      {kPromptPart, "p"}, {tool_part("b"), "3"}, {tool_part("c"), "1"}, {tool_part("d"), "4"}};
  EXPECT_THAT(compare_components(registered, live),
              ElementsAre(ComponentDrift{kPromptPart, Drift::kSame},
                          ComponentDrift{tool_part("a"), Drift::kMissing},
                          ComponentDrift{tool_part("b"), Drift::kChanged},
                          ComponentDrift{tool_part("c"), Drift::kAdded},
                          ComponentDrift{tool_part("d"), Drift::kSame}));
  EXPECT_THAT(compare_components({}, {}), ElementsAre());
  EXPECT_THAT(compare_components(registered, {}).size(), 4u);
}

TEST(ComponentDrift, TellsServersAndKindsApart) {
  const Component one{.part = Part::kServerTool, .server = "a", .name = "fetch"};
  const Component two{.part = Part::kServerTool, .server = "b", .name = "fetch"};
  EXPECT_THAT(
      compare_components({{one, "1"}, {tool_part("fetch"), "1"}}, {{two, "1"}}),
      ElementsAre(ComponentDrift{tool_part("fetch"), Drift::kMissing},
                  ComponentDrift{one, Drift::kMissing}, ComponentDrift{two, Drift::kAdded}));
}

TEST(ComponentDrift, IsReadAsItIsWritten) {
  for (const Drift drift : {Drift::kSame, Drift::kChanged, Drift::kMissing, Drift::kAdded}) {
    for (const Component& component :
         {kPromptPart, tool_part("t"),
          Component{.part = Part::kServerTool, .server = "s", .name = "t"}}) {
      const ComponentDrift each{component, drift};
      EXPECT_THAT(parse_component_drift(to_json(each)), IsOkAndHolds(each));
    }
  }
  for (const char* text :
       {"{}", R"({"part":"prompt","result":"same"})", R"({"part":"tools","result":"equal"})",
        R"({"part":1,"result":"same"})"}) {
    EXPECT_THAT(parse_component_drift(*json::parse_object(text)),
                RefusedWith(Code::k_response_malformed))
        << text;
  }
}

}  // namespace
}  // namespace ajwt
