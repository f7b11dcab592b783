// SPDX-License-Identifier: Apache-2.0

#include "http/internal/upstream.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/basic_resolver.hpp>
#include <cstdio>
#include <utility>

#include "http/gate.h"
#include "http/internal/fields.h"

namespace ajwt::http::internal {
namespace {

using Resolver = asio::ip::basic_resolver<Tcp, Executor>;

constexpr Milliseconds kRecent{2000};
constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace

// -------------------------------------------------------------------------------- UpstreamPool

std::unique_ptr<Connection> UpstreamPool::take(Reuse reuse) {
  const auto now = Clock::now();
  std::erase_if(idle_, [&](const Idle& idle) { return now - idle.since > limits_.idle_timeout; });
  while (reuse != Reuse::kNone && !idle_.empty()) {
    if (reuse == Reuse::kRecent && now - idle_.back().since > kRecent) break;
    auto connection = std::move(idle_.back().connection);
    idle_.pop_back();
    if (connection->is_quiet()) return connection;
  }
  return nullptr;
}

Task<Result<std::vector<Tcp::endpoint>>> UpstreamPool::resolve(IoThread& thread) {
  ErrorCode error;
  const auto address = asio::ip::make_address(address_.host, error);
  if (!error) co_return std::vector{Tcp::endpoint(address, address_.port)};

  Resolver resolver(thread.executor());
  const auto [failed, found] =
      co_await resolver.async_resolve(address_.host, std::to_string(address_.port), kAwait);
  if (failed) co_return refuse(Code::k_upstream_unavailable).with_detail(failed.message());
  std::vector<Tcp::endpoint> endpoints;
  for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

Task<Result<Upstream>> UpstreamPool::acquire(IoThread& thread, Reuse reuse) {
  if (auto kept = take(reuse)) co_return Upstream{.connection = std::move(kept), .reused = true};

  const auto endpoints = co_await resolve(thread);
  if (!endpoints) co_return endpoints.error();
  Error failure = refuse(Code::k_upstream_unavailable).with_detail("its name has no address");
  for (const auto& endpoint : *endpoints) {
    auto connection = std::make_unique<Connection>(thread, Socket(thread.executor()), nullptr);
    const Status connected = co_await connection->connect(endpoint, limits_.connect_timeout);
    if (connected) co_return Upstream{.connection = std::move(connection), .reused = false};
    failure =
        refuse(connected.error().code() == Code::k_request_timed_out ? Code::k_upstream_timed_out
                                                                     : Code::k_upstream_unavailable)
            .with_detail(connected.error().detail());
  }
  co_return failure;
}

void UpstreamPool::give_back(std::unique_ptr<Connection> connection) {
  if (idle_.size() >= limits_.max_idle || !connection->buffered().empty()) return;
  idle_.push_back({.connection = std::move(connection), .since = Clock::now()});
}

// ---------------------------------------------------------------------------------- BodyBuffer

BodyBuffer::BodyBuffer(Framing framing)
    : framing_(framing), bytes_(std::make_unique_for_overwrite<char[]>(kHead + kSize + kTail)) {}

std::string_view BodyBuffer::framed(std::size_t size) {
  char* const data = bytes_.get() + kHead;
  if (framing_ != Framing::kChunked) return {data, size};
  std::array<char, kHead + 1> line;
  const int length = std::snprintf(line.data(), line.size(), "%zx\r\n", size);
  char* const begin = data - length;
  std::copy_n(line.data(), length, begin);
  constexpr std::string_view kEnd = "\r\n";
  std::copy(kEnd.begin(), kEnd.end(), data + size);
  return {begin, static_cast<std::size_t>(length) + size + 2};
}

// ---------------------------------------------------------------------------------- Forwarding

Forwarding::Forwarding(const Timeouts& timeouts, const UpstreamAddress& address, UpstreamPool& pool,
                       Connection& client, RequestParser& parser, const RequestHead& head,
                       Forward decision)
    : timeouts_(timeouts),
      address_(address),
      pool_(pool),
      client_(client),
      parser_(parser),
      head_(head),
      decision_(std::move(decision)),
      // A timer without expiry would be due at once: waiting for its cancellation would spin.
      sender_ended_(client.thread().executor(), Timer::time_point::max()) {}

Task<Result<Forwarded>> Forwarding::run() {
  const Result<std::string> text = write_head();
  if (!text) co_return text.error();
  const std::string& method = head_.request.method;
  const bool resendable =
      (method == "GET" || method == "HEAD") && !decision_.body && parser_.done();

  Reuse reuse = resendable ? Reuse::kAny : Reuse::kRecent;
  for (;;) {
    Result<Upstream> upstream = co_await pool_.acquire(client_.thread(), reuse);
    if (!upstream) co_return std::move(upstream).error();
    upstream_ = *std::move(upstream);
    Result<Forwarded> forwarded = co_await exchange(*text);
    upstream_.connection.reset();
    // A kept connection that the upstream closed just before we sent: it has not seen the request,
    // or the request changes nothing.
    const bool again = !forwarded && resendable && upstream_.reused && broke_before_response_ &&
                       !client_gone_ && reuse != Reuse::kNone;
    if (!again) co_return forwarded;
    reuse = Reuse::kNone;
  }
}

Result<std::string> Forwarding::write_head() const {
  HttpHeaders fields = head_.request.headers;
  const auto host = fields.find("host");
  const std::string asked_host(host.value_or(std::string_view()));
  remove_hop_by_hop(fields);
  remove_overrides(fields);
  fields.remove("host");
  fields.remove("expect");
  for (const std::string& name : decision_.strip) remove_folded(fields, name);
  fields.add("X-Forwarded-For", client_.peer());
  fields.add("X-Forwarded-Proto", client_.encrypted() ? "https" : "http");
  if (!asked_host.empty()) fields.add("X-Forwarded-Host", asked_host);
  for (const auto& [name, value] : decision_.set) {
    if (is_framing_field(name))
      return refuse(Code::k_internal_error).with_detail("the judge set a framing field");
  }
  replace_fields(fields, decision_.set);
  fields.add("Host", address_.authority);

  if (!decision_.body)
    return write_request_head(head_.request, fields, head_.framing, head_.length);
  const bool has_body = head_.framing != Framing::kNone || !decision_.body->empty();
  return write_request_head(head_.request, fields, has_body ? Framing::kLength : Framing::kNone,
                            decision_.body->size());
}

// exchange sends the request and relays the response, side by side: an upstream may answer before
// it has read everything, and a client may leave while the upstream is still at work.
Task<Result<Forwarded>> Forwarding::exchange(const std::string& text) {
  sending_ = Sending::kUnderWay;
  sender_runs_ = true;
  asio::co_spawn(client_.thread().executor(), send(text), asio::detached);
  Result<Forwarded> forwarded = co_await receive();

  finished_ = true;
  const bool sent = sending_ == Sending::kDone;
  client_.interrupt();
  if (!sent) upstream_.connection->interrupt();
  while (sender_runs_) co_await sender_ended_.async_wait(kAwait);
  client_.resume();
  finished_ = false;

  if (client_gone_) {
    co_return Forwarded{
        .end = End::kClientGone, .status = status_, .persistence = Persistence::kClose};
  }
  if (!forwarded && sending_error_) co_return *sending_error_;
  if (forwarded && sent && keep_upstream_) pool_.give_back(std::move(upstream_.connection));
  co_return forwarded;
}

// send runs send_all beside receive(). It must always come to its end, for exchange() waits for it.
Task<void> Forwarding::send(const std::string& text) {
  try {
    co_await send_all(text);
  } catch (const std::exception&) {
    sending_ = Sending::kUpstreamBroke;
  }
  sender_runs_ = false;
  sender_ended_.cancel();
}

Task<void> Forwarding::send_all(const std::string& text) {
  Connection& upstream = *upstream_.connection;
  Status written = co_await upstream.write(text, timeouts_.write);
  if (written && decision_.body)
    written = co_await upstream.write(*decision_.body, timeouts_.write);
  // When the upstream takes no more, its answer may still say why: that is receive()'s matter.
  if (!written) {
    sending_ = Sending::kUpstreamBroke;
    co_return;
  }
  if (!parser_.done()) {
    const Sending sent = co_await send_body();
    sending_ = sent;
    if (sent == Sending::kClientBroke) upstream.interrupt();
    if (sent != Sending::kDone) co_return;
  }
  sending_ = Sending::kDone;
  upstream.extend_read(timeouts_.upstream);

  co_await client_.wait_until_gone();
  if (finished_) co_return;
  client_gone_ = true;
  upstream.interrupt();
}

Task<Forwarding::Sending> Forwarding::send_body() {
  Connection& upstream = *upstream_.connection;
  BodyBuffer buffer(head_.framing);
  for (;;) {
    const Result<std::size_t> size =
        co_await client_.read_body(parser_, buffer.room(), timeouts_.body);
    if (!size) {
      if (!finished_) sending_error_ = size.error();
      client_gone_ = sending_error_ && sending_error_->code() == Code::k_network_failed;
      co_return Sending::kClientBroke;
    }
    const bool last = *size == 0;
    if (last && head_.framing != Framing::kChunked) co_return Sending::kDone;
    const Status written =
        co_await upstream.write(last ? kLastChunk : buffer.framed(*size), timeouts_.write);
    if (!written) co_return Sending::kUpstreamBroke;
    upstream.extend_read(timeouts_.upstream);
    if (last) co_return Sending::kDone;
  }
}

Error Forwarding::upstream_error(const Error& error) const {
  const Code code = error.code() == Code::k_request_timed_out ? Code::k_upstream_timed_out
                                                              : Code::k_upstream_unavailable;
  return refuse(code).with_detail(error.detail().empty() ? error.describe() : error.detail());
}

// receive relays the response. Its errors are from before any byte of it went to the client.
Task<Result<Forwarded>> Forwarding::receive() {
  Connection& upstream = *upstream_.connection;
  broke_before_response_ = false;
  for (;;) {
    const Result<std::string> text =
        co_await upstream.read_response_head(HeadLimits{}, timeouts_.upstream);
    if (!text) {
      broke_before_response_ =
          upstream.buffered().empty() && text.error().code() == Code::k_network_failed;
      co_return upstream_error(text.error());
    }
    if (const Status judged = check_response_head(*text); !judged)
      co_return upstream_error(judged.error());
    ResponseParser parser(head_.request.method);
    Result<ResponseHead> head = parser.parse_head(*text);
    if (!head) co_return upstream_error(head.error());
    // 101 to an Upgrade that was not sent: what follows would be another protocol.
    if (head->response.status == 101)
      co_return refuse(Code::k_upstream_unavailable).with_detail("it switched protocols");
    if (head->response.status < 200) continue;
    Result<Forwarded> forwarded = co_await relay(parser, *head);
    co_return forwarded;
  }
}

ResponseFraming Forwarding::client_framing(const ResponseHead& head) const {
  const bool keep = sending_ == Sending::kDone && !client_.thread().draining();
  ResponseFraming framing{.framing = head.framing,
                          .length = head.length,
                          .persistence = keep ? head_.persistence : Persistence::kClose};
  if (head.framing == Framing::kUntilClose) framing.framing = Framing::kChunked;
  if (head_.request.method == "HEAD" && head.framing == Framing::kUntilClose)
    framing.framing = Framing::kNone;
  if (framing.framing == Framing::kChunked && head_.version == Version::kHttp10)
    framing.framing = Framing::kUntilClose;
  return framing;
}

Task<Result<Forwarded>> Forwarding::relay(ResponseParser& parser, ResponseHead& head) {
  const ResponseFraming framing = client_framing(head);
  remove_hop_by_hop(head.response.headers);
  if (decision_.strip_in_response != nullptr)
    remove_if(head.response.headers, decision_.strip_in_response);
  replace_fields(head.response.headers, decision_.set_in_response);
  Result<std::string> pending =
      write_response_head(head.response.status, head.response.headers, framing);
  if (!pending) co_return upstream_error(pending.error());
  status_ = head.response.status;

  Connection& upstream = *upstream_.connection;
  const Forwarded broken{
      .end = End::kUpstreamFailed, .status = status_, .persistence = Persistence::kClose};
  const Forwarded gone{
      .end = End::kClientGone, .status = status_, .persistence = Persistence::kClose};
  BodyBuffer buffer(framing.framing);
  for (;;) {
    // The head goes out together with the first of the body, but does not wait for it.
    if (!pending->empty() && (parser.done() || upstream.buffered().empty())) {
      const Status written = co_await client_.write(*pending, timeouts_.write);
      if (!written) co_return gone;
      pending->clear();
    }
    const Result<std::size_t> size = co_await read_response_body(parser, buffer.room());
    if (!size) {
      client_.reset();
      co_return broken;
    }
    if (*size == 0) break;
    const std::string_view part = buffer.framed(*size);
    const Status written =
        co_await client_.write(pending->empty() ? part : pending->append(part), timeouts_.write);
    if (!written) co_return gone;
    pending->clear();
  }
  if (framing.framing == Framing::kChunked && head_.request.method != "HEAD")
    pending->append(kLastChunk);
  const Status written = co_await client_.write(*pending, timeouts_.write);
  if (!written) co_return gone;
  keep_upstream_ = head.persistence == Persistence::kKeepAlive;
  co_return Forwarded{
      .end = End::kForwarded, .status = status_, .persistence = framing.persistence};
}

Task<Result<std::size_t>> Forwarding::read_response_body(ResponseParser& parser,
                                                         std::span<char> room) {
  Connection& upstream = *upstream_.connection;
  Result<std::size_t> size = co_await upstream.read_body(parser, room, timeouts_.upstream);
  if (size || size.error().code() != Code::k_network_failed || client_gone_) co_return size;
  // For a body without length, the end of the connection is its end.
  if (const Status finished = parser.finish(); !finished) co_return finished.error();
  co_return std::size_t{0};
}

}  // namespace ajwt::http::internal
