// SPDX-License-Identifier: Apache-2.0
//
// What operators watch, in Prometheus' terms: decisions by reason and the time that requests take.
// Labels come from closed sets alone: what a client sends can neither create a series nor be read
// from one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reason.h"

namespace ajwt::http {

// MetricOperation is one allowed pair of label values.
struct MetricOperation {
  std::string component;  // "authority", "guard"
  std::string operation;  // "token", "register", "verify"
};

enum class MetricKind { kGauge, kCounter };

// MetricSource is one number that somebody else keeps: read when metrics are asked for.
struct MetricSource {
  std::string name;  // a counter's ends in "_total"
  std::string help;
  MetricKind kind;
  std::function<double()> read;  // by any thread; does not block for long
};

// Metrics counts. All functions are safe to call from any thread; counting takes no lock once a
// series exists.
class Metrics {
 public:
  // Metrics knows the given operations; whatever is counted for another one appears under
  // component "other", operation "other". `version` becomes ajwt_build_info{version}.
  Metrics(std::vector<MetricOperation> operations, std::string_view version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // count_decision adds one to ajwt_decisions_total{component,operation,reason}; the reason of an
  // allowed request is "ok".
  void count_decision(std::string_view component, std::string_view operation,
                      std::optional<Code> refused);

  // observe_seconds enters a duration into the histogram ajwt_request_seconds{component,operation}.
  void observe_seconds(std::string_view component, std::string_view operation, double seconds);

  // add makes a source part of what write returns. Before the first write.
  void add(MetricSource source);

  // write returns everything in the text exposition format.
  std::string write() const;

  // kContentType is the media type of what write returns.
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  class Registry;
  std::unique_ptr<Registry> registry_;
};

}  // namespace ajwt::http
