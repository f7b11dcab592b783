// SPDX-License-Identifier: Apache-2.0
#include "bench/micro/scene.h"

#include "crypto/hash.h"
#include "jose/base64url.h"
#include "jose/jws.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/names.h"
#include "protocol/proof.h"

namespace ajwt::bench {
namespace {

crypto::PrivateKey key_of_fill(std::uint8_t fill) {
  return must(crypto::PrivateKey::from_ed25519_seed(Bytes(32, fill)));
}

constexpr std::string_view kSceneRoutes = R"({"route":[{
  "method":"POST","path":"/proposals/{id}/apply","app":"patch-fleet",
  "workflow":"dependency-patching","step":"apply_patch","tool":"apply_patch",
  "scope":"manifest:write"}]})";

Tool tool(std::size_t number) {
  json::Object properties{
      {"package", json::Object{{"type", "string"}, {"description", "Name of the package."}}},
      {"version", json::Object{{"type", "string"}, {"pattern", "^[0-9]+([.][0-9]+)*$"}}},
      {"count", json::Object{{"type", "integer"}, {"minimum", 1}, {"maximum", 100}}}};
  return Tool{
      .name = "tool_" + std::to_string(number),
      .description = "Looks up one package in the advisory database and tells what it finds.",
      .parameters = json::Object{{"type", "object"},
                                 {"properties", std::move(properties)},
                                 {"required", json::string_array({"package"})}}};
}

}  // namespace

const crypto::PrivateKey& authority_key() {
  static const crypto::PrivateKey key = key_of_fill(kAuthoritySeed);
  return key;
}

const crypto::PrivateKey& agent_key() {
  static const crypto::PrivateKey key = key_of_fill(kAgentSeed);
  return key;
}

AccessToken claims(std::size_t number) {
  const std::string sub = "agent:patch-fleet:patcher";
  const std::string digest = jose::encode_base64url(crypto::sha256("a digest"));
  return AccessToken{
      .iss = std::string(kIssuer),
      .aud = std::string(kTokenAudience),
      .sub = sub,
      .client_id = AppId::trusted("patch-fleet"),
      .iat = kNow,
      .nbf = kNow,
      .exp = kNow + Seconds(300),
      .jti = "jti-" + std::to_string(1'000'000'000 + number),
      .scope = {"manifest:write"},
      .cnf_jkt = jose::thumbprint(agent_key().public_key()),
      .sub_profile = "agent",
      .intent =
          IntentClaims{
              .step = IntentClaims::Step{.workflow_id = WorkflowId::trusted("dependency-patching"),
                                         .workflow_version = 1,
                                         .workflow_step = StepId::trusted("apply_patch"),
                                         .execution_id = ExecutionId::trusted(
                                             "exec_01j9zq3v7x8k4m2n5p6r7s8t9v")},
              .executed_by = sub,
              .initiated_by = "app:patch-fleet",
              .delegators = {"agent:patch-fleet:planner", "agent:patch-fleet:classifier",
                             "agent:patch-fleet:supervisor"},
              .delegation_chain = "0123456789abcdef",
              .step_sequence_hash = "0123456789abcdef",
              .delegation_digest = digest,
              .step_sequence_digest = digest},
      .agent_proof = AgentProofClaims{.registration_id =
                                          RegistrationId::trusted("reg_01j9zq3v7x8k4m2n5p6r7s8t9v"),
                                      .agent_checksum = std::nullopt},
      .tool = "apply_patch"};
}

std::string token(std::size_t number, const crypto::PrivateKey& key,
                  std::optional<jose::Algorithm> algorithm) {
  return must(jose::sign_jws(
      json::write(to_json(claims(number))), key,
      {.typ = names::kTypAccessToken, .kid = jose::thumbprint(key.public_key())}, algorithm));
}

std::shared_ptr<const jose::KeySet> keys_of(const crypto::PrivateKey& key) {
  std::vector<jose::Jwk> keys{
      jose::Jwk{.key = key.public_key(), .kid = jose::thumbprint(key.public_key())}};
  return std::make_shared<const jose::KeySet>(std::move(keys));
}

AgentDefinition definition() {
  AgentDefinition agent{.agent_id = "patcher", .prompt_template = {}};
  for (int i = 0; i < 24; ++i) {
    agent.prompt_template +=
        "  You patch one dependency at a time, and only to a version that the planner proposed. "
        "\n\n";
  }
  for (std::size_t i = 0; i < 8; ++i) agent.tools.push_back(tool(i));
  agent.configuration = json::Object{{"model", "scripted"}, {"temperature", 0.2}};
  return agent;
}

GuardedRequests::GuardedRequests(std::size_t requests, std::size_t tokens)
    : nonces_(crypto::sha256("nonces"), Seconds(300)),
      policy_(must(guard::Policy::parse(must(json::parse_object(kSceneRoutes))))),
      keys_(keys_of(authority_key())) {
  for (std::size_t i = 0; i < tokens; ++i) {
    tokens_.push_back(bench::token(i, authority_key()));
    fields_.push_back("DPoP " + tokens_.back());
  }
  const std::string nonce = nonces_.issue(kNow);
  for (std::size_t i = 0; i < requests; ++i) {
    const std::string jti = "jti-of-a-request-" + std::to_string(1'000'000 + i);
    proofs_.push_back(must(build_dpop_proof(agent_key(), ProofClaims{.method = kMethod,
                                                                     .uri = kUri,
                                                                     .jti = jti,
                                                                     .now = kNow,
                                                                     .nonce = nonce,
                                                                     .access_token = token(i),
                                                                     .body = as_bytes(kBody)})));
  }
}

guard::RequestFacts GuardedRequests::facts(std::size_t number) const {
  return guard::RequestFacts{.method = kMethod,
                             .uri = kUri,
                             .query = {},
                             .authorization = {fields_[number % fields_.size()]},
                             .dpop = {proofs_[number]},
                             .body = as_bytes(kBody)};
}

}  // namespace ajwt::bench
