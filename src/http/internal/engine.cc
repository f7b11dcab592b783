// SPDX-License-Identifier: Apache-2.0

#include "http/internal/engine.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string>

namespace ajwt::http::internal {
namespace {

constexpr Milliseconds kSlowestSweep{250};
constexpr Milliseconds kAcceptPause{50};
constexpr Milliseconds kClosePatience{1000};
constexpr Milliseconds kDrainPatience{100};
constexpr std::size_t kFewestWorkers = 4;

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// SharePort tells whether several sockets, one per thread, may listen on the port.
enum class SharePort { kNo, kYes };

std::string name_of(const ListenOptions& options) {
  return options.address + ":" + std::to_string(options.port);
}

Error listen_error(const ListenOptions& options, const ErrorCode& error) {
  if (error == asio::error::address_in_use) return refuse(Code::k_address_in_use, name_of(options));
  if (error == asio::error::access_denied || error.value() == EADDRNOTAVAIL)
    return refuse(Code::k_configuration_refused,
                  "cannot listen on " + name_of(options) + ": " + error.message());
  return refuse(Code::k_network_failed, name_of(options)).with_detail(error.message());
}

ErrorCode open(Acceptor& acceptor, const Tcp::endpoint& endpoint, SharePort share) {
  ErrorCode error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && share == SharePort::kYes) acceptor.set_option(ReusePort(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

// select_http1 answers ALPN: HTTP/1.1 or no connection, never a protocol that we do not speak.
int select_http1(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                 unsigned in_size, void*) {
  static constexpr std::array<unsigned char, 9> kProtocols = {8,   'h', 't', 't', 'p',
                                                              '/', '1', '.', '1'};
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, out_size, kProtocols.data(), kProtocols.size(), in,
                            in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

Milliseconds sweep_period(const ListenOptions& options) {
  const auto shortest = std::min(
      {options.header_timeout, options.body_timeout, options.idle_timeout, options.write_timeout});
  return std::clamp(shortest / 4, Milliseconds(5), kSlowestSweep);
}

// Start is how a coroutine's continuation becomes a job of the pool and comes back.
struct Start {
  WorkerPool& pool;
  Executor executor;
  std::function<void()>& work;
  bool& accepted;

  template <class Handler>
  void operator()(Handler handler) const {
    const auto resume = std::make_shared<Handler>(std::move(handler));
    accepted = pool.submit([work = std::move(work), executor = executor, resume] {
      work();
      asio::post(executor, [resume] { std::move (*resume)(); });
    });
    if (!accepted) asio::post(executor, [resume] { std::move (*resume)(); });
  }
};

Task<void> submit(const Start& start) {
  return asio::async_initiate<const UseAwaitable, void()>(start, UseAwaitable{});
}

}  // namespace

// Thread is an I/O thread with its listening socket.
struct Engine::Thread {
  explicit Thread(std::size_t index) : io(index), acceptor(io.context()) {}
  IoThread io;
  Acceptor acceptor;
  std::thread runner;
};

std::size_t count_io_threads(const ListenOptions& options) {
  if (options.io_threads != 0) return options.io_threads;
  return std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

Engine::Engine(const ListenOptions& options, Session session, std::function<void()> release)
    : options_(options), session_(std::move(session)), release_(std::move(release)) {}

Engine::~Engine() { stop(); }

Result<std::unique_ptr<Engine>> Engine::start(const ListenOptions& options, Session session,
                                              std::function<void()> release) {
  std::unique_ptr<Engine> engine(new Engine(options, std::move(session), std::move(release)));
  try {
    AJWT_TRY(engine->load_tls());
    AJWT_TRY(engine->listen());
    engine->run();
  } catch (const std::exception& exception) {
    return refuse(Code::k_network_failed, name_of(options)).with_detail(exception.what());
  }
  return engine;
}

Status Engine::load_tls() {
  if (!options_.tls) return ok();
  tls_.emplace(asio::ssl::context::tls_server);
  SSL_CTX* native = tls_->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(
      native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_alpn_select_cb(native, select_http1, nullptr);
  ErrorCode error;
  tls_->use_certificate_chain_file(options_.tls->certificate_chain, error);
  if (error)
    return refuse(Code::k_configuration_refused,
                  "no certificate can be read from " + options_.tls->certificate_chain)
        .with_detail(error.message());
  tls_->use_private_key_file(options_.tls->private_key, asio::ssl::context::pem, error);
  if (error)
    return refuse(
               Code::k_configuration_refused,
               "no private key for the certificate can be read from " + options_.tls->private_key)
        .with_detail(error.message());
  return ok();
}

Status Engine::listen() {
  ErrorCode error;
  const auto address = asio::ip::make_address(options_.address, error);
  if (error)
    return refuse(Code::k_configuration_refused, options_.address + " is not a numeric address");
  Tcp::endpoint endpoint(address, options_.port);

  const std::size_t count = count_io_threads(options_);
  for (std::size_t i = 0; i < count; ++i) threads_.push_back(std::make_unique<Thread>(i));
  if (options_.port != 0) {
    // With SO_REUSEPORT a second process of the same user would share the port unnoticed, and get
    // half of the requests. A socket without it finds out.
    asio::io_context context;
    Acceptor probe(context);
    error = open(probe, endpoint, SharePort::kNo);
    if (error) return listen_error(options_, error);
  }
  for (const auto& thread : threads_) {
    error = open(thread->acceptor, endpoint, SharePort::kYes);
    if (error) return listen_error(options_, error);
    endpoint.port(thread->acceptor.local_endpoint().port());
  }
  port_ = endpoint.port();
  return ok();
}

void Engine::run() {
  const std::size_t workers =
      options_.worker_threads != 0
          ? options_.worker_threads
          : std::max<std::size_t>(kFewestWorkers, 2 * std::thread::hardware_concurrency());
  workers_ = std::make_unique<WorkerPool>(workers, options_.max_queued);
  for (const auto& owned : threads_) {
    Thread& thread = *owned;
    asio::co_spawn(thread.io.context(), thread.io.sweep(sweep_period(options_)), asio::detached);
    asio::co_spawn(thread.io.context(), accept(thread), asio::detached);
    thread.runner = std::thread([&thread] { thread.io.context().run(); });
  }
}

Task<void> Engine::accept(Thread& thread) {
  Timer pause(thread.io.executor());
  while (!thread.io.draining()) {
    auto [error, socket] = co_await thread.acceptor.async_accept(kAwait);
    if (thread.io.draining()) co_return;
    if (error) {
      // Out of file descriptors, most likely: others must end before it helps to try again.
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(kAwait);
      continue;
    }
    if (!enter()) continue;
    asio::co_spawn(thread.io.context(), run_connection(thread, std::move(socket)), asio::detached);
  }
}

Task<void> Engine::run_connection(Thread& thread, Socket socket) {
  struct Leave {
    Engine& engine;
    ~Leave() { engine.leave(); }
  } const leave{*this};
  Connection connection(thread.io, std::move(socket), tls_ ? &*tls_ : nullptr);
  if (tls_) {
    const Status accepted = co_await connection.accept_tls(options_.header_timeout);
    if (!accepted) co_return;
  }
  co_await session_(connection);
  if (connection.socket().is_open())
    co_await connection.close(thread.io.draining() ? kDrainPatience : kClosePatience);
}

bool Engine::enter() {
  const std::lock_guard lock(mutex_);
  if (connections_ >= options_.max_connections) return false;
  ++connections_;
  return true;
}

void Engine::leave() {
  const std::lock_guard lock(mutex_);
  if (--connections_ == 0) all_gone_.notify_all();
}

void Engine::stop() {
  for (const auto& thread : threads_) {
    if (!thread->runner.joinable()) continue;
    asio::post(thread->io.context(), [&thread = *thread] {
      thread.io.drain();
      ErrorCode ignored;
      thread.acceptor.close(ignored);
    });
  }
  if (workers_) {
    std::unique_lock lock(mutex_);
    all_gone_.wait_for(lock, options_.drain_timeout, [this] { return connections_ == 0; });
  }
  for (const auto& thread : threads_) thread->io.context().stop();
  for (const auto& thread : threads_) {
    if (thread->runner.joinable()) thread->runner.join();
  }
  // Only now, with no thread left in the contexts: jobs that never ran destroy their coroutines.
  if (workers_) workers_->stop();
  if (!threads_.empty()) release_();
  threads_.clear();
  workers_.reset();
}

Task<bool> Engine::run_on_worker(std::function<void()> work) {
  bool accepted = false;
  const Start start{.pool = *workers_,
                    .executor = co_await asio::this_coro::executor,
                    .work = work,
                    .accepted = accepted};
  co_await submit(start);
  co_return accepted;
}

}  // namespace ajwt::http::internal
