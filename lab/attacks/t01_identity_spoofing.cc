// SPDX-License-Identifier: Apache-2.0
#include "lab/attacks.h"
#include "lab/scene.h"

namespace ajwt::lab {
namespace {

Result<std::vector<Attempt>> run_t01(Scene& scene) {
  const Target& target = scene.target();
  const auto& own_key = scene.agent_key("patcher");
  const auto honest = registration_body(target, "patcher", own_key.public_key());
  AJWT_ASSIGN(const auto twin, scene.register_agent(honest, own_key, target.registrar));
  AJWT_TRY(expect_allowed(twin, "the owner's identical registration"));

  AJWT_ASSIGN(const auto thief, crypto::PrivateKey::generate(crypto::KeyKind::kEd25519));
  const auto copy = registration_body(target, "patcher", thief.public_key());
  std::vector<Attempt> attempts;
  AJWT_ASSIGN(const auto copied, scene.register_agent(copy, thief, target.registrar));
  attempts.push_back(attempt("a byte-equal copy of patcher under the thief's own key", "authority",
                             Code::k_duplicate_agent, copied));
  AJWT_ASSIGN(const auto unproven, scene.register_agent(honest, thief, target.registrar));
  attempts.push_back(attempt("patcher's public key, proven by another key", "authority",
                             Code::k_key_proof_missing, unproven));
  AJWT_ASSIGN(const auto by_fleet, scene.register_agent(copy, thief, target.fleet));
  attempts.push_back(attempt("the copy, registered with the fleet's own running credential",
                             "authority", Code::k_client_unauthorized, by_fleet));
  return attempts;
}

}  // namespace

Attack t01_identity_spoofing() {
  return {.id = "T1",
          .name = "t01-identity-spoofing",
          .title = "Agent identity spoofing",
          .story =
              "Someone with the agent's source registers it again under a key of their own, to "
              "act as it or to lock it out. A key change needs the old key or an administrator.",
          .run = run_t01};
}

}  // namespace ajwt::lab
