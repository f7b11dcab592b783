// SPDX-License-Identifier: Apache-2.0
//
// Spans on their way to a collector: OTLP/HTTP with JSON
// (https://opentelemetry.io/docs/specs/otlp/). What is exported are names, ids, reasons and times;
// no header, body, token or path of a request.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http_client.h"
#include "base/result.h"
#include "base/trace_context.h"

namespace ajwt::http {

// FinishedSpan is one request that was answered, as a collector shows it.
struct FinishedSpan {
  Span span;
  std::string name;  // "POST /intent/token": a template, never a path
  std::chrono::system_clock::time_point ended_at;
  std::chrono::microseconds took;
  // Values are of closed sets or checked ids; empty ones are left out.
  std::vector<std::pair<std::string_view, std::string>> attributes;
  int http_status;  // 0: no answer was sent; 500 and above is an error (OpenTelemetry's semantics)
};

// SpanExporterOptions say where the collector is and how much to hold for it.
struct SpanExporterOptions {
  std::string endpoint;         // "http://127.0.0.1:4318"; "/v1/traces" is added
  std::string service;          // service.name: "ajwt-authority"
  std::string version;          // service.version
  std::size_t capacity = 4096;  // spans that wait; what comes beyond is dropped and counted
  std::size_t batch = 512;
  std::chrono::milliseconds linger{1000};  // between the first span of a batch and its sending
  std::chrono::milliseconds longest_wait{30000};  // between attempts while the collector fails
  Seconds timeout{3};                             // of one request
  Seconds stop_within{5};                         // stop() gives up what is not delivered by then
  // Told, by the exporter's thread, when sending begins to fail and when it works again. Must not
  // block or throw; may be empty.
  std::function<void(const Status&)> on_turn = {};
};

// write_spans writes the body of one export request (ExportTraceServiceRequest).
std::string write_spans(const SpanExporterOptions& options, std::span<const FinishedSpan> spans);

// SpanExporter sends from a thread of its own: no request waits for it. A batch that the collector
// does not take for now (no answer, 429, 502, 503, 504) is sent again, later and later; one that it
// refuses is dropped. Safe for concurrent use.
class SpanExporter {
 public:
  // `client` outlives the exporter.
  SpanExporter(SpanExporterOptions options, HttpClient& client);
  // ~SpanExporter stops.
  ~SpanExporter();
  SpanExporter(const SpanExporter&) = delete;
  SpanExporter& operator=(const SpanExporter&) = delete;

  // take queues a span if its trace is sampled. Never blocks on the network.
  void take(FinishedSpan span);

  // stop sends what is queued, at most for stop_within, and drops the rest. May be called
  // repeatedly, from one thread at a time.
  void stop();

  std::uint64_t exported() const;
  std::uint64_t dropped() const;

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace ajwt::http
