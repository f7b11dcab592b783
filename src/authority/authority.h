// SPDX-License-Identifier: Apache-2.0
//
// Authority: the authorization server as one object, from HTTP requests to HTTP responses. It
// knows no sockets and no SQL.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "authority/context.h"
#include "authority/ports.h"
#include "base/clock.h"
#include "base/http_message.h"
#include "base/result.h"
#include "crypto/key.h"
#include "crypto/seal.h"

namespace ajwt::authority {

// Usage is what operators watch of a running authority.
struct Usage {
  std::size_t replay_entries;   // used proofs that are remembered
  std::size_t replay_capacity;  // when that many are, requests are refused
  Seconds signing_key_age;      // of the key that signs
};

// Authority is safe for concurrent use; handle() may block on the store.
class Authority {
 public:
  // create holds the audit log against the checkpoint that was kept last (AuditLog::open), reads
  // the signing keys, or makes the first (KeyRing::load), and draws what lives as long as the
  // process: the memory of used proofs and, of the same epoch, the key of the nonces
  // (protocol 6.1). `store`, `clock` and `observer` outlive the authority. `metrics` gives the text
  // of /metrics. Refuses k_configuration_refused (an issuer that is no http or https origin, a
  // lifetime that is not positive) and what the store refuses.
  static Result<std::unique_ptr<Authority>> create(const AuthorityOptions& options, Store& store,
                                                   crypto::SealingKey sealing_key,
                                                   const Clock& clock, DecisionObserver& observer,
                                                   std::function<std::string()> metrics);
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  // handle answers one request. Every one ends in observer.on_decision.
  HttpResponse handle(const HttpRequest& request, Surface surface = Surface::kOnly);

  // refuse_unread answers what never became a request for handle(): malformed, too large, too late,
  // or more than the server can take. It ends in observer.on_decision, too. Does not block.
  HttpResponse refuse_unread(const Error& error);

  // usage tells how full its memories are, for metrics.
  Usage usage() const;

  // operations returns every name that Decision::operation can have: for the labels of metrics.
  static std::vector<std::string> operations();

 private:
  struct Parts;
  // observe_keys tells of what KeyRing could not do, in the span of the request that it was to be
  // done before.
  void observe_keys(const Error& error, const Span& span);
  explicit Authority(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// AdministratorOutcome: whether create_administrator had anything to do.
enum class AdministratorOutcome { kCreated, kExisted };

// create_administrator makes, on an empty store, the administrators' application and its first
// client, which authenticates by private_key_jwt with `key` and holds every administrative scope
// (protocol 7). A client that exists keeps the key that it has.
Result<AdministratorOutcome> create_administrator(Store& store, const crypto::PublicKey& key,
                                                  Instant now);

// administrator_client_id is the name of that client.
ClientId administrator_client_id();

}  // namespace ajwt::authority
