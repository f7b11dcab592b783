// SPDX-License-Identifier: Apache-2.0
//
// Compact JWS: any bytes, and edits of real tokens. A token that verifies says exactly what was
// signed; of an Ed25519 token not one byte may differ.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "fuzz/support/choices.h"
#include "fuzz/support/edits.h"
#include "fuzz/support/must.h"
#include "jose/jws.h"
#include "protocol/access_token.h"
#include "tests/support/test_keys.h"

namespace ajwt {
namespace {

constexpr std::string_view kPayload = R"({"iss":"https://as.example","sub":"agent:acme:planner"})";

// Signed is a token with the key that it is verified by.
struct Signed {
  jose::Jwk key;
  std::string token;
  jose::EmbeddedKey embedded;
};

Signed make(const crypto::PrivateKey& key, jose::EmbeddedKey embedded) {
  return Signed{.key = jose::Jwk{.key = key.public_key()},
                .token = fuzz::must(jose::sign_jws(
                    kPayload, key, {.typ = "at+jwt", .kid = "key-1", .embedded = embedded})),
                .embedded = embedded};
}

const std::array<Signed, 3>& tokens() {
  static const std::array<Signed, 3> made{
      make(testing::ed25519_key(1), jose::EmbeddedKey::kRefused),
      make(testing::ed25519_key(1), jose::EmbeddedKey::kRequired),
      make(fuzz::must(crypto::PrivateKey::generate(crypto::KeyKind::kP256)),
           jose::EmbeddedKey::kRefused)};
  return made;
}

std::string_view signing_input(std::string_view token) { return token.substr(0, token.rfind('.')); }

void check(std::string_view text, const Signed& original) {
  auto parsed = jose::UnverifiedJws::parse(text, kMaxTokenBytes, original.embedded);
  if (!parsed) return;
  AJWT_CHECK(text.size() <= kMaxTokenBytes);
  AJWT_CHECK(testing::split_at_dots(text).size() == 3);
  AJWT_CHECK(parsed->header().jwk.has_value() ==
             (original.embedded == jose::EmbeddedKey::kRequired));

  const auto verified =
      jose::VerifiedJws::verify(*std::move(parsed), original.key, jose::AlgorithmSet::all());
  if (!verified) {
    AJWT_CHECK(text != original.token);
    return;
  }
  AJWT_CHECK(signing_input(text) == signing_input(original.token));
  AJWT_CHECK(as_text(verified->payload()) == kPayload);
  // Whoever knows an ECDSA signature can make another one of it; of Ed25519's there is one.
  if (original.key.key.kind() == crypto::KeyKind::kEd25519) AJWT_CHECK(text == original.token);
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ajwt;  // NOLINT(google-build-using-namespace)
  fuzz::Choices choices(data, size);
  const Signed& original = tokens().at(choices.index(tokens().size()));
  if (choices.index(2) == 0) {
    check(choices.rest(), original);
  } else {
    check(fuzz::edited(original.token, choices), original);
  }
  return 0;
}
