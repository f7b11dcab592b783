// SPDX-License-Identifier: Apache-2.0

#include "http/server.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "http/error_response.h"
#include "http/gate.h"
#include "http/internal/engine.h"
#include "http/internal/message.h"

namespace ajwt::http {

using internal::Connection;
using internal::Persistence;
using internal::Task;

// Core is the session of a server and the engine that runs it.
class Server::Core {
 public:
  Core(ServerOptions options, Handler handler)
      : options_(std::move(options)), handler_(std::move(handler)) {
    if (!options_.on_refused) options_.on_refused = write_error_response;
  }

  Status start() {
    AJWT_ASSIGN(engine_, internal::Engine::start(
                             options_, [this](Connection& client) { return serve(client); }));
    return ok();
  }

  std::uint16_t port() const { return engine_->port(); }
  void stop() { engine_->stop(); }

 private:
  Task<void> serve(Connection& client);
  Task<Result<Persistence>> serve_one(Connection& client, const std::string& head);
  Task<Status> read_body(Connection& client, internal::RequestParser& parser,
                         internal::RequestHead& head);
  HttpResponse call(const HttpRequest& request) const;
  std::string write(const HttpResponse& response, std::string_view method,
                    Persistence persistence) const;

  ServerOptions options_;
  Handler handler_;
  std::unique_ptr<internal::Engine> engine_;
};

Task<void> Server::Core::serve(Connection& client) {
  for (;;) {
    Result<std::string> head = co_await client.read_request_head(
        options_.head_limits, options_.idle_timeout, options_.header_timeout);
    std::optional<Error> refused;
    if (!head) {
      refused = head.error();
    } else if (head->empty()) {
      co_return;
    } else {
      const Result<Persistence> served = co_await serve_one(client, *head);
      if (served && *served == Persistence::kKeepAlive) continue;
      if (served) co_return;
      refused = served.error();
    }
    if (refused->code() == Code::k_network_failed) co_return;
    // What follows on this connection cannot be told apart from the body of what was refused.
    const std::string bytes = write(options_.on_refused(*refused), "", Persistence::kClose);
    (void)co_await client.write(bytes, options_.write_timeout);
    co_return;
  }
}

// serve_one answers one request, or refuses it before any byte of an answer was sent.
Task<Result<Persistence>> Server::Core::serve_one(Connection& client, const std::string& text) {
  Status judged = check_request_head(text, options_.head_limits);
  if (!judged) co_return std::move(judged).error();
  internal::RequestParser parser(options_.max_body_bytes);
  Result<internal::RequestHead> head = parser.parse_head(text);
  if (!head) co_return std::move(head).error();
  judged = check_path(head->request.path);
  if (!judged) co_return std::move(judged).error();
  Status read = co_await read_body(client, parser, *head);
  if (!read) co_return std::move(read).error();
  head->request.peer = client.peer();

  std::optional<HttpResponse> response;
  const bool ran = co_await engine_->run_on_worker([&] { response = call(head->request); });
  if (!ran) response = options_.on_refused(refuse(Code::k_overloaded));

  const Persistence persistence =
      client.thread().draining() ? Persistence::kClose : head->persistence;
  const std::string bytes = write(*response, head->request.method, persistence);
  Status written = co_await client.write(bytes, options_.write_timeout);
  if (!written) co_return std::move(written).error();
  co_return persistence;
}

Task<Status> Server::Core::read_body(Connection& client, internal::RequestParser& parser,
                                     internal::RequestHead& head) {
  if (parser.done()) co_return ok();
  if (head.expects_continue && client.buffered().empty()) {
    Status written = co_await client.write(internal::kContinueResponse, options_.write_timeout);
    if (!written) co_return written;
  }
  std::array<char, internal::kBodyReadSize> part;
  const auto until = std::chrono::steady_clock::now() + options_.body_timeout;
  for (;;) {
    const Result<std::size_t> size = co_await client.read_body_until(parser, part, until);
    if (!size) co_return size.error();
    if (*size == 0) co_return ok();
    head.request.body.append(part.data(), *size);
  }
}

HttpResponse Server::Core::call(const HttpRequest& request) const {
  try {
    return handler_(request);
  } catch (const std::exception& exception) {
    return options_.on_refused(refuse(Code::k_internal_error).with_detail(exception.what()));
  } catch (...) {
    return options_.on_refused(refuse(Code::k_internal_error));
  }
}

// write returns the response's bytes, or those of a 500 if it cannot be written.
std::string Server::Core::write(const HttpResponse& response, std::string_view method,
                                Persistence persistence) const {
  auto bytes = internal::write_response(response, method, persistence);
  if (bytes) return *std::move(bytes);
  const Error error = std::move(bytes).error();
  bytes = internal::write_response(options_.on_refused(error), method, persistence);
  if (bytes) return *std::move(bytes);
  return *internal::write_response(write_error_response(error), method, persistence);
}

Server::Server(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Handler handler) {
  auto core = std::make_unique<Core>(std::move(options), std::move(handler));
  AJWT_TRY(core->start());
  return std::unique_ptr<Server>(new Server(std::move(core)));
}

std::uint16_t Server::port() const { return core_->port(); }

void Server::stop() { core_->stop(); }

}  // namespace ajwt::http
