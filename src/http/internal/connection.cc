// SPDX-License-Identifier: Apache-2.0

#include "http/internal/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ajwt::http::internal {
namespace {

constexpr std::size_t kFirstRoom = 4 * 1024;
constexpr std::size_t kBodyRoom = 16 * 1024;
constexpr std::size_t kMaxDiscarded = 1024 * 1024;
constexpr Milliseconds kLookAgain{250};

short poll_now(Socket& socket, short events) {
  pollfd request{.fd = socket.native_handle(), .events = events, .revents = 0};
  if (::poll(&request, 1, 0) < 0) return POLLERR;
  return request.revents;
}

}  // namespace

// ------------------------------------------------------------------------------------ IoThread

Task<void> IoThread::sweep(Milliseconds period) {
  Timer timer(executor());
  for (;;) {
    timer.expires_after(period);
    const auto [error] = co_await timer.async_wait(kAwait);
    if (error) co_return;
    const auto now = std::chrono::steady_clock::now();
    for (Deadline* deadline : deadlines_) {
      if (deadline->at_ <= now) deadline->expire();
    }
  }
}

void IoThread::drain() {
  draining_ = true;
  for (Deadline* deadline : deadlines_) {
    if (deadline->active() && deadline->purpose_ == Deadline::For::kNextRequest) deadline->expire();
  }
}

Deadline::Deadline(IoThread& thread, Socket& socket) : thread_(thread), socket_(socket) {
  thread_.deadlines_.push_front(this);
  place_ = thread_.deadlines_.begin();
}

Deadline::~Deadline() { thread_.deadlines_.erase(place_); }

void Deadline::set(Milliseconds timeout, For purpose) {
  at_ = std::chrono::steady_clock::now() + timeout;
  purpose_ = purpose;
  expired_ = false;
}

void Deadline::expire() {
  at_ = kNever;
  expired_ = true;
  ErrorCode ignored;
  socket_.cancel(ignored);
}

// ---------------------------------------------------------------------------------- ByteBuffer

void ByteBuffer::consume(std::size_t n) {
  begin_ += n;
  if (begin_ == end_) begin_ = end_ = 0;
}

asio::mutable_buffer ByteBuffer::prepare(std::size_t max) {
  if (begin_ > 0) {
    std::copy(bytes_.begin() + static_cast<std::ptrdiff_t>(begin_),
              bytes_.begin() + static_cast<std::ptrdiff_t>(end_), bytes_.begin());
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ >= max) return {};
  if (end_ == bytes_.size()) bytes_.resize(std::min(max, std::max(kFirstRoom, 2 * bytes_.size())));
  return asio::buffer(bytes_.data() + end_, std::min(bytes_.size(), max) - end_);
}

// ---------------------------------------------------------------------------------- Connection

Connection::Connection(IoThread& thread, Socket socket, asio::ssl::context* tls)
    : thread_(thread),
      socket_(std::move(socket)),
      look_again_(thread.executor()),
      read_deadline_(thread, socket_),
      write_deadline_(thread, socket_) {
  if (tls != nullptr) tls_.emplace(socket_, *tls);
  ErrorCode ignored;
  const auto endpoint = socket_.remote_endpoint(ignored);
  if (!ignored) peer_ = endpoint.address().to_string();
  socket_.set_option(Tcp::no_delay(true), ignored);
}

Error Connection::failure(const Deadline& deadline, const ErrorCode& error) const {
  if (deadline.expired()) return refuse(Code::k_request_timed_out);
  return refuse(Code::k_network_failed).with_detail(error.message());
}

Task<Status> Connection::accept_tls(Milliseconds timeout) {
  read_deadline_.set(timeout);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, kAwait);
  read_deadline_.clear();
  if (error) co_return failure(read_deadline_, error);
  co_return ok();
}

Task<Status> Connection::connect(const Tcp::endpoint& endpoint, Milliseconds timeout) {
  ErrorCode ignored;
  socket_.close(ignored);
  write_deadline_.set(timeout);
  const auto [error] = co_await socket_.async_connect(endpoint, kAwait);
  write_deadline_.clear();
  if (error) co_return failure(write_deadline_, error);
  socket_.set_option(Tcp::no_delay(true), ignored);
  co_return ok();
}

Task<Connection::Transfer> Connection::read_some(asio::mutable_buffer room) {
  if (interrupted_) co_return Transfer{.error = asio::error::operation_aborted, .size = 0};
  if (tls_) {
    const auto [error, size] = co_await tls_->async_read_some(room, kAwait);
    co_return Transfer{.error = error, .size = size};
  }
  const auto [error, size] = co_await socket_.async_read_some(room, kAwait);
  co_return Transfer{.error = error, .size = size};
}

Task<Connection::Transfer> Connection::write_some(std::string_view bytes) {
  if (interrupted_) co_return Transfer{.error = asio::error::operation_aborted, .size = 0};
  const auto buffer = asio::buffer(bytes.data(), bytes.size());
  if (tls_) {
    const auto [error, size] = co_await tls_->async_write_some(buffer, kAwait);
    co_return Transfer{.error = error, .size = size};
  }
  const auto [error, size] = co_await socket_.async_write_some(buffer, kAwait);
  co_return Transfer{.error = error, .size = size};
}

Task<Status> Connection::fill(std::size_t max, Milliseconds timeout, Deadline::For purpose) {
  const auto room = buffer_.prepare(max);
  if (room.size() == 0) co_return refuse(Code::k_request_malformed, "a line is too long");
  read_deadline_.set(timeout, purpose);
  const Transfer transfer = co_await read_some(room);
  read_deadline_.clear();
  buffer_.commit(transfer.size);
  if (transfer.error && transfer.size == 0) co_return failure(read_deadline_, transfer.error);
  co_return ok();
}

// take_head takes a header section out of the buffer, or returns an empty text if it is not whole.
Result<std::string> Connection::take_head(const HeadLimits& limits, std::size_t& searched) {
  AJWT_ASSIGN(const std::size_t end, find_head_end(buffered(), limits, searched));
  searched = buffered().size();
  std::string head(buffered().substr(0, end));
  consume(end);
  return head;
}

Task<Result<std::string>> Connection::read_request_head(const HeadLimits& limits, Milliseconds idle,
                                                        Milliseconds timeout) {
  using Clock = std::chrono::steady_clock;
  std::size_t searched = 0;
  std::optional<Clock::time_point> until;
  for (;;) {
    Result<std::string> head = take_head(limits, searched);
    if (!head || !head->empty()) co_return head;
    if (searched == 0) {
      if (thread_.draining()) co_return std::string();
      const Status filled = co_await fill(limits.max_bytes, idle, Deadline::For::kNextRequest);
      if (!filled) co_return std::string();
      continue;
    }
    // One time for the whole section: a byte every few seconds must not hold a connection.
    const auto now = Clock::now();
    if (!until) until = now + timeout;
    if (now >= *until) co_return refuse(Code::k_request_timed_out);
    const auto left = std::chrono::ceil<Milliseconds>(*until - now);
    Status filled = co_await fill(limits.max_bytes, left);
    if (!filled) co_return std::move(filled).error();
  }
}

Task<Result<std::string>> Connection::read_response_head(const HeadLimits& limits,
                                                         Milliseconds timeout) {
  std::size_t searched = 0;
  for (;;) {
    Result<std::string> head = take_head(limits, searched);
    if (!head || !head->empty()) co_return head;
    Status filled = co_await fill(limits.max_bytes, timeout);
    if (!filled) co_return std::move(filled).error();
  }
}

// decode decodes what is buffered; nothing if that is too little to produce anything.
Result<std::optional<std::size_t>> Connection::decode(MessageParser& parser, std::span<char> out) {
  while (!parser.done()) {
    AJWT_ASSIGN(const Decoded decoded, parser.decode(buffered(), out));
    consume(decoded.consumed);
    if (decoded.produced > 0) return std::optional(decoded.produced);
    if (decoded.consumed == 0) return std::optional<std::size_t>();
  }
  return std::optional<std::size_t>(0);
}

Task<Result<std::size_t>> Connection::read_body(MessageParser& parser, std::span<char> out,
                                                Milliseconds timeout) {
  for (;;) {
    const auto size = decode(parser, out);
    if (!size) co_return size.error();
    if (*size) co_return **size;
    Status filled = co_await fill(kBodyRoom, timeout);
    if (!filled) co_return std::move(filled).error();
  }
}

Task<Result<std::size_t>> Connection::read_body_until(MessageParser& parser, std::span<char> out,
                                                      std::chrono::steady_clock::time_point until) {
  for (;;) {
    const auto size = decode(parser, out);
    if (!size) co_return size.error();
    if (*size) co_return **size;
    const auto now = std::chrono::steady_clock::now();
    if (now >= until) co_return refuse(Code::k_request_timed_out);
    Status filled = co_await fill(kBodyRoom, std::chrono::ceil<Milliseconds>(until - now));
    if (!filled) co_return std::move(filled).error();
  }
}

Task<Status> Connection::write(std::string_view bytes, Milliseconds timeout) {
  while (!bytes.empty()) {
    write_deadline_.set(timeout);
    const Transfer transfer = co_await write_some(bytes);
    write_deadline_.clear();
    if (transfer.error) co_return failure(write_deadline_, transfer.error);
    bytes.remove_prefix(transfer.size);
  }
  co_return ok();
}

void Connection::extend_read(Milliseconds timeout) {
  if (read_deadline_.active()) read_deadline_.set(timeout);
}

Task<void> Connection::wait_until_gone() {
  while (!interrupted_) {
    const auto [error] = co_await socket_.async_wait(asio::socket_base::wait_read, kAwait);
    if (error) co_return;
    // Readable is also a connection on which the next request has come already: look for the end
    // itself, and look again later, for then every wait would return at once.
    if ((poll_now(socket_, POLLRDHUP) & (POLLRDHUP | POLLHUP | POLLERR)) != 0) co_return;
    if (interrupted_) co_return;
    look_again_.expires_after(kLookAgain);
    co_await look_again_.async_wait(kAwait);
  }
}

void Connection::interrupt() {
  interrupted_ = true;
  ErrorCode ignored;
  socket_.cancel(ignored);
  look_again_.cancel();
}

bool Connection::is_quiet() { return buffered().empty() && poll_now(socket_, POLLIN) == 0; }

Task<void> Connection::close(Milliseconds patience) {
  resume();
  ErrorCode ignored;
  if (tls_) {
    // Waits for the other side's goodbye as well, within the deadline.
    read_deadline_.set(patience);
    co_await tls_->async_shutdown(kAwait);
    read_deadline_.clear();
  }
  socket_.shutdown(Socket::shutdown_send, ignored);
  std::array<char, 4096> discarded;
  std::size_t total = 0;
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!ignored && total < kMaxDiscarded && std::chrono::steady_clock::now() < until) {
    read_deadline_.set(patience);
    const auto [error, size] = co_await socket_.async_read_some(asio::buffer(discarded), kAwait);
    read_deadline_.clear();
    if (error) break;
    total += size;
  }
  socket_.close(ignored);
}

void Connection::reset() {
  ErrorCode ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

}  // namespace ajwt::http::internal
