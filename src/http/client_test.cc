// SPDX-License-Identifier: Apache-2.0

#include "http/client.h"

#include <array>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "http/internal/test_peer.h"
#include "http/server.h"
#include "tests/support/matchers.h"

namespace ajwt::http {
namespace {

using ::testing::HasSubstr;
using testing::Listener;
using ::testing::Not;
using testing::Peer;

std::string at(std::uint16_t port, std::string_view rest) {
  return "http://127.0.0.1:" + std::to_string(port) + std::string(rest);
}

HttpCall call(std::string method, std::string url, std::string body = {}) {
  return {.method = std::move(method),
          .url = std::move(url),
          .headers = {},
          .body = std::move(body),
          .timeout = Seconds(20)};
}

// scripted sends `response` to the first request that comes and returns the request's head.
class Scripted {
 public:
  explicit Scripted(std::string response)
      : thread_([this, response = std::move(response)] {
          Peer peer = listener_.accept();
          request_ = peer.read_until("\r\n\r\n").value_or("");
          peer.send(response);
        }) {}
  ~Scripted() {
    if (thread_.joinable()) thread_.join();
  }
  std::uint16_t port() const { return listener_.port(); }
  const std::string& request() {
    thread_.join();
    return request_;
  }

 private:
  Listener listener_;
  std::string request_;
  std::thread thread_;
};

class CurlClientWithServer : public ::testing::Test {
 protected:
  void SetUp() override {
    ServerOptions options;
    options.io_threads = 1;
    auto started = Server::start(options, [](const HttpRequest& request) {
      HttpResponse response{.status = 201, .headers = {}, .body = {}};
      response.body = request.method + " " + request.path + "?" + request.query + " " +
                      request.body + " " +
                      std::string(request.headers.find("x-empty").value_or("none")) + " " +
                      std::string(request.headers.find("content-type").value_or("none"));
      response.headers.add("Set-Cookie", "a=1");
      response.headers.add("Set-Cookie", "b=2");
      return response;
    });
    ASSERT_THAT(started, IsOk());
    server_ = *std::move(started);
  }

  std::unique_ptr<Server> server_;
};

TEST_F(CurlClientWithServer, SendsAnyMethodWithBodyAndFields) {
  CurlClient client;
  for (const std::string method : {"POST", "PUT", "DELETE", "PATCH"}) {
    HttpCall sent = call(method, at(server_->port(), "/a%20b?c=d"), "hello");
    sent.headers.add("Content-Type", "text/plain");
    sent.headers.add("X-Empty", "");
    const auto response = client.send(sent);
    ASSERT_THAT(response, IsOk());
    EXPECT_EQ(response->status, 201);
    EXPECT_EQ(response->body, method + " /a%20b?c=d hello  text/plain");
    EXPECT_THAT(response->headers.all("set-cookie"), ::testing::ElementsAre("a=1", "b=2"));
  }
  const auto got = client.send(call("GET", at(server_->port(), "/")));
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->body, "GET /?  none none");
  const auto head = client.send(call("HEAD", at(server_->port(), "/")));
  ASSERT_THAT(head, IsOk());
  EXPECT_EQ(head->body, "");
}

TEST_F(CurlClientWithServer, ServesManyThreads) {
  CurlClient client;
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 20; ++j) {
        const std::string body = std::to_string(i) + "." + std::to_string(j);
        const auto response = client.send(call("POST", at(server_->port(), "/"), body));
        if (response && response->body == "POST /? " + body + " none none") ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 80);
}

TEST_F(CurlClientWithServer, RefusesLargeResponses) {
  CurlClient client({.max_response_bytes = 5, .ca_file = {}});
  EXPECT_THAT(client.send(call("GET", at(server_->port(), "/"))),
              RefusedWith(Code::k_limit_exceeded));
}

TEST(CurlClient, FollowsNoRedirects) {
  Scripted server("HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
  CurlClient client;
  const auto response = client.send(call("GET", at(server.port(), "/")));
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(response->headers.find("location"), "/other");
}

TEST(CurlClient, SendsThePathAsItIsAndNothingNobodyAskedFor) {
  Scripted server("HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 204 No Content\r\nY: 2\r\n\r\n");
  CurlClient client;
  const auto response = client.send(call("POST", at(server.port(), "/a/../b"), "x"));
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 204);
  EXPECT_FALSE(response->headers.find("x"));
  EXPECT_EQ(response->headers.find("y"), "2");
  const std::string& request = server.request();
  EXPECT_THAT(request, ::testing::StartsWith("POST /a/../b HTTP/1.1\r\n"));
  EXPECT_THAT(request, Not(HasSubstr("Content-Type")));
  EXPECT_THAT(request, Not(HasSubstr("Expect")));
}

TEST(CurlClient, FailsWhenNobodyAnswersAndTellsNoSecrets) {
  CurlClient client;
  HttpCall sent = call("GET", at(testing::free_port(), "/token?code=hunter2"));
  sent.headers.add("Authorization", "Bearer hunter2");
  const auto response = client.send(sent);
  ASSERT_THAT(response, RefusedWith(Code::k_network_failed));
  EXPECT_THAT(response.error().detail(), HasSubstr("/token"));
  EXPECT_THAT(response.error().detail(), Not(HasSubstr("hunter2")));
}

TEST(CurlClient, FailsWhenTheAnswerBreaksOff) {
  Scripted server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
  CurlClient client;
  EXPECT_THAT(client.send(call("GET", at(server.port(), "/"))),
              RefusedWith(Code::k_network_failed));
}

// Keeping answers one request and keeps the connection open; it reads the next one on it, closes
// without a byte, and answers whatever comes on another connection.
class Keeping {
 public:
  Keeping()
      : thread_([this] {
          {
            Peer peer = listener_.accept();
            serve(peer);
            if (peer.read_until("\r\n\r\n")) ++second_requests_;
          }
          if (!again_.get_future().get()) return;
          Peer peer = listener_.accept();
          serve(peer);
          ++second_requests_;
        }) {}
  ~Keeping() {
    if (thread_.joinable()) end(false);
  }
  std::uint16_t port() const { return listener_.port(); }
  // end returns how often the second request came; `again` if it is to come on another connection.
  int end(bool again) {
    again_.set_value(again);
    thread_.join();
    // A connection may have been made; what counts is whether anything came on it.
    if (listener_.has_connection() && listener_.accept().read_until("\r\n")) ++second_requests_;
    return second_requests_;
  }

 private:
  static void serve(Peer& peer) {
    peer.read_until("\r\n\r\n");
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  }

  Listener listener_;
  int second_requests_ = 0;
  std::promise<bool> again_;
  std::thread thread_;
};

TEST(CurlClient, SendsNothingTwiceThatMayHaveBeenCarriedOut) {
  for (const auto& [method, body] : {std::pair{"POST", "{}"}, {"POST", ""}, {"DELETE", ""}}) {
    Keeping server;
    CurlClient client;
    ASSERT_THAT(client.send(call("GET", at(server.port(), "/"))), IsOk());
    const auto lost = client.send(call(method, at(server.port(), "/pay?secret=1"), body));
    ASSERT_THAT(lost, RefusedWith(Code::k_network_failed)) << method << body;
    EXPECT_THAT(lost.error().detail(), HasSubstr("/pay: the connection broke before an answer"));
    EXPECT_EQ(server.end(false), 1) << method << body;
  }
}

TEST(CurlClient, SendsAGetAgainOnAFreshConnection) {
  Keeping server;
  CurlClient client;
  ASSERT_THAT(client.send(call("GET", at(server.port(), "/"))), IsOk());
  std::thread sender(
      [&] { EXPECT_THAT(client.send(call("GET", at(server.port(), "/"))), IsOk()); });
  EXPECT_EQ(server.end(true), 2);
  sender.join();
}

TEST(CurlClient, IgnoresProxiesOfTheEnvironment) {
  Scripted server("HTTP/1.1 204 No Content\r\n\r\n");
  const std::string proxy = "http://127.0.0.1:" + std::to_string(testing::free_port());
  ::setenv("http_proxy", proxy.c_str(), 1);
  CurlClient client;
  const auto response = client.send(call("GET", at(server.port(), "/")));
  ::unsetenv("http_proxy");
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 204);
}

TEST(CurlClient, RefusesCallsThatCannotBeSent) {
  CurlClient client;
  for (const std::string url : {"", "/a", "ftp://a/", "file:///etc/passwd", "http://",
                                "http://user:pw@a/", "http://user@a/", "gopher://a/"})
    EXPECT_THAT(client.send(call("GET", url)), RefusedWith(Code::k_value_malformed)) << url;
  EXPECT_THAT(client.send(call("GE T", "http://a/")), RefusedWith(Code::k_value_malformed));
  HttpCall split = call("GET", "http://a/");
  split.headers.add("X", "a\r\nY: b");
  EXPECT_THAT(client.send(split), RefusedWith(Code::k_value_malformed));
}

}  // namespace
}  // namespace ajwt::http
