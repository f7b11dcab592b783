// SPDX-License-Identifier: Apache-2.0
#include "fuzz/support/guard_scene.h"

#include <functional>
#include <utility>

#include "crypto/hash.h"
#include "fuzz/support/must.h"
#include "jose/jws.h"
#include "json/write.h"
#include "protocol/access_token.h"
#include "protocol/names.h"
#include "protocol/proof.h"
#include "tests/support/test_keys.h"

namespace ajwt::fuzz {
namespace {

const crypto::PrivateKey& authority_key() {
  static const crypto::PrivateKey key = testing::ed25519_key(1);
  return key;
}
const crypto::PrivateKey& agent_key() {
  static const crypto::PrivateKey key = testing::ed25519_key(2);
  return key;
}
const crypto::PrivateKey& strangers_key() {
  static const crypto::PrivateKey key = testing::ed25519_key(3);
  return key;
}

const crypto::PrivateKey& impostors_key() {
  static const crypto::PrivateKey key = testing::ed25519_key(4);
  return key;
}

std::string kid_of_authority() { return jose::thumbprint(authority_key().public_key()); }

AccessToken honest_claims() {
  const std::string sub = "agent:acme:patcher";
  const std::string digest = jose::thumbprint(strangers_key().public_key());
  return AccessToken{
      .iss = std::string(kSceneIssuer),
      .aud = std::string(kSceneAudience),
      .sub = sub,
      .client_id = AppId::trusted("acme"),
      .iat = kSceneNow,
      .nbf = kSceneNow,
      .exp = kSceneNow + Seconds(300),
      .jti = "9bd1c2a0f3e44c55b7a1d7f3d6b1a001",
      .scope = {"manifest:read", "manifest:write"},
      .cnf_jkt = jose::thumbprint(agent_key().public_key()),
      .sub_profile = "agent",
      .intent =
          IntentClaims{.step = IntentClaims::Step{.workflow_id = WorkflowId::trusted("patch"),
                                                  .workflow_version = 1,
                                                  .workflow_step = StepId::trusted("apply"),
                                                  .execution_id = ExecutionId::trusted("exec_01")},
                       .executed_by = sub,
                       .initiated_by = "app:acme",
                       .delegators = {"agent:acme:planner"},
                       .delegation_chain = "0123456789abcdef",
                       .step_sequence_hash = "0123456789abcdef",
                       .delegation_digest = digest,
                       .step_sequence_digest = digest},
      .agent_proof = AgentProofClaims{.registration_id = RegistrationId::trusted("reg_01"),
                                      .agent_checksum = std::nullopt},
      .tool = "apply_patch"};
}

using ChangeClaims = std::function<void(AccessToken&)>;

// The numbers of the tokens that pass on some route; the others pass on none.
constexpr std::size_t kHonest = 0;
constexpr std::size_t kOfOtherApp = 6;
constexpr std::size_t kOfOtherWorkflow = 9;
constexpr std::size_t kOfStepPlan = 10;
constexpr std::size_t kOfOtherTool = 12;
constexpr std::size_t kPlain = 14;

// Each makes a token that is well formed and does not pass where the honest one does.
std::vector<ChangeClaims> changes_of_claims() {
  return {
      [](AccessToken& t) { t.iss = "https://other.example"; },
      [](AccessToken& t) { t.aud = "https://other.example"; },
      // Ended before it begins, or begins after it ended: at no time good.
      [](AccessToken& t) { t.exp = kSceneNow - Seconds(61); },
      [](AccessToken& t) { t.nbf = kSceneNow + Seconds(400); },
      [](AccessToken& t) { t.iat = kSceneNow + Seconds(400); },
      [](AccessToken& t) { t.client_id = AppId::trusted("globex"); },
      [](AccessToken& t) { t.scope = {"manifest:read"}; },
      [](AccessToken& t) { t.cnf_jkt = jose::thumbprint(impostors_key().public_key()); },
      [](AccessToken& t) { t.intent->step->workflow_id = WorkflowId::trusted("other"); },
      [](AccessToken& t) { t.intent->step->workflow_step = StepId::trusted("plan"); },
      [](AccessToken& t) { t.intent->step.reset(); },
      [](AccessToken& t) { t.tool = "read_manifest"; },
      [](AccessToken& t) { t.tool.reset(); },
      [](AccessToken& t) {
        t.sub = "app:acme";
        t.sub_profile.reset();
        t.intent.reset();
        t.agent_proof.reset();
        t.tool.reset();
      },
  };
}

ProofClaims honest_proof(std::string_view token, std::string_view nonce) {
  return ProofClaims{.method = kSceneMethod,
                     .uri = kSceneUri,
                     .jti = "AAAAAAAAAAAAAAAAAAAAAA",
                     .now = kSceneNow,
                     .nonce = nonce,
                     .access_token = token,
                     .body = as_bytes(kSceneBody),
                     .query = kSceneQuery};
}

using ChangeProof = std::function<void(ProofClaims&)>;

// Each makes a proof that is well formed and must not pass.
std::vector<ChangeProof> changes_of_proof() {
  return {
      [](ProofClaims& p) { p.method = "PUT"; },
      [](ProofClaims& p) { p.uri = "https://api.example/manifests/other"; },
      [](ProofClaims& p) { p.uri = "http://api.example/manifests/web"; },
      [](ProofClaims& p) { p.now = kSceneNow - Seconds(2000); },
      [](ProofClaims& p) { p.now = kSceneNow + Seconds(2000); },
      [](ProofClaims& p) { p.nonce.reset(); },
      [](ProofClaims& p) { p.nonce = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"; },
      [](ProofClaims& p) { p.access_token.reset(); },
      [](ProofClaims& p) { p.access_token = "eyJ.eyJ.c2ln"; },
      [](ProofClaims& p) { p.body.reset(); },
      [](ProofClaims& p) { p.body = as_bytes("{}"); },
      [](ProofClaims& p) { p.query.reset(); },
      [](ProofClaims& p) { p.query = "dry=0"; },
  };
}

}  // namespace

const GuardScene& GuardScene::get() {
  static const GuardScene scene;
  return scene;
}

GuardScene::GuardScene()
    : nonces_(crypto::sha256("the nonces of this scene"), Seconds(300)),
      nonce_(nonces_.issue(kSceneNow)) {
  make_tokens();
  make_proofs();
  make_routes();
  make_keys();
}

void GuardScene::make_tokens() {
  const AccessToken honest = honest_claims();
  const std::string kid = kid_of_authority();
  tokens_.push_back(must(issue_access_token(honest, authority_key(), kid)));
  for (const ChangeClaims& change : changes_of_claims()) {
    AccessToken claims = honest;
    change(claims);
    tokens_.push_back(must(issue_access_token(claims, authority_key(), kid)));
  }
  // Another key under the authority's name, and the authority's key on another type of object.
  tokens_.push_back(must(issue_access_token(honest, strangers_key(), kid)));
  tokens_.push_back(must(jose::sign_jws(json::write(to_json(honest)), authority_key(),
                                        {.typ = names::kTypProof, .kid = kid})));
}

void GuardScene::make_proofs() {
  for (const std::string& token : tokens_) {
    std::vector<std::string> proofs;
    proofs.push_back(must(build_dpop_proof(agent_key(), honest_proof(token, nonce_))));
    for (const ChangeProof& change : changes_of_proof()) {
      ProofClaims claims = honest_proof(token, nonce_);
      change(claims);
      proofs.push_back(must(build_dpop_proof(agent_key(), claims)));
    }
    proofs.push_back(must(build_dpop_proof(strangers_key(), honest_proof(token, nonce_))));
    ProofClaims beside = honest_proof(token, nonce_);
    const std::string jkt = jose::thumbprint(agent_key().public_key());
    beside.beside_jkt = jkt;
    proofs.push_back(must(build_agent_proof(agent_key(), beside)));
    proofs_.push_back(std::move(proofs));
  }
  ProofClaims second = honest_proof(tokens_.front(), nonce_);
  second.jti = "BBBBBBBBBBBBBBBBBBBBBB";
  second_proof_ = must(build_dpop_proof(agent_key(), second));
}

void GuardScene::make_routes() {
  using Tokens = std::vector<std::size_t>;
  const auto add = [this](Tokens tokens, const std::function<void(guard::Route&)>& change) {
    guard::Route route;
    route.method = kSceneMethod;
    route.path = "/manifests/{name}";
    route.scopes = {"manifest:write"};
    route.apps = {AppId::trusted("acme")};
    route.workflow = WorkflowId::trusted("patch");
    route.steps = {StepId::trusted("apply")};
    route.tool = "apply_patch";
    change(route);
    routes_.push_back(RouteVariant{.route = std::move(route), .tokens = std::move(tokens)});
  };
  add({kHonest}, [](guard::Route&) {});
  add({kHonest}, [](guard::Route& r) { r.proof = guard::ProofBinding::kRfc9449; });
  add({kHonest, kOfStepPlan}, [](guard::Route& r) { r.steps.push_back(StepId::trusted("plan")); });
  add({kHonest}, [](guard::Route& r) { r.scopes.emplace_back("manifest:read"); });
  add({kPlain}, [](guard::Route& r) { r.token = guard::TokenKind::kPlain; });
  add({kOfOtherWorkflow}, [](guard::Route& r) { r.workflow = WorkflowId::trusted("other"); });
  add({kOfStepPlan}, [](guard::Route& r) { r.steps = {StepId::trusted("plan")}; });
  add({kOfOtherTool}, [](guard::Route& r) { r.tool = "read_manifest"; });
  add({}, [](guard::Route& r) { r.scopes.emplace_back("manifest:delete"); });
  add({kOfOtherApp}, [](guard::Route& r) { r.apps = {AppId::trusted("globex")}; });
}

void GuardScene::make_keys() {
  const auto jwk = [](const crypto::PrivateKey& key, std::string kid) {
    return jose::Jwk{
        .key = key.public_key(), .kid = std::move(kid), .alg = jose::Algorithm::kEdDSA};
  };
  const auto add = [this](Passes passes, std::vector<jose::Jwk> keys) {
    keys_.push_back(KeysVariant{.keys = std::make_shared<const jose::KeySet>(std::move(keys)),
                                .passes = passes});
  };
  const jose::Jwk honest = jwk(authority_key(), kid_of_authority());
  const jose::Jwk other = jwk(strangers_key(), "other");
  const jose::Jwk impostor = jwk(impostors_key(), kid_of_authority());
  const jose::Jwk renamed = jwk(authority_key(), "renamed");
  add(Passes::kYes, {honest});
  add(Passes::kYes, {other, honest});
  add(Passes::kNo, {other});
  add(Passes::kNo, {impostor});
  add(Passes::kNo, {impostor, honest});
  add(Passes::kNo, {renamed});
  add(Passes::kNo, {});
  keys_.push_back(KeysVariant{.keys = nullptr, .passes = Passes::kNo});
}

}  // namespace ajwt::fuzz
