// SPDX-License-Identifier: Apache-2.0
//
// The guard's verifier over {token, keys, request}: the input chooses what an attacker changes of
// an honest request. A VerifiedRequest comes of an honest combination, and of no other.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "crypto/hash.h"
#include "fuzz/support/choices.h"
#include "fuzz/support/edits.h"
#include "fuzz/support/guard_scene.h"
#include "guard/replay_cache.h"
#include "guard/verifier.h"
#include "protocol/access_token.h"
#include "protocol/proof.h"

namespace ajwt {
namespace {

using fuzz::GuardScene;
using fuzz::Passes;

constexpr Seconds kSkew{60};

// Past is what the verifier has seen before.
enum class Past { kNothing, kSameToken, kSameRequest };

// Attempt is a request with everything that an attacker may change of it.
struct Attempt {
  std::size_t token_number = 0;
  std::string token = GuardScene::get().tokens().front();
  std::string proof = GuardScene::get().proofs(0).front();
  std::string scheme = "DPoP ";
  std::string method{fuzz::kSceneMethod};
  std::string uri{fuzz::kSceneUri};
  std::string query{fuzz::kSceneQuery};
  std::string body{fuzz::kSceneBody};
  bool body_read = true;
  std::size_t authorizations = 1;
  std::size_t proofs = 1;
  std::size_t route = 0;
  std::size_t keys = 0;
  Instant now = fuzz::kSceneNow;
  Past past = Past::kNothing;
};

// change makes one change, which may be none.
void change(Attempt& attempt, fuzz::Choices& choices) {
  const GuardScene& scene = GuardScene::get();
  switch (choices.index(15)) {
    case 0:
      attempt.token_number = choices.index(scene.tokens().size());
      attempt.token = scene.tokens()[attempt.token_number];
      attempt.proof = scene.proofs(attempt.token_number).front();
      return;
    case 1: {
      const auto& proofs = scene.proofs(attempt.token_number);
      attempt.proof = proofs[choices.index(proofs.size())];
      return;
    }
    case 2:
      attempt.token = fuzz::edited(attempt.token, choices);
      return;
    case 3:
      attempt.proof = fuzz::edited(attempt.proof, choices);
      return;
    case 4:
      fuzz::edit_bytes(attempt.method, choices);
      return;
    case 5:
      fuzz::edit_bytes(attempt.uri, choices);
      return;
    case 6:
      fuzz::edit_bytes(attempt.query, choices);
      return;
    case 7:
      fuzz::edit_bytes(attempt.body, choices);
      return;
    case 8:
      attempt.body_read = false;
      return;
    case 9:
      attempt.authorizations = choices.index(3);
      attempt.proofs = choices.index(3);
      return;
    case 10:
      fuzz::edit_bytes(attempt.scheme, choices);
      return;
    case 11:
      attempt.route = choices.index(scene.routes().size());
      return;
    case 12:
      attempt.keys = choices.index(scene.keys().size());
      return;
    case 13:
      attempt.now += Seconds(static_cast<int>(choices.index(1024)) - 512);
      return;
    case 14:
      attempt.past = static_cast<Past>(choices.index(3));
      return;
  }
}

guard::RequestFacts facts_of(const Attempt& attempt, std::string_view field) {
  guard::RequestFacts facts{.method = attempt.method,
                            .uri = attempt.uri,
                            .query = attempt.query,
                            .authorization = {},
                            .dpop = {},
                            .body = std::nullopt};
  facts.authorization.assign(attempt.authorizations, field);
  facts.dpop.assign(attempt.proofs, attempt.proof);
  if (attempt.body_read) facts.body = as_bytes(attempt.body);
  return facts;
}

bool in_time(Instant now) {
  const Instant made = fuzz::kSceneNow;
  const bool token = now < made + Seconds(300) && made <= now + kSkew;
  const bool proof = made >= now - kProofWindow && made <= now + kProofSkew;
  const GuardScene& scene = GuardScene::get();
  return token && proof && scene.nonces().check(scene.nonce(), now).has_value();
}

// is_honest tells whether the token is one that passes on the route, with a proof made for it that
// fits what was sent.
bool is_honest(const Attempt& attempt) {
  const GuardScene& scene = GuardScene::get();
  const auto& [route, tokens] = scene.routes()[attempt.route];
  const bool body = attempt.body_read && attempt.body == fuzz::kSceneBody;
  const bool query = attempt.query == fuzz::kSceneQuery;
  const bool weak = route.proof == guard::ProofBinding::kRfc9449;
  return std::any_of(tokens.begin(), tokens.end(), [&](std::size_t number) {
    const auto& proofs = scene.proofs(number);
    // What is not there need not be bound.
    const bool bodyless = weak || (attempt.body_read && attempt.body.empty());
    const bool queryless = weak || attempt.query.empty();
    return attempt.token == scene.tokens()[number] &&
           ((attempt.proof == proofs.front() && body && query) ||
            (attempt.proof == proofs[fuzz::kProofWithoutBody] && bodyless && query) ||
            (attempt.proof == proofs[fuzz::kProofWithoutQuery] && body && queryless));
  });
}

// must_pass says by other means what the verifier has to say.
bool must_pass(const Attempt& attempt) {
  const GuardScene& scene = GuardScene::get();
  const auto uri = normalize_htu(attempt.uri);
  return is_honest(attempt) && equal_ignoring_case(attempt.scheme, "DPoP ") &&
         attempt.method == fuzz::kSceneMethod && uri && *uri == fuzz::kSceneUri &&
         attempt.authorizations == 1 && attempt.proofs == 1 &&
         scene.keys()[attempt.keys].passes == Passes::kYes && in_time(attempt.now) &&
         attempt.past != Past::kSameRequest;
}

void check_fields(const HttpHeaders& headers) {
  for (const auto& [name, value] : headers.fields()) {
    for (const char c : name + value) AJWT_CHECK(c >= ' ' && c != '\x7f');
  }
}

// see lets the verifier judge an honest request first.
void see(const guard::Verifier& verifier, Past past) {
  if (past == Past::kNothing) return;
  const GuardScene& scene = GuardScene::get();
  Attempt honest;
  if (past == Past::kSameToken) honest.proof = scene.second_proof();
  const std::string field = honest.scheme + honest.token;
  AJWT_CHECK(verifier.verify(facts_of(honest, field), scene.routes().front().route,
                             scene.keys().front().keys, honest.now));
}

void check(const Attempt& attempt) {
  const GuardScene& scene = GuardScene::get();
  guard::MemoryReplayCache replays(crypto::sha256("salt"),
                                   {.capacity = 64, .capacity_per_key = 64});
  const guard::Verifier verifier({.issuer = std::string(fuzz::kSceneIssuer),
                                  .audience = std::string(fuzz::kSceneAudience),
                                  .skew = kSkew,
                                  .token_cache_capacity = 16},
                                 scene.nonces(), replays);
  see(verifier, attempt.past);
  const std::string field = attempt.scheme + attempt.token;
  const guard::Route& route = scene.routes()[attempt.route].route;
  const auto facts = facts_of(attempt, field);
  const auto& keys = scene.keys()[attempt.keys].keys;

  const auto verified = verifier.verify(facts, route, keys, attempt.now);
  AJWT_CHECK(verified.has_value() == must_pass(attempt));
  if (verified) {
    check_fields(guard::identity_headers(*verified));
    const auto replayed = verifier.verify(facts, route, keys, attempt.now);
    AJWT_CHECK(!replayed && replayed.error().code() == Code::k_proof_replayed);
    return;
  }
  const auto answer = guard::challenge(verified.error(), &route, scene.nonce(), "dec_01");
  AJWT_CHECK(answer.status >= 400);
  check_fields(answer.headers);
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ajwt;  // NOLINT(google-build-using-namespace)
  fuzz::Choices choices(data, size);
  Attempt attempt;
  for (int i = 0; i < 4 && !choices.empty(); ++i) change(attempt, choices);
  check(attempt);
  return 0;
}
