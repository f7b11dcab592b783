// SPDX-License-Identifier: Apache-2.0
//
// The authority's signing keys: one signs, and those that did lately are still published.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "authority/ports.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/key.h"
#include "jose/jwk.h"

namespace ajwt::authority {

// KeyRing is safe for concurrent use. Readers get snapshots and never wait for the store.
class KeyRing {
 public:
  // Signer is the key that signs, and its name.
  struct Signer {
    crypto::PrivateKey key;
    std::string kid;
  };

  // load reads the keys, and makes the first one (Ed25519) if there is none. `retention` is how
  // long a key stays published after it signed last: never below the longest life of a token.
  // Refuses what the store refuses.
  static Result<std::unique_ptr<KeyRing>> load(SigningKeyStore& store, Seconds retention,
                                               Instant now);

  Signer active() const;
  // published returns the active key and those that are still retiring.
  std::shared_ptr<const jose::KeySet> published() const;
  // list returns what is published, with states and times.
  std::vector<SigningKey> list() const;

  // new_key makes a key that could become the active one.
  static Result<Signer> new_key();
  // rotate makes `next` the active key; the one before is published until `retention` from now.
  Status rotate(Signer next, Instant now, const AuditEntry& audit);

  // drop_retired stops publishing the keys whose time has come, and then lets the store remove
  // them. Cheap when there is none.
  Status drop_retired(Instant now);

 private:
  struct State;
  KeyRing(SigningKeyStore& store, Seconds retention) : store_(store), retention_(retention) {}
  Status reload(std::optional<Signer> active, Instant now);
  std::shared_ptr<const State> state() const;

  SigningKeyStore& store_;
  Seconds retention_;
  std::mutex changing_;         // held while the store is written
  mutable std::mutex reading_;  // guards state_ alone
  std::shared_ptr<const State> state_;
};

}  // namespace ajwt::authority
