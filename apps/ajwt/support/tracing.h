// SPDX-License-Identifier: Apache-2.0
//
// Tracing: the way of spans from a process to its collector, and what the log and the metrics say
// of it. Without an endpoint there is none, and trace ids stand in the log alone.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/ajwt/support/log.h"
#include "base/result.h"
#include "http/client.h"
#include "http/metrics.h"
#include "http/span_exporter.h"

namespace ajwt::app {

// check_otlp_endpoint takes an empty endpoint (none) and refuses k_configuration_refused for what
// is no http(s) URL without query, and for plain http beyond loopback.
Status check_otlp_endpoint(const std::string& endpoint);

// Tracing is safe for concurrent use.
class Tracing {
 public:
  // `endpoint` has passed check_otlp_endpoint; `log` may be null and otherwise outlives this.
  Tracing(const std::string& endpoint, const std::string& service, Log* log);

  bool is_on() const { return exporter_ != nullptr; }
  void take(http::FinishedSpan span);
  // stop sends what is queued, within a few seconds.
  void stop();
  // metrics returns what was exported and dropped.
  std::vector<http::MetricSource> metrics() const;

 private:
  std::unique_ptr<http::CurlClient> client_;
  std::unique_ptr<http::SpanExporter> exporter_;
};

// log_metrics returns how many lines the log has dropped.
http::MetricSource log_metrics(const Log& log);

}  // namespace ajwt::app
