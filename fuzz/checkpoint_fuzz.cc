// SPDX-License-Identifier: Apache-2.0
//
// Checkpoints and verifier keys: what is taken was signed, and is written again as it was read.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "fuzz/support/choices.h"
#include "protocol/checkpoint.h"
#include "tests/support/test_keys.h"

namespace ajwt {
namespace {

const crypto::PrivateKey& log_key() {
  static const crypto::PrivateKey key = testing::ed25519_key(1);
  return key;
}

const VerifierKey& name() {
  static const VerifierKey key = *VerifierKey::create("as.example/log", log_key().public_key());
  return key;
}

void check_note(std::string_view note) {
  const auto checkpoint = verify_checkpoint(note, name());
  if (!checkpoint) return;
  AJWT_CHECK(checkpoint->origin == name().name());
  const auto again = sign_checkpoint(*checkpoint, log_key());
  AJWT_CHECK(again.has_value());
  // One text for one checkpoint: the note begins with what is signed anew.
  const std::string text = again->substr(0, again->rfind("\n\n") + 2);
  AJWT_CHECK(note.substr(0, text.size()) == text);
}

// check_signed signs any text: what is no checkpoint is not one because it was signed.
void check_signed(std::string_view text) {
  if (text.find("\n\n") != std::string_view::npos || !text.ends_with('\n')) return;
  const auto note = sign_note(text, name().name(), log_key());
  AJWT_CHECK(note.has_value());
  check_note(*note);
}

void check_key(std::string_view text) {
  const auto key = VerifierKey::parse(text);
  if (key) AJWT_CHECK(key->str() == text);
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = ajwt::fuzz::text_of(data, size);
  ajwt::check_note(text);
  ajwt::check_signed(text);
  ajwt::check_key(text);
  return 0;
}
