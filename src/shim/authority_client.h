// SPDX-License-Identifier: Apache-2.0
//
// The authority's HTTP API as one client of it sees it: the command line's administration and the
// shim's fleet both go through here.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/id.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/trace_context.h"
#include "crypto/key.h"
#include "json/value.h"
#include "protocol/scope.h"
#include "shim/retry.h"

namespace ajwt::shim {

// ClientCredential is how a client authenticates itself: a secret (client_secret_basic) or a key
// (private_key_jwt, RFC 7523).
struct ClientCredential {
  ClientId client_id;
  std::variant<Secret, crypto::PrivateKey> authenticator;
};

// PlainHttp says where http without TLS is good enough, at the authority and, for a fleet, at its
// tools. It sends secrets and tokens readable.
enum class PlainHttp { kLoopbackOnly, kAnywhere };

// AuthorityOptions: whom to ask, and as whom.
struct AuthorityOptions {
  std::string issuer;  // "https://authority.example", without a slash at its end
  ClientCredential credential;
  // The key to which the client's own access tokens are bound; absent: an Ed25519 key of this
  // object alone.
  std::optional<crypto::PrivateKey> token_key = std::nullopt;
  PlainHttp plain_http = PlainHttp::kLoopbackOnly;
  RetryRules retries = {};
};

// AuthorityCall is one request to the authority.
struct AuthorityCall {
  std::string method;  // "POST"
  std::string path;    // "/intent/executions", with its query, if any
  std::optional<json::Object> body = std::nullopt;
  Repeat repeat = Repeat::kUnsafe;
  // The trace that it belongs to (W3C Trace Context); absent: one of its own.
  std::optional<TraceParent> trace = std::nullopt;
};

// AgentIdentity is an agent that proves itself in a request.
struct AgentIdentity {
  AgentId agent_id;
  crypto::PrivateKey key;
  std::optional<std::string> agent_checksum = std::nullopt;
};

// AuthorityClient makes authenticated requests. It gets, keeps and renews the client's access
// tokens, signs a fresh proof for each request (with `bd` and `qd`, protocol 6.2), answers demands
// for a nonce, and repeats what may be repeated. All that one call sends, a request for an access
// token too, carries one traceparent. Safe for concurrent use.
//
// What the authority refuses comes back with the authority's own Code; its description as message;
// missing_steps as items; its decision_id in the detail. Beside these: k_network_failed,
// k_response_malformed. No error carries a token, a proof or a secret, even if the authority's
// answer does.
class AuthorityClient {
 public:
  // create refuses k_configuration_refused for an issuer that is no http(s) URI without query,
  // fragment or slash at its end, or plain http where that is not allowed. `http`, `clock` and
  // `sleeper` outlive the client.
  static Result<std::unique_ptr<AuthorityClient>> create(AuthorityOptions options, HttpClient& http,
                                                         const Clock& clock,
                                                         Sleeper& sleeper = system_sleeper());
  ~AuthorityClient();
  AuthorityClient(const AuthorityClient&) = delete;
  AuthorityClient& operator=(const AuthorityClient&) = delete;

  // call authenticates with an access token for `scopes` (at least one). Returns the answer's JSON,
  // null if it is empty.
  Result<json::Value> call(const AuthorityCall& call, const Scopes& scopes);

  // call_with_agent is `call` in which an agent's key proves itself too, by an agent proof in the
  // body's key_proofs (protocol 6.3). Replaces a member key_proofs.
  Result<json::Value> call_with_agent(const AuthorityCall& call, const Scopes& scopes,
                                      const AgentIdentity& agent);

  // call_with_agents is call_with_agent with several keys: a change of an agent's key needs proofs
  // by the new one and the old one (protocol 3.2).
  Result<json::Value> call_with_agents(const AuthorityCall& call, const Scopes& scopes,
                                       std::span<const AgentIdentity> agents);

  // call_as_agent authenticates the client within the request itself; the DPoP proof is the
  // agent's. The request must be one with a body, since a client assertion stands there.
  Result<json::Value> call_as_agent(const AuthorityCall& call, const AgentIdentity& agent);

  const std::string& issuer() const;
  // authenticates_by_secret tells which of the two credentials the client has.
  bool authenticates_by_secret() const;

 private:
  class Parts;
  explicit AuthorityClient(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ajwt::shim
