// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/tracing.h"

#include <utility>

#include "apps/ajwt/support/version.h"
#include "protocol/uri.h"

namespace ajwt::app {
namespace {

void log_turn(Log* log, const std::string& service, const Status& sent) {
  if (log == nullptr) return;
  if (sent) {
    log->write(LogLevel::kInfo, "spans are taken again", {{"service", service}});
    return;
  }
  log->write(LogLevel::kWarn, "spans cannot be sent: they are kept for a while and then dropped",
             {{"service", service},
              {"reason", sent.error().reason().name},
              {"detail", sent.error().detail()}});
}

}  // namespace

Status check_otlp_endpoint(const std::string& endpoint) {
  if (endpoint.empty()) return ok();
  const auto uri = parse_http_uri(endpoint);
  if (!uri || uri->query || uri->fragment || endpoint.ends_with('/')) {
    return refuse(Code::k_configuration_refused,
                  "otlp_endpoint: must be an http(s) URL without query and without a slash at its "
                  "end, as http://127.0.0.1:4318.");
  }
  if (uri->scheme != "https" && !is_loopback_host(uri->host)) {
    return refuse(Code::k_configuration_refused,
                  "otlp_endpoint: must be https beyond loopback: spans tell who does what.");
  }
  return ok();
}

Tracing::Tracing(const std::string& endpoint, const std::string& service, Log* log) {
  if (endpoint.empty()) return;
  client_ = std::make_unique<http::CurlClient>();
  exporter_ = std::make_unique<http::SpanExporter>(
      http::SpanExporterOptions{
          .endpoint = endpoint,
          .service = service,
          .version = std::string(version()),
          .on_turn = [log, service](const Status& sent) { log_turn(log, service, sent); }},
      *client_);
}

void Tracing::take(http::FinishedSpan span) {
  if (exporter_) exporter_->take(std::move(span));
}

void Tracing::stop() {
  if (exporter_) exporter_->stop();
}

std::vector<http::MetricSource> Tracing::metrics() const {
  if (!exporter_) return {};
  const http::SpanExporter& exporter = *exporter_;
  return {{"ajwt_spans_exported_total", "Spans that the collector has taken.",
           http::MetricKind::kCounter,
           [&exporter] { return static_cast<double>(exporter.exported()); }},
          {"ajwt_spans_dropped_total", "Spans that were lost on the way to the collector.",
           http::MetricKind::kCounter,
           [&exporter] { return static_cast<double>(exporter.dropped()); }}};
}

http::MetricSource log_metrics(const Log& log) {
  return {"ajwt_log_lines_dropped_total", "Lines of the log that were lost, for nobody took them.",
          http::MetricKind::kCounter, [&log] { return static_cast<double>(log.dropped()); }};
}

}  // namespace ajwt::app
