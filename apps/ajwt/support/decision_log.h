// SPDX-License-Identifier: Apache-2.0
//
// DecisionLog: every decision of authority and guard as one line of the log and one span, and the
// authority's as a count (a guard counts its own). The three are joined by decision_id, trace_id
// and span_id.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "apps/ajwt/support/log.h"
#include "apps/ajwt/support/tracing.h"
#include "authority/ports.h"
#include "gateway/decision_observer.h"
#include "http/metrics.h"

namespace ajwt::app {

// AuthorityDecisions observes an authority. What is allowed is info, a refusal warn, a failure
// error; the demand for a nonce, which is part of the protocol, and public documents are debug.
// What operators ask (live, ready, metrics) is neither logged nor traced; whether the authority is
// ready is said when it turns.
class AuthorityDecisions final : public authority::DecisionObserver {
 public:
  // Log, Metrics and Tracing outlive the observer; `log` may be null.
  AuthorityDecisions(Log* log, http::Metrics& metrics, Tracing& tracing)
      : log_(log), metrics_(metrics), tracing_(tracing) {}
  void on_decision(const authority::Decision& decision) override;
  // unaudited returns how many refusals could not be written into the audit.
  std::uint64_t unaudited() const { return unaudited_; }

 private:
  void observe_ready(const authority::Decision& decision);
  void write_line(const authority::Decision& decision);

  Log* const log_;
  http::Metrics& metrics_;
  Tracing& tracing_;
  std::atomic<std::uint64_t> unaudited_{0};
  std::atomic<bool> is_ready_{true};
};

// GuardDecisions observes a guard in the same way. What became of a request that was let through
// is debug if the client has the service's answer or left, and error if the service failed.
class GuardDecisions final : public gateway::DecisionObserver {
 public:
  GuardDecisions(Log& log, Tracing& tracing) : log_(log), tracing_(tracing) {}
  void observe(const gateway::Decision& decision) override;
  void observe_delivery(const gateway::Delivery& delivery) override;
  void observe_keys(const Status& fetched) override;

 private:
  Log& log_;
  Tracing& tracing_;
};

// authority_metrics makes the metrics that AuthorityDecisions counts into.
std::unique_ptr<http::Metrics> authority_metrics();

}  // namespace ajwt::app
