// SPDX-License-Identifier: Apache-2.0
#include "crypto/random.h"
#include "lab/attacks.h"
#include "lab/scene.h"

namespace ajwt::lab {
namespace {

// A proof by the agent's own key for the right call, but made `age` ago.
Result<std::string> old_proof(Scene& scene, const CallParts& call, Seconds age) {
  const std::string jti = crypto::random_token(16);
  const std::string uri = scene.target().guard_url + call.path;
  return build_dpop_proof(scene.agent_key("supervisor"), ProofClaims{.method = call.method,
                                                                     .uri = uri,
                                                                     .jti = jti,
                                                                     .now = scene.now() - age,
                                                                     .nonce = scene.guard_nonce(),
                                                                     .access_token = call.token,
                                                                     .body = std::nullopt,
                                                                     .query = std::nullopt,
                                                                     .agent_checksum = std::nullopt,
                                                                     .agent_id = std::nullopt,
                                                                     .beside_jkt = std::nullopt});
}

Result<std::vector<Attempt>> run_t02(Scene& scene) {
  AJWT_ASSIGN(const auto execution, scene.open_execution());
  AJWT_ASSIGN(const auto token, scene.take("read_manifest", execution));
  const auto& key = scene.agent_key("supervisor");
  const CallParts honest = scene.call_parts("read_manifest", token);
  CallParts captured = honest;
  AJWT_ASSIGN(captured.proof, scene.prove(key, honest));
  AJWT_ASSIGN(const auto twin, scene.call(captured));
  AJWT_TRY(expect_allowed(twin, "the honest call"));

  std::vector<Attempt> attempts;
  const auto guard = [&](std::string sent, Code expected, const CallParts& parts) -> Status {
    AJWT_ASSIGN(const auto answer, scene.call(parts));
    attempts.push_back(attempt(std::move(sent), "guard", expected, answer));
    return ok();
  };
  AJWT_TRY(guard("the stolen token without a proof", Code::k_proof_missing, honest));
  CallParts bearer = captured;
  bearer.scheme = "Bearer";
  AJWT_TRY(guard("the stolen token as a plain bearer token", Code::k_token_scheme_refused, bearer));
  AJWT_TRY(guard("the whole captured request again", Code::k_proof_replayed, captured));

  AJWT_ASSIGN(const auto thief, crypto::PrivateKey::generate(crypto::KeyKind::kEd25519));
  CallParts stolen = honest;
  AJWT_ASSIGN(stolen.proof, scene.prove(thief, honest));
  AJWT_TRY(guard("the token with a proof by the thief's key", Code::k_proof_key_mismatch, stolen));

  CallParts elsewhere = honest;
  elsewhere.path = "/advisories/query";
  CallParts moved = honest;
  AJWT_ASSIGN(moved.proof, scene.prove(key, elsewhere));
  AJWT_TRY(guard("a proof made for another URI", Code::k_proof_uri_mismatch, moved));

  AJWT_ASSIGN(const auto renewed, scene.mint(scene.mint_parts("read_manifest", execution)));
  AJWT_TRY(expect_allowed(renewed, "the honest renewal"));
  CallParts spliced = honest;
  spliced.token = renewed.member("access_token");
  AJWT_ASSIGN(spliced.proof, scene.prove(key, honest));
  AJWT_TRY(guard("a proof spliced onto another token of the same agent",
                 Code::k_proof_token_mismatch, spliced));

  CallParts old = honest;
  AJWT_ASSIGN(old.proof, old_proof(scene, honest, Seconds(31'536'000)));
  AJWT_TRY(guard("a proof that is a year old", Code::k_proof_time_refused, old));
  return attempts;
}

}  // namespace

Attack t02_token_replay() {
  return {.id = "T2",
          .name = "t02-token-replay",
          .title = "Token replay",
          .story =
              "A token, or a whole request, is captured and sent again. Each request needs a "
              "fresh proof by the token's key over method, URI, token, query and body, good once.",
          .run = run_t02};
}

}  // namespace ajwt::lab
