// SPDX-License-Identifier: Apache-2.0
//
// Signed checkpoints of the audit log, in the forms that witnesses and other logs' tools read: C2SP
// tlog-checkpoint within a C2SP signed-note, Ed25519 (protocol 5.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/key.h"
#include "protocol/merkle.h"

namespace ajwt {

// Checkpoint says how long a log was and what stood in it. `origin` names the log: a URL without
// its scheme.
struct Checkpoint {
  std::string origin;
  MerkleHead head;
};

// VerifierKey is a log's public key with its name: "<name>+<8 hex digits>+<base64 of 0x01 || key>".
class VerifierKey {
 public:
  // VerifierKey takes an Ed25519 key; refuses k_jwk_unsupported for another, k_value_malformed for
  // a name that is empty or has a space, a line's end or a '+'.
  static Result<VerifierKey> create(std::string name, const crypto::PublicKey& key);
  // parse refuses k_value_malformed, and what PublicKey::ed25519 refuses.
  static Result<VerifierKey> parse(std::string_view text);

  const std::string& name() const { return name_; }
  const crypto::PublicKey& key() const { return key_; }
  // id is the first four bytes of SHA-256(name || '\n' || 0x01 || key), big-endian.
  std::uint32_t id() const { return id_; }
  std::string str() const;

 private:
  VerifierKey(std::string name, crypto::PublicKey key, std::uint32_t id)
      : name_(std::move(name)), key_(std::move(key)), id_(id) {}
  std::string name_;
  crypto::PublicKey key_;
  std::uint32_t id_;
};

// sign_note returns a text, which ends its last line, with the key's signature under this name. It
// refuses what VerifierKey::create and PrivateKey::sign refuse.
Result<std::string> sign_note(std::string_view text, std::string name,
                              const crypto::PrivateKey& key);

// sign_checkpoint returns the note, signed under the checkpoint's origin as name. Refuses what
// sign_note refuses.
Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, const crypto::PrivateKey& key);

// verify_checkpoint reads a note of at most 64 kB. Signatures by other keys (witnesses) are passed
// over, lines below the root that it does not know are not (protocol 1, P8). Refuses
// k_checkpoint_malformed, and k_checkpoint_signature_invalid unless the key signed it and its
// origin is the key's name.
Result<Checkpoint> verify_checkpoint(std::string_view note, const VerifierKey& key);

}  // namespace ajwt
