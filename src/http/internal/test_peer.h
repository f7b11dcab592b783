// SPDX-License-Identifier: Apache-2.0
//
// The other end of a connection for tests of this folder: plain blocking sockets that send and
// expect exact bytes. Every wait is bounded, so that a test fails where it would hang.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/http_message.h"

namespace ajwt::http::testing {

inline constexpr int kPatienceMs = 20000;

// Peer is a connected socket.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  Peer(Peer&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}
  Peer(const Peer&) = delete;
  ~Peer() { close(); }

  static Peer connect(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    AJWT_CHECK(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    return Peer(fd);
  }

  int fd() const { return fd_; }

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  // send returns how many bytes went out; fewer than asked for if the other side closed.
  std::size_t send(std::string_view bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t n = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    return sent;
  }

  // send_until_blocked sends zeros until the other side takes no more for `ms`, at most `max`.
  std::size_t send_until_blocked(std::size_t max, int ms) {
    const std::string zeros(64 * 1024, '\0');
    std::size_t sent = 0;
    while (sent < max) {
      pollfd request{.fd = fd_, .events = POLLOUT, .revents = 0};
      if (::poll(&request, 1, ms) <= 0) break;
      const ssize_t n = ::send(fd_, zeros.data(), std::min(zeros.size(), max - sent),
                               MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    return sent;
  }

  // read_more appends what comes to the received bytes; false at the end or after the patience.
  bool read_more() {
    pollfd request{.fd = fd_, .events = POLLIN, .revents = 0};
    if (::poll(&request, 1, kPatienceMs) <= 0) {
      timed_out_ = true;
      return false;
    }
    char part[64 * 1024];
    const ssize_t n = ::recv(fd_, part, sizeof(part), 0);
    if (n <= 0) return false;
    received_.append(part, static_cast<std::size_t>(n));
    return true;
  }

  // read_until returns everything up to and including `end`, or nothing if it does not come.
  std::optional<std::string> read_until(std::string_view end) {
    for (;;) {
      const auto at = received_.find(end);
      if (at != std::string::npos) return take(at + end.size());
      if (!read_more()) return std::nullopt;
    }
  }

  std::optional<std::string> read_exactly(std::size_t size) {
    while (received_.size() < size) {
      if (!read_more()) return std::nullopt;
    }
    return take(size);
  }

  // read_all returns everything up to the end of the connection.
  std::string read_all() {
    while (read_more()) {
    }
    return take(received_.size());
  }

  // is_closed_by_other waits until the other side closes, and tells whether nothing came before.
  bool is_closed_by_other() { return read_all().empty() && !timed_out_; }

  // read_response reads a response whose body has a Content-Length, or is chunked, or ends with
  // the connection. Status 0 means that none came.
  HttpResponse read_response(std::string_view method = "GET") {
    HttpResponse response{.status = 0, .headers = {}, .body = {}};
    const auto head = read_until("\r\n\r\n");
    if (!head) return response;
    response.status = std::stoi(head->substr(9, 3));
    parse_fields(*head, response.headers);
    if (method == "HEAD" || response.status == 204 || response.status == 304) return response;
    if (const auto length = response.headers.find("content-length")) {
      response.body = read_exactly(std::stoul(std::string(*length))).value_or("(cut off)");
    } else if (response.headers.find("transfer-encoding")) {
      response.body = read_chunked().value_or("(cut off)");
    } else {
      response.body = read_all();
    }
    return response;
  }

  HttpResponse exchange(std::string_view request, std::string_view method = "GET") {
    send(request);
    return read_response(method);
  }

  // read_chunked decodes a chunked body.
  std::optional<std::string> read_chunked() {
    std::string body;
    for (;;) {
      const auto line = read_until("\r\n");
      if (!line) return std::nullopt;
      const auto size = std::stoul(*line, nullptr, 16);
      const auto data = read_exactly(size + 2);
      if (!data) return std::nullopt;
      if (size == 0) return body;
      body.append(*data, 0, size);
    }
  }

  static void parse_fields(std::string_view head, HttpHeaders& headers) {
    auto begin = head.find("\r\n") + 2;
    for (;;) {
      const auto end = head.find("\r\n", begin);
      if (end == begin || end == std::string_view::npos) return;
      const auto line = head.substr(begin, end - begin);
      const auto colon = line.find(": ");
      headers.add(line.substr(0, colon), std::string(line.substr(colon + 2)));
      begin = end + 2;
    }
  }

 private:
  std::string take(std::size_t size) {
    std::string taken = received_.substr(0, size);
    received_.erase(0, size);
    return taken;
  }

  int fd_;
  std::string received_;
  bool timed_out_ = false;
};

// Listener is a listening socket on any port.
class Listener {
 public:
  Listener() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    AJWT_CHECK(::bind(fd_, plain, size) == 0 && ::listen(fd_, 16) == 0);
    AJWT_CHECK(::getsockname(fd_, plain, &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  Listener(const Listener&) = delete;
  ~Listener() {
    if (fd_ >= 0) ::close(fd_);
  }

  std::uint16_t port() const { return port_; }

  // accept waits for the next connection.
  Peer accept() {
    pollfd request{.fd = fd_, .events = POLLIN, .revents = 0};
    AJWT_CHECK(::poll(&request, 1, kPatienceMs) == 1);
    return Peer(::accept(fd_, nullptr, nullptr));
  }

  // has_connection tells whether another connection has come.
  bool has_connection() {
    pollfd request{.fd = fd_, .events = POLLIN, .revents = 0};
    return ::poll(&request, 1, 0) == 1;
  }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

// free_port returns a port on which nobody listens.
inline std::uint16_t free_port() { return Listener().port(); }

}  // namespace ajwt::http::testing
