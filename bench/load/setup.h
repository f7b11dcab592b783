// SPDX-License-Identifier: Apache-2.0
//
// The fleet under load: made through the authority's own API, as an administrator and a fleet
// would.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "crypto/key.h"
#include "http/client.h"
#include "shim/authority_client.h"

namespace ajwt::bench {

// kServiceScope is the scope of everything that is asked for here, but for the authority's own.
inline constexpr std::string_view kServiceScope = "manifest:write";

// ClientBy is how the fleet's client authenticates itself.
enum class ClientBy { kSecret, kAssertion };

// Fleet is one application with an agent and a workflow of one step; its requests are made here
// and sent by others.
class Fleet {
 public:
  // administrator_key is the key of the first administrator, fixed.
  static const crypto::PrivateKey& administrator_key();

  // Fleet registers everything at the authority on this port of loopback.
  explicit Fleet(std::uint16_t authority_port);

  // create_service_client registers a client for client_credentials at kAudience with the scope
  // kServiceScope. It authenticates itself by `key`, or without one by the secret that is returned.
  std::string create_service_client(const std::string& client_id, const crypto::PublicKey* key);

  // make_mints returns requests for intent tokens, each at the beginning of an execution of its
  // own, which is opened here.
  std::vector<std::string> make_mints(std::size_t count, ClientBy by);
  // agent_public_key is whose proofs the mints carry.
  const crypto::PublicKey& agent_public_key() const { return agent_key_.public_key(); }
  // mint returns a token.
  std::string mint();

  // make_calls returns tool calls at the guard on this port: one token, a fresh proof for each.
  std::vector<std::string> make_calls(std::size_t count, std::uint16_t port,
                                      const std::string& token);
  // make_bearer_calls returns the same calls with the token as a bearer token, all alike.
  std::vector<std::string> make_bearer_calls(std::size_t count, std::uint16_t port,
                                             const std::string& token);

  // signing_microseconds returns what a proof of make_calls took to build, on average.
  double signing_microseconds() const;

 private:
  void create_application();
  void register_agent();
  void register_workflow();
  std::string open_execution();
  std::string assertion() const;

  SystemClock clock_;
  http::CurlClient http_;
  std::uint16_t port_;
  std::string issuer_;
  std::unique_ptr<shim::AuthorityClient> administrator_;
  std::unique_ptr<shim::AuthorityClient> registrar_;
  std::unique_ptr<shim::AuthorityClient> fleet_;
  crypto::PrivateKey agent_key_;
  std::string checksum_;
  std::string basic_;  // the value of the Authorization field
  std::chrono::nanoseconds signing_{};
  std::size_t signed_ = 0;
};

// basic_authorization returns the value of an Authorization field (RFC 7617 2). Id and secret have
// no characters that RFC 6749 2.3.1 would have escaped.
std::string basic_authorization(std::string_view client_id, std::string_view secret);

// nonce_of returns the nonce that the service on this port sends with every answer.
std::string nonce_of(HttpClient& http, std::uint16_t port);

}  // namespace ajwt::bench
