// SPDX-License-Identifier: Apache-2.0

#include "http/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace ajwt::http {
namespace {

double now_in_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu_seconds() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

// The second number of statm is the resident set, in pages (proc(5)).
double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double size = 0;
  double resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double open_files() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  if (error) return 0;
  return static_cast<double>(std::distance(begin(files), end(files)));
}

}  // namespace

std::vector<MetricSource> process_metrics() {
  const double started = now_in_seconds();
  return {{"process_start_time_seconds", "When this process began to serve, Unix time.",
           MetricKind::kGauge, [started] { return started; }},
          {"process_cpu_seconds_total", "Time on processors, of user and system.",
           MetricKind::kCounter, cpu_seconds},
          {"process_resident_memory_bytes", "Memory that is resident.", MetricKind::kGauge,
           resident_bytes},
          {"process_open_fds", "File descriptors that are open.", MetricKind::kGauge, open_files}};
}

}  // namespace ajwt::http
