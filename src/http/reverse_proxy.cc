// SPDX-License-Identifier: Apache-2.0

#include "http/reverse_proxy.h"

#include <algorithm>
#include <array>
#include <atomic>
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

// An agent's first request is often refused for want of a nonce. Reading its body is cheaper for
// both than a new connection.
constexpr std::size_t kMaxDiscarded = 256 * 1024;
constexpr std::chrono::milliseconds kDiscardPatience{3000};

template <class Judging>
Result<ProxyDecision> decide(Judging judging) {
  try {
    return judging();
  } catch (const std::exception& exception) {
    return refuse(Code::k_internal_error).with_detail(exception.what());
  } catch (...) {
    return refuse(Code::k_internal_error);
  }
}

End end_of(const Error& error) {
  const bool upstream =
      error.code() == Code::k_upstream_unavailable || error.code() == Code::k_upstream_timed_out;
  return upstream ? End::kUpstreamFailed : End::kAnswered;
}

// Budget bounds what all connections together hold of bodies. Share is what one request holds of
// it, until it ends.
class Budget {
 public:
  explicit Budget(std::size_t size) : left_(size) {}

  class Share {
   public:
    explicit Share(Budget& budget) : budget_(budget) {}
    Share(const Share&) = delete;
    ~Share() { budget_.left_ += held_; }
    // take adds to the share, or returns false if there is not so much left.
    bool take(std::size_t size) {
      std::size_t left = budget_.left_;
      do {
        if (left < size) return false;
      } while (!budget_.left_.compare_exchange_weak(left, left - size));
      held_ += size;
      return true;
    }

   private:
    Budget& budget_;
    std::size_t held_ = 0;
  };

 private:
  std::atomic<std::size_t> left_;
};

}  // namespace

HttpResponse ProxyJudge::on_refused(const HttpRequest* /*head*/, const Error& error) {
  return write_error_response(error);
}

// Core is the session of a proxy and the engine that runs it.
class ReverseProxy::Core {
 public:
  Core(ReverseProxyOptions options, internal::UpstreamAddress upstream, ProxyJudge& judge)
      : options_(std::move(options)),
        upstream_(std::move(upstream)),
        judge_(judge),
        budget_(options_.max_judged_bytes) {
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
    Budget::Share share;                             // of the bodies that are held to be judged
    std::optional<std::string> body = std::nullopt;  // once it was read for the judge
    std::shared_ptr<ForwardObserver> observer = nullptr;  // once it is let through
  };

  Task<void> serve(Connection& client);
  Task<Persistence> serve_one(Connection& client, const std::string& text);
  Task<Served> judge_and_serve(Visit& visit);
  Task<Result<ProxyDecision>> ask_judge(Visit& visit);
  Task<Status> read_body(Visit& visit, std::size_t max_bytes);
  Task<Served> answer(Visit& visit, HttpResponse response);
  Task<bool> discard_body(Visit& visit);
  Task<Served> forward(Visit& visit, Forward decision);
  Task<Served> refuse_request(Connection& client, const HttpRequest* head, const Error& error,
                              ForwardObserver* observer = nullptr);
  HttpResponse write_refusal(const HttpRequest* head, const Error& error,
                             ForwardObserver* observer) const;
  Task<Result<ProxyDecision>> ask(std::function<ProxyDecision()> question);

  ReverseProxyOptions options_;
  internal::UpstreamAddress upstream_;
  ProxyJudge& judge_;
  Budget budget_;
  std::vector<internal::UpstreamPool> pools_;  // by index of the I/O thread
  std::unique_ptr<internal::Engine> engine_;
};

Task<void> ReverseProxy::Core::serve(Connection& client) {
  for (;;) {
    const Result<std::string> head = co_await client.read_request_head(
        options_.head_limits, options_.idle_timeout, options_.header_timeout);
    if (!head) {
      co_await refuse_request(client, nullptr, head.error());
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
    const Served served = co_await refuse_request(client, nullptr, *refused);
    co_return served.persistence;
  }

  const auto begin = std::chrono::steady_clock::now();
  head->request.peer = client.peer();
  Visit visit{.client = client, .parser = parser, .head = *head, .share = Budget::Share(budget_)};
  const Served served = co_await judge_and_serve(visit);
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begin);
  const ProxyOutcome outcome{.end = served.end, .status = served.status, .took = took};
  judge_.on_end(head->request, outcome);
  if (visit.observer) visit.observer->on_end(outcome);
  co_return served.persistence;
}

Task<Result<ProxyDecision>> ReverseProxy::Core::ask(std::function<ProxyDecision()> question) {
  Result<ProxyDecision> decision = refuse(Code::k_overloaded);
  co_await engine_->run_on_worker([&] { decision = decide(question); });
  co_return decision;
}

// ask_judge returns the judge's decision, after it has seen the body if it needs to. Its errors are
// the engine's own refusals.
Task<Result<ProxyDecision>> ReverseProxy::Core::ask_judge(Visit& visit) {
  HttpRequest& request = visit.head.request;
  Result<ProxyDecision> decision = co_await ask([&] { return judge_.judge(request); });
  if (!decision || !std::holds_alternative<NeedBody>(*decision)) co_return decision;
  Status read = co_await read_body(visit, std::get<NeedBody>(*decision).max_bytes);
  if (!read) co_return std::move(read).error();
  request.body = *std::move(visit.body);
  decision = co_await ask([&] { return judge_.judge_with_body(request); });
  visit.body = std::exchange(request.body, {});
  co_return decision;
}

Task<ReverseProxy::Core::Served> ReverseProxy::Core::judge_and_serve(Visit& visit) {
  Result<ProxyDecision> decision = co_await ask_judge(visit);
  if (decision && std::holds_alternative<NeedBody>(*decision))
    decision = refuse(Code::k_internal_error).with_detail("the judge asked for the body twice");
  Served served{};
  if (!decision) {
    served = co_await refuse_request(visit.client, &visit.head.request, decision.error());
  } else if (auto* answered = std::get_if<Answer>(&*decision)) {
    served = co_await answer(visit, std::move(answered->response));
  } else {
    served = co_await forward(visit, std::get<Forward>(std::move(*decision)));
  }
  co_return served;
}

Task<Status> ReverseProxy::Core::read_body(Visit& visit, std::size_t max_bytes) {
  const Error too_large = refuse(Code::k_body_too_large, "the body is too large");
  if (visit.head.framing == Framing::kLength && visit.head.length > max_bytes) co_return too_large;
  if (visit.head.expects_continue && !visit.parser.done() && visit.client.buffered().empty()) {
    Status written =
        co_await visit.client.write(internal::kContinueResponse, options_.write_timeout);
    if (!written) co_return written;
  }
  std::string body;
  std::array<char, internal::kBodyReadSize> part;
  const auto until = std::chrono::steady_clock::now() + options_.body_timeout;
  for (;;) {
    const Result<std::size_t> size =
        co_await visit.client.read_body_until(visit.parser, part, until);
    if (!size) co_return size.error();
    if (*size == 0) break;
    if (*size > max_bytes - body.size()) co_return too_large;
    if (!visit.share.take(*size)) co_return refuse(Code::k_overloaded);
    body.append(part.data(), *size);
  }
  visit.body = std::move(body);
  co_return ok();
}

// answer sends the judge's response and reads past the request's body, if that is worth it.
Task<ReverseProxy::Core::Served> ReverseProxy::Core::answer(Visit& visit, HttpResponse response) {
  const bool nothing_comes = visit.parser.done();
  const bool short_body = !visit.head.expects_continue && visit.head.length <= kMaxDiscarded;
  Served served{.end = End::kAnswered,
                .status = response.status,
                .persistence = (nothing_comes || short_body) && !visit.client.thread().draining()
                                   ? visit.head.persistence
                                   : Persistence::kClose};
  const HttpRequest& request = visit.head.request;
  const auto bytes = internal::write_response(response, request.method, served.persistence);
  if (!bytes) {
    served = co_await refuse_request(visit.client, &request, bytes.error());
    co_return served;
  }
  const Status written = co_await visit.client.write(*bytes, options_.write_timeout);
  if (!written) {
    co_return Served{
        .end = End::kClientGone, .status = served.status, .persistence = Persistence::kClose};
  }
  if (served.persistence == Persistence::kKeepAlive) {
    const bool discarded = co_await discard_body(visit);
    if (!discarded) served.persistence = Persistence::kClose;
  }
  co_return served;
}

// discard_body reads to the end of a body that nobody wants, and tells whether it came to it. There
// is one time for all of it: a byte every few seconds must not hold a connection.
Task<bool> ReverseProxy::Core::discard_body(Visit& visit) {
  std::array<char, internal::kBodyReadSize> discarded;
  std::size_t total = 0;
  const auto until =
      std::chrono::steady_clock::now() + std::min(options_.body_timeout, kDiscardPatience);
  for (;;) {
    const Result<std::size_t> size =
        co_await visit.client.read_body_until(visit.parser, discarded, until);
    if (!size) co_return false;
    if (*size == 0) co_return true;
    total += *size;
    if (total > kMaxDiscarded) co_return false;
  }
}

Task<ReverseProxy::Core::Served> ReverseProxy::Core::forward(Visit& visit, Forward decision) {
  visit.observer = decision.observer;
  if (visit.head.expects_continue && !visit.parser.done() && visit.client.buffered().empty()) {
    const Status written =
        co_await visit.client.write(internal::kContinueResponse, options_.write_timeout);
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
    const Served served = co_await refuse_request(visit.client, &visit.head.request,
                                                  forwarded.error(), visit.observer.get());
    co_return served;
  }
  co_return Served{
      .end = forwarded->end, .status = forwarded->status, .persistence = forwarded->persistence};
}

HttpResponse ReverseProxy::Core::write_refusal(const HttpRequest* head, const Error& error,
                                               ForwardObserver* observer) const {
  if (observer != nullptr) return observer->on_failed(error);
  return end_of(error) == End::kUpstreamFailed ? write_error_response(error)
                                               : judge_.on_refused(head, error);
}

// refuse_request sends an error of the engine's own. The connection ends with it: what follows may
// be the rest of what was refused.
Task<ReverseProxy::Core::Served> ReverseProxy::Core::refuse_request(Connection& client,
                                                                    const HttpRequest* head,
                                                                    const Error& error,
                                                                    ForwardObserver* observer) {
  Served served{.end = End::kClientGone, .status = 0, .persistence = Persistence::kClose};
  if (error.code() == Code::k_network_failed) co_return served;
  HttpResponse response = write_refusal(head, error, observer);
  const std::string_view method = head == nullptr ? std::string_view() : head->method;
  auto bytes = internal::write_response(response, method, Persistence::kClose);
  if (!bytes) {
    response = write_error_response(bytes.error());
    bytes = internal::write_response(response, method, Persistence::kClose);
  }
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
