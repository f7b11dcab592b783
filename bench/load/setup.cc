// SPDX-License-Identifier: Apache-2.0
#include "bench/load/setup.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "bench/load/client.h"
#include "bench/load/services.h"
#include "bench/must.h"
#include "crypto/random.h"
#include "jose/base64url.h"
#include "jose/jwk.h"
#include "jose/jws.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/agent_checksum.h"
#include "protocol/names.h"
#include "protocol/proof.h"

namespace ajwt::bench {
namespace {

constexpr std::string_view kApp = "patch-fleet";
constexpr std::string_view kAgent = "patcher";
constexpr std::string_view kWorkflow = "dependency-patching";
constexpr std::string_view kStep = "apply_patch";
constexpr std::string_view kSecretClient = "fleet-by-secret";
constexpr std::string_view kKeyClient = "fleet-by-key";
constexpr std::string_view kRegistrar = "registrar";
constexpr std::string_view kMintPath = "/intent/token";
constexpr std::string_view kCallBody = R"({"reason":"CVE-2021-44906","dry_run":false})";

crypto::PrivateKey key_of(std::uint8_t fill) {
  return must(crypto::PrivateKey::from_ed25519_seed(Bytes(32, fill)));
}

const crypto::PrivateKey& registrar_key() {
  static const crypto::PrivateKey key = key_of(12);
  return key;
}

const crypto::PrivateKey& client_key() {
  static const crypto::PrivateKey key = key_of(13);
  return key;
}

json::Object components() {
  json::Array tools;
  tools.emplace_back(json::Object{{"name", kStep},
                                  {"description", "Applies a proposed patch to the manifest."},
                                  {"signature", "apply_patch(proposal_id)"}});
  return json::Object{{"agent_id", kAgent},
                      {"prompt_template", "You apply patches that the planner proposed."},
                      {"tools", std::move(tools)},
                      {"configuration", json::Object{{"model", "scripted"}}}};
}

std::string standard_base64(std::string_view text) {
  std::string out = jose::encode_base64url(text);
  std::replace(out.begin(), out.end(), '-', '+');
  std::replace(out.begin(), out.end(), '_', '/');
  while (out.size() % 4 != 0) out += '=';
  return out;
}

std::string text_of(const json::Value& answer, std::string_view member) {
  const json::Value* value = answer.as_object().find(member);
  AJWT_CHECK(value != nullptr);
  return value->as_string();
}

std::string origin(std::uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }

std::string random_jti() { return crypto::random_token(16); }

}  // namespace

const crypto::PrivateKey& Fleet::administrator_key() {
  static const crypto::PrivateKey key = key_of(11);
  return key;
}

Fleet::Fleet(std::uint16_t authority_port)
    : port_(authority_port), issuer_(origin(authority_port)), agent_key_(key_of(14)) {
  const auto client = [&](std::string_view client_id, auto authenticator) {
    return must(shim::AuthorityClient::create(
        {.issuer = issuer_,
         .credential = {.client_id = ClientId::trusted(std::string(client_id)),
                        .authenticator = std::move(authenticator)}},
        http_, clock_));
  };
  administrator_ = client("ajwt-admin", administrator_key());
  create_application();
  registrar_ = client(kRegistrar, registrar_key());
  register_agent();
  register_workflow();
}

void Fleet::create_application() {
  const auto create = [this](std::string path, json::Object body) {
    return must(administrator_->call(
        {.method = "POST", .path = std::move(path), .body = std::move(body)}, {"admin:apps"}));
  };
  create("/admin/apps",
         {{"app_id", kApp}, {"audiences", json::string_array({std::string(kAudience)})}});
  const std::string clients = "/admin/apps/" + std::string(kApp) + "/clients";
  create(clients, {{"client_id", kRegistrar},
                   {"scope", "register:intent register:workflow"},
                   {"token_endpoint_auth_method", "private_key_jwt"},
                   {"jwk", jose::to_json(registrar_key().public_key())}});
  create(clients, {{"client_id", kKeyClient},
                   {"scope", names::kScopeMint},
                   {"token_endpoint_auth_method", "private_key_jwt"},
                   {"jwk", jose::to_json(client_key().public_key())}});
  const std::string secret =
      text_of(create(clients, {{"client_id", kSecretClient},
                               {"scope", names::kScopeMint},
                               {"token_endpoint_auth_method", "client_secret_basic"}}),
              "client_secret");
  basic_ = basic_authorization(kSecretClient, secret);
  fleet_ = must(shim::AuthorityClient::create(
      {.issuer = issuer_,
       .credential = {.client_id = ClientId::trusted(std::string(kSecretClient)),
                      .authenticator = Secret(secret)}},
      http_, clock_));
}

std::string Fleet::create_service_client(const std::string& client_id,
                                         const crypto::PublicKey* key) {
  json::Object client{
      {"client_id", client_id},
      {"scope", kServiceScope},
      {"audiences", json::string_array({std::string(kAudience)})},
      {"token_endpoint_auth_method", key == nullptr ? "client_secret_basic" : "private_key_jwt"}};
  if (key != nullptr) client.set("jwk", jose::to_json(*key));
  const json::Value created =
      must(administrator_->call({.method = "POST",
                                 .path = "/admin/apps/" + std::string(kApp) + "/clients",
                                 .body = std::move(client)},
                                {"admin:apps"}));
  return key == nullptr ? text_of(created, "client_secret") : std::string();
}

void Fleet::register_agent() {
  const json::Object agent = components();
  checksum_ = must(
      compute_agent_checksum(must(parse_agent_components(agent)), ChecksumProfile::kStrictSha256));
  must(registrar_->call_with_agent(
      {.method = "POST",
       .path = "/intent/register/agent",
       .body = json::Object{{"app_id", kApp},
                            {"agent_components", agent},
                            {"profile", name(ChecksumProfile::kStrictSha256)},
                            {"jwk", jose::to_json(agent_key_.public_key())}}},
      {std::string(names::kScopeRegisterAgent)},
      {.agent_id = AgentId::trusted(std::string(kAgent)), .key = agent_key_}));
}

void Fleet::register_workflow() {
  json::Array steps;
  steps.emplace_back(json::Object{{"step_id", kStep},
                                  {"agent_id", kAgent},
                                  {"action", kStep},
                                  {"scopes", json::string_array({std::string(kServiceScope)})},
                                  {"audience", kAudience},
                                  {"dependencies", json::Array()},
                                  {"completion", "agent"}});
  must(registrar_->call(
      {.method = "POST",
       .path = "/intent/register/workflow",
       .body = json::Object{{"workflow_id", kWorkflow}, {"steps", std::move(steps)}}},
      {std::string(names::kScopeRegisterWorkflow)}));
}

std::string Fleet::open_execution() {
  return text_of(must(fleet_->call_as_agent(
                     {.method = "POST",
                      .path = "/intent/executions",
                      .body = json::Object{{"workflow_id", kWorkflow}}},
                     {.agent_id = AgentId::trusted(std::string(kAgent)), .key = agent_key_})),
                 "execution_id");
}

std::string Fleet::assertion() const {
  const Instant now = clock_.now();
  const json::Object claims{{"iss", kKeyClient},   {"sub", kKeyClient},
                            {"aud", issuer_},      {"jti", random_jti()},
                            {"iat", to_unix(now)}, {"exp", to_unix(now + Seconds(60))}};
  return must(jose::sign_jws(json::write(claims), client_key(), {}));
}

std::vector<std::string> Fleet::make_mints(std::size_t count, ClientBy by) {
  std::vector<std::string> executions;
  for (std::size_t i = 0; i < count; ++i) executions.push_back(open_execution());
  const std::string nonce = nonce_of(http_, port_);
  const std::string uri = issuer_ + std::string(kMintPath);
  std::vector<std::string> requests;
  for (const std::string& execution : executions) {
    json::Object body{{"grant_type", names::kAgentChecksumGrant},
                      {"agent_id", kAgent},
                      {"computed_checksum", checksum_},
                      {"requested_scopes", json::string_array({std::string(kServiceScope)})},
                      {"audience", kAudience},
                      {"tool", kStep},
                      {"workflow_id", kWorkflow},
                      {"workflow_step", kStep},
                      {"execution_id", execution}};
    std::vector<Field> fields{{"Content-Type", "application/json"}};
    switch (by) {
      case ClientBy::kSecret:
        fields.emplace_back("Authorization", basic_);
        break;
      case ClientBy::kAssertion:
        body.set("client_assertion_type", names::kJwtBearerAssertion);
        body.set("client_assertion", assertion());
        break;
    }
    const std::string text = json::write(body);
    const std::string jti = random_jti();
    fields.emplace_back("DPoP", must(build_dpop_proof(agent_key_, {.method = "POST",
                                                                   .uri = uri,
                                                                   .jti = jti,
                                                                   .now = clock_.now(),
                                                                   .nonce = nonce,
                                                                   .body = as_bytes(text),
                                                                   .agent_checksum = checksum_,
                                                                   .agent_id = kAgent})));
    requests.push_back(write_request("POST", kMintPath, port_, fields, text));
  }
  return requests;
}

std::string Fleet::mint() {
  const auto answer = must(fleet_->call_as_agent(
      {.method = "POST",
       .path = std::string(kMintPath),
       .body = json::Object{{"grant_type", names::kAgentChecksumGrant},
                            {"agent_id", kAgent},
                            {"computed_checksum", checksum_},
                            {"requested_scopes", json::string_array({std::string(kServiceScope)})},
                            {"audience", kAudience},
                            {"tool", kStep},
                            {"workflow_id", kWorkflow},
                            {"workflow_step", kStep},
                            {"execution_id", open_execution()}}},
      {.agent_id = AgentId::trusted(std::string(kAgent)),
       .key = agent_key_,
       .agent_checksum = checksum_}));
  return text_of(answer, names::kAccessToken);
}

std::vector<std::string> Fleet::make_calls(std::size_t count, std::uint16_t port,
                                           const std::string& token) {
  const std::string uri = origin(port) + std::string(kToolPath);
  const std::string nonce = nonce_of(http_, port);
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < count; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    const std::string jti = random_jti();
    const std::string proof = must(build_dpop_proof(agent_key_, {.method = "POST",
                                                                 .uri = uri,
                                                                 .jti = jti,
                                                                 .now = clock_.now(),
                                                                 .nonce = nonce,
                                                                 .access_token = token,
                                                                 .body = as_bytes(kCallBody)}));
    signing_ += std::chrono::steady_clock::now() - begun;
    ++signed_;
    requests.push_back(write_request(
        "POST", kToolPath, port,
        {{"Content-Type", "application/json"}, {"Authorization", "DPoP " + token}, {"DPoP", proof}},
        kCallBody));
  }
  return requests;
}

double Fleet::signing_microseconds() const {
  return std::chrono::duration<double, std::micro>(signing_).count() / static_cast<double>(signed_);
}

std::vector<std::string> Fleet::make_bearer_calls(std::size_t count, std::uint16_t port,
                                                  const std::string& token) {
  const std::string request = write_request(
      "POST", kToolPath, port,
      {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + token}}, kCallBody);
  return std::vector<std::string>(count, request);
}

std::string basic_authorization(std::string_view client_id, std::string_view secret) {
  return "Basic " + standard_base64(std::string(client_id).append(":").append(secret));
}

std::string nonce_of(HttpClient& http, std::uint16_t port) {
  // Whatever the answer is, it brings one.
  const auto response = must(http.send(
      {.method = "POST", .url = origin(port) + std::string(kToolPath), .headers = {}, .body = {}}));
  const auto nonce = response.headers.find(names::kDpopNonce);
  AJWT_CHECK(nonce.has_value());
  return std::string(*nonce);
}

}  // namespace ajwt::bench
