// SPDX-License-Identifier: Apache-2.0
//
// What every listening part shares: the sockets, an io_context per thread, the worker pool, the
// life of connections, and stopping.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/internal/asio.h"
#include "http/internal/connection.h"
#include "http/internal/io_thread.h"
#include "http/internal/worker_pool.h"
#include "http/listen_options.h"

namespace ajwt::http::internal {

// Engine accepts connections on every I/O thread and runs a session on each.
class Engine {
 public:
  // Session serves one connection, after its TLS handshake, until it is to be closed.
  using Session = std::function<Task<void>(Connection&)>;

  // start refuses as Server::start does. The session is called from all I/O threads until stop()
  // has returned; `release` is called once by stop(), when no thread runs any more: it destroys
  // what the owner keeps that belongs to an io_context.
  static Result<std::unique_ptr<Engine>> start(
      const ListenOptions& options, Session session, std::function<void()> release = [] {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  std::uint16_t port() const { return port_; }

  // stop is Server::stop.
  void stop();

  // run_on_worker runs `work` on a worker thread and resumes on the I/O thread; false if there was
  // no room for it. `work` does not throw; what it refers to lives until it has run.
  Task<bool> run_on_worker(std::function<void()> work);

 private:
  struct Thread;
  Engine(const ListenOptions& options, Session session, std::function<void()> release);

  Status load_tls();
  Status listen();
  void run();
  Task<void> accept(Thread& thread);
  Task<void> run_connection(Thread& thread, Socket socket);
  bool enter();
  void leave();

  ListenOptions options_;
  Session session_;
  std::function<void()> release_;
  std::uint16_t port_ = 0;
  std::optional<asio::ssl::context> tls_;

  std::mutex mutex_;
  std::condition_variable all_gone_;
  std::size_t connections_ = 0;

  // Destroyed in reverse: contexts, with the coroutines in them, before what those refer to.
  std::unique_ptr<WorkerPool> workers_;
  std::vector<std::unique_ptr<Thread>> threads_;
};

// count_io_threads returns how many I/O threads options with io_threads 0 mean.
std::size_t count_io_threads(const ListenOptions& options);

}  // namespace ajwt::http::internal
