// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/log.h"

#include <gtest/gtest.h>

#include "apps/ajwt/support/decision_log.h"

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
            .workflow_step = {},
            .microseconds = 5};
  }
  // lines_of returns what a decision writes to standard error.
  static std::string lines_of(const authority::Decision& decision, LogLevel level) {
    const auto metrics = authority_metrics();
    ::testing::internal::CaptureStderr();
    {
      Log log({level, LogFormat::kJson});
      AuthorityDecisions(&log, *metrics).on_decision(decision);
    }
    return ::testing::internal::GetCapturedStderr();
  }
};

TEST_F(DecisionLogTest, WritesOneLineForADecision) {
  const std::string line = lines_of(decision("mint", Code::k_agent_revoked), LogLevel::kInfo);
  EXPECT_NE(line.find("\"level\":\"warn\""), std::string::npos) << line;
  EXPECT_NE(line.find("\"outcome\":\"agent_revoked\",\"decision_id\":\"dec_1\""), std::string::npos)
      << line;
}

TEST_F(DecisionLogTest, IsSilentAboutHealthChecksThatSucceed) {
  EXPECT_EQ(lines_of(decision("health", std::nullopt), LogLevel::kDebug), "");
  EXPECT_NE(lines_of(decision("health", Code::k_store_unavailable), LogLevel::kInfo), "");
}

TEST_F(DecisionLogTest, TreatsTheDemandForANonceAsPartOfTheProtocol) {
  EXPECT_EQ(lines_of(decision("mint", Code::k_proof_nonce_missing), LogLevel::kInfo), "");
}

TEST_F(DecisionLogTest, CountsEveryDecision) {
  const auto metrics = authority_metrics();
  AuthorityDecisions(nullptr, *metrics).on_decision(decision("mint", Code::k_agent_revoked));
  EXPECT_NE(metrics->write().find("reason=\"agent_revoked\""), std::string::npos);
}

}  // namespace
}  // namespace ajwt::app
