// SPDX-License-Identifier: Apache-2.0

#include "http/span_exporter.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "json/parse.h"
#include "json/write.h"

namespace ajwt::http {
namespace {

constexpr std::string_view kTracesPath = "/v1/traces";
constexpr std::int64_t kServerSpan = 2;   // SPAN_KIND_SERVER
constexpr std::int64_t kErrorStatus = 2;  // STATUS_CODE_ERROR
constexpr auto kWorthAgain = std::to_array<int>({429, 502, 503, 504});
constexpr std::chrono::milliseconds kFirstWait{1000};

using SteadyClock = std::chrono::steady_clock;

json::Object attribute(std::string_view key, json::Object value) {
  return json::Object{{"key", key}, {"value", std::move(value)}};
}

json::Object text_attribute(std::string_view key, std::string_view value) {
  return attribute(key, json::Object{{"stringValue", value}});
}

// 64-bit numbers are texts in OTLP's JSON.
std::string nanoseconds(std::chrono::system_clock::time_point time) {
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
  return std::to_string(since.count());
}

json::Object write_span(const FinishedSpan& span) {
  json::Object written{{"traceId", span.span.trace_id()}, {"spanId", span.span.span_id()}};
  if (span.span.parent) written.append("parentSpanId", to_hex(*span.span.parent));
  written.append("name", span.name);
  written.append("kind", kServerSpan);
  written.append("startTimeUnixNano", nanoseconds(span.ended_at - span.took));
  written.append("endTimeUnixNano", nanoseconds(span.ended_at));
  json::Array attributes;
  for (const auto& [key, value] : span.attributes) {
    if (!value.empty()) attributes.emplace_back(text_attribute(key, value));
  }
  if (span.http_status != 0) {
    attributes.emplace_back(attribute(
        "http.response.status_code", json::Object{{"intValue", std::to_string(span.http_status)}}));
  }
  written.append("attributes", std::move(attributes));
  if (span.http_status >= 500) written.append("status", json::Object{{"code", kErrorStatus}});
  return written;
}

// rejected_spans returns how many spans of a batch the collector says it has not taken.
std::uint64_t rejected_spans(const HttpResponse& response) {
  const auto body = json::parse_object(response.body);
  const json::Value* partial = body ? body->find("partialSuccess") : nullptr;
  const json::Object* object = partial == nullptr ? nullptr : partial->find_object();
  const json::Value* rejected = object == nullptr ? nullptr : object->find("rejectedSpans");
  if (rejected == nullptr) return 0;
  std::int64_t count = 0;
  if (const auto* number = rejected->find_integer()) count = *number;
  if (const auto* text = rejected->find_string()) {
    std::from_chars(text->data(), text->data() + text->size(), count);
  }
  return count < 0 ? 0 : static_cast<std::uint64_t>(count);
}

}  // namespace

std::string write_spans(const SpanExporterOptions& options, std::span<const FinishedSpan> spans) {
  json::Array written;
  for (const FinishedSpan& span : spans) written.emplace_back(write_span(span));
  json::Array resource;
  resource.emplace_back(text_attribute("service.name", options.service));
  resource.emplace_back(text_attribute("service.version", options.version));
  json::Array scopes;
  scopes.emplace_back(
      json::Object{{"scope", json::Object{{"name", "ajwt"}}}, {"spans", std::move(written)}});
  json::Array resources;
  resources.emplace_back(
      json::Object{{"resource", json::Object{{"attributes", std::move(resource)}}},
                   {"scopeSpans", std::move(scopes)}});
  return json::write(json::Object{{"resourceSpans", std::move(resources)}});
}

// Worker is the queue and the thread that empties it.
class SpanExporter::Worker {
 public:
  Worker(SpanExporterOptions options, HttpClient& client)
      : options_(std::move(options)),
        url_(options_.endpoint + std::string(kTracesPath)),
        client_(client),
        thread_([this] { run(); }) {}
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void take(FinishedSpan span) {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= options_.capacity) {
      ++dropped_;
      return;
    }
    queue_.push_back(std::move(span));
    if (queue_.size() == 1 || queue_.size() == options_.batch) changed_.notify_one();
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      if (!stopping_) stop_at_ = SteadyClock::now() + options_.stop_within;
      stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  std::uint64_t exported() const { return exported_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  enum class Sent { kTaken, kRefused, kNotNow };

  void run() {
    std::vector<FinishedSpan> batch;
    std::chrono::milliseconds wait{0};
    while (next(batch, wait)) {
      const Sent sent = send(batch);
      if (sent == Sent::kNotNow && !is_stopping()) {
        wait = wait.count() == 0 ? std::min(kFirstWait, options_.longest_wait)
                                 : std::min(2 * wait, options_.longest_wait);
        continue;  // the same batch again
      }
      if (sent != Sent::kTaken) dropped_ += batch.size();
      wait = std::chrono::milliseconds(0);
      batch.clear();
    }
    drop_all(batch);
  }

  // next waits until a batch may be sent: when it is full or has lingered, or, for one that failed,
  // when its wait is over. False: it is time to end.
  bool next(std::vector<FinishedSpan>& batch, std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    if (!batch.empty()) {
      changed_.wait_for(lock, wait, [this] { return stopping_; });
    } else {
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      changed_.wait_for(lock, options_.linger,
                        [this] { return stopping_ || queue_.size() >= options_.batch; });
    }
    if (stopping_ && SteadyClock::now() >= stop_at_) return false;
    while (batch.size() < options_.batch && !queue_.empty()) {
      batch.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    return !batch.empty();
  }

  bool is_stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }

  // patience is the time that one request may take: not beyond the end of stop().
  Seconds patience() const {
    const std::lock_guard lock(mutex_);
    if (!stopping_) return options_.timeout;
    const auto left = std::chrono::floor<Seconds>(stop_at_ - SteadyClock::now());
    return std::clamp(left, Seconds(1), options_.timeout);
  }

  Sent send(const std::vector<FinishedSpan>& batch) {
    HttpHeaders headers;
    headers.add("Content-Type", "application/json");
    const auto response = client_.send({.method = "POST",
                                        .url = url_,
                                        .headers = std::move(headers),
                                        .body = write_spans(options_, batch),
                                        .timeout = patience()});
    if (response && response->status >= 200 && response->status <= 299) {
      const std::uint64_t rejected =
          std::min<std::uint64_t>(rejected_spans(*response), batch.size());
      dropped_ += rejected;
      exported_ += batch.size() - rejected;
      turn(ok());
      return Sent::kTaken;
    }
    turn(response ? refuse(Code::k_network_failed)
                        .with_detail("the collector answered " + std::to_string(response->status))
                  : response.error());
    const bool again = !response || std::find(kWorthAgain.begin(), kWorthAgain.end(),
                                              response->status) != kWorthAgain.end();
    return again ? Sent::kNotNow : Sent::kRefused;
  }

  void turn(const Status& now) {
    if (failing_ == !now.has_value()) return;
    failing_ = !now.has_value();
    if (options_.on_turn) options_.on_turn(now);
  }

  void drop_all(const std::vector<FinishedSpan>& batch) {
    const std::lock_guard lock(mutex_);
    dropped_ += batch.size() + queue_.size();
    queue_.clear();
  }

  const SpanExporterOptions options_;
  const std::string url_;
  HttpClient& client_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<FinishedSpan> queue_;
  bool stopping_ = false;
  SteadyClock::time_point stop_at_;
  bool failing_ = false;  // the thread's own
  std::atomic<std::uint64_t> exported_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::thread thread_;  // the last: it uses all of the above
};

SpanExporter::SpanExporter(SpanExporterOptions options, HttpClient& client)
    : worker_(std::make_unique<Worker>(std::move(options), client)) {}
SpanExporter::~SpanExporter() = default;

void SpanExporter::take(FinishedSpan span) {
  if (span.span.self.sampled) worker_->take(std::move(span));
}

void SpanExporter::stop() { worker_->stop(); }
std::uint64_t SpanExporter::exported() const { return worker_->exported(); }
std::uint64_t SpanExporter::dropped() const { return worker_->dropped(); }

}  // namespace ajwt::http
