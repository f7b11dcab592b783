// SPDX-License-Identifier: Apache-2.0
//
// One connection, to a client or to an upstream, with or without TLS: reading into a buffer and
// writing, each within a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/gate.h"
#include "http/internal/asio.h"
#include "http/internal/io_thread.h"
#include "http/internal/message.h"

namespace ajwt::http::internal {

// ByteBuffer keeps what was received and not yet consumed, in one piece.
class ByteBuffer {
 public:
  std::string_view data() const { return {bytes_.data() + begin_, end_ - begin_}; }
  void consume(std::size_t n);
  // prepare returns free room of at least one byte; the buffer grows up to `max` bytes and the room
  // is empty when it is full.
  asio::mutable_buffer prepare(std::size_t max);
  void commit(std::size_t n) { end_ += n; }

 private:
  std::vector<char> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// Connection is used by the coroutines of one thread: at most one reads and one writes at a time.
//
// Its errors: k_request_timed_out when the time is over, k_network_failed when the other side is
// gone or interrupt() was called.
class Connection {
 public:
  // tls is null for plain TCP, else outlives the connection.
  Connection(IoThread& thread, Socket socket, asio::ssl::context* tls);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  IoThread& thread() { return thread_; }
  Socket& socket() { return socket_; }
  const std::string& peer() const { return peer_; }
  bool encrypted() const { return tls_.has_value(); }

  // accept_tls does the server's handshake.
  Task<Status> accept_tls(Milliseconds timeout);

  // connect connects to `endpoint`.
  Task<Status> connect(const Tcp::endpoint& endpoint, Milliseconds timeout);

  // Received, not yet consumed bytes.
  std::string_view buffered() const { return buffer_.data(); }
  void consume(std::size_t n) { buffer_.consume(n); }

  // fill waits for more bytes, until the buffer holds `max`; k_request_malformed if it does
  // already.
  Task<Status> fill(std::size_t max, Milliseconds timeout,
                    Deadline::For purpose = Deadline::For::kWork);

  // read_request_head returns the next header section, unjudged; it is empty when the client closed
  // the connection, let `idle` pass, or the thread drains, before its first byte. `timeout` counts
  // from there.
  Task<Result<std::string>> read_request_head(const HeadLimits& limits, Milliseconds idle,
                                              Milliseconds timeout);

  // read_response_head returns the header section that an upstream sends; `timeout` is for each
  // read, and extend_read renews it.
  Task<Result<std::string>> read_response_head(const HeadLimits& limits, Milliseconds timeout);

  // read_body decodes the next part of a body into `out`; 0 means that the message is complete.
  // `timeout` is for each read.
  Task<Result<std::size_t>> read_body(MessageParser& parser, std::span<char> out,
                                      Milliseconds timeout);

  // read_body_until is the same with one deadline, however little comes at a time.
  Task<Result<std::size_t>> read_body_until(MessageParser& parser, std::span<char> out,
                                            std::chrono::steady_clock::time_point until);

  Task<Status> write(std::string_view bytes, Milliseconds timeout);

  // extend_read gives the read that is under way, if any, a new deadline.
  void extend_read(Milliseconds timeout);

  // wait_until_gone returns when the other side has closed its sending half or reset the
  // connection, or when interrupt() was called. It reads nothing.
  Task<void> wait_until_gone();

  // interrupt ends all operations of this connection, and those that begin before resume().
  void interrupt();
  void resume() { interrupted_ = false; }

  // is_quiet tells whether an idle connection has neither data nor an end waiting: a kept one that
  // has is stale.
  bool is_quiet();

  // close ends the connection in order: it says goodbye and takes, for a moment, what the other
  // side still sends, lest a reset destroy our last words on their way.
  Task<void> close(Milliseconds patience);

  // reset ends it so that the other side sees an error: what was sent is not complete.
  void reset();

 private:
  struct Transfer {
    ErrorCode error;
    std::size_t size;
  };
  Result<std::optional<std::size_t>> decode(MessageParser& parser, std::span<char> out);
  Result<std::string> take_head(const HeadLimits& limits, std::size_t& searched);
  Task<Transfer> read_some(asio::mutable_buffer room);
  Task<Transfer> write_some(std::string_view bytes);
  Error failure(const Deadline& deadline, const ErrorCode& error) const;

  IoThread& thread_;
  Socket socket_;
  std::optional<asio::ssl::stream<Socket&>> tls_;
  Timer look_again_;
  Deadline read_deadline_;
  Deadline write_deadline_;
  ByteBuffer buffer_;
  std::string peer_;
  bool interrupted_ = false;
};

}  // namespace ajwt::http::internal
