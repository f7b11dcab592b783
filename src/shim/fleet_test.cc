// SPDX-License-Identifier: Apache-2.0
#include "shim/fleet.h"

#include <sys/stat.h>

#include <future>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "files/key_file.h"
#include "files/scratch_directory.h"
#include "jose/jwk.h"
#include "shim/testing/fleet_fixture.h"
#include "tests/support/matchers.h"

namespace ajwt::shim {
namespace {

using testing::api_request;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kApi;
using testing::test_agent;
using testing::tool_call;
using testing::World;

const WorkflowId kWorkflow = WorkflowId::trusted("patching");

MATCHER(HasProof, "has exactly one proof") { return arg.headers.all("DPoP").size() == 1; }

TEST(Fleet, CallsAToolWithTokenAndProofAndReportsTheStepDone) {
  World world;
  const DeclaredAgent patcher = world.declare(test_agent("patcher"));
  const auto running = patcher.enter();
  ASSERT_THAT(running, IsOk());
  const auto execution = world.fleet->open_execution(kWorkflow);
  ASSERT_THAT(execution, IsOk());

  const auto answer = world.fleet->call_tool(tool_call("apply"), api_request());
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "patcher");
  EXPECT_THAT(world.services.reports(), ElementsAre("apply done patcher"));
  ASSERT_EQ(world.services.minted().size(), 1U);
  EXPECT_EQ(world.services.minted()[0].tool, "apply_patch");
  EXPECT_EQ(world.services.minted()[0].step, "apply");
  EXPECT_EQ(world.services.minted()[0].checksum, *patcher.checksum());
  EXPECT_THAT(world.services.calls(), Each(HasProof()));
}

// What fleet.h shows to those who read it first.
TEST(Fleet, WorksAsItsHeaderShows) {
  testing::FakeClock clock;
  testing::FakeServices http(clock);
  const std::string api(kApi);
  const ClientId client_id = ClientId::trusted("fleet");
  Secret secret{std::string(testing::kClientSecret)};
  const auto key = *crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
  const StepId step = StepId::trusted("apply");
  const auto live = test_agent("patcher");

  auto fleet = *Fleet::create({.authority = {.issuer = "http://127.0.0.1:8710",
                                             .credential = {client_id, std::move(secret)}}},
                              http, clock);
  auto patcher = *fleet->declare(live_agent([&] { return live->definition(); }), key);
  http.register_agent("patcher", patcher.jkt(), *patcher.checksum());
  {
    auto running = *patcher.enter();
    auto execution = *fleet->open_execution(kWorkflow);
    auto answer = fleet->call_tool(
        {.tool = "apply_patch", .step = step, .scopes = {"patch:write"}, .audience = api},
        {.method = "POST", .url = api + "/patches", .headers = {}, .body = "{}"});
    ASSERT_THAT(answer, IsOk());
    EXPECT_EQ(answer->body, "patcher");
  }
}

TEST(Fleet, WorksWithAKeyAsCredentialByAccessTokenAndKeyProof) {
  const auto key = *crypto::PrivateKey::generate(crypto::KeyKind::kP256);
  World world({.client_id = ClientId::trusted("fleet"), .authenticator = key});
  world.services.set_client_key(key.public_key());
  const DeclaredAgent patcher = world.declare(test_agent("patcher"));
  const auto running = patcher.enter();
  ASSERT_THAT(world.fleet->open_execution(kWorkflow), IsOk());
  const auto answer = world.fleet->call_tool(tool_call("apply"), api_request());
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->body, "patcher");
  EXPECT_THAT(world.services.reports(), ElementsAre("apply done patcher"));
  // One access token serves all of it; its first request met the demand for a nonce.
  EXPECT_EQ(world.services.count("POST /oauth/token"), 2U);
  EXPECT_THAT(world.fleet->get_execution(), IsOk());
  EXPECT_THAT(world.fleet->close_execution(), IsOk());
}

TEST(Fleet, NeverRunsTheBodyWhenTheTokenIsRefusedAndGivesTheAuthoritysReason) {
  World world;
  const DeclaredAgent patcher = world.declare(test_agent("patcher"));
  const auto running = patcher.enter();
  ASSERT_THAT(world.fleet->open_execution(kWorkflow), IsOk());
  world.services.set_intercept([](const HttpCall& call) -> std::optional<Result<HttpResponse>> {
    if (testing::path_of(call.url) != "/intent/token") return std::nullopt;
    return HttpResponse{.status = 403,
                        .headers = {},
                        .body = R"({"error":"workflow_step_unauthorized",)"
                                R"("reason":"step_predecessors_missing",)"
                                R"("error_description":"Steps that must come before this one are )"
                                R"(not completed. plan comes first.",)"
                                R"("missing_steps":["plan"],"decision_id":"dec_7"})"};
  });
  int runs = 0;
  const auto answer = world.fleet->call_tool(
      tool_call("apply"), [&](const ToolSession& session) -> Result<HttpResponse> {
        ++runs;
        return session.send(api_request());
      });
  ASSERT_THAT(answer, RefusedWith(Code::k_step_predecessors_missing));
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(answer.error().message(), "plan comes first.");
  EXPECT_THAT(answer.error().items(), ElementsAre("plan"));
  EXPECT_EQ(answer.error().detail(), "decision_id dec_7");
  EXPECT_THAT(world.services.reports(), IsEmpty());
}

TEST(Fleet, ReportsAStepFailedWhenTheBodyFailsOrAnswersAnError) {
  World world;
  const DeclaredAgent patcher = world.declare(test_agent("patcher"));
  const auto running = patcher.enter();
  ASSERT_THAT(world.fleet->open_execution(kWorkflow), IsOk());
  EXPECT_THAT(world.fleet->call_tool(tool_call("a"),
                                     [](const ToolSession&) -> Result<HttpResponse> {
                                       return refuse(Code::k_upstream_timed_out);
                                     }),
              RefusedWith(Code::k_upstream_timed_out));
  const auto answer = world.fleet->call_tool(tool_call("b"), [](const ToolSession&) {
    return Result<HttpResponse>(HttpResponse{.status = 500, .headers = {}, .body = {}});
  });
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->status, 500);
  EXPECT_THROW((void)world.fleet->call_tool(tool_call("c"),
                                            [](const ToolSession&) -> Result<HttpResponse> {
                                              throw std::runtime_error("the body's own");
                                            }),
               std::runtime_error);
  EXPECT_THAT(world.services.reports(),
              ElementsAre("a failed patcher", "b failed patcher", "c failed patcher"));
}

TEST(Fleet, SaysThatTheToolWasCalledWhenOnlyTheReportFails) {
  World world;
  const DeclaredAgent patcher = world.declare(test_agent("patcher"));
  const auto running = patcher.enter();
  ASSERT_THAT(world.fleet->open_execution(kWorkflow), IsOk());
  world.services.set_intercept([](const HttpCall& call) -> std::optional<Result<HttpResponse>> {
    if (!call.url.ends_with("/complete")) return std::nullopt;
    return Result<HttpResponse>(refuse(Code::k_network_failed));
  });
  const auto answer = world.fleet->call_tool(tool_call("apply"), api_request());
  ASSERT_THAT(answer, RefusedWith(Code::k_network_failed));
  EXPECT_THAT(answer.error().message(), HasSubstr("The tool was called"));
  world.services.set_intercept(nullptr);
  EXPECT_THAT(world.fleet->report_step(StepId::trusted("apply"), StepOutcome::kDone), IsOk());
  EXPECT_THAT(world.services.reports(), ElementsAre("apply done patcher"));
}

// Intercepts for reports that do not arrive.
std::optional<Result<HttpResponse>> lose_reports(const HttpCall& call) {
  if (!call.url.ends_with("/complete")) return std::nullopt;
  return Result<HttpResponse>(refuse(Code::k_network_failed));
}

std::optional<Result<HttpResponse>> throw_in_reports(const HttpCall& call) {
  if (call.url.ends_with("/complete")) throw std::runtime_error("the report's own");
  return std::nullopt;
}

TEST(Fleet, SaysThatAReportWasLostBesideTheErrorOfTheCallThatMadeIt) {
  World world;
  const DeclaredAgent patcher = world.declare(test_agent("patcher"));
  const auto running = patcher.enter();
  ASSERT_THAT(world.fleet->open_execution(kWorkflow), IsOk());
  world.services.set_intercept(lose_reports);
  // Two calls are one use of the step: the inner one succeeds, the outer one reports both failed.
  const auto failed =
      world.fleet->call_tool(tool_call("a"), [&](const ToolSession&) -> Result<HttpResponse> {
        EXPECT_THAT(world.fleet->call_tool(tool_call("a"), api_request()), IsOk());
        return refuse(Code::k_upstream_timed_out, "The body's own.");
      });
  ASSERT_THAT(failed, RefusedWith(Code::k_upstream_timed_out));
  EXPECT_THAT(failed.error().message(),
              HasSubstr("The body's own. The step a could not be reported failed: "));

  const auto answered = world.fleet->call_tool(tool_call("b"), [](const ToolSession&) {
    return Result<HttpResponse>(HttpResponse{.status = 500, .headers = {}, .body = {}});
  });
  ASSERT_THAT(answered, RefusedWith(Code::k_network_failed));
  EXPECT_THAT(answered.error().message(), HasSubstr("b could not be reported failed."));
}

TEST(Fleet, SaysThatTheReportOfAnotherThreadsCallWasLost) {
  World world;
  const DeclaredAgent patcher = world.declare(test_agent("patcher"));
  const auto running = patcher.enter();
  ASSERT_THAT(world.fleet->open_execution(kWorkflow), IsOk());
  const ContextTicket ticket = *world.fleet->capture();
  std::promise<void> second_is_within;
  std::promise<void> first_is_over;
  std::promise<void> first_has_token;
  std::thread first([&] {
    const auto entered = ticket.enter();
    EXPECT_THAT(world.fleet->call_tool(tool_call("a"),
                                       [&](const ToolSession&) {
                                         first_has_token.set_value();
                                         second_is_within.get_future().wait();
                                         return Result<HttpResponse>(HttpResponse{
                                             .status = 200, .headers = {}, .body = {}});
                                       }),
                IsOk());
    first_is_over.set_value();
  });
  first_has_token.get_future().wait();
  world.services.set_intercept([&](const HttpCall& call) {
    if (testing::path_of(call.url) != "/intent/token") return lose_reports(call);
    second_is_within.set_value();
    first_is_over.get_future().wait();
    return std::optional(Result<HttpResponse>(refuse(Code::k_response_malformed)));
  });
  ToolCall other = tool_call("a");
  other.tool = "another_tool";
  const auto refused = world.fleet->call_tool(other, api_request());
  first.join();
  // The first call succeeded and was told so; only the second one can tell of its report.
  ASSERT_THAT(refused, RefusedWith(Code::k_response_malformed));
  EXPECT_THAT(refused.error().message(), HasSubstr("The step a could not be reported done: "));
}

TEST(Fleet, LetsTheNextCallIntoAStepWhoseReportThrew) {
  World world;
  const DeclaredAgent patcher = world.declare(test_agent("patcher"));
  const auto running = patcher.enter();
  ASSERT_THAT(world.fleet->open_execution(kWorkflow), IsOk());
  world.services.set_intercept(throw_in_reports);
  EXPECT_THROW((void)world.fleet->call_tool(tool_call("a"), api_request()), std::runtime_error);
  // The body's exception passes through, though the report throws another in a destructor.
  try {
    (void)world.fleet->call_tool(tool_call("a"), [](const ToolSession&) -> Result<HttpResponse> {
      throw std::logic_error("the body's own");
    });
    FAIL() << "nothing was thrown";
  } catch (const std::logic_error& error) {
    EXPECT_STREQ(error.what(), "the body's own");
  }
  world.services.set_intercept(nullptr);
  EXPECT_THAT(world.fleet->call_tool(tool_call("a"), api_request()), IsOk());
  EXPECT_THAT(world.services.reports(), ElementsAre("a done patcher"));
}

TEST(Fleet, MintsAnewForTheNextUseOfAStep) {
  World world;
  const DeclaredAgent patcher = world.declare(test_agent("patcher"));
  const auto running = patcher.enter();
  ASSERT_THAT(world.fleet->open_execution(kWorkflow), IsOk());
  ASSERT_THAT(world.fleet->call_tool(tool_call("apply"), api_request()), IsOk());
  // The fake allows one use of each step; a cached token would have got past it.
  EXPECT_THAT(world.fleet->call_tool(tool_call("apply"), api_request()),
              RefusedWith(Code::k_step_uses_exhausted));
}

TEST(Fleet, RefusesAStepOutsideAnyExecution) {
  World world;
  const DeclaredAgent patcher = world.declare(test_agent("patcher"));
  const auto running = patcher.enter();
  EXPECT_THAT(world.fleet->call_tool(tool_call("apply"), api_request()),
              RefusedWith(Code::k_execution_unknown));
  EXPECT_THAT(world.fleet->close_execution(), RefusedWith(Code::k_execution_unknown));
  EXPECT_THAT(world.fleet->get_execution(), RefusedWith(Code::k_execution_unknown));
  EXPECT_THAT(world.services.calls(), IsEmpty());
}

TEST(Fleet, GoesOnWithAnExecutionAfterARestart) {
  World world;
  const auto key = *crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
  std::optional<OpenExecution> execution;
  {
    auto agent = *world.fleet->declare(test_agent("patcher"), key);
    world.services.register_agent("patcher", agent.jkt(), *agent.checksum());
    const auto running = agent.enter();
    execution = *world.fleet->open_execution(kWorkflow);
    ASSERT_THAT(world.fleet->call_tool(tool_call("a"), api_request()), IsOk());
  }
  world.services.lose_nonces();
  world.services.lose_tokens();
  const auto fleet = world.make_fleet(testing::secret_credential());
  const auto agent = *fleet->declare(test_agent("patcher"), key);
  const auto running = agent.enter();
  ASSERT_THAT(fleet->join_execution(*execution), IsOk());
  ASSERT_THAT(fleet->call_tool(tool_call("b"), api_request()), IsOk());
  EXPECT_THAT(world.services.reports(), ElementsAre("a done patcher", "b done patcher"));
}

TEST(Fleet, RefusesASecondDeclarationUntilTheFirstHasGone) {
  World world;
  const auto key = *crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
  {
    const auto agent = world.fleet->declare(test_agent("patcher"), key);
    ASSERT_THAT(agent, IsOk());
    EXPECT_FALSE(world.fleet->declare(test_agent("patcher"), key));
    EXPECT_EQ(world.fleet->declare(test_agent("patcher"), key).error().code(),
              Code::k_agent_declared_twice);
  }
  EXPECT_TRUE(world.fleet->declare(test_agent("patcher"), key));
}

TEST(Fleet, RefusesPlainHttpToAnotherMachineUnlessToldOtherwise) {
  testing::FakeClock clock;
  testing::FakeServices services(clock);
  const auto create = [&](std::string issuer, PlainHttp plain_http) {
    return AuthorityClient::create({.issuer = std::move(issuer),
                                    .credential = testing::secret_credential(),
                                    .token_key = std::nullopt,
                                    .plain_http = plain_http,
                                    .retries = {}},
                                   services, clock);
  };
  for (const std::string issuer :
       {"http://authority.example", "http://127.0.0.1.example:8710", "ftp://127.0.0.1",
        "https://authority.example/", "https://authority.example?x=1", "", "authority"}) {
    EXPECT_EQ(create(issuer, PlainHttp::kLoopbackOnly).error().code(),
              Code::k_configuration_refused)
        << issuer;
  }
  EXPECT_TRUE(create("https://authority.example", PlainHttp::kLoopbackOnly));
  EXPECT_TRUE(create("http://[::1]:8710", PlainHttp::kLoopbackOnly));
  EXPECT_TRUE(create("http://authority:8710", PlainHttp::kAnywhere));
}

TEST(Fleet, ReachesToolsOverPlainHttpOnThisMachineAloneUnlessToldOtherwise) {
  World world;
  const DeclaredAgent patcher = world.declare(test_agent("patcher"));
  const auto running = patcher.enter();
  HttpCall request = api_request();
  request.url = "http://api.example/patches";
  ToolCall call = tool_call();
  call.audience = "http://api.example";
  EXPECT_THAT(world.fleet->call_tool(call, request), RefusedWith(Code::k_configuration_refused));
  call.audience = "https://api.example";
  call.reached_at = "http://api.example";
  EXPECT_THAT(world.fleet->call_tool(call, request), RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(world.services.calls(), IsEmpty());
}

TEST(Fleet, ReachesToolsOverPlainHttpAnywhereWhenToldSo) {
  World world;
  const auto fleet = *Fleet::create({.authority = {.issuer = std::string(testing::kIssuer),
                                                   .credential = testing::secret_credential(),
                                                   .plain_http = PlainHttp::kAnywhere}},
                                    world.services, world.clock);
  const DeclaredAgent patcher = world.declare(*fleet, test_agent("patcher"));
  const auto running = patcher.enter();
  ToolCall call = tool_call();
  call.audience = "http://api.example";
  HttpCall request = api_request();
  request.url = "http://api.example/patches";
  EXPECT_THAT(fleet->call_tool(call, request), IsOk());
}

static_assert(!std::is_copy_constructible_v<DeclaredAgent>);
static_assert(!std::is_default_constructible_v<DeclaredAgent>);
static_assert(!std::is_default_constructible_v<ContextTicket>);
static_assert(!std::is_default_constructible_v<Running>);
static_assert(!std::is_move_constructible_v<ToolSession>);

// traces_of returns the traceparent of every call that arrived, by trace.
std::set<std::string> traces_of(const std::vector<HttpCall>& calls) {
  std::set<std::string> traces;
  for (const HttpCall& call : calls) {
    const auto fields = call.headers.all("traceparent");
    EXPECT_EQ(fields.size(), 1U) << call.method << " " << call.url;
    const auto parent = fields.empty() ? std::nullopt : parse_traceparent(fields.front());
    EXPECT_TRUE(parent && parent->sampled) << call.url;
    if (parent) traces.insert(to_hex(parent->trace_id));
  }
  return traces;
}

TEST(FleetTrace, CarriesOneTraceAcrossAToolCall) {
  World world;
  const auto live = test_agent("patcher");
  DeclaredAgent agent = world.declare(live);
  const auto running = *agent.enter();
  ASSERT_THAT(world.fleet->open_execution(WorkflowId::trusted("patching")), IsOk());
  const std::size_t before = world.services.calls().size();

  ASSERT_THAT(world.fleet->call_tool(tool_call("apply"), api_request()), IsOk());

  auto calls = world.services.calls();
  calls.erase(calls.begin(), calls.begin() + static_cast<std::ptrdiff_t>(before));
  ASSERT_GE(calls.size(), 3U) << "mint, call and report";
  const auto first = traces_of(calls);
  EXPECT_EQ(first.size(), 1U);

  ASSERT_THAT(world.fleet->call_tool(tool_call(), api_request()), IsOk());
  EXPECT_EQ(traces_of({world.services.calls().back()}).count(*first.begin()), 0U)
      << "another call is another trace";
}

TEST(FleetTrace, StandsInTheTraceOfItsCaller) {
  World world;
  const auto live = test_agent("patcher");
  DeclaredAgent agent = world.declare(live);
  const auto running = *agent.enter();
  ToolCall call = tool_call();
  call.trace = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  HttpCall request = api_request();
  request.headers.add("traceparent", "00-evil");

  ASSERT_THAT(world.fleet->call_tool(call, request), IsOk());

  EXPECT_EQ(traces_of(world.services.calls()),
            std::set<std::string>{"4bf92f3577b34da6a3ce929d0e0e4736"});
}

TEST(Fleet, ReadsItsKeysFromFilesOfItsOwnUserAlone) {
  const World world;
  const auto directory = *files::ScratchDirectory::create();
  const std::string path = directory->path() + "/key";
  const auto key = *crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
  ASSERT_THAT(files::create_key_file(path, key), IsOk());
  const auto agent = world.fleet->declare(test_agent("patcher"), path);
  ASSERT_THAT(agent, IsOk());
  EXPECT_EQ(agent->jkt(), jose::thumbprint(key.public_key()));
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  EXPECT_THAT(world.fleet->declare(test_agent("reviewer"), path),
              RefusedWith(Code::k_key_file_unsafe));
}

}  // namespace
}  // namespace ajwt::shim
