// SPDX-License-Identifier: Apache-2.0
#include "authority/keys/key_ring.h"

#include <algorithm>
#include <utility>

#include "authority/context.h"
#include "authority/system.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

constexpr std::chrono::milliseconds kRetryAfter{1000};
constexpr std::string_view kRemoved = "removed";

json::Object change_facts(std::string_view kid, std::string_view status) {
  json::Object facts;
  facts.set("kid", kid);
  facts.set(names::kStatus, status);
  return facts;
}

Result<KeyRing::Signer> make_signer() {
  AJWT_ASSIGN(crypto::PrivateKey key, crypto::PrivateKey::generate(crypto::KeyKind::kEd25519));
  std::string kid = jose::thumbprint(key.public_key());
  return KeyRing::Signer{std::move(key), std::move(kid)};
}

// place returns where a key stands in lists: the one that signs first.
int place(SigningKeyState state) {
  return state == SigningKeyState::kActive ? 0 : state == SigningKeyState::kAnnounced ? 1 : 2;
}

}  // namespace

// State is one snapshot: all of it belongs together.
struct KeyRing::State {
  Signer active;
  std::vector<Held> keys;  // the active one is the first
  std::shared_ptr<const jose::KeySet> published;
  bool has_withdrawn;

  const Held* announced() const {
    const auto found = std::find_if(keys.begin(), keys.end(), [](const Held& held) {
      return held.key.state == SigningKeyState::kAnnounced;
    });
    return found == keys.end() ? nullptr : &*found;
  }
};

Result<std::unique_ptr<KeyRing>> KeyRing::load(SigningKeyStore& store, const KeyRules& rules,
                                               const Clock& clock) {
  std::unique_ptr<KeyRing> ring(new KeyRing(store, rules, clock));
  const std::lock_guard lock(ring->changing_);
  AJWT_TRY(ring->load_keys());
  return ring;
}

Status KeyRing::load_keys() {
  AJWT_ASSIGN(const std::vector<SigningKey> keys, store_.list_signing_keys());
  std::optional<Signer> active;
  std::vector<Held> held;
  for (const SigningKey& key : keys) {
    Elapsed not_before{0};
    switch (key.state) {
      case SigningKeyState::kActive: {
        AJWT_ASSIGN(crypto::PrivateKey private_key, store_.load_signing_key(key.kid));
        active = Signer{std::move(private_key), key.kid};
        break;
      }
      case SigningKeyState::kAnnounced:
        AJWT_TRY(load_announced(key));
        if (!next_) continue;
        not_before = clock_.elapsed() + rules_.announce;
        break;
      case SigningKeyState::kRetiring:
        break;
    }
    held.push_back(Held{key, not_before});
  }
  if (!active) {
    // The first start, or one that was killed during it.
    const Audit audit = own_audit("create_signing_key");
    if (!next_) {
      AJWT_ASSIGN(next_, make_signer());
      AJWT_TRY(store_.announce_signing_key(next_->key, clock_.now(),
                                           audit(change_facts(next_->kid, "announced"))));
    }
    AJWT_TRY(store_.activate_signing_key(next_->kid, clock_.now(),
                                         audit(change_facts(next_->kid, "active"))));
    next_.reset();
    return load_keys();
  }
  publish(*std::move(active), std::move(held));
  withdraw_retired();
  return ok();
}

// load_announced sets next_, unless the key's file is gone: what is removed loses its file first.
Status KeyRing::load_announced(const SigningKey& key) {
  auto private_key = store_.load_signing_key(key.kid);
  if (private_key) {
    next_ = Signer{*std::move(private_key), key.kid};
    return ok();
  }
  if (private_key.error().code() != Code::k_io_failed) return std::move(private_key).error();
  return store_.remove_signing_key(
      key.kid, own_audit("remove_signing_key")(change_facts(key.kid, kRemoved)));
}

std::shared_ptr<const KeyRing::State> KeyRing::state() const {
  const std::lock_guard lock(reading_);
  return state_;
}

KeyRing::Signer KeyRing::active() const { return state()->active; }

std::shared_ptr<const jose::KeySet> KeyRing::published() const { return state()->published; }

std::vector<SigningKey> KeyRing::list() const {
  const auto now = state();
  std::vector<SigningKey> keys;
  keys.reserve(now->keys.size());
  for (const Held& held : now->keys) keys.push_back(held.key);
  return keys;
}

std::optional<Instant> KeyRing::activation() const {
  const auto now = state();
  const Held* announced = now->announced();
  if (announced == nullptr) return std::nullopt;
  const Elapsed left = std::max(announced->not_before - clock_.elapsed(), Elapsed(0));
  return clock_.now() + std::chrono::ceil<Seconds>(left);
}

KeyRing::Audit KeyRing::own_audit(std::string_view operation) const {
  return [this, operation](const json::Object& facts) {
    const Instant now = clock_.now();
    return build_audit(system_app_id(), make_decision_id(now), operation,
                       Outcome{std::nullopt, system_client_id(), {}}, now, facts);
  };
}

Status KeyRing::announce(const Audit& audit) {
  const std::lock_guard lock(changing_);
  if (next_) {
    return refuse(
        Code::k_already_exists,
        "Key " + next_->kid +
            " is announced already and signs when every guard knows it; 'ajwt key rotate --now' "
            "lets it sign at once.");
  }
  return make_next(audit);
}

Status KeyRing::activate(const Audit& audit) {
  const std::lock_guard lock(changing_);
  if (!next_) AJWT_TRY(make_next(audit));
  return activate_next(rules_.retention, audit);
}

Status KeyRing::revoke(std::string_view kid, const Audit& audit) {
  const std::lock_guard lock(changing_);
  const auto before = state();
  const bool is_known = std::any_of(before->keys.begin(), before->keys.end(),
                                    [&](const Held& held) { return held.key.kid == kid; });
  if (!is_known) return refuse(Code::k_not_found);
  if (before->active.kid == kid) {
    if (!next_) AJWT_TRY(make_next(audit));
    AJWT_TRY(activate_next(Seconds(0), audit));
  }
  withdraw(kid);
  return remove_withdrawn(audit);
}

Status KeyRing::advance() {
  if (!is_due(*state()) || clock_.elapsed() < retry_at_.load()) return ok();
  const std::unique_lock lock(changing_, std::try_to_lock);
  if (!lock) return ok();
  // Another thread may have done it since we looked.
  if (!is_due(*state())) return ok();
  Status done = advance_now();
  if (!done) retry_at_ = clock_.elapsed() + kRetryAfter;
  return done;
}

Status KeyRing::advance_now() {
  // First out of what we publish: a store that cannot write must not keep a key alive.
  withdraw_retired();
  Status done = remove_withdrawn(own_audit("remove_signing_key"));
  const auto before = state();
  const Held* announced = before->announced();
  if (announced != nullptr && clock_.elapsed() >= announced->not_before) {
    const Status active = activate_next(rules_.retention, own_audit("activate_signing_key"));
    if (!active) done = active;
  }
  if (wants_next(*state())) {
    const Status made = make_next(own_audit("announce_signing_key"));
    if (!made) done = made;
  }
  return done;
}

bool KeyRing::is_due(const State& state) const {
  const Held* announced = state.announced();
  return state.has_withdrawn ||
         (announced != nullptr && clock_.elapsed() >= announced->not_before) || wants_next(state) ||
         std::any_of(state.keys.begin(), state.keys.end(),
                     [this](const Held& held) { return has_retired(held); });
}

bool KeyRing::has_retired(const Held& held) const {
  return held.key.retire_at && clock_.now() >= *held.key.retire_at &&
         clock_.elapsed() >= held.not_before;
}

bool KeyRing::wants_next(const State& state) const {
  return rules_.lifetime > Seconds(0) && state.announced() == nullptr &&
         state.keys.size() < kMaxPublished &&
         clock_.now() >= state.keys.front().key.created_at + rules_.lifetime;
}

Status KeyRing::make_next(const Audit& audit) {
  const auto before = state();
  if (before->keys.size() >= kMaxPublished) {
    return refuse(Code::k_limit_exceeded,
                  std::to_string(before->keys.size()) +
                      " keys are published already; wait until one of them retires.");
  }
  AJWT_ASSIGN(Signer signer, make_signer());
  const Instant now = clock_.now();
  AJWT_TRY(
      store_.announce_signing_key(signer.key, now, audit(change_facts(signer.kid, "announced"))));
  std::vector<Held> keys = before->keys;
  keys.push_back(Held{SigningKey{.kid = signer.kid,
                                 .public_key = signer.key.public_key(),
                                 .state = SigningKeyState::kAnnounced,
                                 .created_at = now,
                                 .retire_at = std::nullopt},
                      clock_.elapsed() + rules_.announce});
  next_ = std::move(signer);
  publish(before->active, std::move(keys));
  return ok();
}

Status KeyRing::activate_next(Seconds retention, const Audit& audit) {
  const auto before = state();
  const Instant retire_at = clock_.now() + retention;
  AJWT_TRY(store_.activate_signing_key(next_->kid, retire_at,
                                       audit(change_facts(next_->kid, "active"))));
  std::vector<Held> keys = before->keys;
  for (Held& held : keys) {
    if (held.key.state == SigningKeyState::kActive) {
      held.key.state = SigningKeyState::kRetiring;
      held.key.retire_at = retire_at;
      held.not_before = clock_.elapsed() + retention;
    } else if (held.key.state == SigningKeyState::kAnnounced) {
      held.key.state = SigningKeyState::kActive;
    }
  }
  Signer active = *std::exchange(next_, std::nullopt);
  publish(std::move(active), std::move(keys));
  return ok();
}

void KeyRing::withdraw(std::string_view kid) {
  const auto before = state();
  std::vector<Held> keys = before->keys;
  std::erase_if(keys, [&](const Held& held) { return held.key.kid == kid; });
  if (next_ && next_->kid == kid) next_.reset();
  withdrawn_.emplace_back(kid);
  publish(before->active, std::move(keys));
}

void KeyRing::withdraw_retired() {
  const auto before = state();
  for (const Held& held : before->keys) {
    if (has_retired(held)) withdraw(held.key.kid);
  }
}

Status KeyRing::remove_withdrawn(const Audit& audit) {
  Status done = ok();
  std::erase_if(withdrawn_, [&](const std::string& kid) {
    const Status removed = store_.remove_signing_key(kid, audit(change_facts(kid, kRemoved)));
    if (removed || removed.error().code() == Code::k_not_found) return true;
    done = removed;
    return false;
  });
  const auto before = state();
  publish(before->active, before->keys);  // has_withdrawn may be another
  return done;
}

void KeyRing::publish(Signer active, std::vector<Held> keys) {
  std::stable_sort(keys.begin(), keys.end(), [](const Held& a, const Held& b) {
    return place(a.key.state) < place(b.key.state);
  });
  std::vector<jose::Jwk> published;
  published.reserve(keys.size());
  for (const Held& held : keys) {
    published.push_back(jose::Jwk{.key = held.key.public_key,
                                  .kid = held.key.kid,
                                  .alg = jose::default_algorithm(held.key.public_key.kind())});
  }
  std::shared_ptr<const jose::KeySet> set =
      std::make_shared<const jose::KeySet>(std::move(published));
  // The very object stands for the set: a cache of verified tokens would forget them all.
  const auto before = state();
  if (before && jose::write_jwks(*before->published) == jose::write_jwks(*set)) {
    set = before->published;
  }
  auto fresh = std::make_shared<const State>(State{.active = std::move(active),
                                                   .keys = std::move(keys),
                                                   .published = std::move(set),
                                                   .has_withdrawn = !withdrawn_.empty()});
  const std::lock_guard lock(reading_);
  state_ = std::move(fresh);
}

}  // namespace ajwt::authority
