// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/log.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "apps/ajwt/support/decision_log.h"
#include "apps/ajwt/support/tracing.h"
#include "tests/support/matchers.h"

namespace ajwt::app {
namespace {

TEST(Log, WritesOneJsonObjectALine) {
  EXPECT_EQ(render_line({LogLevel::kInfo, LogFormat::kJson}, LogLevel::kWarn, "a\nb",
                        {{"client_id", "x"}, {"duration_us", 7}}, 1'700'000'000'123),
            "{\"time\":\"2023-11-14T22:13:20.123Z\",\"level\":\"warn\",\"message\":\"a\\nb\","
            "\"client_id\":\"x\",\"duration_us\":7}");
}

TEST(Log, WritesALineForPeopleThatNoValueCanBreakUp) {
  EXPECT_EQ(render_line({LogLevel::kInfo, LogFormat::kPretty}, LogLevel::kInfo, "decision",
                        {{"subject", "a\n\x1b[2Jb"}}, 1'700'000'000'007),
            "22:13:20.007 info  decision subject=a\\x0a\\x1b[2Jb");
}

TEST(Log, KnowsItsLevelsByName) {
  EXPECT_EQ(find_log_level("warn"), LogLevel::kWarn);
  EXPECT_EQ(find_log_level("Warn"), std::nullopt);
  EXPECT_EQ(name(LogLevel::kDebug), "debug");
}

class DecisionLogTest : public ::testing::Test {
 protected:
  static authority::Decision decision(std::string_view operation, std::optional<Code> refused) {
    return {.decision_id = "dec_1",
            .operation = operation,
            .refused = refused,
            .detail = {},
            .client_id = "fleet",
            .subject = {},
            .execution_id = {},
            .workflow_id = {},
            .workflow_step = {},
            .microseconds = 5,
            .method = "POST",
            .route = "/intent/token",
            .status = 200,
            .span = {.self = new_trace(Bytes(kSpanRandomBytes, 0xab)), .parent = std::nullopt},
            .unaudited = false};
  }
  // lines_of returns what a decision writes to standard error.
  static std::string lines_of(const authority::Decision& decision, LogLevel level) {
    const auto metrics = authority_metrics();
    ::testing::internal::CaptureStderr();
    {
      Log log({level, LogFormat::kJson});
      Tracing tracing("", "ajwt-authority", nullptr);
      AuthorityDecisions(&log, *metrics, tracing).on_decision(decision);
    }
    return ::testing::internal::GetCapturedStderr();
  }
};

TEST_F(DecisionLogTest, WritesOneLineForADecision) {
  const std::string line = lines_of(decision("mint", Code::k_agent_revoked), LogLevel::kInfo);
  EXPECT_NE(line.find("\"level\":\"warn\""), std::string::npos) << line;
  EXPECT_NE(line.find("\"outcome\":\"agent_revoked\",\"decision_id\":\"dec_1\","
                      "\"trace_id\":\"abababababababababababababababab\","
                      "\"span_id\":\"abababababababab\""),
            std::string::npos)
      << line;
}

TEST_F(DecisionLogTest, IsSilentAboutWhatOperatorsAsk) {
  for (const std::string_view operation : {"live", "ready", "metrics"}) {
    EXPECT_EQ(lines_of(decision(operation, std::nullopt), LogLevel::kDebug), "") << operation;
  }
  EXPECT_EQ(lines_of(decision("metrics", Code::k_not_found), LogLevel::kDebug), "");
  EXPECT_EQ(lines_of(decision("jwks", std::nullopt), LogLevel::kInfo), "");
}

TEST_F(DecisionLogTest, SaysOnceThatItIsNotReadyAndOnceThatItIsAgain) {
  const auto metrics = authority_metrics();
  ::testing::internal::CaptureStderr();
  {
    Log log({LogLevel::kInfo, LogFormat::kJson});
    Tracing tracing("", "ajwt-authority", nullptr);
    AuthorityDecisions decisions(&log, *metrics, tracing);
    for (int i = 0; i < 5; ++i) decisions.on_decision(decision("ready", std::nullopt));
    for (int i = 0; i < 5; ++i) decisions.on_decision(decision("ready", Code::k_store_unavailable));
    for (int i = 0; i < 5; ++i) decisions.on_decision(decision("ready", std::nullopt));
  }
  const std::string lines = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2) << lines;
  EXPECT_NE(lines.find("\"message\":\"not ready\",\"component\":\"authority\","
                       "\"reason\":\"store_unavailable\""),
            std::string::npos)
      << lines;
  EXPECT_LT(lines.find("not ready"), lines.find("ready again"));
}

TEST_F(DecisionLogTest, CountsRefusalsThatNobodyWroteDown) {
  const auto metrics = authority_metrics();
  Tracing tracing("", "ajwt-authority", nullptr);
  AuthorityDecisions decisions(nullptr, *metrics, tracing);
  authority::Decision lost = decision("mint", Code::k_agent_revoked);
  decisions.on_decision(lost);
  EXPECT_EQ(decisions.unaudited(), 0U);
  lost.unaudited = true;
  decisions.on_decision(lost);
  EXPECT_EQ(decisions.unaudited(), 1U);
}

TEST(OtlpEndpoint, IsEncryptedBeyondLoopback) {
  for (const char* good : {"", "http://127.0.0.1:4318", "http://[::1]:4318", "https://otel.example",
                           "https://otel.example/tenant"}) {
    EXPECT_THAT(check_otlp_endpoint(good), ajwt::IsOk()) << good;
  }
  for (const char* bad : {"http://otel.example:4318", "otel:4318", "https://otel.example/",
                          "https://otel.example?a=b", "ftp://127.0.0.1"}) {
    EXPECT_THAT(check_otlp_endpoint(bad), ajwt::RefusedWith(Code::k_configuration_refused)) << bad;
  }
}

TEST_F(DecisionLogTest, TreatsTheDemandForANonceAsPartOfTheProtocol) {
  EXPECT_EQ(lines_of(decision("mint", Code::k_proof_nonce_missing), LogLevel::kInfo), "");
}

TEST_F(DecisionLogTest, CountsEveryDecision) {
  const auto metrics = authority_metrics();
  Tracing tracing("", "ajwt-authority", nullptr);
  AuthorityDecisions(nullptr, *metrics, tracing)
      .on_decision(decision("mint", Code::k_agent_revoked));
  EXPECT_NE(metrics->write().find("reason=\"agent_revoked\""), std::string::npos);
}

}  // namespace
}  // namespace ajwt::app
