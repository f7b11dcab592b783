// SPDX-License-Identifier: Apache-2.0

#include "http/reverse_proxy.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "http/error_response.h"
#include "http/gate.h"
#include "http/internal/engine.h"
#include "http/internal/message.h"
#include "http/internal/upstream.h"

namespace ajwt::http {

using internal::Connection;
using internal::Framing;
using internal::Persistence;
using internal::Task;
using End = ProxyOutcome::End;

namespace {

constexpr std::size_t kReadSize = 16 * 1024;
// An agent's first request is often refused for want of a nonce. Reading its body is cheaper for
// both than a new connection.
constexpr std::size_t kMaxDiscarded = 256 * 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

template <class Judging>
ProxyDecision decide(Judging judging) {
  try {
    return judging();
  } catch (const std::exception& exception) {
    return Answer{
        write_error_response(refuse(Code::k_internal_error).with_detail(exception.what()))};
  } catch (...) {
    return Answer{write_error_response(refuse(Code::k_internal_error))};
  }
}

End end_of(const Error& error) {
  const bool upstream =
      error.code() == Code::k_upstream_unavailable || error.code() == Code::k_upstream_timed_out;
  return upstream ? End::kUpstreamFailed : End::kAnswered;
}

}  // namespace

// Core is the session of a proxy and the engine that runs it.
class ReverseProxy::Core {
 public:
  Core(ReverseProxyOptions options, internal::UpstreamAddress upstream, ProxyJudge& judge)
      : options_(std::move(options)), upstream_(std::move(upstream)), judge_(judge) {
    const internal::UpstreamLimits limits{.max_idle = options_.max_idle_upstreams,
                                          .connect_timeout = options_.connect_timeout,
                                          .idle_timeout = options_.upstream_idle_timeout};
    for (std::size_t i = 0; i < internal::count_io_threads(options_); ++i)
      pools_.emplace_back(upstream_, limits);
  }

  Status start() {
    AJWT_ASSIGN(engine_, internal::Engine::start(
                             options_, [this](Connection& client) { return serve(client); },
                             [this] { pools_.clear(); }));
    return ok();
  }

  std::uint16_t port() const { return engine_->port(); }
  void stop() { engine_->stop(); }

 private:
  // Served tells how one request ended and whether the connection takes another.
  struct Served {
    End end;
    int status;
    Persistence persistence;
  };
  // Visit is one request on its way.
  struct Visit {
    Connection& client;
    internal::RequestParser& parser;
    internal::RequestHead& head;
    std::optional<std::string> body = std::nullopt;  // once it was read for the judge
  };

  Task<void> serve(Connection& client);
  Task<Persistence> serve_one(Connection& client, const std::string& text);
  Task<Served> judge_and_serve(Visit& visit);
  Task<Status> read_body(Visit& visit, std::size_t max_bytes);
  Task<Served> answer(Visit& visit, const HttpResponse& response);
  Task<Served> forward(Visit& visit, Forward decision);
  Task<Served> refuse_request(Connection& client, const Error& error);
  Task<std::optional<ProxyDecision>> ask(std::function<ProxyDecision()> question);

  ReverseProxyOptions options_;
  internal::UpstreamAddress upstream_;
  ProxyJudge& judge_;
  std::vector<internal::UpstreamPool> pools_;  // by index of the I/O thread
  std::unique_ptr<internal::Engine> engine_;
};

Task<void> ReverseProxy::Core::serve(Connection& client) {
  for (;;) {
    const Result<std::string> head = co_await client.read_request_head(
        options_.head_limits, options_.idle_timeout, options_.header_timeout);
    if (!head) {
      co_await refuse_request(client, head.error());
      co_return;
    }
    if (head->empty()) co_return;
    const Persistence persistence = co_await serve_one(client, *head);
    if (persistence == Persistence::kClose) co_return;
  }
}

Task<Persistence> ReverseProxy::Core::serve_one(Connection& client, const std::string& text) {
  internal::RequestParser parser(options_.max_body_bytes);
  std::optional<Error> refused;
  std::optional<internal::RequestHead> head;
  if (const Status judged = check_request_head(text, options_.head_limits); !judged) {
    refused = judged.error();
  } else if (auto parsed = parser.parse_head(text); !parsed) {
    refused = parsed.error();
  } else if (const Status path = check_path(parsed->request.path); !path) {
    refused = path.error();
  } else {
    head = *std::move(parsed);
  }
  if (refused) {
    const Served served = co_await refuse_request(client, *refused);
    co_return served.persistence;
  }

  const auto begin = std::chrono::steady_clock::now();
  head->request.peer = client.peer();
  Visit visit{.client = client, .parser = parser, .head = *head};
  const Served served = co_await judge_and_serve(visit);
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begin);
  judge_.observe(head->request, {.end = served.end, .status = served.status, .took = took});
  co_return served.persistence;
}

Task<std::optional<ProxyDecision>> ReverseProxy::Core::ask(
    std::function<ProxyDecision()> question) {
  std::optional<ProxyDecision> decision;
  co_await engine_->run_on_worker([&] { decision = decide(question); });
  co_return decision;
}

Task<ReverseProxy::Core::Served> ReverseProxy::Core::judge_and_serve(Visit& visit) {
  HttpRequest& request = visit.head.request;
  auto decision = co_await ask([&] { return judge_.judge(request); });
  if (decision && std::holds_alternative<NeedBody>(*decision)) {
    const Status read = co_await read_body(visit, std::get<NeedBody>(*decision).max_bytes);
    if (!read) {
      const Served served = co_await refuse_request(visit.client, read.error());
      co_return served;
    }
    request.body = *std::move(visit.body);
    decision = co_await ask([&] { return judge_.judge_with_body(request); });
    visit.body = std::exchange(request.body, {});
  }
  if (!decision) {
    const Served served = co_await answer(visit, write_error_response(refuse(Code::k_overloaded)));
    co_return served;
  }
  if (auto* answered = std::get_if<Answer>(&*decision)) {
    const Served served = co_await answer(visit, answered->response);
    co_return served;
  }
  if (auto* forwarded = std::get_if<Forward>(&*decision)) {
    const Served served = co_await forward(visit, std::move(*forwarded));
    co_return served;
  }
  const Served served =
      co_await answer(visit, write_error_response(refuse(Code::k_internal_error)));
  co_return served;
}

Task<Status> ReverseProxy::Core::read_body(Visit& visit, std::size_t max_bytes) {
  const Error too_large = refuse(Code::k_body_too_large, "the body is too large");
  if (visit.head.framing == Framing::kLength && visit.head.length > max_bytes) co_return too_large;
  if (visit.head.expects_continue && !visit.parser.done() && visit.client.buffered().empty()) {
    Status written = co_await visit.client.write(kContinue, options_.write_timeout);
    if (!written) co_return written;
  }
  std::string body;
  std::array<char, kReadSize> part;
  const auto until = std::chrono::steady_clock::now() + options_.body_timeout;
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) co_return refuse(Code::k_request_timed_out);
    const Result<std::size_t> size = co_await visit.client.read_body(visit.parser, part, left);
    if (!size) co_return size.error();
    if (*size == 0) break;
    if (*size > max_bytes - body.size()) co_return too_large;
    body.append(part.data(), *size);
  }
  visit.body = std::move(body);
  co_return ok();
}

// answer sends the judge's response and reads past the request's body, if that is worth it.
Task<ReverseProxy::Core::Served> ReverseProxy::Core::answer(Visit& visit,
                                                            const HttpResponse& response) {
  const bool nothing_comes = visit.parser.done();
  const bool short_body = !visit.head.expects_continue && visit.head.length <= kMaxDiscarded;
  Served served{.end = End::kAnswered,
                .status = response.status,
                .persistence = (nothing_comes || short_body) && !visit.client.thread().draining()
                                   ? visit.head.persistence
                                   : Persistence::kClose};
  const std::string& method = visit.head.request.method;
  auto bytes = internal::write_response(response, method, served.persistence);
  if (!bytes) {
    const auto failure = write_error_response(bytes.error());
    served.status = failure.status;
    bytes = internal::write_response(failure, method, served.persistence);
  }
  const Status written = co_await visit.client.write(*bytes, options_.write_timeout);
  if (!written) {
    co_return Served{
        .end = End::kClientGone, .status = served.status, .persistence = Persistence::kClose};
  }
  std::array<char, kReadSize> discarded;
  std::size_t total = 0;
  while (served.persistence == Persistence::kKeepAlive) {
    const Result<std::size_t> size =
        co_await visit.client.read_body(visit.parser, discarded, options_.body_timeout);
    if (size && *size == 0) break;
    if (size) total += *size;
    if (!size || total > kMaxDiscarded) served.persistence = Persistence::kClose;
  }
  co_return served;
}

Task<ReverseProxy::Core::Served> ReverseProxy::Core::forward(Visit& visit, Forward decision) {
  if (visit.head.expects_continue && !visit.parser.done() && visit.client.buffered().empty()) {
    const Status written = co_await visit.client.write(kContinue, options_.write_timeout);
    if (!written) {
      co_return Served{.end = End::kClientGone, .status = 0, .persistence = Persistence::kClose};
    }
  }
  if (!decision.body) decision.body = std::move(visit.body);
  internal::Forwarding forwarding({.body = options_.body_timeout,
                                   .write = options_.write_timeout,
                                   .upstream = options_.upstream_timeout},
                                  upstream_, pools_[visit.client.thread().index()], visit.client,
                                  visit.parser, visit.head, std::move(decision));
  const Result<internal::Forwarded> forwarded = co_await forwarding.run();
  if (!forwarded) {
    const Served served = co_await refuse_request(visit.client, forwarded.error());
    co_return served;
  }
  co_return Served{
      .end = forwarded->end, .status = forwarded->status, .persistence = forwarded->persistence};
}

// refuse_request sends an error of the engine's own. The connection ends with it: what follows may
// be the rest of what was refused.
Task<ReverseProxy::Core::Served> ReverseProxy::Core::refuse_request(Connection& client,
                                                                    const Error& error) {
  Served served{.end = End::kClientGone, .status = 0, .persistence = Persistence::kClose};
  if (error.code() == Code::k_network_failed) co_return served;
  const HttpResponse response = write_error_response(error);
  const auto bytes = internal::write_response(response, "", Persistence::kClose);
  const Status written = co_await client.write(*bytes, options_.write_timeout);
  if (written)
    served = {.end = end_of(error), .status = response.status, .persistence = Persistence::kClose};
  co_return served;
}

ReverseProxy::ReverseProxy(std::unique_ptr<Core> core) : core_(std::move(core)) {}
ReverseProxy::~ReverseProxy() = default;

Result<std::unique_ptr<ReverseProxy>> ReverseProxy::start(ReverseProxyOptions options,
                                                          ProxyJudge& judge) {
  AJWT_ASSIGN(auto upstream, internal::parse_upstream(options.upstream));
  auto core = std::make_unique<Core>(std::move(options), std::move(upstream), judge);
  AJWT_TRY(core->start());
  return std::unique_ptr<ReverseProxy>(new ReverseProxy(std::move(core)));
}

std::uint16_t ReverseProxy::port() const { return core_->port(); }

void ReverseProxy::stop() { core_->stop(); }

}  // namespace ajwt::http
