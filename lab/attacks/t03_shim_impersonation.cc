// SPDX-License-Identifier: Apache-2.0
#include "lab/attacks.h"
#include "lab/scene.h"

namespace ajwt::lab {
namespace {

Result<std::vector<Attempt>> run_t03(Scene& scene) {
  AJWT_ASSIGN(const auto execution, scene.open_execution());
  AJWT_ASSIGN(const auto token, scene.take("read_manifest", execution));
  AJWT_TRY(scene.call_step("read_manifest", token));

  AJWT_ASSIGN(const auto fresh, scene.open_execution());
  const MintParts honest = scene.mint_parts("read_manifest", fresh);
  std::vector<Attempt> attempts;
  MintParts wrong = honest;
  wrong.checksum = "strict-sha256:" + std::string(64, '0');
  AJWT_ASSIGN(const auto guessed, scene.mint(wrong));
  attempts.push_back(
      attempt("a made-up checksum", "authority", Code::k_agent_checksum_mismatch, guessed));
  MintParts unknown = honest;
  unknown.agent_id = "supervisor-2";
  AJWT_ASSIGN(const auto nobody, scene.mint(unknown));
  attempts.push_back(
      attempt("an agent that is not registered", "authority", Code::k_agent_unknown, nobody));
  MintParts no_shim = honest;
  AJWT_ASSIGN(no_shim.proof_key, crypto::PrivateKey::generate(crypto::KeyKind::kEd25519));
  AJWT_ASSIGN(const auto curl, scene.mint(no_shim));
  attempts.push_back(
      attempt("no shim at all: the right checksum and the application's credential, without the "
              "agent's key",
              "authority", Code::k_agent_key_unknown, curl));
  return attempts;
}

}  // namespace

Attack t03_shim_impersonation() {
  return {.id = "T3",
          .name = "t03-shim-impersonation",
          .title = "Shim impersonation",
          .story =
              "A replaced shim, or none, asks for tokens. The checksum is no secret, so the right "
              "one proves nothing without the agent's own key.",
          .run = run_t03};
}

}  // namespace ajwt::lab
