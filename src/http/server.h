// SPDX-License-Identifier: Apache-2.0
//
// The HTTP/1.1 server: whole requests in, whole responses out. The gate (http/gate.h) stands before
// the parser. Used by the authority, by guard's auth endpoint and for metrics.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/http_message.h"
#include "base/result.h"
#include "http/listen_options.h"

namespace ajwt::http {

// ServerOptions are ListenOptions with a bound on bodies, which are read before the handler runs.
struct ServerOptions : ListenOptions {
  std::size_t max_body_bytes = 256 * 1024;
};

// Handler answers a request. It may block and is called by many worker threads at once, never by a
// thread that does I/O. The path of its request has passed check_path. Fields of the response that
// concern the connection or the framing (Connection, Content-Length, Transfer-Encoding, ...) are
// the server's and are dropped; a response that no client could read (a status outside 200 to 599,
// a line break in a field) and an exception become 500.
using Handler = std::function<HttpResponse(const HttpRequest&)>;

// Server listens from start() to stop(). Requests of one connection are answered in turn, those of
// different connections side by side. What the gate refuses, what is too large or too slow, and
// what does not fit into the queue of the workers is answered by the server itself with
// write_error_response.
class Server {
 public:
  // start listens and returns. Refuses k_address_in_use (message: address:port),
  // k_configuration_refused (an address that is none or that this machine lacks, files that are no
  // certificate and key, by name), k_network_failed.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // port returns the port listened on.
  std::uint16_t port() const;

  // stop accepts no more, lets requests that have begun finish within drain_timeout, closes the
  // rest and returns when no handler runs any more. May be called repeatedly, from one thread at a
  // time and not from a handler; the destructor calls it.
  void stop();

 private:
  class Core;
  explicit Server(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace ajwt::http
