// SPDX-License-Identifier: Apache-2.0

#include "http/reverse_proxy.h"

#include <array>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/error_response.h"
#include "http/internal/test_peer.h"
#include "http/server.h"
#include "tests/support/matchers.h"

namespace ajwt::http {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using testing::Listener;
using ::testing::Not;
using testing::Peer;
using End = ProxyOutcome::End;

constexpr std::size_t kLarge = 20 * 1024 * 1024;

ProxyDecision pass() { return Forward{.strip = {}, .set = {}, .set_in_response = {}, .body = {}}; }

// Judge lets all requests pass unless a test says otherwise, and remembers how they ended.
class Judge final : public ProxyJudge {
 public:
  std::function<ProxyDecision(const HttpRequest&)> on_head = [](const auto&) { return pass(); };
  std::function<ProxyDecision(const HttpRequest&)> on_body = [](const auto&) { return pass(); };

  ProxyDecision judge(const HttpRequest& head) override { return on_head(head); }
  ProxyDecision judge_with_body(const HttpRequest& whole) override { return on_body(whole); }
  void on_end(const HttpRequest& head, const ProxyOutcome& outcome) override {
    const std::lock_guard lock(mutex_);
    seen_.push_back({head.path, outcome.end, outcome.status});
    changed_.notify_all();
  }

  HttpResponse on_refused(const HttpRequest* head, const Error& error) override {
    const std::lock_guard lock(mutex_);
    refused_.emplace_back(head == nullptr ? "" : head->path, error.code());
    HttpResponse response = write_error_response(error);
    response.headers.add("X-Refused", "by the judge");
    return response;
  }
  using Refused = std::pair<std::string, Code>;
  std::vector<Refused> refused() {
    const std::lock_guard lock(mutex_);
    return refused_;
  }

  struct Seen {
    std::string path;
    End end;
    int status;
  };
  // wait returns how the request number `index` ended.
  Seen wait(std::size_t index = 0) {
    std::unique_lock lock(mutex_);
    AJWT_CHECK(
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return seen_.size() > index; }));
    return seen_[index];
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Seen> seen_;
  std::vector<Refused> refused_;
};

ReverseProxyOptions options_for(std::uint16_t upstream_port) {
  ReverseProxyOptions options;
  options.upstream = "http://127.0.0.1:" + std::to_string(upstream_port);
  options.io_threads = 1;
  options.worker_threads = 2;
  options.drain_timeout = milliseconds(2000);
  return options;
}

std::unique_ptr<ReverseProxy> start(const ReverseProxyOptions& options, Judge& judge) {
  auto proxy = ReverseProxy::start(options, judge);
  AJWT_CHECK(proxy.has_value());
  return *std::move(proxy);
}

std::string chunk(std::string_view data) {
  char size[20];
  std::snprintf(size, sizeof(size), "%zx\r\n", data.size());
  return size + std::string(data) + "\r\n";
}

// WithServer has a real server as upstream that tells what it got.
class ProxyToServer : public ::testing::Test {
 protected:
  void SetUp() override {
    ServerOptions options;
    options.io_threads = 1;
    options.max_body_bytes = 2 * kLarge;
    auto started = Server::start(options, [](const HttpRequest& request) {
      HttpResponse response{.status = 200, .headers = {}, .body = {}};
      response.headers.add("Connection", "X-Hop");
      response.headers.add("X-Kept", "1");
      response.body = request.method + " " + request.path + "?" + request.query + "\n";
      for (const auto& [name, value] : request.headers.fields())
        response.body += name + ": " + value + "\n";
      response.body += "\n" + request.body;
      if (request.path == "/status/204") response.status = 204;
      if (request.path == "/empty") response.body.clear();
      if (request.path == "/voice") {
        response.headers.add("DPoP-Nonce", "theirs");
        response.headers.add("Via", "service");
      }
      return response;
    });
    ASSERT_THAT(started, IsOk());
    server_ = *std::move(started);
    proxy_ = start(options_for(server_->port()), judge_);
  }
  Peer connect() { return Peer::connect(proxy_->port()); }

  Judge judge_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<ReverseProxy> proxy_;
};

TEST_F(ProxyToServer, ForwardsRequestsAndAnswers) {
  Peer peer = connect();
  const auto response = peer.exchange(
      "POST /a%20b?c=%2Fd HTTP/1.1\r\nHost: api\r\nX: 1\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, ::testing::StartsWith("POST /a%20b?c=%2Fd\n"));
  EXPECT_THAT(response.body, HasSubstr("\nX: 1\n"));
  EXPECT_THAT(response.body, ::testing::EndsWith("\n\nhi"));
  EXPECT_EQ(response.headers.find("x-kept"), "1");
  EXPECT_EQ(response.headers.all("date").size(), 1u);

  const auto head = peer.exchange("HEAD /x HTTP/1.1\r\nHost: api\r\n\r\n", "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.headers.find("content-length"));
  EXPECT_EQ(peer.exchange("GET /status/204 HTTP/1.1\r\nHost: api\r\n\r\n").status, 204);
  const auto empty = peer.exchange("GET /empty HTTP/1.1\r\nHost: api\r\n\r\n");
  EXPECT_EQ(empty.headers.find("content-length"), "0");
  EXPECT_EQ(judge_.wait(3).end, End::kForwarded);
}

TEST_F(ProxyToServer, TellsTheUpstreamWhatItSawItselfAndNothingElse) {
  judge_.on_head = [](const HttpRequest&) {
    return Forward{.strip = {"Authorization", "DPoP"},
                   .set = {{"X-Agent-Sub", "agent:app:a"}},
                   .set_in_response = {{"X-Kept", "2"}},
                   .body = {}};
  };
  const auto response = connect().exchange(
      "GET / HTTP/1.1\r\nHost: public.example\r\nAuthorization: DPoP t\r\ndpop: p\r\n"
      "X_Agent_Sub: admin\r\nX-AGENT-SUB: admin\r\nForwarded: for=evil\r\n"
      "X-Forwarded-For: evil\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\n"
      "X-Original-URL: /admin\r\nX-HTTP-Method-Override: DELETE\r\nX.Agent.Sub: admin\r\n"
      "Content_Length: 5\r\nProxy: http://evil\r\nX-Real-IP: 1.1.1.1\r\n"
      "Connection: X-Private, close\r\nX-Private: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
      "Upgrade: websocket\r\nProxy-Authorization: x\r\nExpect: 100-continue\r\n\r\n");

  EXPECT_EQ(response.body,
            "GET /?\n"
            "X-Forwarded-For: 127.0.0.1\n"
            "X-Forwarded-Proto: http\n"
            "X-Forwarded-Host: public.example\n"
            "X-Agent-Sub: agent:app:a\n"
            "Host: 127.0.0.1:" +
                std::to_string(server_->port()) + "\n\n");
  EXPECT_EQ(response.headers.find("x-kept"), "2");
}

TEST_F(ProxyToServer, TakesFromTheAnswerWhatTheJudgeDoesNotWantInIt) {
  judge_.on_head = [](const HttpRequest&) {
    return Forward{.strip = {},
                   .set = {},
                   .set_in_response = {{"DPoP-Nonce", "ours"}},
                   .body = {},
                   .strip_in_response = [](std::string_view name, std::string_view value) {
                     return name == "DPoP-Nonce" || value == "service";
                   }};
  };
  const auto response = connect().exchange("GET /voice HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.all("DPoP-Nonce"), std::vector<std::string_view>{"ours"});
  EXPECT_FALSE(response.headers.find("Via"));
  EXPECT_EQ(response.headers.find("X-Kept"), "1");
}

TEST_F(ProxyToServer, StreamsLargeBodiesBothWays) {
  Peer peer = connect();
  const std::string part(64 * 1024, 'x');
  std::thread sending([&] {
    peer.send("POST /large HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (std::size_t sent = 0; sent < kLarge; sent += part.size()) peer.send(chunk(part));
    peer.send("0\r\n\r\n");
  });
  sending.join();
  const auto response = peer.read_response();

  EXPECT_EQ(response.status, 200);
  EXPECT_GT(response.body.size(), kLarge);
  EXPECT_EQ(std::count(response.body.begin(), response.body.end(), 'x'),
            static_cast<std::ptrdiff_t>(kLarge));
  EXPECT_EQ(peer.exchange("GET /next HTTP/1.1\r\nHost: api\r\n\r\n").status, 200);
}

TEST_F(ProxyToServer, AnswersInTheUpstreamsPlace) {
  judge_.on_head = [](const HttpRequest& request) -> ProxyDecision {
    HttpResponse response{.status = 401, .headers = {}, .body = "no " + request.path};
    response.headers.add("WWW-Authenticate", "DPoP error=\"use_dpop_nonce\"");
    return Answer{response};
  };
  Peer peer = connect();
  // The connection lives on, past a body that nobody wanted.
  for (int i = 0; i < 2; ++i) {
    const auto response =
        peer.exchange("POST /p HTTP/1.1\r\nHost: api\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_EQ(response.status, 401);
    EXPECT_EQ(response.body, "no /p");
    EXPECT_EQ(response.headers.find("www-authenticate"), "DPoP error=\"use_dpop_nonce\"");
  }
  EXPECT_EQ(judge_.wait(1).end, End::kAnswered);

  const auto large =
      peer.exchange("POST /p HTTP/1.1\r\nHost: api\r\nContent-Length: 9999999\r\n\r\n");
  EXPECT_EQ(large.status, 401);
  EXPECT_EQ(large.headers.find("connection"), "close");
}

TEST_F(ProxyToServer, GivesTheJudgeTheBodyItAsksFor) {
  judge_.on_head = [](const HttpRequest&) { return NeedBody{.max_bytes = 5}; };
  judge_.on_body = [](const HttpRequest& whole) -> ProxyDecision {
    if (whole.body == "evil!") return Answer{{.status = 403, .headers = {}, .body = "evil"}};
    Forward forward{.strip = {}, .set = {}, .set_in_response = {}, .body = {}};
    if (whole.body == "swap") forward.body = "judged bytes";
    return forward;
  };
  Peer peer = connect();
  const auto post = [&](const std::string& body) {
    return peer.exchange("POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\n" +
                         (body.empty() ? "" : chunk(body)) + "0\r\n\r\n");
  };

  EXPECT_THAT(post("hello").body, ::testing::EndsWith("\n\nhello"));
  EXPECT_THAT(post("").body, ::testing::EndsWith("\n\n"));
  EXPECT_THAT(post("swap").body, ::testing::EndsWith("\nContent-Length: 12\n\njudged bytes"));
  EXPECT_EQ(post("evil!").status, 403);
  const auto too_large = post("123456");
  EXPECT_EQ(too_large.status, 413);
  EXPECT_THAT(too_large.body, HasSubstr("body_too_large"));
}

TEST_F(ProxyToServer, AsksForBodiesThatWaitToBeAskedFor) {
  for (const bool with_body : {false, true}) {
    if (with_body) judge_.on_head = [](const HttpRequest&) { return NeedBody{.max_bytes = 5}; };
    Peer peer = connect();
    peer.send("POST / HTTP/1.1\r\nHost: api\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    const auto response = peer.exchange("hi");
    EXPECT_EQ(response.status, 200);
    EXPECT_THAT(response.body, Not(HasSubstr("Expect")));
  }
}

TEST_F(ProxyToServer, RefusesWithoutAskingTheJudge) {
  judge_.on_head = [](const HttpRequest&) -> ProxyDecision {
    return Answer{{.status = 299, .headers = {}, .body = "judged"}};
  };
  const auto requests = std::to_array<std::string>({
      "GET / HTTP/1.1\r\n\r\n",
      "GET /a//b HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /%61 HTTP/1.1\r\nHost: a\r\n\r\n",
      "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
  });
  for (const auto& request : requests) {
    Peer peer = connect();
    const auto response = peer.exchange(request + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(response.status, 400) << request;
    EXPECT_THAT(response.body, HasSubstr("request_malformed"));
    EXPECT_EQ(response.headers.find("X-Refused"), "by the judge");
    EXPECT_TRUE(peer.is_closed_by_other());
  }
  const std::vector<Judge::Refused> refused(requests.size(), {"", Code::k_request_malformed});
  EXPECT_EQ(judge_.refused(), refused);
}

TEST_F(ProxyToServer, AsksTheJudgeForTheWordsOfEveryRefusalOfItsOwn) {
  ReverseProxyOptions options = options_for(server_->port());
  options.header_timeout = milliseconds(50);
  options.body_timeout = milliseconds(50);
  options.head_limits.max_bytes = 1000;
  judge_.on_head = [](const HttpRequest& request) -> ProxyDecision {
    if (request.path == "/throw") throw std::runtime_error("broken");
    return NeedBody{.max_bytes = 5};
  };
  judge_.on_body = [](const HttpRequest&) { return NeedBody{.max_bytes = 5}; };
  const auto proxy = start(options, judge_);
  struct Case {
    std::string request;
    Judge::Refused refused;
  };
  const std::string host = " HTTP/1.1\r\nHost: a\r\n";
  const auto cases = std::to_array<Case>({
      {"GET / HTTP/1.1\r\n", {"", Code::k_request_timed_out}},
      {"GET /" + std::string(1000, 'a'), {"", Code::k_header_too_large}},
      {"POST /large" + host + "Content-Length: 6\r\n\r\n", {"/large", Code::k_body_too_large}},
      {"POST /late" + host + "Content-Length: 5\r\n\r\n", {"/late", Code::k_request_timed_out}},
      {"POST /odd" + host + "Transfer-Encoding: chunked\r\n\r\nx\r\n",
       {"/odd", Code::k_request_malformed}},
      {"POST /twice" + host + "Content-Length: 1\r\n\r\nx", {"/twice", Code::k_internal_error}},
      {"GET /throw" + host + "\r\n", {"/throw", Code::k_internal_error}},
  });
  for (const Case& c : cases) {
    const auto response = Peer::connect(proxy->port()).exchange(c.request);
    EXPECT_EQ(response.status, reason_of(c.refused.second).http_status) << c.request;
    EXPECT_EQ(response.headers.find("X-Refused"), "by the judge") << c.request;
    ASSERT_FALSE(judge_.refused().empty());
    EXPECT_EQ(judge_.refused().back(), c.refused) << c.request;
  }
  EXPECT_EQ(judge_.refused().size(), cases.size());
}

TEST_F(ProxyToServer, HoldsNoMoreOfAllBodiesThanItMay) {
  ReverseProxyOptions options = options_for(server_->port());
  options.max_judged_bytes = 100;
  std::promise<void> judging;
  std::promise<void> decided;
  judge_.on_head = [](const HttpRequest&) { return NeedBody{.max_bytes = 1000}; };
  judge_.on_body = [&](const HttpRequest& whole) {
    if (whole.path == "/held") {
      judging.set_value();
      decided.get_future().wait();
    }
    return pass();
  };
  const auto proxy = start(options, judge_);
  const auto post = [](const std::string& path) {
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n" +
           std::string(60, 'x');
  };
  Peer held = Peer::connect(proxy->port());
  held.send(post("/held"));
  judging.get_future().wait();

  const auto refused = Peer::connect(proxy->port()).exchange(post("/beyond"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(judge_.refused(),
            std::vector<Judge::Refused>({Judge::Refused("/beyond", Code::k_overloaded)}));

  // What a request held is free again once it has ended, which may be just after its answer.
  decided.set_value();
  EXPECT_EQ(held.read_response().status, 200);
  int status = 0;
  for (int i = 0; i < 1000 && status != 200; ++i)
    status = Peer::connect(proxy->port()).exchange(post("/after")).status;
  EXPECT_EQ(status, 200);
}

TEST_F(ProxyToServer, WaitsALimitedTimeForTheRestOfWhatItRefused) {
  judge_.on_head = [](const HttpRequest&) {
    return Answer{{.status = 401, .headers = {}, .body = "no"}};
  };
  ReverseProxyOptions options = options_for(server_->port());
  options.body_timeout = milliseconds(200);
  const auto proxy = start(options, judge_);
  Peer peer = Peer::connect(proxy->port());
  EXPECT_EQ(peer.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n").status,
            401);
  // Each byte comes in time, but not all of them.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (peer.send("x") == 1 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(milliseconds(20));
  EXPECT_LT(std::chrono::steady_clock::now(), until);
}

TEST_F(ProxyToServer, RefusesMalformedBodiesWhileItForwardsThem) {
  Peer peer = connect();
  const auto response = peer.exchange(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX\r\n");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(judge_.wait().end, End::kAnswered);
}

TEST_F(ProxyToServer, AnswersDecisionsThatCannotBeCarriedOutWith500) {
  const auto decisions = std::to_array<std::function<ProxyDecision()>>({
      [] {
        return Forward{{}, {{"Content-Length", "5"}}, {}, {}};
      },
      [] {
        return Forward{{}, {{"X", "a\r\nY: b"}}, {}, {}};
      },
      []() -> ProxyDecision { throw std::runtime_error("broken"); },
      [] { return Answer{{.status = 7, .headers = {}, .body = {}}}; },
  });
  for (const auto& decision : decisions) {
    judge_.on_head = [&](const HttpRequest&) { return decision(); };
    const auto response = connect().exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(response.status, 500);
    EXPECT_THAT(response.body, HasSubstr("internal_error"));
  }
}

TEST_F(ProxyToServer, ServesManyConnectionsSideBySide) {
  std::atomic<int> good = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      Peer peer = connect();
      for (int j = 0; j < 30; ++j) {
        const std::string body = std::to_string(i) + "." + std::to_string(j);
        const auto response = peer.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                                            std::to_string(body.size()) + "\r\n\r\n" + body);
        if (response.body.ends_with("\n\n" + body)) ++good;
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(good, 240);
}

// ------------------------------------------------------ upstreams that misbehave, byte by byte

TEST(ReverseProxy, AnswersWith502WhenTheUpstreamIsDown) {
  Judge judge;
  const auto proxy = start(options_for(testing::free_port()), judge);
  const auto response = Peer::connect(proxy->port()).exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(response.status, 502);
  EXPECT_THAT(response.body, HasSubstr("upstream_unavailable"));
  const auto seen = judge.wait();
  EXPECT_EQ(seen.end, End::kUpstreamFailed);
  EXPECT_EQ(seen.status, 502);
}

// Follower writes down what becomes of a request.
class Follower final : public ForwardObserver {
 public:
  HttpResponse on_failed(const Error& error) override {
    const std::lock_guard lock(mutex_);
    failed_.push_back(error.code());
    HttpResponse response = write_error_response(error);
    response.headers.add("X-Failed", "as the observer says");
    return response;
  }
  void on_end(const ProxyOutcome& outcome) override {
    const std::lock_guard lock(mutex_);
    ended_.push_back(outcome);
    changed_.notify_all();
  }
  ProxyOutcome wait() {
    std::unique_lock lock(mutex_);
    AJWT_CHECK(changed_.wait_for(lock, std::chrono::seconds(20), [&] { return !ended_.empty(); }));
    return ended_.front();
  }
  std::vector<Code> failed() {
    const std::lock_guard lock(mutex_);
    return failed_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Code> failed_;
  std::vector<ProxyOutcome> ended_;
};

TEST(ReverseProxy, LetsTheObserverAnswerForAnUpstreamThatFails) {
  Judge judge;
  const auto follower = std::make_shared<Follower>();
  judge.on_head = [&](const auto&) {
    Forward forward;
    forward.observer = follower;
    return forward;
  };
  const auto proxy = start(options_for(testing::free_port()), judge);

  const auto response = Peer::connect(proxy->port()).exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(response.headers.find("X-Failed"), "as the observer says");
  EXPECT_EQ(follower->failed(), std::vector{Code::k_upstream_unavailable});
  EXPECT_EQ(follower->wait().end, End::kUpstreamFailed);
  EXPECT_EQ(follower->wait().status, 502);
}

TEST(ReverseProxy, LetsTheObserverAnswerForABodyThatGoesWrongOnItsWay) {
  Judge judge;
  const auto follower = std::make_shared<Follower>();
  judge.on_head = [&](const auto&) {
    Forward forward;
    forward.observer = follower;
    return forward;
  };
  Listener upstream;
  const auto proxy = start(options_for(upstream.port()), judge);
  Peer client = Peer::connect(proxy->port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n");
  Peer inner = upstream.accept();

  EXPECT_EQ(client.read_response().status, 400);

  EXPECT_EQ(follower->failed(), std::vector{Code::k_request_malformed});
  EXPECT_EQ(follower->wait().end, End::kAnswered);
  EXPECT_TRUE(judge.refused().empty()) << "the judge let it through";
}

TEST(ReverseProxy, TellsTheObserverTheEndOfAnAnswer) {
  Judge judge;
  const auto follower = std::make_shared<Follower>();
  judge.on_head = [&](const auto&) {
    Forward forward;
    forward.observer = follower;
    return forward;
  };
  Listener upstream;
  const auto proxy = start(options_for(upstream.port()), judge);
  Peer client = Peer::connect(proxy->port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  Peer inner = upstream.accept();
  inner.read_until("\r\n\r\n");
  inner.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");

  EXPECT_EQ(client.read_response().status, 503);

  EXPECT_EQ(follower->wait().end, End::kForwarded);
  EXPECT_EQ(follower->wait().status, 503);
  EXPECT_TRUE(follower->failed().empty()) << "it was the service's own answer";
}

TEST(ReverseProxy, AnswersWith504WhenTheUpstreamIsSilent) {
  Judge judge;
  Listener upstream;
  ReverseProxyOptions options = options_for(upstream.port());
  options.upstream_timeout = milliseconds(50);
  options.header_timeout = milliseconds(100);
  const auto proxy = start(options, judge);
  const auto response = Peer::connect(proxy->port()).exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(response.status, 504);
  EXPECT_THAT(response.body, HasSubstr("upstream_timed_out"));
}

TEST(ReverseProxy, AnswersWith502WhenTheAnswerIsNoAnswer) {
  const auto answers = std::to_array<std::string>({
      "",
      "HTTP/1.1 200",
      "hello\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
      "HTTP/1.1 700 OK\r\nContent-Length: 0\r\n\r\n",
  });
  for (const auto& answer : answers) {
    Judge judge;
    Listener upstream;
    const auto proxy = start(options_for(upstream.port()), judge);
    Peer client = Peer::connect(proxy->port());
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    {
      Peer inner = upstream.accept();
      EXPECT_THAT(inner.read_until("\r\n\r\n").value_or(""), HasSubstr("Content-Length: 0\r\n"));
      inner.send(answer);
    }
    const auto response = client.read_response();
    EXPECT_EQ(response.status, 502) << answer;
    EXPECT_THAT(response.body, HasSubstr("upstream_unavailable"));
  }
}

TEST(ReverseProxy, BreaksTheConnectionWhenAnAnswerBreaksOff) {
  for (const std::string framing : {"Content-Length: 10", "Transfer-Encoding: chunked"}) {
    Judge judge;
    Listener upstream;
    const auto proxy = start(options_for(upstream.port()), judge);
    Peer client = Peer::connect(proxy->port());
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    Peer inner = upstream.accept();
    inner.read_until("\r\n\r\n");
    inner.send("HTTP/1.1 200 OK\r\n" + framing + "\r\n\r\n");
    EXPECT_TRUE(client.read_until("\r\n\r\n"));
    inner.send(framing.starts_with("C") ? "short" : "5\r\nshort\r\n");
    EXPECT_TRUE(client.read_until("short"));
    inner.close();
    EXPECT_THAT(client.read_all(), Not(HasSubstr("0\r\n\r\n")));
    EXPECT_EQ(judge.wait().end, End::kUpstreamFailed);
  }
}

TEST(ReverseProxy, PassesOnEarlyAnswersAndSkipsInterimOnes) {
  Judge judge;
  Listener upstream;
  const auto proxy = start(options_for(upstream.port()), judge);
  Peer client = Peer::connect(proxy->port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\npart");
  Peer inner = upstream.accept();
  inner.read_until("part");
  inner.send(
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
      "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
  const auto response = client.read_response();
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.body, "no");
  EXPECT_EQ(response.headers.find("connection"), "close");
  EXPECT_TRUE(inner.is_closed_by_other());
  EXPECT_TRUE(client.is_closed_by_other());
}

TEST(ReverseProxy, StreamsEventsAsTheyCome) {
  Judge judge;
  Listener upstream;
  const auto proxy = start(options_for(upstream.port()), judge);
  Peer client = Peer::connect(proxy->port());
  client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  Peer inner = upstream.accept();
  inner.read_until("\r\n\r\n");
  // Without length: its end is the connection's, towards the client it is chunked.
  inner.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
  EXPECT_THAT(client.read_until("\r\n\r\n").value_or(""), HasSubstr("Transfer-Encoding: chunked"));
  for (const std::string event : {"data: 1\n\n", "data: 2\n\n"}) {
    inner.send(event);
    EXPECT_EQ(client.read_until(event + "\r\n"), chunk(event));
  }
  inner.close();
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "0\r\n\r\n");
}

TEST(ReverseProxy, CancelsTheUpstreamWhenTheClientLeaves) {
  Judge judge;
  Listener upstream;
  const auto proxy = start(options_for(upstream.port()), judge);
  Peer client = Peer::connect(proxy->port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  Peer waiting = upstream.accept();
  waiting.read_until("\r\n\r\n");
  client.close();
  EXPECT_TRUE(waiting.is_closed_by_other());
  EXPECT_EQ(judge.wait().end, End::kClientGone);

  Peer sender = Peer::connect(proxy->port());
  sender.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\npart");
  Peer reading = upstream.accept();
  reading.read_until("part");
  sender.close();
  EXPECT_TRUE(reading.is_closed_by_other());
  EXPECT_EQ(judge.wait(1).end, End::kClientGone);
}

TEST(ReverseProxy, HoldsBackAClientWhoseUpstreamDoesNotRead) {
  Judge judge;
  Listener upstream;
  const auto proxy = start(options_for(upstream.port()), judge);
  Peer client = Peer::connect(proxy->port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000000\r\n\r\n");
  Peer inner = upstream.accept();
  // What the kernel's own buffers take on both ways, but no more.
  const std::size_t taken = client.send_until_blocked(200000000, 300);
  EXPECT_LT(taken, 50u * 1000 * 1000);
}

TEST(ReverseProxy, KeepsUpstreamConnectionsAndNoticesWhenTheyAreClosed) {
  Judge judge;
  Listener upstream;
  const auto proxy = start(options_for(upstream.port()), judge);
  Peer client = Peer::connect(proxy->port());
  const std::string request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

  client.send(request);
  Peer first = upstream.accept();
  for (int i = 0; i < 3; ++i) {
    first.read_until("\r\n\r\nx");
    first.send(answer);
    EXPECT_EQ(client.read_response().status, 200);
    judge.wait(static_cast<std::size_t>(i));
    if (i < 2) client.send(request);
  }
  EXPECT_FALSE(upstream.has_connection());
  first.close();
  client.send(request);
  Peer second = upstream.accept();
  EXPECT_TRUE(second.read_until("\r\n\r\nx"));
  second.send(answer);
  EXPECT_EQ(client.read_response().status, 200);
}

TEST(ReverseProxy, RepeatsOnlyWhatIsSafeToRepeat) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  struct Case {
    std::string request;
    bool repeated;
  };
  const auto cases = std::to_array<Case>({
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", false},
      {"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", false},
  });
  for (const auto& [request, repeated] : cases) {
    Judge judge;
    Listener upstream;
    const auto proxy = start(options_for(upstream.port()), judge);
    Peer client = Peer::connect(proxy->port());
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    Peer kept = upstream.accept();
    kept.read_until("\r\n\r\n");
    kept.send(answer);
    EXPECT_EQ(client.read_response().status, 200);
    judge.wait();

    // The kept connection takes the request and closes without a word.
    client.send(request);
    kept.read_until("\r\n\r\n");
    kept.close();
    if (repeated) {
      Peer fresh = upstream.accept();
      EXPECT_TRUE(fresh.read_until("\r\n\r\n"));
      fresh.send(answer);
    }
    EXPECT_EQ(client.read_response().status, repeated ? 200 : 502) << request;
    EXPECT_FALSE(upstream.has_connection());
  }
}

TEST(ReverseProxy, StopEndsStreams) {
  Judge judge;
  Listener upstream;
  ReverseProxyOptions options = options_for(upstream.port());
  options.drain_timeout = milliseconds(20);
  const auto proxy = start(options, judge);
  Peer client = Peer::connect(proxy->port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\npart");
  Peer inner = upstream.accept();
  inner.read_until("part");
  proxy->stop();
  EXPECT_TRUE(inner.is_closed_by_other());
  EXPECT_TRUE(client.is_closed_by_other());
}

TEST(ReverseProxy, RefusesUpstreamsThatAreNone) {
  Judge judge;
  for (const std::string upstream : {"", "https://a", "http://a/path", "a:80"}) {
    ReverseProxyOptions options = options_for(1);
    options.upstream = upstream;
    EXPECT_THAT(ReverseProxy::start(options, judge), RefusedWith(Code::k_configuration_refused))
        << upstream;
  }
}

}  // namespace
}  // namespace ajwt::http
