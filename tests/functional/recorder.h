// SPDX-License-Identifier: Apache-2.0
//
// Servers of the tests' own beside the program under test.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_message.h"
#include "http/server.h"

namespace ajwt::functional {

// Recorder is a server that keeps what it is sent.
class Recorder {
 public:
  Recorder() {
    http::ServerOptions options;
    options.io_threads = 1;
    options.worker_threads = 2;
    server_ = *http::Server::start(options, [this](const HttpRequest& request) {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      changed_.notify_all();
      return HttpResponse{.status = 200, .headers = {}, .body = "{}"};
    });
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
  HttpRequest only() {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(requests_.size(), 1U);
    return requests_.empty() ? HttpRequest() : requests_.front();
  }
  // wait_for returns all bodies, once there is one with this text.
  std::string wait_for(std::string_view text) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), [&] {
      return bodies().find(text) != std::string::npos;
    })) << text;
    return bodies();
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return requests_.size();
  }
  HttpRequest last() {
    const std::lock_guard lock(mutex_);
    EXPECT_FALSE(requests_.empty());
    return requests_.empty() ? HttpRequest() : requests_.back();
  }
  void stop() { server_.reset(); }

 private:
  std::string bodies() const {
    std::string all;
    for (const HttpRequest& request : requests_) all += request.body + "\n";
    return all;
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<HttpRequest> requests_;
  std::unique_ptr<http::Server> server_;
};

// any_free_port returns a port that was free a moment ago, for a guard whose public_url names it.
inline std::string any_free_port() {
  http::ServerOptions options;
  options.io_threads = 1;
  auto server = *http::Server::start(options, [](const HttpRequest&) {
    return HttpResponse{200, {}, {}};
  });
  return std::to_string(server->port());
}

}  // namespace ajwt::functional
