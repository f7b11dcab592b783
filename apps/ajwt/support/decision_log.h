// SPDX-License-Identifier: Apache-2.0
//
// DecisionLog: every decision of authority and guard as one line of the log, and the authority's
// as a count (a guard counts its own).
#pragma once

#include "apps/ajwt/support/log.h"
#include "authority/ports.h"
#include "gateway/decision_observer.h"
#include "http/metrics.h"

namespace ajwt::app {

// AuthorityDecisions observes an authority. What is allowed is info, a refusal warn, a failure
// error; the demand for a nonce, which is part of the protocol, and public documents are debug;
// health checks that succeed are not logged.
class AuthorityDecisions final : public authority::DecisionObserver {
 public:
  // Log and Metrics outlive the observer; `log` may be null.
  AuthorityDecisions(Log* log, http::Metrics& metrics) : log_(log), metrics_(metrics) {}
  void on_decision(const authority::Decision& decision) override;

 private:
  Log* const log_;
  http::Metrics& metrics_;
};

// GuardDecisions observes a guard in the same way.
class GuardDecisions final : public gateway::DecisionObserver {
 public:
  explicit GuardDecisions(Log& log) : log_(log) {}
  void observe(const gateway::Decision& decision) override;
  void observe_keys(const Status& fetched) override;

 private:
  Log& log_;
};

// authority_metrics makes the metrics that AuthorityDecisions counts into.
std::unique_ptr<http::Metrics> authority_metrics();

}  // namespace ajwt::app
