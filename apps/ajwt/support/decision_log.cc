// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/decision_log.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "apps/ajwt/support/version.h"
#include "authority/authority.h"

namespace ajwt::app {
namespace {

constexpr std::string_view kComponent = "authority";

// What operators ask is no news, and neither is the success of what publishes.
constexpr auto kForOperators = std::to_array<std::string_view>({"live", "ready", "metrics"});
constexpr std::string_view kReady = "ready";
constexpr auto kPublic = std::to_array<std::string_view>({"jwks", "metadata", "reason_page"});

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

LogLevel level_of(std::optional<Code> refused) {
  if (!refused) return LogLevel::kInfo;
  const Reason& reason = reason_of(*refused);
  if (reason.oauth_error == "use_dpop_nonce") return LogLevel::kDebug;
  return reason.klass == ReasonClass::kFailure ? LogLevel::kError : LogLevel::kWarn;
}

// Fields collects what there is to say, leaving out what is empty.
class Fields {
 public:
  void add(std::string_view name, std::string_view value) {
    if (!value.empty()) fields_.append(name, value);
  }
  void add_outcome(std::optional<Code> refused) {
    fields_.append("outcome", refused ? reason_of(*refused).name : std::string_view("allowed"));
  }
  void add_ids(std::string_view decision_id, const Span& span) {
    add("decision_id", decision_id);
    add("trace_id", span.trace_id());
    add("span_id", span.span_id());
  }
  void add_status(int status) {
    if (status != 0) fields_.append("status", status);
  }
  void add_duration(std::int64_t microseconds) { fields_.append("duration_us", microseconds); }
  const json::Object& object() const { return fields_; }

 private:
  json::Object fields_;
};

// delivered says what became of a request that was let through.
std::string_view delivered(std::optional<Code> failed) {
  if (!failed) return "delivered";
  return failed == Code::k_network_failed ? "abandoned" : reason_of(*failed).name;
}

Fields fields_of(const gateway::Decision& decision) {
  Fields fields;
  fields.add("component", "guard");
  fields.add("operation", decision.operation);
  fields.add_ids(decision.decision_id, decision.span);
  fields.add("method", decision.method);
  fields.add("route", decision.route);
  fields.add("subject", decision.subject);
  fields.add("execution_id", decision.execution);
  fields.add("workflow_id", decision.workflow);
  fields.add("workflow_step", decision.step);
  fields.add("profile", decision.profile);
  if (decision.body == guard::BodyBinding::kUnbound) fields.add("body", "unbound");
  return fields;
}

// A method is whatever the client wrote: only those that everybody knows are told (OpenTelemetry's
// semantic conventions).
std::string known_method(std::string_view method) {
  constexpr auto kKnown = std::to_array<std::string_view>(
      {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"});
  return std::string(contains(kKnown, method) ? method : "_OTHER");
}

// span_named is the part of a span that authority and guard have in common.
http::FinishedSpan span_named(std::string_view method, std::string_view route, const Span& span,
                              int status, std::chrono::microseconds took) {
  const std::string known = known_method(method);
  return {.span = span,
          .name = route.empty() ? known : known + " " + std::string(route),
          .ended_at = std::chrono::system_clock::now(),
          .took = took,
          .attributes = {{"http.request.method", known}, {"http.route", std::string(route)}},
          .http_status = status};
}

http::FinishedSpan span_of(const authority::Decision& decision) {
  http::FinishedSpan span =
      span_named(decision.method, decision.route, decision.span, decision.status,
                 std::chrono::microseconds(decision.microseconds));
  const std::string_view outcome =
      decision.refused ? reason_of(*decision.refused).name : std::string_view("allowed");
  span.attributes.insert(span.attributes.end(),
                         {{"ajwt.component", std::string(kComponent)},
                          {"ajwt.operation", std::string(decision.operation)},
                          {"ajwt.outcome", std::string(outcome)},
                          {"ajwt.decision_id", std::string(decision.decision_id)},
                          {"ajwt.client_id", decision.client_id},
                          {"ajwt.subject", decision.subject},
                          {"ajwt.execution_id", decision.execution_id},
                          {"ajwt.workflow_id", decision.workflow_id},
                          {"ajwt.workflow_step", decision.workflow_step}});
  return span;
}

http::FinishedSpan span_of(const gateway::Decision& decision, std::optional<Code> failed,
                           int status, std::chrono::microseconds took) {
  http::FinishedSpan span =
      span_named(decision.method, decision.route, decision.span, status, took);
  const std::string_view outcome =
      decision.refused ? reason_of(*decision.refused).name : delivered(failed);
  span.attributes.insert(span.attributes.end(),
                         {{"ajwt.component", "guard"},
                          {"ajwt.operation", std::string(decision.operation)},
                          {"ajwt.outcome", std::string(outcome)},
                          {"ajwt.decision_id", std::string(decision.decision_id)},
                          {"ajwt.subject", std::string(decision.subject)},
                          {"ajwt.execution_id", std::string(decision.execution)},
                          {"ajwt.workflow_id", std::string(decision.workflow)},
                          {"ajwt.workflow_step", std::string(decision.step)},
                          {"ajwt.profile", std::string(decision.profile)}});
  return span;
}

}  // namespace

void AuthorityDecisions::on_decision(const authority::Decision& decision) {
  metrics_.count_decision(kComponent, decision.operation, decision.refused);
  metrics_.observe_seconds(kComponent, decision.operation,
                           static_cast<double>(decision.microseconds) / 1e6);
  if (decision.unaudited) ++unaudited_;
  if (decision.operation == kReady) observe_ready(decision);
  if (contains(kForOperators, decision.operation)) return;
  write_line(decision);
  // A span is a request's: it has an answer.
  if (decision.status != 0 && tracing_.is_on()) tracing_.take(span_of(decision));
}

// A prober asks every few seconds: what it is told is written down when it changes.
void AuthorityDecisions::observe_ready(const authority::Decision& decision) {
  const bool ready = !decision.refused;
  if (is_ready_.exchange(ready) == ready || log_ == nullptr) return;
  if (ready) return log_->write(LogLevel::kInfo, "ready again", {{"component", kComponent}});
  Fields fields;
  fields.add("component", kComponent);
  fields.add("reason", reason_of(*decision.refused).name);
  fields.add("decision_id", decision.decision_id);
  fields.add("detail", decision.detail);
  log_->write(LogLevel::kError, "not ready", fields.object());
}

void AuthorityDecisions::write_line(const authority::Decision& decision) {
  if (log_ == nullptr) return;
  LogLevel level = level_of(decision.refused);
  if (!decision.refused && contains(kPublic, decision.operation)) level = LogLevel::kDebug;
  if (!log_->writes(level)) return;
  Fields fields;
  fields.add("component", kComponent);
  fields.add("operation", decision.operation);
  fields.add_outcome(decision.refused);
  fields.add_ids(decision.decision_id, decision.span);
  fields.add("client_id", decision.client_id);
  fields.add("subject", decision.subject);
  fields.add("execution_id", decision.execution_id);
  fields.add("workflow_id", decision.workflow_id);
  fields.add("workflow_step", decision.workflow_step);
  fields.add("detail", decision.detail);
  fields.add_duration(decision.microseconds);
  log_->write(level, "decision", fields.object());
}

void GuardDecisions::observe(const gateway::Decision& decision) {
  const LogLevel level = level_of(decision.refused);
  if (log_.writes(level)) {
    Fields fields = fields_of(decision);
    fields.add_outcome(decision.refused);
    fields.add("detail", decision.detail);
    fields.add_duration(decision.took.count());
    log_.write(level, "decision", fields.object());
  }
  // Of what is let through, the delivery is the end.
  if (decision.status && tracing_.is_on()) {
    tracing_.take(span_of(decision, decision.refused, *decision.status, decision.took));
  }
}

void GuardDecisions::observe_delivery(const gateway::Delivery& delivery) {
  const bool client_left = delivery.failed == Code::k_network_failed;
  const LogLevel level =
      delivery.failed && !client_left ? level_of(delivery.failed) : LogLevel::kDebug;
  if (log_.writes(level)) {
    Fields fields = fields_of(delivery.decision);
    fields.add("outcome", delivered(delivery.failed));
    fields.add_status(delivery.status);
    fields.add("detail", delivery.detail);
    fields.add_duration(delivery.took.count());
    log_.write(level, "delivery", fields.object());
  }
  if (tracing_.is_on()) {
    tracing_.take(span_of(delivery.decision, delivery.failed, delivery.status, delivery.took));
  }
}

void GuardDecisions::observe_keys(const Status& fetched) {
  if (fetched) {
    log_.write(LogLevel::kInfo, "the authority's keys are here", {{"component", "guard"}});
    return;
  }
  const Error& error = fetched.error();
  log_.write(LogLevel::kWarn,
             "the authority's keys cannot be fetched; what was fetched is used while it is fresh, "
             "without keys every request is refused",
             {{"component", "guard"},
              {"reason", error.reason().name},
              {"error", error.describe()},
              {"detail", error.detail()}});
}

std::unique_ptr<http::Metrics> authority_metrics() {
  std::vector<http::MetricOperation> operations;
  for (const std::string& operation : authority::Authority::operations()) {
    operations.push_back({std::string(kComponent), operation});
  }
  return std::make_unique<http::Metrics>(std::move(operations), version());
}

}  // namespace ajwt::app
