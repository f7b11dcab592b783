// SPDX-License-Identifier: Apache-2.0
//
// Context: what every operation of the authority may use. Made once by Authority; all members are
// safe for concurrent use and outlive every request.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "authority/oauth/rate_limits.h"
#include "authority/ports.h"
#include "authority/records.h"
#include "base/clock.h"
#include "crypto/seal.h"
#include "guard/replay_cache.h"
#include "jose/jwk.h"
#include "protocol/access_token.h"
#include "protocol/nonce.h"
#include "protocol/proof.h"

namespace ajwt::authority {

class AuditLog;     // audit/audit_log.h: checkpoints of the log of decisions
class KeyRing;      // keys/key_ring.h: the active signing key and the published set
class RateLimiter;  // oauth/rate_limiter.h

// HintRule: whether refusals tell an application's own people what to run next. kOwner: only to a
// caller authenticated for that application with an admin or register scope; kEveryone: `ajwt dev`.
enum class HintRule { kOwner, kEveryone };

// AddressLimits: whether requests are counted by the address that they come from. kOff where that
// is a proxy's: everybody would share one budget, and one flood would shut everybody out.
enum class AddressLimits { kOn, kOff };

// Surface says at which of its addresses a request came to the authority: where there is one for
// operators, health and metrics are answered there and nowhere else, and nothing else is.
enum class Surface { kOnly, kPublic, kManagement };

// AuthorityOptions are the settings of an authority; docs/reference/config.md explains them.
struct AuthorityOptions {
  std::string issuer;  // "https://as.example.com": no trailing slash
  Seconds intent_token_lifetime{300};
  Seconds access_token_lifetime{600};  // plain tokens
  Seconds nonce_lifetime{300};
  Seconds skew{60};
  Seconds execution_lifetime{3600};  // default and upper bound when a request names none
  Seconds execution_lifetime_max{86400};
  Seconds key_announce{1200};  // a key is published before it signs
  Seconds key_overlap{3600};   // and after it signed last; never below a token's lifetime
  Seconds signing_key_lifetime{90 * 86400};  // then the next one is announced; 0: never by itself
  HintRule hints = HintRule::kOwner;
  RateLimits rate_limits = {};
  AddressLimits address_limits = AddressLimits::kOn;
};

// jwks_max_age returns how long the published keys may be cached. A copy that old, taken up just
// before it ends and kept as long again, is gone by the middle of the next key's announcement.
Seconds jwks_max_age(const AuthorityOptions& options);

// Context refers to what the Authority owns.
struct Context {
  AuthorityOptions options;
  Store& store;
  const Clock& clock;
  DecisionObserver& observer;
  KeyRing& keys;
  AuditLog& audit;
  RateLimiter& limits;
  guard::ReplayCache& replays;
  NonceIssuer nonces;
  crypto::SealingKey sealing_key;
};

// Caller is proof that a client authenticated itself; only oauth/authenticate.cc makes one.
class Caller {
 public:
  // kDirect: by secret or assertion in this request; the DPoP header then proves the agent's key.
  // kToken: by an access token of its own; the DPoP header proves that token's key.
  enum class Via { kDirect, kToken };

  const Client& client() const { return client_; }
  const Application& application() const { return application_; }
  Via via() const { return via_; }
  // scopes: of the token, or, when direct, all that the client may ask for.
  const Scopes& scopes() const { return scopes_; }
  // check_scope refuses k_token_insufficient_scope (token) or k_client_unauthorized (direct).
  Status check_scope(std::string_view scope) const;
  // owns tells whether the application is the caller's own.
  bool owns(const AppId& app_id) const { return app_id == application_.app_id; }

 private:
  friend class CallerAuthenticator;
  Caller(Client client, Application application, Via via, Scopes scopes)
      : client_(std::move(client)),
        application_(std::move(application)),
        via_(via),
        scopes_(std::move(scopes)) {}
  Client client_;
  Application application_;
  Via via_;
  Scopes scopes_;
};

// make_decision_id names one decision in answer, log, trace and audit: "dec_...".
std::string make_decision_id(Instant now);

// Outcome says how a decision ended, by whose request, and, where it allowed something, on what it
// rests.
struct Outcome {
  std::optional<Code> refused;
  ClientId client_id;
  Basis basis;
};
// allowed_to is the outcome of a request of this caller that rests on its client, and on `basis`,
// which names no client.
Outcome allowed_to(const Caller& caller, Basis basis = {});

// build_audit makes an entry with what every entry has: decision_id, time, operation, outcome
// ("allowed" or the reason's name), client_id; `facts` is appended. Draws the salt.
AuditEntry build_audit(const AppId& app_id, std::string_view decision_id,
                       std::string_view operation, Outcome outcome, Instant now,
                       const json::Object& facts);

}  // namespace ajwt::authority
