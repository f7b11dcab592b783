// SPDX-License-Identifier: Apache-2.0
//
// P9: agents in one process are strangers.
#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "shim/fleet.h"
#include "shim/testing/fleet_fixture.h"
#include "tests/support/matchers.h"

namespace ajwt::shim {
namespace {

using testing::api_request;
using ::testing::IsEmpty;
using testing::test_agent;
using testing::tool_call;
using testing::World;

// code_of returns the Code of a refusal: for results that no matcher could print or copy.
template <class T>
std::optional<Code> code_of(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().code();
}

TEST(FleetScope, GivesNothingToAThreadOnWhichNoAgentRuns) {
  World world;
  const DeclaredAgent patcher = world.declare(test_agent("patcher"));
  EXPECT_EQ(code_of(world.fleet->capture()), Code::k_agent_not_running);
  const auto running = patcher.enter();
  std::thread([&] {
    EXPECT_THAT(world.fleet->call_tool(tool_call(), api_request()),
                RefusedWith(Code::k_agent_not_running));
    EXPECT_EQ(code_of(world.fleet->open_execution(WorkflowId::trusted("w"))),
              Code::k_agent_not_running);
    EXPECT_THAT(world.fleet->report_step(StepId::trusted("s"), StepOutcome::kDone),
                RefusedWith(Code::k_agent_not_running));
  }).join();
  EXPECT_THAT(world.services.calls(), IsEmpty());
}

TEST(FleetScope, ActsAsTheInnermostAgentAndAsTheOuterOneAgainAfterIt) {
  World world;
  const DeclaredAgent supervisor = world.declare(test_agent("supervisor"));
  const DeclaredAgent planner = world.declare(test_agent("planner"));
  const auto outer = supervisor.enter();
  EXPECT_EQ(world.fleet->call_tool(tool_call(), api_request())->body, "supervisor");
  {
    const auto inner = planner.enter();
    EXPECT_EQ(world.fleet->call_tool(tool_call(), api_request())->body, "planner");
  }
  EXPECT_EQ(world.fleet->call_tool(tool_call(), api_request())->body, "supervisor");
}

TEST(FleetScope, HandsTheExecutionToAgentsThatEnterWithinIt) {
  World world;
  const DeclaredAgent supervisor = world.declare(test_agent("supervisor"));
  const DeclaredAgent planner = world.declare(test_agent("planner"));
  const auto outer = supervisor.enter();
  ASSERT_THAT(world.fleet->open_execution(WorkflowId::trusted("w")), IsOk());
  {
    const auto inner = planner.enter();
    EXPECT_EQ(world.fleet->call_tool(tool_call("plan"), api_request())->body, "planner");
    ASSERT_THAT(world.fleet->close_execution(), IsOk());
    EXPECT_THAT(world.fleet->call_tool(tool_call("plan"), api_request()),
                RefusedWith(Code::k_execution_unknown));
  }
  EXPECT_THAT(world.fleet->call_tool(tool_call("review"), api_request()), IsOk());
}

TEST(FleetScope, RefusesAnAgentThatAnotherOneDeclaredForItself) {
  World world;
  const DeclaredAgent planner = world.declare(test_agent("planner"));
  const DeclaredAgent patcher = world.declare(test_agent("patcher"));
  std::optional<DeclaredAgent> assistant;
  {
    const auto running = planner.enter();
    assistant = world.declare(test_agent("assistant"));
    const auto inner = assistant->enter();
    ASSERT_TRUE(inner);
    EXPECT_EQ(world.fleet->call_tool(tool_call(), api_request())->body, "assistant");
  }
  EXPECT_EQ(code_of(assistant->enter()), Code::k_agent_foreign_scope);
  const auto running = patcher.enter();
  EXPECT_EQ(code_of(assistant->enter()), Code::k_agent_foreign_scope);
}

TEST(FleetScope, KeepsTheAgentsOfTwoFleetsApart) {
  World world;
  const auto other = world.make_fleet(testing::secret_credential());
  const DeclaredAgent mine = world.declare(test_agent("mine"));
  const DeclaredAgent theirs = world.declare(*other, test_agent("theirs"));
  const auto running = mine.enter();
  EXPECT_THAT(other->call_tool(tool_call(), api_request()),
              RefusedWith(Code::k_agent_foreign_scope));
  EXPECT_EQ(code_of(other->capture()), Code::k_agent_foreign_scope);
  EXPECT_EQ(code_of(theirs.enter()), Code::k_agent_foreign_scope);
  EXPECT_EQ(code_of(other->declare(test_agent("third"),
                                   *crypto::PrivateKey::generate(crypto::KeyKind::kEd25519))),
            Code::k_agent_foreign_scope);
  EXPECT_THAT(world.services.calls(), IsEmpty());
}

TEST(FleetScope, RefusesASessionToAnyAgentButItsOwn) {
  World world;
  const DeclaredAgent planner = world.declare(test_agent("planner"));
  const DeclaredAgent patcher = world.declare(test_agent("patcher"));
  const auto running = planner.enter();
  const auto answer = world.fleet->call_tool(tool_call(), [&](const ToolSession& session) {
    std::thread([&] {
      EXPECT_THAT(session.send(api_request()), RefusedWith(Code::k_agent_not_running));
      const auto other = patcher.enter();
      EXPECT_THAT(session.send(api_request()), RefusedWith(Code::k_agent_foreign_scope));
    }).join();
    {
      const auto other = patcher.enter();
      EXPECT_THAT(session.send(api_request()), RefusedWith(Code::k_agent_foreign_scope));
    }
    return session.send(api_request());
  });
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->body, "planner");
  EXPECT_EQ(world.services.count("POST /patches"), 2U);  // the planner's own, and its nonce
}

TEST(FleetScope, CarriesAgentAndExecutionToAThreadThatIsHandedTheTicket) {
  World world;
  const DeclaredAgent planner = world.declare(test_agent("planner"));
  std::optional<ContextTicket> ticket;
  {
    const auto running = planner.enter();
    ASSERT_THAT(world.fleet->open_execution(WorkflowId::trusted("w")), IsOk());
    ticket = *world.fleet->capture();
  }
  std::thread([&] {
    const auto running = ticket->enter();
    ASSERT_TRUE(running);
    EXPECT_EQ(world.fleet->call_tool(tool_call("plan"), api_request())->body, "planner");
  }).join();
  EXPECT_THAT(world.services.reports(), ::testing::ElementsAre("plan done planner"));
}

TEST(FleetScope, EndsWithTheHandle) {
  World world;
  std::optional<DeclaredAgent> planner = world.declare(test_agent("planner"));
  const auto running = planner->enter();
  const ContextTicket ticket = *world.fleet->capture();
  ASSERT_THAT(world.fleet->call_tool(tool_call(), api_request()), IsOk());
  planner.reset();
  EXPECT_THAT(world.fleet->call_tool(tool_call(), api_request()),
              RefusedWith(Code::k_agent_not_running));
  EXPECT_EQ(code_of(ticket.enter()), Code::k_agent_not_running);
}

TEST(FleetScope, RefusesAHandleThatWasMovedFrom) {
  World world;
  DeclaredAgent planner = world.declare(test_agent("planner"));
  const DeclaredAgent moved = std::move(planner);
  EXPECT_EQ(code_of(planner.enter()), Code::k_agent_not_running);  // NOLINT: that is the test
  EXPECT_TRUE(moved.enter());
}

TEST(FleetScope, OutlivesItsFleetObject) {
  World world;
  const DeclaredAgent planner = world.declare(test_agent("planner"));
  world.fleet.reset();
  const auto running = planner.enter();
  EXPECT_TRUE(running);
}

TEST(FleetScopeDeathTest, AbortsAProgramThatLeavesOutOfOrder) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto leave_out_of_order = [] {
    World world;
    const DeclaredAgent planner = world.declare(test_agent("planner"));
    const DeclaredAgent patcher = world.declare(test_agent("patcher"));
    std::optional<Running> first = *planner.enter();
    const auto second = patcher.enter();
    first.reset();
  };
  EXPECT_DEATH(leave_out_of_order(), "broken invariant");
}

TEST(FleetScopeDeathTest, AbortsAProgramThatLeavesOnAnotherThread) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto leave_elsewhere = [] {
    World world;
    const DeclaredAgent planner = world.declare(test_agent("planner"));
    std::optional<Running> running = *planner.enter();
    std::thread([&] { running.reset(); }).join();
  };
  EXPECT_DEATH(leave_elsewhere(), "broken invariant");
}

// Sixty-four agents on eight threads, nested and handed on: every answer names the
// agent whose token it was, and that must be the one that ran.
TEST(FleetScope, NeverTakesOneAgentForAnotherHoweverThreadsMix) {
  constexpr int kAgents = 64;
  constexpr int kThreads = 8;
  constexpr int kRounds = 64;
  World world;
  std::vector<DeclaredAgent> agents;
  agents.reserve(kAgents);
  for (int i = 0; i < kAgents; ++i) {
    agents.push_back(world.declare(test_agent("agent-" + std::to_string(i))));
  }
  std::atomic<int> calls = 0;
  std::atomic<int> wrong = 0;
  const auto check_call = [&](const DeclaredAgent& expected) {
    const auto answer = world.fleet->call_tool(tool_call(), api_request("/patches", "x"));
    ++calls;
    if (!answer || answer->body != expected.agent_id().str()) ++wrong;
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < kRounds; ++round) {
        const auto pick = [&](int k) -> const DeclaredAgent& {
          return agents[static_cast<std::size_t>((t * 31 + round * 7 + k * 13) % kAgents)];
        };
        const auto outer = pick(0).enter();
        check_call(pick(0));
        {
          const auto inner = pick(1).enter();
          check_call(pick(1));
          const ContextTicket ticket = *world.fleet->capture();
          std::thread([&] {
            const auto handed = ticket.enter();
            check_call(pick(1));
            const auto nested = pick(2).enter();
            check_call(pick(2));
          }).join();
        }
        check_call(pick(0));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(calls, kThreads * kRounds * 5);
  EXPECT_EQ(wrong, 0);
}

TEST(FleetScope, MintsOnceForThreadsThatAskAtTheSameTime) {
  World world;
  const DeclaredAgent planner = world.declare(test_agent("planner"));
  const auto running = planner.enter();
  const ContextTicket ticket = *world.fleet->capture();
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      const auto handed = ticket.enter();
      const auto answer = world.fleet->call_tool(tool_call(), api_request());
      if (answer && answer->body == "planner") ++good;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 16);
  EXPECT_EQ(world.services.minted().size(), 1U);
}

TEST(FleetScope, EndsAStepOnceWhenTheLastOfItsCallsIsDone) {
  World world;
  const DeclaredAgent planner = world.declare(test_agent("planner"));
  const auto running = planner.enter();
  ASSERT_THAT(world.fleet->open_execution(WorkflowId::trusted("w")), IsOk());
  const auto answer = world.fleet->call_tool(tool_call("plan"), [&](const ToolSession& session) {
    const ContextTicket ticket = *world.fleet->capture();
    std::thread([&] {
      const auto handed = ticket.enter();
      EXPECT_THAT(world.fleet->call_tool(tool_call("plan"), api_request()), IsOk());
    }).join();
    EXPECT_THAT(world.services.reports(), IsEmpty());
    return session.send(api_request());
  });
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->status, 200);
  EXPECT_THAT(world.services.reports(), ::testing::ElementsAre("plan done planner"));
}

}  // namespace
}  // namespace ajwt::shim
