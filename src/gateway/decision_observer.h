// SPDX-License-Identifier: Apache-2.0
//
// What a guard tells of its decisions: one record for each, for logs and counters.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/reason.h"
#include "base/result.h"
#include "guard/verifier.h"

namespace ajwt::gateway {

// Decision is the record of one request that was judged. It holds no token, no proof, no body and,
// since paths can name people, no path: only the route's template. The views live as long as the
// call that shows the record.
struct Decision {
  std::string_view decision_id;  // stands in the answer to the client and for the service, too
  std::string_view operation;    // "guard"
  std::optional<Code> refused;   // nothing: let through
  std::string_view method;
  std::string_view route;    // the template, or empty if none matched
  std::string_view subject;  // of a verified token, and so on; empty if there was none
  std::string_view execution;
  std::string_view workflow;
  std::string_view step;
  // Of a request that was let through: whether its proof bound its body.
  std::optional<guard::BodyBinding> body;
  std::string_view detail;         // of the error, for the log alone
  std::chrono::microseconds took;  // to decide; not what the service behind took
};

// DecisionObserver is told of every decision, by many threads at once; it must not block or throw.
class DecisionObserver {
 public:
  virtual ~DecisionObserver() = default;
  virtual void observe(const Decision& decision) = 0;
  // observe_keys is told whether there are keys to verify with, at the first fetch and whenever
  // fetching begins to fail or to work again.
  virtual void observe_keys(const Status& /*fetched*/) {}
};

}  // namespace ajwt::gateway
