// SPDX-License-Identifier: Apache-2.0
//
// The upstream side of the reverse proxy: connections kept open between requests, one pool per I/O
// thread, and the way of one request over one of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/internal/asio.h"
#include "http/internal/connection.h"
#include "http/internal/io_thread.h"
#include "http/internal/message.h"
#include "http/internal/upstream_address.h"
#include "http/reverse_proxy.h"

namespace ajwt::http::internal {

struct UpstreamLimits {
  std::size_t max_idle;
  Milliseconds connect_timeout;
  Milliseconds idle_timeout;
};

// Reuse tells which kept connections will do. One that was used a moment ago is alive unless the
// upstream keeps none at all; an older one may be closed by the upstream just as we send, which
// only a request that can be sent again should risk.
enum class Reuse { kNone, kRecent, kAny };

// Upstream is one connection with what the pool knows of it.
struct Upstream {
  std::unique_ptr<Connection> connection;
  bool reused;
};

// UpstreamPool belongs to one I/O thread.
class UpstreamPool {
 public:
  // address outlives the pool.
  UpstreamPool(const UpstreamAddress& address, UpstreamLimits limits)
      : address_(address), limits_(limits) {}

  // acquire returns a kept or a new connection. Refuses k_upstream_timed_out and
  // k_upstream_unavailable.
  Task<Result<Upstream>> acquire(IoThread& thread, Reuse reuse);

  // give_back keeps a connection whose last message came to its end.
  void give_back(std::unique_ptr<Connection> connection);

 private:
  using Clock = std::chrono::steady_clock;
  struct Idle {
    std::unique_ptr<Connection> connection;
    Clock::time_point since;
  };
  std::unique_ptr<Connection> take(Reuse reuse);
  Task<Result<std::vector<Tcp::endpoint>>> resolve(IoThread& thread);

  const UpstreamAddress& address_;
  UpstreamLimits limits_;
  std::vector<Idle> idle_;  // the latest last
};

// BodyBuffer is room for a part of a body, and its frame (RFC 9112 7.1) around it.
class BodyBuffer {
 public:
  explicit BodyBuffer(Framing framing);
  std::span<char> room() { return {bytes_.get() + kHead, kSize}; }
  // framed returns the first `size` bytes of the room as they go over the wire.
  std::string_view framed(std::size_t size);

 private:
  static constexpr std::size_t kHead = 16;
  static constexpr std::size_t kSize = 32 * 1024;
  static constexpr std::size_t kTail = 2;
  Framing framing_;
  std::unique_ptr<char[]> bytes_;
};

// Forwarded tells how the forwarding of a request ended, once anything was sent to the client.
struct Forwarded {
  ProxyOutcome::End end;
  int status;
  Persistence persistence;
};

// Forwarding is one request on its way to the upstream and the response on its way back. Used once,
// by the coroutine that serves the client's connection.
class Forwarding {
 public:
  struct Timeouts {
    Milliseconds body;
    Milliseconds write;
    Milliseconds upstream;
  };

  // Everything that is referred to outlives the forwarding. `parser` stands behind the head, or at
  // the message's end when the decision has a body.
  Forwarding(const Timeouts& timeouts, const UpstreamAddress& address, UpstreamPool& pool,
             Connection& client, RequestParser& parser, const RequestHead& head, Forward decision);

  // run refuses, before anything was sent to the client, k_upstream_unavailable,
  // k_upstream_timed_out, k_internal_error (a decision that cannot be carried out), and what
  // Connection::read_body does for the client's body.
  Task<Result<Forwarded>> run();

 private:
  using End = ProxyOutcome::End;
  enum class Sending { kUnderWay, kDone, kClientBroke, kUpstreamBroke };

  Result<std::string> write_head() const;
  Task<Result<Forwarded>> exchange(const std::string& text);
  Task<void> send(const std::string& text);
  Task<void> send_all(const std::string& text);
  Task<Sending> send_body();
  Task<Result<Forwarded>> receive();
  Task<Result<Forwarded>> relay(ResponseParser& parser, ResponseHead& head);
  Task<Result<std::size_t>> read_response_body(ResponseParser& parser, std::span<char> room);
  ResponseFraming client_framing(const ResponseHead& head) const;
  Error upstream_error(const Error& error) const;

  const Timeouts timeouts_;
  const UpstreamAddress& address_;
  UpstreamPool& pool_;
  Connection& client_;
  RequestParser& parser_;
  const RequestHead& head_;
  Forward decision_;

  Upstream upstream_{.connection = nullptr, .reused = false};
  Sending sending_ = Sending::kUnderWay;
  std::optional<Error> sending_error_;  // of the client's body
  int status_ = 0;                      // as sent to the client
  bool broke_before_response_ = false;
  bool keep_upstream_ = false;
  bool client_gone_ = false;
  bool finished_ = false;     // receive() has ended
  bool sender_runs_ = false;  // send() has not
  Timer sender_ended_;
};

}  // namespace ajwt::http::internal
