// SPDX-License-Identifier: Apache-2.0
#include "protocol/workflow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parse.h"
#include "tests/support/matchers.h"

namespace ajwt {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

StepId step(const char* text) { return StepId::trusted(text); }

Result<Workflow> parse(std::string_view text) {
  AJWT_ASSIGN(const json::Object object, json::parse_object(text));
  return parse_workflow(object);
}

// parse_steps parses a workflow of these steps; in them, A stands for the agent that every step
// needs.
Result<Workflow> parse_steps(std::string steps) {
  constexpr std::string_view kMark = "A,";
  constexpr std::string_view kAgent = R"("agent_id":"a",)";
  for (std::size_t at = 0; (at = steps.find("{A", at)) != std::string::npos;) {
    const bool has_more = steps.compare(at + 1, kMark.size(), kMark) == 0;
    const std::string_view agent = has_more ? kAgent : kAgent.substr(0, kAgent.size() - 1);
    steps.replace(at + 1, has_more ? 2 : 1, agent);
  }
  return parse(R"({"workflow_id":"w","steps":)" + steps + "}");
}

constexpr std::string_view kPatching = R"({
  "workflow_id": "patching",
  "steps": {
    "scan": {"agent_id": "planner", "action": "read", "audience": "https://api.example",
             "scopes": ["read:manifest"]},
    "side": {"agent_id": "planner", "required": false, "max_uses": 3},
    "review": {"approval_gate": true, "dependencies": ["scan"]},
    "apply": {"agent_id": "patcher", "action": "write", "audience": "https://api.example",
              "scopes": ["write:manifest"], "dependencies": ["side"], "requires_approval": true,
              "completion": "agent"}
  }
})";

TEST(Workflow, AsObjectKeepsTheOrderOfItsSteps) {
  const auto workflow = parse(kPatching);
  ASSERT_THAT(workflow, IsOk());
  ASSERT_EQ(workflow->steps.size(), 4u);
  EXPECT_EQ(workflow->steps[0].step_id, step("scan"));
  EXPECT_EQ(workflow->steps[1].max_uses, 3);
  EXPECT_FALSE(workflow->steps[1].required);
  EXPECT_TRUE(workflow->steps[2].approval_gate);
  EXPECT_EQ(workflow->steps[3].agent_id, AgentId::trusted("patcher"));
  EXPECT_THAT(workflow->steps[3].scopes, ElementsAre("write:manifest"));
}

TEST(Workflow, IsWrittenAsAnArrayAndReadBackAsItWas) {
  const auto workflow = parse(kPatching);
  ASSERT_THAT(workflow, IsOk());
  const json::Object written = to_json(*workflow);
  EXPECT_NE(written.find("steps")->find_array(), nullptr);
  EXPECT_THAT(parse_workflow(written), IsOkAndHolds(*workflow));
}

TEST(Workflow, HasDefaults) {
  const auto workflow = parse_steps(R"({"s":{A}})");
  ASSERT_THAT(workflow, IsOk());
  const WorkflowStep& only = workflow->steps[0];
  EXPECT_TRUE(only.required);
  EXPECT_FALSE(only.approval_gate);
  EXPECT_FALSE(only.requires_approval);
  EXPECT_EQ(only.max_uses, 1);
  EXPECT_EQ(only.permission(), std::nullopt);
}

TEST(Workflow, StepAllowsItsScopesAtItsAudienceWithItsAction) {
  const auto workflow = parse(kPatching);
  ASSERT_THAT(workflow, IsOk());
  EXPECT_EQ(workflow->steps[0].permission(),
            (Permission{"https://api.example", "read", {"read:manifest"}}));
}

TEST(Workflow, StepNeedsItsDependenciesAndEveryEarlierRequiredStep) {
  const auto workflow = parse(kPatching);
  ASSERT_THAT(workflow, IsOk());
  EXPECT_THAT(workflow->predecessors(workflow->steps[0]), IsEmpty());
  EXPECT_THAT(workflow->predecessors(workflow->steps[1]), ElementsAre(step("scan")));
  EXPECT_THAT(workflow->predecessors(workflow->steps[2]), ElementsAre(step("scan")));
  EXPECT_THAT(workflow->predecessors(workflow->steps[3]),
              ElementsAre(step("scan"), step("side"), step("review")));
}

TEST(Workflow, FindsStepsAndTheNearestGate) {
  const auto workflow =
      parse_steps(R"({"g1":{"approval_gate":true},"a":{A},"g2":{"approval_gate":true},"b":{A}})");
  ASSERT_THAT(workflow, IsOk());
  EXPECT_EQ(workflow->find(step("a")), &workflow->steps[1]);
  EXPECT_EQ(workflow->find(step("c")), nullptr);
  EXPECT_EQ(workflow->gate_before(workflow->steps[0]), nullptr);
  EXPECT_EQ(workflow->gate_before(workflow->steps[1]), &workflow->steps[0]);
  EXPECT_EQ(workflow->gate_before(workflow->steps[2]), &workflow->steps[0]);
  EXPECT_EQ(workflow->gate_before(workflow->steps[3]), &workflow->steps[2]);
}

struct Case {
  const char* text;
  Code code;
};

TEST(Workflow, MalformedIsRefused) {
  constexpr Case kCases[] = {
      {R"({"steps":{"s":{"agent_id":"a"}}})", Code::k_workflow_malformed},
      {R"({"workflow_id":1,"steps":{"s":{"agent_id":"a"}}})", Code::k_workflow_malformed},
      {R"({"workflow_id":"w x","steps":{"s":{"agent_id":"a"}}})", Code::k_identifier_malformed},
      {R"({"workflow_id":"w"})", Code::k_workflow_malformed},
      {R"({"workflow_id":"w","steps":{}})", Code::k_workflow_malformed},
      {R"({"workflow_id":"w","steps":[]})", Code::k_workflow_malformed},
      {R"({"workflow_id":"w","steps":"s"})", Code::k_workflow_malformed},
      {R"({"workflow_id":"w","steps":[1]})", Code::k_workflow_malformed},
      {R"({"workflow_id":"w","steps":{"s":1}})", Code::k_workflow_malformed},
      {R"({"workflow_id":"w","steps":{"s":{"agent_id":"a"}},"name":"n"})",
       Code::k_json_unknown_member},
  };
  for (const Case& test : kCases)
    EXPECT_THAT(parse(test.text), RefusedWith(test.code)) << test.text;
}

TEST(Workflow, WithAStepThatIsMalformedIsRefused) {
  constexpr Case kCases[] = {
      {R"({"s":{}})", Code::k_workflow_malformed},
      {R"([{A}])", Code::k_workflow_malformed},
      {R"([{A,"step_id":"s"},{A,"step_id":"s"}])", Code::k_workflow_malformed},
      {R"({"s":{A,"step_id":"t"}})", Code::k_workflow_malformed},
      {R"({"s|t":{A}})", Code::k_identifier_malformed},
      {R"({"s":{"agent_id":"a b"}})", Code::k_identifier_malformed},
      {R"({"s":{"agent_id":1}})", Code::k_workflow_malformed},
      {R"({"s":{A,"dependencies":["a b"]}})", Code::k_identifier_malformed},
      {R"({"s":{A,"dependencies":"t"}})", Code::k_workflow_malformed},
      {R"({"t":{A},"s":{A,"dependencies":["t","t"]}})", Code::k_workflow_malformed},
      {R"({"s":{A,"scopes":["x"]}})", Code::k_workflow_malformed},
      {R"({"s":{A,"scopes":"x"}})", Code::k_workflow_malformed},
      {R"({"s":{A,"scopes":["x y"],"audience":"https://a.example"}})", Code::k_scope_malformed},
      {R"({"s":{A,"audience":"a"}})", Code::k_parameter_malformed},
      {R"({"s":{A,"action":""}})", Code::k_workflow_malformed},
      {R"({"s":{A,"max_uses":0}})", Code::k_workflow_malformed},
      {R"({"s":{A,"max_uses":1001}})", Code::k_workflow_malformed},
      {R"({"s":{A,"max_uses":1.5}})", Code::k_workflow_malformed},
      {R"({"s":{A,"required":"yes"}})", Code::k_workflow_malformed},
      {R"({"s":{A,"requires_approval":1}})", Code::k_workflow_malformed},
      {R"({"s":{A,"completion":"never"}})", Code::k_workflow_malformed},
      {R"({"s":{A,"approval_gate":true}})", Code::k_workflow_malformed},
      {R"({"s":{"approval_gate":true,"scopes":["x"],"audience":"https://a.example"}})",
       Code::k_workflow_malformed},
      {R"({"s":{"approval_gate":true,"audience":"https://a.example"}})",
       Code::k_workflow_malformed},
      {R"({"s":{"approval_gate":true,"completion":"agent"}})", Code::k_workflow_malformed},
      {R"({"s":{A,"note":"n"}})", Code::k_json_unknown_member},
  };
  for (const Case& test : kCases) {
    EXPECT_THAT(parse_steps(test.text), RefusedWith(test.code)) << test.text;
  }
}

TEST(Workflow, WithWhatThisVersionDoesNotJudgeIsRefused) {
  for (const char* text : {R"({"s":{A,"constraints":{}}})", R"({"s":{A,"max_calls":1}})",
                           R"({"s":{A,"timeout_s":1}})", R"({"s":{A,"completion":"resource"}})",
                           R"({"g":{"approval_gate":true},"s":{A,"requires_approval":"action"}})",
                           R"({"g":{"approval_gate":true},"s":{A,"requires_approval":"step"}})"}) {
    EXPECT_THAT(parse_steps(text), RefusedWith(Code::k_not_supported)) << text;
  }
}

TEST(Workflow, WhoseDependenciesFormACycleIsRefused) {
  for (const char* text : {R"({"a":{A,"dependencies":["a"]}})",
                           R"({"a":{A,"dependencies":["b"]},"b":{A,"dependencies":["a"]}})",
                           R"({"x":{A},"a":{A,"required":false,"dependencies":["c"]},)"
                           R"("b":{A,"required":false,"dependencies":["a"]},)"
                           R"("c":{A,"required":false,"dependencies":["b"]}})"}) {
    EXPECT_THAT(parse_steps(text), RefusedWith(Code::k_workflow_cyclic)) << text;
  }
}

TEST(Workflow, WithADependencyThatIsNoStepIsRefused) {
  EXPECT_THAT(parse_steps(R"({"a":{A,"dependencies":["b"]}})"),
              RefusedWith(Code::k_workflow_dependency_unknown));
}

TEST(Workflow, WithApprovalButNoGateBeforeIsRefused) {
  EXPECT_THAT(parse_steps(R"({"a":{A,"requires_approval":true}})"),
              RefusedWith(Code::k_workflow_gate_missing));
  EXPECT_THAT(parse_steps(R"({"a":{A,"requires_approval":true},"g":{"approval_gate":true}})"),
              RefusedWith(Code::k_workflow_gate_missing));
  EXPECT_THAT(parse_steps(R"({"g":{"approval_gate":true},"a":{A,"requires_approval":true}})"),
              IsOk());
}

TEST(Workflow, WithAStepThatWaitsForItselfThroughTheSequenceIsRefused) {
  // "a" waits for "b", which as a later step waits for "a".
  EXPECT_THAT(parse_steps(R"({"a":{A,"dependencies":["b"]},"b":{A}})"),
              RefusedWith(Code::k_workflow_step_unreachable));
  // A step that is not required holds nobody up, so this one can be begun.
  EXPECT_THAT(parse_steps(R"({"a":{A,"required":false,"dependencies":["b"]},"b":{A}})"), IsOk());
  // The gate waits for the step that the gate must approve.
  EXPECT_THAT(parse_steps(R"({"g":{"approval_gate":true,"required":false,"dependencies":["a"]},)"
                          R"("a":{A,"requires_approval":true}})"),
              RefusedWith(Code::k_workflow_step_unreachable));
}

TEST(Workflow, HasAtMost512Steps) {
  json::Array steps;
  for (int i = 0; i < 512; ++i) {
    steps.emplace_back(json::Object{{"step_id", "s" + std::to_string(i)}, {"agent_id", "a"}});
  }
  EXPECT_THAT(parse_workflow({{"workflow_id", "w"}, {"steps", steps}}), IsOk());
  steps.emplace_back(json::Object{{"step_id", "more"}, {"agent_id", "a"}});
  EXPECT_THAT(parse_workflow({{"workflow_id", "w"}, {"steps", steps}}),
              RefusedWith(Code::k_limit_exceeded));
}

}  // namespace
}  // namespace ajwt
