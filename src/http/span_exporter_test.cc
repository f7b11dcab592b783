// SPDX-License-Identifier: Apache-2.0
//
// The exporter against a collector of ours over loopback: what arrives, and what happens to us when
// it is gone, slow or unwilling.
#include "http/span_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "http/client.h"
#include "http/internal/test_peer.h"
#include "http/server.h"
#include "json/parse.h"
#include "tests/support/matchers.h"

namespace ajwt::http {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using TestClock = std::chrono::steady_clock;

FinishedSpan finished(std::uint8_t number, bool sampled = true) {
  FinishedSpan span{
      .span = {.self = new_trace(Bytes(kSpanRandomBytes, number)), .parent = std::nullopt},
      .name = "POST /intent/token",
      .ended_at = std::chrono::system_clock::time_point(std::chrono::seconds(1000)),
      .took = std::chrono::microseconds(250),
      .attributes = {{"ajwt.decision_id", "dec_" + std::to_string(number)}, {"ajwt.subject", ""}},
      .http_status = 200};
  span.span.self.sampled = sampled;
  return span;
}

// Collector takes what is posted and answers as it is told.
class Collector {
 public:
  Collector() {
    ServerOptions options;
    options.io_threads = 1;
    options.worker_threads = 2;
    options.drain_timeout = milliseconds(3000);
    server_ = *Server::start(options, [this](const HttpRequest& request) {
      std::unique_lock lock(mutex_);
      requests_.push_back(request);
      changed_.notify_all();
      changed_.wait(lock, [this] { return !held_; });
      HttpResponse response{.status = status_, .headers = {}, .body = body_};
      response.headers.add("Content-Type", "application/json");
      return response;
    });
  }
  ~Collector() { answer(200); }

  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  // answer says how requests are answered from now on, those that are held too.
  void answer(int status, std::string body = "{}") {
    const std::lock_guard lock(mutex_);
    held_ = false;
    status_ = status;
    body_ = std::move(body);
    changed_.notify_all();
  }
  // wait returns all requests once there are so many.
  std::vector<HttpRequest> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20),
                                  [&] { return requests_.size() >= count; }));
    return requests_;
  }
  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<HttpRequest> requests_;
  bool held_ = false;
  int status_ = 200;
  std::string body_ = "{}";
  std::unique_ptr<Server> server_;
};

class SpanExporterTest : public ::testing::Test {
 protected:
  SpanExporterOptions options(std::string endpoint) {
    return {.endpoint = std::move(endpoint),
            .service = "ajwt-authority",
            .version = "1.2.3",
            .linger = milliseconds(20),
            .longest_wait = milliseconds(50),
            .on_turn = [this](const Status& now) {
              const std::lock_guard lock(mutex_);
              turns_.push_back(now.has_value());
            }};
  }
  std::vector<bool> turns() {
    const std::lock_guard lock(mutex_);
    return turns_;
  }
  template <class Reached>
  static void await(Reached reached) {
    for (int i = 0; i < 2000 && !reached(); ++i) std::this_thread::sleep_for(milliseconds(10));
    EXPECT_TRUE(reached());
  }

  std::mutex mutex_;
  std::vector<bool> turns_;
  Collector collector;
  CurlClient client;
};

TEST_F(SpanExporterTest, WritesWhatACollectorReads) {
  FinishedSpan child = finished(2);
  child.span.parent = SpanId{1, 2, 3, 4, 5, 6, 7, 8};
  child.http_status = 503;
  const std::vector<FinishedSpan> spans{finished(1), child};

  const std::string text = write_spans(options(""), spans);

  EXPECT_EQ(text,
            R"({"resourceSpans":[{"resource":{"attributes":[)"
            R"({"key":"service.name","value":{"stringValue":"ajwt-authority"}},)"
            R"({"key":"service.version","value":{"stringValue":"1.2.3"}}]},)"
            R"("scopeSpans":[{"scope":{"name":"ajwt"},"spans":[)"
            R"({"traceId":"01010101010101010101010101010101","spanId":"0101010101010101",)"
            R"("name":"POST /intent/token","kind":2,"startTimeUnixNano":"999999750000",)"
            R"("endTimeUnixNano":"1000000000000","attributes":[)"
            R"({"key":"ajwt.decision_id","value":{"stringValue":"dec_1"}},)"
            R"({"key":"http.response.status_code","value":{"intValue":"200"}}]},)"
            R"({"traceId":"02020202020202020202020202020202","spanId":"0202020202020202",)"
            R"("parentSpanId":"0102030405060708","name":"POST /intent/token","kind":2,)"
            R"("startTimeUnixNano":"999999750000","endTimeUnixNano":"1000000000000","attributes":[)"
            R"({"key":"ajwt.decision_id","value":{"stringValue":"dec_2"}},)"
            R"({"key":"http.response.status_code","value":{"intValue":"503"}}],)"
            R"("status":{"code":2}}]}]}]})");
}

TEST_F(SpanExporterTest, SendsInBatches) {
  SpanExporter exporter(options(collector.endpoint()), client);
  for (std::uint8_t i = 1; i <= 5; ++i) exporter.take(finished(i));

  const HttpRequest request = collector.wait(1).front();

  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/v1/traces");
  EXPECT_EQ(request.headers.find("Content-Type"), "application/json");
  EXPECT_TRUE(json::parse_object(request.body));
  for (int i = 1; i <= 5; ++i) EXPECT_THAT(request.body, HasSubstr("dec_" + std::to_string(i)));
  await([&] { return exporter.exported() == 5; });
  EXPECT_EQ(exporter.dropped(), 0U);
  EXPECT_TRUE(turns().empty()) << "nothing turned: it worked from the start";
}

TEST_F(SpanExporterTest, LeavesOutWhatIsNotSampled) {
  SpanExporter exporter(options(collector.endpoint()), client);
  exporter.take(finished(1, false));
  exporter.take(finished(2));
  EXPECT_THAT(collector.wait(1).front().body, ::testing::Not(HasSubstr("dec_1")));
}

TEST_F(SpanExporterTest, SendsAgainWhatWasNotTakenForNowAndSaysSoOnce) {
  collector.answer(503);
  SpanExporter exporter(options(collector.endpoint()), client);
  exporter.take(finished(1));
  collector.wait(4);
  EXPECT_EQ(turns(), std::vector{false}) << "four failures are one turn";
  collector.answer(200);
  await([&] { return exporter.exported() == 1; });
  EXPECT_EQ(turns(), (std::vector{false, true}));
  EXPECT_EQ(exporter.dropped(), 0U);
}

TEST_F(SpanExporterTest, DropsWhatIsRefusedForGood) {
  collector.answer(400);
  SpanExporter exporter(options(collector.endpoint()), client);
  exporter.take(finished(1));
  await([&] { return exporter.dropped() == 1; });
  EXPECT_EQ(collector.wait(1).size(), 1U);
  collector.answer(200, R"({"partialSuccess":{"rejectedSpans":"1","errorMessage":"no"}})");
  exporter.take(finished(2));
  await([&] { return exporter.dropped() == 2; });
  EXPECT_EQ(exporter.exported(), 0U);
}

TEST_F(SpanExporterTest, HoldsNoMoreThanItsCapacityForASlowCollector) {
  collector.hold();
  SpanExporterOptions small = options(collector.endpoint());
  small.capacity = 10;
  small.batch = 5;
  SpanExporter exporter(std::move(small), client);
  for (std::uint8_t i = 1; i <= 5; ++i) exporter.take(finished(i));
  collector.wait(1);  // five are on their way

  const auto begun = TestClock::now();
  for (std::uint8_t i = 0; i < 40; ++i) exporter.take(finished(static_cast<std::uint8_t>(i + 6)));

  EXPECT_LT(TestClock::now() - begun, milliseconds(500)) << "nobody waits for it";
  EXPECT_EQ(exporter.dropped(), 30U);
  collector.answer(200);
  await([&] { return exporter.exported() == 15; });
}

TEST_F(SpanExporterTest, StopSendsWhatIsQueued) {
  SpanExporterOptions patient = options(collector.endpoint());
  patient.linger = std::chrono::seconds(60);
  SpanExporter exporter(std::move(patient), client);
  exporter.take(finished(7));
  exporter.stop();
  EXPECT_EQ(exporter.exported(), 1U);
  EXPECT_THAT(collector.wait(1).front().body, HasSubstr("dec_7"));
  exporter.take(finished(8));
  EXPECT_EQ(exporter.dropped(), 1U) << "it takes no more";
}

TEST_F(SpanExporterTest, StopGivesUpASilentCollectorInTime) {
  collector.hold();
  SpanExporterOptions brief = options(collector.endpoint());
  brief.timeout = Seconds(1);
  brief.stop_within = Seconds(1);
  SpanExporter exporter(std::move(brief), client);
  exporter.take(finished(1));
  collector.wait(1);
  exporter.take(finished(2));

  const auto begun = TestClock::now();
  exporter.stop();

  EXPECT_LT(TestClock::now() - begun, std::chrono::seconds(4));
  EXPECT_EQ(exporter.exported(), 0U);
  EXPECT_EQ(exporter.dropped(), 2U);
}

TEST_F(SpanExporterTest, StopsAtOnceWhereNobodyListens) {
  SpanExporter exporter(options("http://127.0.0.1:" + std::to_string(testing::free_port())),
                        client);
  exporter.take(finished(1));
  await([&] { return !turns().empty(); });
  const auto begun = TestClock::now();
  exporter.stop();
  EXPECT_LT(TestClock::now() - begun, std::chrono::seconds(2));
  EXPECT_EQ(exporter.dropped(), 1U);
  EXPECT_EQ(turns(), std::vector{false});
}

}  // namespace
}  // namespace ajwt::http
