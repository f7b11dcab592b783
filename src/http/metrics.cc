// SPDX-License-Identifier: Apache-2.0

#include "http/metrics.h"

#include <prometheus/client_metric.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <atomic>
#include <utility>

namespace ajwt::http {
namespace {

// From a warm verification to a client's patience, in seconds.
const prometheus::Histogram::BucketBoundaries kBuckets = {
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
    0.05,    0.1,    0.25,    0.5,    1,     2.5,    5,     10};

constexpr std::string_view kOther = "other";
constexpr std::string_view kAllowed = "ok";

// index_of returns the place of a reason in the table, after 0 for "ok".
std::size_t index_of(std::optional<Code> refused) {
  if (!refused) return 0;
  const auto reasons = all_reasons();
  const auto found =
      std::lower_bound(reasons.begin(), reasons.end(), *refused,
                       [](const Reason& reason, Code code) { return reason.code < code; });
  return static_cast<std::size_t>(found - reasons.begin()) + 1;
}

}  // namespace

// Registry has one row per operation; a counter is made when its reason first occurs.
class Metrics::Registry {
 public:
  Registry(std::vector<MetricOperation> operations, std::string_view version)
      : decisions_(prometheus::BuildCounter()
                       .Name("ajwt_decisions_total")
                       .Help("Decisions by their reason; \"ok\" if allowed.")
                       .Register(registry_)),
        seconds_(prometheus::BuildHistogram()
                     .Name("ajwt_request_seconds")
                     .Help("Time from a request's header section to its answer.")
                     .Register(registry_)) {
    prometheus::BuildGauge()
        .Name("ajwt_build_info")
        .Help("The running version; always 1.")
        .Register(registry_)
        .Add({{"version", std::string(version)}})
        .Set(1);
    operations.push_back({.component = std::string(kOther), .operation = std::string(kOther)});
    for (auto& operation : operations) {
      auto& time = seconds_.Add(
          {{"component", operation.component}, {"operation", operation.operation}}, kBuckets);
      rows_.push_back(std::make_unique<Row>(std::move(operation), time));
    }
  }

  void count(std::string_view component, std::string_view operation, std::optional<Code> refused) {
    Row& row = row_of(component, operation);
    std::atomic<prometheus::Counter*>& place = row.counters[index_of(refused)];
    prometheus::Counter* counter = place.load(std::memory_order_acquire);
    if (counter == nullptr) {
      // Two threads may both come here; the family gives them the same counter.
      counter =
          &decisions_.Add({{"component", row.labels.component},
                           {"operation", row.labels.operation},
                           {"reason", std::string(refused ? reason_of(*refused).name : kAllowed)}});
      place.store(counter, std::memory_order_release);
    }
    counter->Increment();
  }

  void observe(std::string_view component, std::string_view operation, double seconds) {
    row_of(component, operation).seconds.Observe(seconds);
  }

  void add(MetricSource source) { sources_.push_back(std::move(source)); }

  std::string write() const {
    auto families = registry_.Collect();
    for (const MetricSource& source : sources_) families.push_back(read(source));
    return prometheus::TextSerializer().Serialize(families);
  }

 private:
  struct Row {
    Row(MetricOperation of, prometheus::Histogram& time)
        : labels(std::move(of)), seconds(time), counters(all_reasons().size() + 1) {}
    const MetricOperation labels;
    prometheus::Histogram& seconds;
    std::vector<std::atomic<prometheus::Counter*>> counters;
  };

  static prometheus::MetricFamily read(const MetricSource& source) {
    prometheus::ClientMetric metric;
    const bool counter = source.kind == MetricKind::kCounter;
    (counter ? metric.counter.value : metric.gauge.value) = source.read();
    return {.name = source.name,
            .help = source.help,
            .type = counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge,
            .metric = {std::move(metric)}};
  }

  // row_of looks through a dozen rows: quicker than a hash of two strings.
  Row& row_of(std::string_view component, std::string_view operation) {
    for (const auto& row : rows_) {
      if (row->labels.component == component && row->labels.operation == operation) return *row;
    }
    return *rows_.back();
  }

  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& decisions_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  std::vector<std::unique_ptr<Row>> rows_;
  std::vector<MetricSource> sources_;
};

Metrics::Metrics(std::vector<MetricOperation> operations, std::string_view version)
    : registry_(std::make_unique<Registry>(std::move(operations), version)) {}
Metrics::~Metrics() = default;

void Metrics::count_decision(std::string_view component, std::string_view operation,
                             std::optional<Code> refused) {
  registry_->count(component, operation, refused);
}

void Metrics::observe_seconds(std::string_view component, std::string_view operation,
                              double seconds) {
  registry_->observe(component, operation, seconds);
}

void Metrics::add(MetricSource source) { registry_->add(std::move(source)); }

std::string Metrics::write() const { return registry_->write(); }

}  // namespace ajwt::http
