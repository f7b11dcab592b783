// SPDX-License-Identifier: Apache-2.0
//
// Exchange: one request while it is being answered, and what was learnt of it on the way.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/context.h"
#include "authority/mint/mint.h"
#include "base/http_message.h"
#include "base/trace_context.h"

namespace ajwt::guard {
class TokenCache;
}

namespace ajwt::authority {

class ClientAuthenticator;

// MetricsText returns the metrics of the process in the text exposition format.
using MetricsText = std::function<std::string()>;

// Services is what endpoints use beside the Context that operations know.
struct Services {
  Context& context;
  const ClientAuthenticator& clients;
  guard::TokenCache& tokens;
  const MetricsText& metrics;
};

// Budgeted: which budgets a route draws on: none at all (health), the address's alone, or the
// address's and one of the client's.
enum class Budgeted { kNone, kAddress, kCalls, kMint, kRegistration };

// Door: how a refusal looks. Token endpoints answer invalid proofs with 400 (RFC 6749 5.2, RFC
// 9449 5); everything else is a resource and answers 401 with a challenge (RFC 9449 7.1).
enum class Door { kResource, kTokenEndpoint };

// ClientIdentity is the client that authenticated itself, for log, audit and hints.
struct ClientIdentity {
  ClientId client_id;
  AppId app_id;
  Scopes scopes;
};

// Exchange lives as long as its request and is used by one thread.
struct Exchange {
  const Services& services;
  const HttpRequest& request;
  Instant now;
  std::string decision_id;
  Span span;
  std::string operation;
  std::string_view route;  // the template of the path; empty if no row has it
  Door door;
  Budgeted budgeted;
  std::vector<std::string> parameters;  // of the path, decoded, in the order of its template

  // Learnt on the way; absent or empty as long as it is not known.
  std::optional<ClientIdentity> identity;
  MintTrace trace;
  std::string proof_jkt;
  bool counted = false;    // the request was taken from one of the client's budgets
  bool unaudited = false;  // it was refused, and nobody could write that down
  // Set by a handler that itself writes the answer to what it refuses.
  std::optional<Error> refused = std::nullopt;

  Context& context() const { return services.context; }
  // uri returns what the client addressed: what a proof's htu must be.
  std::string uri() const { return services.context.options.issuer + request.path; }
};

}  // namespace ajwt::authority
