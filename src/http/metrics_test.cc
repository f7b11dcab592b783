// SPDX-License-Identifier: Apache-2.0

#include "http/metrics.h"

#include <string>
#include <thread>
#include <vector>

#include "tests/support/matchers.h"

namespace ajwt::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, CountsDecisionsByReason) {
  Metrics metrics({{"authority", "token"}, {"guard", "verify"}}, "1.2.3");
  metrics.count_decision("authority", "token", std::nullopt);
  metrics.count_decision("authority", "token", std::nullopt);
  metrics.count_decision("guard", "verify", Code::k_proof_replayed);
  metrics.count_decision("guard", "verify", Code::k_overloaded);

  const std::string text = metrics.write();

  EXPECT_THAT(
      text,
      HasSubstr(R"(ajwt_decisions_total{component="authority",operation="token",reason="ok"} 2)"));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(ajwt_decisions_total{component="guard",operation="verify",reason="proof_replayed"} 1)"));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(ajwt_decisions_total{component="guard",operation="verify",reason="overloaded"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(ajwt_build_info{version="1.2.3"} 1)"));
}

TEST(Metrics, TakesNoLabelsFromOutside) {
  Metrics metrics({{"guard", "verify"}}, "1");
  metrics.count_decision("guard", "agent:payroll\"", std::nullopt);
  metrics.observe_seconds("attacker", "verify", 1);

  const std::string text = metrics.write();

  EXPECT_THAT(text, Not(HasSubstr("payroll")));
  EXPECT_THAT(text, Not(HasSubstr("attacker")));
  EXPECT_THAT(
      text,
      HasSubstr(R"(ajwt_decisions_total{component="other",operation="other",reason="ok"} 1)"));
}

TEST(Metrics, PutsDurationsIntoBuckets) {
  Metrics metrics({{"guard", "verify"}}, "1");
  metrics.observe_seconds("guard", "verify", 0.0002);
  metrics.observe_seconds("guard", "verify", 3);

  const std::string text = metrics.write();

  EXPECT_THAT(
      text,
      HasSubstr(
          R"(ajwt_request_seconds_bucket{component="guard",operation="verify",le="0.00025"} 1)"));
  EXPECT_THAT(text,
              HasSubstr(R"(ajwt_request_seconds_count{component="guard",operation="verify"} 2)"));
}

TEST(Metrics, LosesNothingWhenManyThreadsCount) {
  Metrics metrics({{"guard", "verify"}}, "1");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j)
        metrics.count_decision("guard", "verify", Code::k_token_expired);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(metrics.write(), HasSubstr("reason=\"token_expired\"} 4000"));
}

}  // namespace
}  // namespace ajwt::http
