// SPDX-License-Identifier: Apache-2.0
#include "authority/keys/key_ring.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "authority/context.h"
#include "authority/system.h"
#include "protocol/names.h"

namespace ajwt::authority {

// State is one snapshot: all of it belongs together.
struct KeyRing::State {
  Signer active;
  std::vector<SigningKey> keys;
  std::shared_ptr<const jose::KeySet> published;
  std::optional<Instant> next_retirement;
};

Result<std::unique_ptr<KeyRing>> KeyRing::load(SigningKeyStore& store, Seconds retention,
                                               Instant now) {
  std::unique_ptr<KeyRing> ring(new KeyRing(store, retention));
  AJWT_ASSIGN(const auto keys, store.list_signing_keys());
  const auto active = std::find_if(keys.begin(), keys.end(), [](const SigningKey& key) {
    return key.state == SigningKeyState::kActive;
  });
  if (active == keys.end()) {
    AJWT_ASSIGN(Signer first, new_key());
    const std::string kid = first.kid;
    AJWT_TRY(ring->rotate(std::move(first), now,
                          build_audit(system_app_id(), make_decision_id(now), "create_signing_key",
                                      Outcome{std::nullopt, system_client_id(), {}}, now,
                                      json::Object{{"kid", kid}})));
    return ring;
  }
  AJWT_ASSIGN(crypto::PrivateKey key, store.load_signing_key(active->kid));
  AJWT_TRY(ring->reload(Signer{std::move(key), active->kid}, now));
  return ring;
}

Result<KeyRing::Signer> KeyRing::new_key() {
  AJWT_ASSIGN(crypto::PrivateKey key, crypto::PrivateKey::generate(crypto::KeyKind::kEd25519));
  std::string kid = jose::thumbprint(key.public_key());
  return Signer{std::move(key), std::move(kid)};
}

std::shared_ptr<const KeyRing::State> KeyRing::state() const {
  const std::lock_guard lock(reading_);
  return state_;
}

KeyRing::Signer KeyRing::active() const { return state()->active; }

std::shared_ptr<const jose::KeySet> KeyRing::published() const { return state()->published; }

std::vector<SigningKey> KeyRing::list() const { return state()->keys; }

Status KeyRing::rotate(Signer next, Instant now, const AuditEntry& audit) {
  const std::lock_guard lock(changing_);
  AJWT_TRY(store_.add_signing_key(next.key, now, now + retention_, audit));
  return reload(std::move(next), now);
}

Status KeyRing::drop_retired(Instant now) {
  const auto before = state();
  if (!before->next_retirement || now < *before->next_retirement) return ok();
  const std::lock_guard lock(changing_);
  // First out of what we publish: a store that cannot write must not keep a key alive.
  AJWT_TRY(reload(std::nullopt, now));
  AJWT_TRY(store_.drop_retired(now));
  return reload(std::nullopt, now);
}

// reload takes a snapshot of the store's keys. Without `active`, the one that signs stays.
Status KeyRing::reload(std::optional<Signer> active, Instant now) {
  AJWT_ASSIGN(std::vector<SigningKey> keys, store_.list_signing_keys());
  // Overdue ones count: the store may have failed to drop them, or nothing ran when their time
  // came.
  std::optional<Instant> next;
  for (const auto& key : keys) {
    if (key.retire_at && (!next || *key.retire_at < *next)) next = key.retire_at;
  }
  std::erase_if(keys,
                [&](const SigningKey& key) { return key.retire_at && *key.retire_at <= now; });
  std::vector<jose::Jwk> published;
  published.reserve(keys.size());
  for (const auto& key : keys) {
    published.push_back(jose::Jwk{.key = key.public_key,
                                  .kid = key.kid,
                                  .alg = jose::default_algorithm(key.public_key.kind())});
  }
  auto fresh = std::make_shared<const State>(
      State{.active = active ? *std::move(active) : state()->active,
            .keys = std::move(keys),
            .published = std::make_shared<const jose::KeySet>(std::move(published)),
            .next_retirement = next});
  const std::lock_guard lock(reading_);
  state_ = std::move(fresh);
  return ok();
}

}  // namespace ajwt::authority
