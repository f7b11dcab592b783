// SPDX-License-Identifier: Apache-2.0
//
// What operators see of `ajwt serve` and `ajwt guard`: nothing while all is well and nobody asks
// for anything, one line a decision when somebody does, and the same ids in answer, log, trace and
// at the service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "crypto/key.h"
#include "files/key_file.h"
#include "http/client.h"
#include "shim/fleet.h"
#include "tests/functional/program.h"
#include "tests/functional/recorder.h"
#include "tests/support/matchers.h"

namespace ajwt::functional {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kBot =
    R"({"agent_id":"refund-bot","prompt_template":"Refund.","tools":[],"configuration":{}})";
constexpr std::string_view kRefunds =
    R"({"workflow_id":"refunds","steps":{"refund":{"agent_id":"refund-bot","action":"refund",
        "scopes":["refunds:write"],"audience":"https://api.example.com","completion":"agent"}}})";

std::vector<std::string> lines_of(const std::string& text, std::string_view with = {}) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (line.find(with) != std::string::npos) lines.push_back(line);
  }
  return lines;
}

// operations_of returns "operation outcome" of every line.
std::vector<std::string> operations_of(const std::string& text) {
  std::vector<std::string> operations;
  for (const std::string& line : lines_of(text)) {
    operations.push_back(member_of(line, "operation") + " " + member_of(line, "outcome"));
  }
  return operations;
}

class ObserveTest : public ::testing::Test {
 protected:
  ObserveTest() {
    authority_ = std::make_unique<Background>(Call{
        .arguments = {"serve", "--data", data_, "--listen", "127.0.0.1:0", "--management-listen",
                      "127.0.0.1:0", "--otlp-endpoint", collector_.url()},
        .folder = folder_.path()});
    const std::string ready = authority_->wait_for("\"message\":\"ready\"");
    issuer_ = member_of(ready, "issuer");
    management_ = "http://127.0.0.1:" + member_of(ready, "management_port");
    administer({"app", "create", "shop", "--audience", "https://api.example.com"});
    administer({"app", "client", "add", "shop", "shop-fleet", "--scope", "generate:intent-token",
                "--key-file", "fleet.pem"});
    administer(
        {"agent", "register", "-f", "-", "--app", "shop", "--agent-key", "bot.pem", "--new-key"},
        std::string(kBot));
    administer({"workflow", "register", folder_.write("w.json", kRefunds), "--app", "shop"});
    start_guard(service_.url());
  }

  void administer(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.end(), {"--profile", data_ + "/admin.json"});
    const Outcome outcome =
        run({.arguments = std::move(words), .folder = folder_.path(), .input = input});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }

  void start_guard(const std::string& service) {
    const std::string file = folder_.write(
        "guard.toml",
        "issuer = \"" + issuer_ + "\"\npublic_url = \"http://127.0.0.1:" + port_ +
            "\"\naudience = \"https://api.example.com\"\nlisten = \"127.0.0.1:" + port_ +
            "\"\nupstream = \"" + service +
            "\"\nmanagement_listen = \"127.0.0.1:0\"\notlp_endpoint = \"" + collector_.url() +
            "\"\n[[route]]\nmethod = \"POST\"\npath = \"/refunds/{id}\"\n"
            "app = \"shop\"\nscope = \"refunds:write\"\nworkflow = \"refunds\"\n"
            "step = \"refund\"\ntool = \"refund\"\n");
    guard_ = std::make_unique<Background>(
        Call{.arguments = {"guard", "--config", file}, .folder = folder_.path()});
    const std::string ready = guard_->wait_for("\"message\":\"ready\"");
    guard_management_ = "http://127.0.0.1:" + member_of(ready, "management_port");
    guard_->wait_for("keys are here");
  }

  HttpResponse get(const std::string& url) {
    auto response = client_.send({.method = "GET", .url = url, .headers = {}, .body = {}});
    EXPECT_THAT(response, IsOk()) << url;
    return response.value_or(HttpResponse{.status = 0, .headers = {}, .body = {}});
  }

  // refund makes one good call through the guard.
  Result<HttpResponse> refund() {
    AJWT_ASSIGN(auto key, files::load_key_file(folder_.path("fleet.pem")));
    AJWT_ASSIGN(
        auto fleet,
        shim::Fleet::create(
            {.authority = {.issuer = issuer_,
                           .credential = {ClientId::trusted("shop-fleet"), std::move(key)}}},
            client_, clock_));
    AJWT_ASSIGN(auto bot, fleet->declare(shim::live_agent([] {
                                           return AgentDefinition{.agent_id = "refund-bot",
                                                                  .prompt_template = "Refund.",
                                                                  .tools = {},
                                                                  .configuration = {}};
                                         }),
                                         folder_.path("bot.pem")));
    AJWT_ASSIGN(auto running, bot.enter());
    AJWT_ASSIGN(auto execution, fleet->open_execution(WorkflowId::trusted("refunds")));
    shim::ToolCall call{.tool = "refund",
                        .step = StepId::trusted("refund"),
                        .scopes = {"refunds:write"},
                        .audience = "https://api.example.com",
                        .reached_at = "http://127.0.0.1:" + port_};
    call.trace = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    return fleet->call_tool(call, {.method = "POST",
                                   .url = "http://127.0.0.1:" + port_ + "/refunds/7",
                                   .headers = {},
                                   .body = "{}"});
  }

  ScratchFolder folder_;
  const std::string data_ = folder_.path("data");
  const std::string port_ = any_free_port();
  http::CurlClient client_;
  SystemClock clock_;
  Recorder collector_;
  Recorder service_;
  std::string issuer_;
  std::string management_;
  std::string guard_management_;
  std::unique_ptr<Background> authority_;
  std::unique_ptr<Background> guard_;
};

TEST_F(ObserveTest, IsQuietWhenHealthyAndTellsOneCallOnceEverywhere) {
  EXPECT_EQ(lines_of(guard_->err()).size(), 2U) << guard_->err();
  const std::size_t authority_before = authority_->err().size();
  const std::size_t guard_before = guard_->err().size();
  for (int round = 0; round < 25; ++round) {
    for (const std::string& at : {management_, guard_management_}) {
      EXPECT_EQ(get(at + "/health/live").status, 200);
      EXPECT_EQ(get(at + "/health/ready").status, 200);
      EXPECT_EQ(get(at + "/metrics").status, 200);
    }
    EXPECT_EQ(get(issuer_ + "/.well-known/jwks.json").status, 200);
  }

  const auto answered = refund();

  ASSERT_THAT(answered, IsOk());
  ASSERT_EQ(answered->status, 200) << answered->body;
  const std::string guard_line = guard_->wait_for("\"operation\":\"guard\"");
  const std::string report_line = authority_->wait_for("\"operation\":\"report_step\"");
  const std::string authority_said = authority_->err().substr(authority_before);
  EXPECT_THAT(operations_of(authority_said),
              ElementsAre("client_credentials allowed", "open_execution allowed", "mint allowed",
                          "report_step allowed"))
      << authority_said;
  EXPECT_THAT(operations_of(guard_->err().substr(guard_before)), ElementsAre("guard allowed"));

  // The same ids in the answer, in the log, at the service and in the trace.
  const std::string decision = member_of(guard_line, "decision_id");
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  EXPECT_EQ(answered->headers.find("X-Ajwt-Decision-Id"), decision);
  const HttpRequest at_service = service_.only();
  EXPECT_EQ(at_service.headers.find("X-Ajwt-Decision-Id"), decision);
  EXPECT_EQ(at_service.headers.find("traceparent"),
            "00-" + trace + "-" + member_of(guard_line, "span_id") + "-01");
  const std::string mint_line = authority_->wait_for("\"operation\":\"mint\"");
  for (const std::string& line : {mint_line, guard_line, report_line}) {
    EXPECT_EQ(member_of(line, "trace_id"), trace) << line;
    const std::string spans = collector_.wait_for(member_of(line, "decision_id"));
    EXPECT_THAT(spans, HasSubstr("\"spanId\":\"" + member_of(line, "span_id") +
                                 "\",\"parentSpanId\":\"00f067aa0ba902b7\""));
    EXPECT_THAT(spans, Not(HasSubstr("eyJ"))) << "a token in a span";
    EXPECT_THAT(spans, Not(HasSubstr("/refunds/7"))) << "a path in a span";
    EXPECT_THAT(spans, Not(HasSubstr("/health"))) << "a poll in a trace";
  }
}

TEST_F(ObserveTest, AnswersHealthAndMetricsAtTheManagementAddressAlone) {
  EXPECT_EQ(get(issuer_ + "/health/ready").status, 404);
  EXPECT_EQ(get(issuer_ + "/health/live").status, 404);
  EXPECT_EQ(get(issuer_ + "/metrics").status, 404);
  EXPECT_EQ(get(management_ + "/.well-known/jwks.json").status, 404);
  const std::string guard = "http://127.0.0.1:" + port_;
  for (const char* path : {"/-/health/ready", "/-/health/live", "/-/metrics", "/metrics"}) {
    EXPECT_EQ(get(guard + path).status, 404) << path;
  }
  EXPECT_EQ(get(guard_management_ + "/refunds/7").status, 404);
  EXPECT_EQ(get(guard_management_ + "/health/ready").body,
            R"({"status":"ready","components":{"keys":{"status":"up"}}})");
  for (const std::string& at : {management_, guard_management_}) {
    const std::string metrics = get(at + "/metrics").body;
    for (const char* name : {"ajwt_build_info{", "ajwt_replay_entries ", "ajwt_replay_capacity ",
                             "ajwt_log_lines_dropped_total 0", "ajwt_spans_dropped_total 0",
                             "process_resident_memory_bytes "}) {
      EXPECT_THAT(metrics, HasSubstr(name));
    }
  }
  EXPECT_THAT(get(management_ + "/metrics").body, HasSubstr("ajwt_unaudited_refusals_total 0"));
  EXPECT_THAT(get(guard_management_ + "/metrics").body, HasSubstr("ajwt_keys_age_seconds "));
  const Outcome health =
      run({.arguments = {"health", "--management", management_, "--management", guard_management_},
           .folder = folder_.path()});
  EXPECT_EQ(health.code, 0) << health.out;
}

TEST_F(ObserveTest, NumbersTheAnswerOfAServiceThatIsGone) {
  guard_.reset();
  start_guard("http://127.0.0.1:1");
  const auto answered = refund();
  ASSERT_THAT(answered, IsOk());
  EXPECT_EQ(answered->status, 502);
  const std::string decided = guard_->wait_for("\"message\":\"decision\"");
  const std::string delivered = guard_->wait_for("\"message\":\"delivery\"");
  EXPECT_EQ(member_of(delivered, "level"), "error");
  EXPECT_EQ(member_of(delivered, "outcome"), "upstream_unavailable");
  EXPECT_EQ(member_of(delivered, "status"), "502");
  EXPECT_EQ(member_of(delivered, "decision_id"), member_of(decided, "decision_id"));
  EXPECT_THAT(answered->body, HasSubstr(member_of(decided, "decision_id")));
}

TEST_F(ObserveTest, WorksOnAndStopsInTimeWithoutACollector) {
  collector_.stop();
  ASSERT_EQ(refund()->status, 200);
  EXPECT_EQ(member_of(authority_->wait_for("spans cannot be sent"), "level"), "warn");
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(guard_->signal(SIGTERM), 0);
  EXPECT_EQ(authority_->signal(SIGTERM), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(15));
  EXPECT_EQ(lines_of(authority_->err(), "spans cannot be sent").size(), 1U);
}

TEST_F(ObserveTest, RefusesAnOpenManagementAddressInClearText) {
  const Outcome serve = run({.arguments = {"serve", "--data", folder_.path("other"), "--listen",
                                           "127.0.0.1:0", "--management-listen", "0.0.0.0:0"},
                             .folder = folder_.path()});
  EXPECT_EQ(serve.code, 2) << serve.err;
  EXPECT_THAT(serve.err, HasSubstr("management_listen: beyond loopback"));
  const Outcome guard = run({.arguments = {"guard", "--config", folder_.path("guard.toml"),
                                           "--management-listen", "0.0.0.0:0"},
                             .folder = folder_.path()});
  EXPECT_EQ(guard.code, 2) << guard.err;
  EXPECT_THAT(guard.err, HasSubstr("management_listen: beyond loopback"));
}

}  // namespace
}  // namespace ajwt::functional
