// SPDX-License-Identifier: Apache-2.0
//
// Rounds of one kind of request, put together and printed as one row.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/client.h"

namespace ajwt::bench {

// Row collects rounds.
class Row {
 public:
  explicit Row(std::string what) : what_(std::move(what)) {}

  // add takes the latencies of a round and the CPU time that the service spent on it.
  void add(const Measured& measured, std::chrono::microseconds cpu_time);

  // percentile returns a latency, in milliseconds.
  double percentile(double share) const;
  // cpu_per_request returns microseconds.
  double cpu_per_request() const;
  double requests_per_second() const;
  const std::string& what() const { return what_; }
  std::size_t refused() const { return refused_; }
  const std::string& first_refusal() const { return first_refusal_; }

  void print() const;
  static void print_heading(std::string_view title);

 private:
  std::string what_;
  std::vector<std::chrono::nanoseconds> latencies_;
  std::chrono::nanoseconds elapsed_{};
  std::chrono::microseconds cpu_time_{};
  std::size_t refused_ = 0;
  std::string first_refusal_;
};

}  // namespace ajwt::bench
