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

// Operations that poll or publish: their success is no news.
constexpr auto kSilent = std::to_array<std::string_view>({"health", "metrics"});
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
  void add_duration(std::int64_t microseconds) { fields_.append("duration_us", microseconds); }
  const json::Object& object() const { return fields_; }

 private:
  json::Object fields_;
};

}  // namespace

void AuthorityDecisions::on_decision(const authority::Decision& decision) {
  metrics_.count_decision(kComponent, decision.operation, decision.refused);
  metrics_.observe_seconds(kComponent, decision.operation,
                           static_cast<double>(decision.microseconds) / 1e6);
  if (log_ == nullptr) return;
  if (!decision.refused && contains(kSilent, decision.operation)) return;
  LogLevel level = level_of(decision.refused);
  if (!decision.refused && contains(kPublic, decision.operation)) level = LogLevel::kDebug;
  if (!log_->writes(level)) return;
  Fields fields;
  fields.add("component", kComponent);
  fields.add("operation", decision.operation);
  fields.add_outcome(decision.refused);
  fields.add("decision_id", decision.decision_id);
  fields.add("client_id", decision.client_id);
  fields.add("subject", decision.subject);
  fields.add("execution_id", decision.execution_id);
  fields.add("workflow_step", decision.workflow_step);
  fields.add("detail", decision.detail);
  fields.add_duration(decision.microseconds);
  log_->write(level, "decision", fields.object());
}

void GuardDecisions::observe(const gateway::Decision& decision) {
  const LogLevel level = level_of(decision.refused);
  if (!log_.writes(level)) return;
  Fields fields;
  fields.add("component", "guard");
  fields.add("operation", decision.operation);
  fields.add_outcome(decision.refused);
  fields.add("decision_id", decision.decision_id);
  fields.add("method", decision.method);
  fields.add("route", decision.route);
  fields.add("subject", decision.subject);
  fields.add("execution_id", decision.execution);
  fields.add("workflow_id", decision.workflow);
  fields.add("workflow_step", decision.step);
  fields.add("detail", decision.detail);
  fields.add_duration(decision.took.count());
  log_.write(level, "decision", fields.object());
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
