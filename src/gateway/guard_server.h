// SPDX-License-Identifier: Apache-2.0
//
// The guard as a server: keys in the background, verifier, policy and one of the guard's forms put
// together, and a few endpoints of its own.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "gateway/decision_observer.h"
#include "gateway/guard_options.h"

namespace ajwt::gateway {

// GuardServer protects one service from start() to stop(). Beside what its policy names it answers,
// itself and to anyone:
//
//   GET /-/health/live                          200
//   GET /-/health/ready                         200 once it has keys, else 503, with every part
//   GET /-/metrics                              Prometheus' text format
//   GET /.well-known/oauth-protected-resource   RFC 9728: where tokens for it come from
//
// and in the form auth_request GET /-/auth (gateway/auth_request_form.h), and nothing else.
//
// With GuardOptions::management the first three are answered there, without "/-", and nowhere else.
class GuardServer {
 public:
  // start listens and begins to fetch keys; it does not wait for them. `observer` may be null and
  // otherwise outlives the server. Refuses what check_guard_options, http::ReverseProxy::start and
  // http::Server::start refuse.
  static Result<std::unique_ptr<GuardServer>> start(GuardOptions options,
                                                    DecisionObserver* observer);
  ~GuardServer();
  GuardServer(const GuardServer&) = delete;
  GuardServer& operator=(const GuardServer&) = delete;

  // port returns the port listened on.
  std::uint16_t port() const;
  // public_url returns the URL that proofs must be for.
  const std::string& public_url() const;
  // management_port returns the port of the management address, 0 if there is none.
  std::uint16_t management_port() const;
  // is_ready tells whether there are keys to verify with.
  bool is_ready() const;
  // stop accepts no more and ends what is under way (http::ReverseProxy::stop).
  void stop();

 private:
  class Core;
  explicit GuardServer(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace ajwt::gateway
