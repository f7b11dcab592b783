// SPDX-License-Identifier: Apache-2.0
//
// The HTTP/1.1 server: whole requests in, whole responses out. The gate (http/gate.h) stands before
// the parser. The authority is served by it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/http_message.h"
#include "base/result.h"
#include "http/listen_options.h"

namespace ajwt::http {

// ServerOptions are ListenOptions with a bound on bodies, which are read before the handler runs,
// and with the words by which the server itself says no.
struct ServerOptions : ListenOptions {
  std::size_t max_body_bytes = 256 * 1024;
  // on_refused writes the answer wherever no handler did: to what the gate refuses
  // (k_request_malformed, k_header_too_large), to bodies that are too large or malformed, to what
  // came too late (k_request_timed_out) or at a bad time (k_overloaded), and after an exception of
  // the handler or an answer of it that cannot be written (k_internal_error). What broke is in the
  // error's detail, for the log. Called by I/O threads and workers at once: it is short, never
  // blocks and must not throw. None: write_error_response.
  std::function<HttpResponse(const Error&)> on_refused = {};
};

// Handler answers a request. It may block and is called by many worker threads at once, never by a
// thread that does I/O. The path of its request has passed check_path. Fields of the response that
// concern the connection or the framing (Connection, Content-Length, Transfer-Encoding, ...) are
// the server's and are dropped; a response that no client could read (a status outside 200 to 599,
// a line break in a field) and an exception become 500 (k_internal_error, on_refused).
using Handler = std::function<HttpResponse(const HttpRequest&)>;

// Server listens from start() to stop(). Requests of one connection are answered in turn, those of
// different connections side by side. What the gate refuses, what is too large or too slow, and
// what does not fit into the queue of the workers is answered by the server itself with what
// ServerOptions::on_refused returns.
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
