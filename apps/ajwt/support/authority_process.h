// SPDX-License-Identifier: Apache-2.0
//
// An authority as it runs: store, keys, HTTP server, metrics and, at the first start, the
// administrator. `ajwt serve` is this and signals; `ajwt dev` has one beside its other parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "apps/ajwt/support/log.h"
#include "authority/context.h"
#include "base/result.h"
#include "http/listen_address.h"
#include "http/listen_options.h"

namespace ajwt::app {

// ClearText says where plain HTTP may be listened for: on loopback alone, or anywhere because
// something before the authority ends TLS.
enum class ClearText { kOnLoopback, kBehindTlsProxy };

// ServeOptions is everything that an authority is started with.
struct ServeOptions {
  std::string data;  // the data directory; made if it is missing
  std::string address = "127.0.0.1";
  std::uint16_t port = 8710;  // 0: any free one
  // How clients address the authority, which is also the issuer of its tokens: an origin. Empty:
  // the address listened on, if that is loopback.
  std::string public_url;
  std::optional<http::TlsFiles> tls;
  ClearText clear_text = ClearText::kOnLoopback;
  std::size_t worker_threads = 0;  // 0: as many as fit the machine
  std::size_t max_connections = 10000;
  // Where health and metrics are answered instead of at the public address. With TLS as that has
  // it, except on loopback.
  std::optional<http::ListenAddress> management;
  std::string otlp_endpoint;              // where spans go; empty: nowhere
  authority::AuthorityOptions authority;  // its issuer is set from public_url
};

// AdministratorFiles says where the first administrator's credential is.
struct AdministratorFiles {
  std::string key_file;  // <data>/admin.key.pem
  std::string profile;   // <data>/admin.json: issuer, client_id, key_file; for --profile
  // Whether this start made them.
  bool created;
};

// check_serve_options refuses k_configuration_refused for listening beyond loopback in clear text
// or without a public_url, for an otlp_endpoint that check_otlp_endpoint refuses, for a public_url
// that is no origin or whose scheme is not the one that clients use.
Status check_serve_options(const ServeOptions& options);

// AuthorityProcess runs from start() to stop(). Its functions are called from one thread.
class AuthorityProcess {
 public:
  // start opens the data directory, listens, and answers as soon as it returns. `log` may be null
  // and otherwise outlives the process. Refuses, each with a message that says what to do:
  // what check_serve_options and Authority::create refuse, k_io_failed, k_store_unavailable (also:
  // another process has the directory), k_store_damaged, k_store_too_new, k_key_file_unsafe,
  // k_address_in_use. Nothing is left running.
  static Result<std::unique_ptr<AuthorityProcess>> start(ServeOptions options, Log* log);
  ~AuthorityProcess();
  AuthorityProcess(const AuthorityProcess&) = delete;
  AuthorityProcess& operator=(const AuthorityProcess&) = delete;

  const std::string& issuer() const;
  std::uint16_t port() const;
  // management_port returns 0 if there is no management address.
  std::uint16_t management_port() const;
  const AdministratorFiles& administrator() const;

  // stop accepts no more requests, lets those that have begun finish, and sends the last spans. The
  // management address answers until then, that the authority is not ready.
  void stop();

 private:
  class Parts;
  explicit AuthorityProcess(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ajwt::app
