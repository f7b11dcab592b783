// SPDX-License-Identifier: Apache-2.0
//
// The authority's signing keys: one is announced before it signs, one signs, and those that did
// lately are still published (docs/adr/0013-key-rotation.md).
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authority/ports.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/key.h"
#include "jose/jwk.h"
#include "json/value.h"

namespace ajwt::authority {

// KeyRules say how long a key is in which state.
struct KeyRules {
  Seconds announce;   // a key is published so long before it signs: until every guard knows it
  Seconds retention;  // and so long after it signed last: until its last token has expired
  Seconds lifetime;   // so old, a key that signs has the next one announced; 0: never by itself
};

// KeyRing is safe for concurrent use. Readers get snapshots and never wait for the store.
//
// A key is announced, signs, retires and goes, each step by one transaction of the store with an
// audit entry; a process that is killed in between goes on where it was. There is no thread:
// advance() is called with every request and does what is due.
//
// What is counted in this process is counted by Clock::elapsed: a clock that is set forward neither
// lets a key sign that guards had no time to fetch, nor takes away one whose tokens live. An
// announcement counts from the start of the process, for who knows how long there was nobody to
// fetch the key from; a retirement that began in an earlier process ends by the clock.
class KeyRing {
 public:
  // Signer is the key that signs, and its name.
  struct Signer {
    crypto::PrivateKey key;
    std::string kid;
  };
  // Audit makes the entry of a change; the facts say which key went to which state.
  using Audit = std::function<AuditEntry(const json::Object& facts)>;

  // A guard takes no set of more than 64 keys, and all its keys would grow stale at once.
  static constexpr std::size_t kMaxPublished = 32;

  // load reads the keys, and makes the first one (Ed25519) if there is none; that one signs at
  // once, for there was none to go on with. An announced key whose file is missing is given up: it
  // never signed. Refuses what the store refuses. store and clock outlive the ring.
  static Result<std::unique_ptr<KeyRing>> load(SigningKeyStore& store, const KeyRules& rules,
                                               const Clock& clock);

  Signer active() const;
  // published returns the announced and the active key and those that are still retiring.
  std::shared_ptr<const jose::KeySet> published() const;
  // list returns what is published, with states and times.
  std::vector<SigningKey> list() const;
  // activation returns when the announced key will sign, if there is one.
  std::optional<Instant> activation() const;

  // announce publishes a new key, which signs after rules.announce. Refuses k_already_exists while
  // one is announced, k_limit_exceeded if too many keys are published.
  Status announce(const Audit& audit);
  // activate lets the announced key, or a new one, sign at once: guards that do not know it refuse
  // its tokens until they have fetched it. Refuses k_limit_exceeded.
  Status activate(const Audit& audit);
  // revoke stops publishing a key and removes it; if it is the active one, the announced or a new
  // one signs from now on. Its tokens are refused here at once, and by guards when they fetch next.
  // Refuses k_not_found.
  Status revoke(std::string_view kid, const Audit& audit);

  // advance does what is due: lets the announced key sign, stops publishing keys whose time has
  // come and then removes them, announces the next key. Cheap when nothing is due; one caller does
  // it, others go on with what was true before. After a failure it is tried again, not oftener
  // than each second; until then a key that should have signed does not, and one that should be
  // gone is not published.
  Status advance();

 private:
  using Elapsed = std::chrono::milliseconds;

  // Held is a published key, and before when (in this process's time) its next step is not due.
  struct Held {
    SigningKey key;
    Elapsed not_before;
  };
  struct State;

  KeyRing(SigningKeyStore& store, const KeyRules& rules, const Clock& clock)
      : store_(store), rules_(rules), clock_(clock) {}

  Status load_keys();
  Status load_announced(const SigningKey& key);
  std::shared_ptr<const State> state() const;
  bool is_due(const State& state) const;
  bool has_retired(const Held& held) const;
  bool wants_next(const State& state) const;
  Audit own_audit(std::string_view operation) const;

  // These are called while changing_ is held.
  void publish(Signer active, std::vector<Held> keys);
  Status make_next(const Audit& audit);
  Status activate_next(Seconds retention, const Audit& audit);
  void withdraw(std::string_view kid);
  void withdraw_retired();
  Status remove_withdrawn(const Audit& audit);
  Status advance_now();

  SigningKeyStore& store_;
  const KeyRules rules_;
  const Clock& clock_;

  std::mutex changing_;                 // held while the store is written; guards these two
  std::optional<Signer> next_;          // the announced key
  std::vector<std::string> withdrawn_;  // kids: published no more, still to be removed

  mutable std::mutex reading_;  // guards state_ alone
  std::shared_ptr<const State> state_;
  std::atomic<Elapsed> retry_at_{Elapsed(0)};  // after a failure
};

}  // namespace ajwt::authority
