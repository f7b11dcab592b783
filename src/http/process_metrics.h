// SPDX-License-Identifier: Apache-2.0
//
// What the system says of this process, under the names that Prometheus' own clients use.
#pragma once

#include <vector>

#include "http/metrics.h"

namespace ajwt::http {

// process_metrics returns process_start_time_seconds, process_cpu_seconds_total,
// process_resident_memory_bytes and process_open_fds. Reads /proc/self.
std::vector<MetricSource> process_metrics();

}  // namespace ajwt::http
