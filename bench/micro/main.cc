// SPDX-License-Identifier: Apache-2.0
//
// Runs the benchmarks, several times over and interleaved, and prints the ratios of their medians.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/micro/ratios.h"
#include "crypto/key.h"

namespace ajwt::bench {
namespace {

std::vector<Ratio>& ratios() {
  static std::vector<Ratio> all;
  return all;
}

// Collector is the usual table on the console, and remembers each run's CPU time.
class Collector final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    std::vector<Run> aggregates;
    for (const Run& run : runs) {
      if (run.error_occurred) failed_ = true;
      if (run.run_type == Run::RT_Iteration && !run.error_occurred) {
        times_[run.run_name.function_name].push_back(run.GetAdjustedCPUTime());
      }
      if (run.error_occurred || run.aggregate_name == "median") aggregates.push_back(run);
    }
    ConsoleReporter::ReportRuns(aggregates.empty() ? runs : aggregates);
  }

  // find_median returns the median in nanoseconds of CPU time, or nothing for what did not run.
  std::optional<double> find_median(const std::string& name) const {
    const auto found = times_.find(name);
    if (found == times_.end()) return std::nullopt;
    std::vector<double> sorted = found->second;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }

  bool failed() const { return failed_; }

 private:
  std::map<std::string, std::vector<double>> times_;
  bool failed_ = false;
};

void print_ratio(const Ratio& ratio, const Collector& collector) {
  const auto ours = collector.find_median(ratio.ours);
  double raw = 0;
  for (const RawPart& part : ratio.raw) {
    const auto time = collector.find_median(part.name);
    if (!time || !ours) return;
    raw += *time * part.times;
  }
  const double value = raw / *ours;
  std::printf("%-50s %8.1f us %8.1f us %6.2f", ratio.what.c_str(), raw / 1000, *ours / 1000, value);
  if (ratio.aim > 0) {
    std::printf("  aim %.2f %s", ratio.aim, value >= ratio.aim ? "reached" : "MISSED");
  }
  std::printf("\n");
}

void print_ratios(const Collector& collector) {
  std::printf("\n%-50s %11s %11s %6s\n", "CPU time, median of the repetitions", "primitives",
              "ours", "ratio");
  for (const Ratio& ratio : registered_ratios()) print_ratio(ratio, collector);
}

}  // namespace

RegisterRatio::RegisterRatio(Ratio ratio) { ratios().push_back(std::move(ratio)); }

const std::vector<Ratio>& registered_ratios() { return ratios(); }

}  // namespace ajwt::bench

int main(int argc, char** argv) {
  // Repeated and interleaved, so that what else the machine does falls on all alike. Arguments
  // given by the caller come later and win.
  std::vector<std::string> arguments{argv[0], "--benchmark_repetitions=7",
                                     "--benchmark_enable_random_interleaving=true",
                                     "--benchmark_min_time=0.1"};
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  if (benchmark::ReportUnrecognizedArguments(count, pointers.data())) return 2;
  if (!ajwt::crypto::initialise()) return 1;

  ajwt::bench::Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector);
  ajwt::bench::print_ratios(collector);
  benchmark::Shutdown();
  return collector.failed() ? 1 : 0;
}
