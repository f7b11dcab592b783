// SPDX-License-Identifier: Apache-2.0

#include "http/server.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "http/internal/test_peer.h"
#include "tests/support/matchers.h"

namespace ajwt::http {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using testing::Listener;
using testing::Peer;
using ::testing::StartsWith;

ServerOptions quick() {
  ServerOptions options;
  options.io_threads = 2;
  options.worker_threads = 4;
  options.drain_timeout = milliseconds(5000);
  return options;
}

HttpResponse text(int status, std::string body) {
  return {.status = status, .headers = {}, .body = std::move(body)};
}

// echo answers with what it was sent.
HttpResponse echo(const HttpRequest& request) {
  return text(200, request.method + " " + request.path + "?" + request.query + " " + request.body);
}

std::unique_ptr<Server> serve(Handler handler, ServerOptions options = quick()) {
  auto server = Server::start(std::move(options), std::move(handler));
  AJWT_CHECK(server.has_value());
  return *std::move(server);
}

// Latch holds handlers until it is opened.
class Latch {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_for_waiters(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

TEST(Server, AnswersRequestsOfOneConnectionInTurn) {
  const auto server = serve(echo);
  Peer peer = Peer::connect(server->port());

  EXPECT_EQ(peer.exchange("GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /a?b=c ");
  const auto response =
      peer.exchange("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "POST /p? hello");
  EXPECT_TRUE(response.headers.find("date"));
  EXPECT_FALSE(response.headers.find("server"));
  EXPECT_FALSE(response.headers.find("connection"));
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  const auto server = serve(echo);
  Peer peer = Peer::connect(server->port());
  std::string requests;
  for (int i = 0; i < 20; ++i)
    requests += "POST /" + std::to_string(i) +
                " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";

  peer.send(requests);

  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(peer.read_response().body, "POST /" + std::to_string(i) + "? hi");
}

TEST(Server, TellsThePeerAndDecodesNothing) {
  const auto server = serve(
      [](const HttpRequest& request) { return text(200, request.peer + " " + request.path); });
  EXPECT_EQ(Peer::connect(server->port()).exchange("GET /%20 HTTP/1.1\r\nHost: h\r\n\r\n").body,
            "127.0.0.1 /%20");
}

TEST(Server, AnswersHeadWithoutBody) {
  const auto server = serve(echo);
  Peer peer = Peer::connect(server->port());

  const auto response = peer.exchange("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n", "HEAD");
  EXPECT_EQ(response.headers.find("content-length"), "9");
  EXPECT_EQ(peer.exchange("GET /b HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /b? ");
}

TEST(Server, ClosesWhenTheClientAsksForIt) {
  const auto server = serve(echo);
  Peer closing = Peer::connect(server->port());
  EXPECT_EQ(closing.exchange("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").status, 200);
  EXPECT_TRUE(closing.is_closed_by_other());

  Peer old = Peer::connect(server->port());
  const auto response = old.exchange("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.find("connection"), "close");
  EXPECT_TRUE(old.is_closed_by_other());
}

TEST(Server, RefusesWhatTheGateRefusesAndClosesTheConnection) {
  std::atomic<int> calls = 0;
  const auto server = serve([&](const HttpRequest& request) {
    ++calls;
    return echo(request);
  });
  struct Case {
    std::string request;
    int status;
    std::string reason;
  };
  const auto cases = std::to_array<Case>({
      {"GET / HTTP/1.1\r\n\r\n", 400, "request_malformed"},
      {"GET / HTTP/1.1\nHost: a\n\n", 400, "request_malformed"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
       "request_malformed"},
      {"GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request_malformed"},
      {"GET /%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "request_malformed"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400,
       "request_malformed"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(40000, 'x') + "\r\n\r\n", 431,
       "header_too_large"},
      {std::string("\x16\x03\x01\x02\x00\x01", 6), 400, "request_malformed"},
  });
  for (const auto& [request, status, reason] : cases) {
    Peer peer = Peer::connect(server->port());
    const auto response = peer.exchange(request + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(response.status, status) << request.substr(0, 80);
    EXPECT_THAT(response.body, HasSubstr("\"reason\":\"" + reason + "\""));
    EXPECT_EQ(response.headers.find("content-type"), "application/json");
    EXPECT_EQ(response.headers.find("connection"), "close");
    EXPECT_TRUE(peer.is_closed_by_other());
  }
  EXPECT_EQ(calls, 0);
}

TEST(Server, RefusesALargeBodyWithoutReadingIt) {
  ServerOptions options = quick();
  options.max_body_bytes = 10;
  const auto server = serve(echo, options);

  Peer by_length = Peer::connect(server->port());
  EXPECT_EQ(
      by_length.exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n").status,
      413);
  Peer by_count = Peer::connect(server->port());
  EXPECT_EQ(by_count
                .exchange("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "6\r\nabcdef\r\n6\r\nabcdef\r\n")
                .status,
            413);
  Peer fitting = Peer::connect(server->port());
  EXPECT_EQ(
      fitting.exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789").status,
      200);
}

TEST(Server, AsksForABodyThatWaitsToBeAskedFor) {
  const auto server = serve(echo);
  Peer peer = Peer::connect(server->port());

  peer.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(peer.exchange("hi").body, "POST /? hi");
}

TEST(Server, GivesUpOnSlowClients) {
  ServerOptions options = quick();
  options.header_timeout = milliseconds(50);
  options.body_timeout = milliseconds(50);
  options.idle_timeout = milliseconds(100);
  const auto server = serve(echo, options);

  Peer slow_header = Peer::connect(server->port());
  const auto response = slow_header.exchange("GET / HT");
  EXPECT_EQ(response.status, 408);
  EXPECT_THAT(response.body, HasSubstr("request_timed_out"));
  Peer slow_body = Peer::connect(server->port());
  EXPECT_EQ(slow_body.exchange("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab").status,
            408);
  Peer idle = Peer::connect(server->port());
  EXPECT_EQ(idle.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
  EXPECT_TRUE(idle.is_closed_by_other());
}

TEST(Server, SurvivesClientsThatLeave) {
  const auto server = serve(echo);
  for (const auto* part : {"", "GET ", "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
                           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"}) {
    Peer peer = Peer::connect(server->port());
    peer.send(part);
  }
  EXPECT_EQ(Peer::connect(server->port()).exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status,
            200);
}

TEST(Server, AnswersBadHandlersWith500) {
  const auto server = serve([](const HttpRequest& request) -> HttpResponse {
    if (request.path == "/throw") throw std::runtime_error("secret");
    if (request.path == "/odd") throw 1;
    HttpResponse response = text(request.path == "/status" ? 42 : 200, "");
    if (request.path == "/split") response.headers.add("X", "a\r\nSet-Cookie: b");
    return response;
  });
  Peer peer = Peer::connect(server->port());
  for (const std::string path : {"/throw", "/odd", "/status", "/split"}) {
    const auto response = peer.exchange("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(response.status, 500) << path;
    EXPECT_THAT(response.body, HasSubstr("internal_error"));
    EXPECT_THAT(response.body, ::testing::Not(HasSubstr("secret")));
    EXPECT_FALSE(response.headers.find("set-cookie"));
  }
}

TEST(Server, AnswersManyConnectionsSideBySide) {
  const auto server = serve(echo);
  std::atomic<int> good = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      Peer peer = Peer::connect(server->port());
      for (int j = 0; j < 50; ++j) {
        const std::string path = "/" + std::to_string(i) + "/" + std::to_string(j);
        const auto response = peer.exchange("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
        if (response.body == "GET " + path + "? ") ++good;
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(good, 8 * 50);
}

TEST(Server, SaysNoInTheWordsOfItsOwner) {
  std::mutex mutex;
  std::vector<Error> refused;
  std::atomic<bool> speechless = false;
  ServerOptions options = quick();
  options.max_body_bytes = 5;
  options.header_timeout = milliseconds(50);
  options.head_limits.max_bytes = 1000;
  options.on_refused = [&](const Error& error) {
    const std::lock_guard lock(mutex);
    refused.push_back(error);
    if (speechless) return text(7, "no status");
    return text(error.reason().http_status, "decision 1");
  };
  const auto server = serve(
      [](const HttpRequest& request) -> HttpResponse {
        if (request.path == "/odd") throw 1;
        if (request.path == "/status") return text(7, "");
        throw std::runtime_error("what broke");
      },
      options);
  struct Case {
    std::string request;
    Code code;
    std::string detail;
  };
  const std::string rest = " HTTP/1.1\r\nHost: a\r\n\r\n";
  const auto cases = std::to_array<Case>({
      {"GET / HTTP/1.1\r\n\r\n", Code::k_request_malformed, ""},
      {"GET / HTTP/1.1\r\n", Code::k_request_timed_out, ""},
      {"GET /" + std::string(1000, 'a'), Code::k_header_too_large, ""},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n", Code::k_body_too_large, ""},
      {"GET /throw" + rest, Code::k_internal_error, "what broke"},
      {"GET /odd" + rest, Code::k_internal_error, ""},
      {"GET /status" + rest, Code::k_internal_error, "a response with an impossible status"},
  });
  for (const Case& c : cases) {
    const auto response = Peer::connect(server->port()).exchange(c.request);
    EXPECT_EQ(response.status, reason_of(c.code).http_status) << c.request;
    EXPECT_EQ(response.body, "decision 1") << c.request;
    const std::lock_guard lock(mutex);
    ASSERT_FALSE(refused.empty());
    EXPECT_EQ(refused.back().code(), c.code) << c.request;
    EXPECT_EQ(refused.back().detail(), c.detail) << c.request;
  }
  EXPECT_EQ(refused.size(), cases.size());

  // An owner that has no words fit to be written does not silence the server.
  speechless = true;
  const auto response = Peer::connect(server->port()).exchange("GET /throw" + rest);
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("internal_error"));
}

TEST(Server, AnswersOverloadWith503) {
  Latch latch;
  ServerOptions options = quick();
  options.worker_threads = 1;
  options.max_queued = 1;
  const auto server = serve(
      [&](const HttpRequest& request) {
        latch.wait();
        return echo(request);
      },
      options);
  std::vector<Peer> peers;
  for (int i = 0; i < 3; ++i) peers.push_back(Peer::connect(server->port()));

  peers[0].send("GET /0 HTTP/1.1\r\nHost: h\r\n\r\n");
  latch.wait_for_waiters(1);
  peers[1].send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  peers[2].send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  // One of the two waits in the queue; for the other there is no room.
  pollfd waiting[] = {{.fd = peers[1].fd(), .events = POLLIN, .revents = 0},
                      {.fd = peers[2].fd(), .events = POLLIN, .revents = 0}};
  ASSERT_EQ(::poll(waiting, 2, testing::kPatienceMs), 1);
  Peer& refused = waiting[0].revents != 0 ? peers[1] : peers[2];
  Peer& queued = waiting[0].revents != 0 ? peers[2] : peers[1];

  const auto response = refused.read_response();
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("overloaded"));
  EXPECT_EQ(response.headers.find("retry-after"), "1");
  latch.open();
  EXPECT_EQ(peers[0].read_response().status, 200);
  EXPECT_EQ(queued.read_response().status, 200);
}

TEST(Server, StopLetsRunningRequestsFinishAndClosesIdleConnections) {
  Latch latch;
  ServerOptions options = quick();
  options.io_threads = 1;  // so that what closes the idle connection has told the busy one, too
  const auto server = serve(
      [&](const HttpRequest& request) {
        if (request.path == "/slow") latch.wait();
        return echo(request);
      },
      options);
  const std::uint16_t port = server->port();
  Peer idle = Peer::connect(port);
  EXPECT_EQ(idle.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
  Peer busy = Peer::connect(port);
  busy.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  latch.wait_for_waiters(1);

  std::thread stopping([&] { server->stop(); });
  EXPECT_TRUE(idle.is_closed_by_other());
  latch.open();
  const auto response = busy.read_response();
  stopping.join();

  EXPECT_EQ(response.body, "GET /slow? ");
  EXPECT_EQ(response.headers.find("connection"), "close");
}

TEST(Server, StopEndsRequestsThatNeverFinish) {
  ServerOptions options = quick();
  options.drain_timeout = milliseconds(50);
  const auto server = serve(echo, options);
  Peer peer = Peer::connect(server->port());
  peer.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");

  server->stop();

  EXPECT_EQ(peer.read_response().status, 0);
}

TEST(Server, StopReturnsWithRequestsInTheQueue) {
  Latch latch;
  ServerOptions options = quick();
  options.worker_threads = 1;
  options.drain_timeout = milliseconds(20);
  auto server = serve(
      [&](const HttpRequest& request) {
        latch.wait();
        return echo(request);
      },
      options);
  std::vector<Peer> peers;
  for (int i = 0; i < 4; ++i) {
    peers.push_back(Peer::connect(server->port()));
    peers.back().send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  latch.wait_for_waiters(1);

  std::thread stopping([&] { server.reset(); });
  latch.open();
  stopping.join();

  // Answered or broken off, but not left open.
  for (auto& peer : peers) {
    peer.read_response();
    EXPECT_TRUE(peer.is_closed_by_other());
  }
}

TEST(Server, RefusesAddressesThatItCannotHave) {
  ServerOptions options = quick();
  options.address = "localhost";
  EXPECT_THAT(Server::start(options, echo), RefusedWith(Code::k_configuration_refused));
  options.address = "203.0.113.77";
  EXPECT_THAT(Server::start(options, echo), RefusedWith(Code::k_configuration_refused));

  const Listener other;
  options = quick();
  options.port = other.port();
  const auto taken = Server::start(options, echo);
  ASSERT_THAT(taken, RefusedWith(Code::k_address_in_use));
  EXPECT_EQ(taken.error().message(), "127.0.0.1:" + std::to_string(other.port()));
}

TEST(Server, RefusesAPortOnWhichAnotherServerListens) {
  const auto first = serve(echo);
  ServerOptions options = quick();
  options.port = first->port();
  EXPECT_THAT(Server::start(options, echo), RefusedWith(Code::k_address_in_use));

  first->stop();
  const auto second = Server::start(options, echo);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ((*second)->port(), options.port);
}

TEST(Server, BoundsItsConnections) {
  ServerOptions options = quick();
  options.max_connections = 1;
  const auto server = serve(echo, options);
  Peer first = Peer::connect(server->port());
  EXPECT_EQ(first.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
  Peer second = Peer::connect(server->port());
  EXPECT_TRUE(second.is_closed_by_other());
  EXPECT_EQ(first.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
}

}  // namespace
}  // namespace ajwt::http
