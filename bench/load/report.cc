// SPDX-License-Identifier: Apache-2.0
#include "bench/load/report.h"

#include <algorithm>
#include <cstdio>

namespace ajwt::bench {

void Row::add(const Measured& measured, std::chrono::microseconds cpu_time) {
  latencies_.insert(latencies_.end(), measured.latencies.begin(), measured.latencies.end());
  elapsed_ += measured.elapsed;
  cpu_time_ += cpu_time;
  refused_ += measured.refused;
  if (first_refusal_.empty()) first_refusal_ = measured.first_refusal;
}

double Row::percentile(double share) const {
  std::vector<std::chrono::nanoseconds> sorted = latencies_;
  std::sort(sorted.begin(), sorted.end());
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return std::chrono::duration<double, std::milli>(sorted[at]).count();
}

double Row::cpu_per_request() const {
  return static_cast<double>(cpu_time_.count()) / static_cast<double>(latencies_.size());
}

double Row::requests_per_second() const {
  const double seconds = std::chrono::duration<double>(elapsed_).count();
  return static_cast<double>(latencies_.size()) / seconds;
}

void Row::print() const {
  std::printf("%-44s %8zu %10.0f %9.3f %9.3f %10.0f %8zu\n", what_.c_str(), latencies_.size(),
              requests_per_second(), percentile(0.5), percentile(0.99), cpu_per_request(),
              refused_);
}

void Row::print_heading(std::string_view title) {
  std::printf("\n%-44.*s %8s %10s %9s %9s %10s %8s\n", static_cast<int>(title.size()), title.data(),
              "requests", "per second", "p50 ms", "p99 ms", "CPU us/req", "refused");
}

}  // namespace ajwt::bench
