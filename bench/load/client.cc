// SPDX-License-Identifier: Apache-2.0
#include "bench/load/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <latch>
#include <thread>

#include "base/check.h"
#include "base/http_message.h"

namespace ajwt::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Connection is one TCP connection with what was read beyond the last answer.
class Connection {
 public:
  explicit Connection(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    AJWT_CHECK(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Connection() { close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // call sends a request and returns its whole answer; the view lives until the next call.
  std::string_view call(std::string_view request) {
    received_.erase(0, answer_size_);
    AJWT_CHECK(send(socket_, request.data(), request.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(request.size()));
    std::size_t head = std::string::npos;
    while ((head = received_.find("\r\n\r\n")) == std::string::npos) receive();
    answer_size_ = head + 4 + length_of(std::string_view(received_).substr(0, head));
    while (received_.size() < answer_size_) receive();
    return std::string_view(received_).substr(0, answer_size_);
  }

 private:
  static std::size_t length_of(std::string_view head) {
    constexpr std::string_view kName = "\r\nContent-Length: ";
    for (std::size_t at = 0; at + kName.size() <= head.size(); ++at) {
      if (!equal_ignoring_case(head.substr(at, kName.size()), kName)) continue;
      std::size_t length = 0;
      std::from_chars(head.data() + at + kName.size(), head.data() + head.size(), length);
      return length;
    }
    AJWT_CHECK(head.find("chunked") == std::string_view::npos);
    return 0;
  }

  void receive() {
    std::array<char, 16384> buffer;
    const ssize_t size = recv(socket_, buffer.data(), buffer.size(), 0);
    AJWT_CHECK(size > 0);
    received_.append(buffer.data(), static_cast<std::size_t>(size));
  }

  int socket_;
  std::string received_;
  std::size_t answer_size_ = 0;
};

// run_share sends every `connections`-th request, from number `first` on.
Measured run_share(std::uint16_t port, const std::vector<std::string>& requests, std::size_t first,
                   std::size_t connections, std::latch& start) {
  Measured measured;
  measured.latencies.reserve(requests.size() / connections + 1);
  Connection connection(port);
  start.arrive_and_wait();
  std::string_view answer;
  for (std::size_t i = first; i < requests.size(); i += connections) {
    const auto begun = SteadyClock::now();
    answer = connection.call(requests[i]);
    measured.latencies.push_back(SteadyClock::now() - begun);
    if (answer.starts_with("HTTP/1.1 2")) continue;
    if (measured.refused++ == 0) measured.first_refusal = answer;
  }
  measured.sample = answer;
  return measured;
}

}  // namespace

std::string write_request(std::string_view method, std::string_view path, std::uint16_t port,
                          const std::vector<Field>& fields, std::string_view body) {
  std::string text;
  text.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: 127.0.0.1:");
  text.append(std::to_string(port)).append("\r\n");
  for (const auto& [name, value] : fields) {
    text.append(name).append(": ").append(value).append("\r\n");
  }
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text.append("\r\n").append(body);
}

Measured send_all(std::uint16_t port, const std::vector<std::string>& requests,
                  std::size_t connections) {
  std::vector<Measured> shares(connections);
  std::vector<std::thread> threads;
  std::latch start(static_cast<std::ptrdiff_t>(connections) + 1);
  for (std::size_t i = 0; i < connections; ++i) {
    threads.emplace_back([&, i] { shares[i] = run_share(port, requests, i, connections, start); });
  }
  start.arrive_and_wait();
  const auto begun = SteadyClock::now();
  for (std::thread& thread : threads) thread.join();

  Measured all;
  all.elapsed = SteadyClock::now() - begun;
  for (const Measured& share : shares) {
    all.latencies.insert(all.latencies.end(), share.latencies.begin(), share.latencies.end());
    all.refused += share.refused;
    if (all.first_refusal.empty()) all.first_refusal = share.first_refusal;
    if (all.sample.empty()) all.sample = share.sample;
  }
  return all;
}

}  // namespace ajwt::bench
