// SPDX-License-Identifier: Apache-2.0
//
// What a guard tells of its decisions: one record for each, for logs, counters and traces.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/reason.h"
#include "base/result.h"
#include "base/trace_context.h"
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
  std::string_view profile;  // "draft-00" if the token is of it
  // Of a request that was let through: whether its proof bound its body.
  std::optional<guard::BodyBinding> body;
  std::string_view detail;         // of the error, for the log alone
  std::chrono::microseconds took;  // to decide; not what the service behind took
  const Span& span;                // the request's place in its trace
  // Of the answer that ends the matter. Nothing: the request goes on, and a Delivery tells its end.
  std::optional<int> status;
};

// Delivery is what became of a request that was let through.
struct Delivery {
  const Decision& decision;    // as it was told, but for what it took
  std::optional<Code> failed;  // why the client has no whole answer of the service; nothing: it has
  std::string_view detail;     // of the failure, for the log alone
  int status;                  // as sent to the client: the service's, or 502 or 504; 0: none
  std::chrono::microseconds took;  // from the request to the answer's end
};

// DecisionObserver is told of every decision, by many threads at once; it must not block or throw.
class DecisionObserver {
 public:
  virtual ~DecisionObserver() = default;
  virtual void observe(const Decision& decision) = 0;
  // observe_delivery is told the end of every request that was let through and forwarded.
  virtual void observe_delivery(const Delivery& /*delivery*/) {}
  // observe_keys is told whether there are keys to verify with, at the first fetch and whenever
  // fetching begins to fail or to work again.
  virtual void observe_keys(const Status& /*fetched*/) {}
};

}  // namespace ajwt::gateway
