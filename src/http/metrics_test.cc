// SPDX-License-Identifier: Apache-2.0

#include "http/metrics.h"

#include <string>
#include <thread>
#include <vector>

#include "http/process_metrics.h"
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

TEST(Metrics, ReadSourcesWhenTheyAreAskedFor) {
  Metrics metrics({}, "1");
  double left = 3;
  metrics.add({"ajwt_left", "What is left.", MetricKind::kGauge, [&] { return left; }});
  metrics.add({"ajwt_lost_total", "What is lost.", MetricKind::kCounter, [] { return 7.0; }});
  EXPECT_THAT(metrics.write(), HasSubstr("# TYPE ajwt_left gauge\najwt_left 3\n"));
  left = 2;
  EXPECT_THAT(metrics.write(), HasSubstr("\najwt_left 2\n"));
  EXPECT_THAT(metrics.write(), HasSubstr("# TYPE ajwt_lost_total counter\najwt_lost_total 7\n"));
}

TEST(Metrics, KnowTheProcess) {
  Metrics metrics({}, "1");
  for (MetricSource& source : process_metrics()) {
    EXPECT_GT(source.read(), 0) << source.name;
    metrics.add(std::move(source));
  }
  EXPECT_THAT(metrics.write(), HasSubstr("# TYPE process_cpu_seconds_total counter\n"));
  EXPECT_THAT(metrics.write(), HasSubstr("process_resident_memory_bytes "));
}

}  // namespace
}  // namespace ajwt::http
