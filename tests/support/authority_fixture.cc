// SPDX-License-Identifier: Apache-2.0
#include "tests/support/authority_fixture.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "crypto/hash.h"
#include "crypto/seal.h"
#include "jose/base64url.h"
#include "jose/jwk.h"
#include "jose/jws.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/names.h"
#include "protocol/proof.h"
#include "store/sqlite_store.h"
#include "tests/support/test_keys.h"

namespace ajwt::testing {
namespace {

constexpr Instant kStart = from_unix(1'800'000'000);

template <class T>
T must(Result<T> result) {
  if (!result) std::fprintf(stderr, "fixture: %s\n", result.error().describe().c_str());
  AJWT_CHECK(result.has_value());
  return *std::move(result);
}

void must_have(const HttpResponse& response, int status) {
  if (response.status != status) std::fprintf(stderr, "fixture: %s\n", response.body.c_str());
  AJWT_CHECK(response.status == status);
}

std::string form_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  return out;
}

std::string standard_base64(std::string_view text) {
  std::string out = jose::encode_base64url(text);
  std::replace(out.begin(), out.end(), '-', '+');
  std::replace(out.begin(), out.end(), '_', '/');
  while (out.size() % 4 != 0) out += '=';
  return out;
}

json::Object step(std::string_view step_id, std::string_view agent_id, std::string_view tool,
                  std::string_view scope, std::vector<std::string> dependencies) {
  return json::Object{{"step_id", step_id},   {"agent_id", agent_id},
                      {"action", tool},       {"scopes", json::string_array({std::string(scope)})},
                      {"audience", kTestApi}, {"dependencies", json::string_array(dependencies)},
                      {"completion", "agent"}};
}

}  // namespace

void DecisionLog::on_decision(const authority::Decision& decision) {
  const std::lock_guard lock(mutex_);
  entries_.push_back(Entry{.operation = std::string(decision.operation),
                           .refused = decision.refused,
                           .detail = std::string(decision.detail),
                           .client_id = decision.client_id,
                           .subject = decision.subject,
                           .decision_id = std::string(decision.decision_id),
                           .route = std::string(decision.route),
                           .status = decision.status,
                           .trace_id = decision.span.trace_id(),
                           .span_id = decision.span.span_id(),
                           .parent = decision.span.parent,
                           .unaudited = decision.unaudited});
}

DecisionLog::Entry DecisionLog::last() const {
  const std::lock_guard lock(mutex_);
  AJWT_CHECK(!entries_.empty());
  return entries_.back();
}

std::size_t DecisionLog::count(std::string_view operation, Code reason) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
      entries_.begin(), entries_.end(),
      [&](const Entry& entry) { return entry.operation == operation && entry.refused == reason; }));
}

std::size_t DecisionLog::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

json::Object body_of(const HttpResponse& response) {
  auto parsed = json::parse_object(response.body);
  return parsed ? *std::move(parsed) : json::Object();
}

std::string text_of(const HttpResponse& response, std::string_view member) {
  const json::Object body = body_of(response);
  const json::Value* value = body.find(member);
  return value != nullptr && value->find_string() != nullptr ? value->as_string() : std::string();
}

authority::AuthorityOptions AuthorityFixture::default_options() {
  authority::AuthorityOptions options;
  options.issuer = kTestIssuer;
  return options;
}

AuthorityFixture::AuthorityFixture(std::unique_ptr<authority::Store> store,
                                   authority::AuthorityOptions options)
    : store_(std::move(store)), options_(std::move(options)), clock_(kStart) {
  if (store_ == nullptr) store_ = must(store::SqliteStore::open_in_memory());
  administrator_ =
      TestClient{authority::administrator_client_id().str(), std::nullopt, ed25519_key(1)};
  must(authority::create_administrator(*store_, administrator_->key->public_key(), kStart));
  restart();
  set_up();
}

AuthorityFixture::~AuthorityFixture() = default;

void AuthorityFixture::restart() {
  authority_ = must(authority::Authority::create(
      options_, *store_, must(crypto::SealingKey::from_bytes(Bytes(32, 7))), clock_, decisions_,
      [] { return std::string("# metrics\n"); }));
}

void AuthorityFixture::set_up() {
  const TestToken administration = token(administrator(), "admin:apps");
  for (const auto app_id : {kAcme, kGlobex}) create_application(administration, app_id);
  constexpr std::string_view kRegisters = "register:intent register:workflow";
  fleet_ = create_client(administration, kAcme, "acme-fleet", names::kScopeMint, std::nullopt);
  fleet_with_key_ = create_client(administration, kAcme, "acme-fleet-with-key", names::kScopeMint,
                                  ed25519_key(2));
  registrar_ = create_client(administration, kAcme, "acme-ci", kRegisters, ed25519_key(3));
  foreign_registrar_ =
      create_client(administration, kGlobex, "globex-ci", kRegisters, ed25519_key(4));
  foreign_fleet_ =
      create_client(administration, kGlobex, "globex-fleet", names::kScopeMint, std::nullopt);
  planner_ = agent("planner", "You plan which packages to patch.", 11);
  patcher_ = agent("patcher", "You patch the manifest.", 12);
  must_have(register_agent(registrar(), kAcme, planner()), 201);
  must_have(register_agent(registrar(), kAcme, patcher()), 201);
  register_workflow();
}

void AuthorityFixture::create_application(const TestToken& administration,
                                          std::string_view app_id) {
  must_have(call(administration, "POST", "/admin/apps",
                 json::Object{{"app_id", app_id},
                              {"audiences", json::string_array({std::string(kTestApi)})}}),
            201);
}

TestClient AuthorityFixture::create_client(const TestToken& administration, std::string_view app_id,
                                           std::string client_id, std::string_view scope,
                                           std::optional<crypto::PrivateKey> key) {
  json::Object body{{"client_id", client_id}, {"scope", scope}};
  body.set("token_endpoint_auth_method", key ? "private_key_jwt" : "client_secret_basic");
  if (key) body.set("jwk", jose::to_json(key->public_key()));
  const auto response =
      call(administration, "POST", "/admin/apps/" + std::string(app_id) + "/clients", body);
  must_have(response, 201);
  std::optional<std::string> secret;
  if (!key) secret = text_of(response, "client_secret");
  return TestClient{std::move(client_id), std::move(secret), std::move(key)};
}

void AuthorityFixture::register_workflow() {
  json::Array steps;
  steps.emplace_back(step("plan", "planner", "read_manifest", "manifest:read", {}));
  steps.emplace_back(step("apply", "patcher", "apply_patch", "manifest:write", {"plan"}));
  HttpRequest request =
      json("POST", "/intent/register/workflow",
           json::Object{{"workflow_id", kTestWorkflow}, {"steps", std::move(steps)}});
  authenticate(request, registrar());
  prove(request, *registrar().key);
  must_have(handle(request), 201);
}

HttpRequest AuthorityFixture::get(std::string path, std::string query) {
  return HttpRequest{.method = "GET",
                     .path = std::move(path),
                     .query = std::move(query),
                     .headers = {},
                     .body = {},
                     .peer = "192.0.2.1"};
}

HttpRequest AuthorityFixture::json(std::string method, std::string path, const json::Object& body) {
  HttpRequest request = get(std::move(path));
  request.method = std::move(method);
  if (request.method == "GET") return request;
  request.headers.add("Content-Type", "application/json");
  request.body = json::write(json::Value(body));
  return request;
}

HttpRequest AuthorityFixture::form(
    std::string path, const std::vector<std::pair<std::string, std::string>>& parameters) {
  HttpRequest request = get(std::move(path));
  request.method = "POST";
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  for (const auto& [name, value] : parameters) {
    if (!request.body.empty()) request.body += '&';
    request.body += form_encoded(name) + "=" + form_encoded(value);
  }
  return request;
}

std::string AuthorityFixture::nonce() {
  const auto response = handle(get("/health/live"));
  const auto field = response.headers.find(names::kDpopNonce);
  AJWT_CHECK(field.has_value());
  return std::string(*field);
}

std::string AuthorityFixture::jti() { return "jti-" + std::to_string(++jti_); }

void AuthorityFixture::prove(HttpRequest& request, const crypto::PrivateKey& key,
                             const ProofChanges& changes) {
  const std::string uri = changes.uri.value_or(std::string(kTestIssuer) + request.path);
  const std::string method = changes.method.value_or(request.method);
  const std::string own_jti = changes.jti.value_or(jti());
  const std::string own_nonce = changes.nonce.value_or(nonce());
  const std::string body = changes.body.value_or(request.body);
  ProofClaims claims{
      .method = method, .uri = uri, .jti = own_jti, .now = clock_.now() - changes.age};
  if (!own_nonce.empty()) claims.nonce = own_nonce;
  if (changes.access_token) claims.access_token = *changes.access_token;
  if (changes.binding == ProofChanges::Binding::kBound) {
    claims.body = as_bytes(body);
    claims.query = request.query;
  }
  if (changes.agent_checksum) claims.agent_checksum = *changes.agent_checksum;
  if (changes.agent_id) claims.agent_id = *changes.agent_id;
  request.headers.set(names::kDpopHeader, must(build_dpop_proof(key, claims)));
}

void AuthorityFixture::present(HttpRequest& request, const TestToken& token, ProofChanges changes) {
  request.headers.set(names::kAuthorization, "DPoP " + token.access_token);
  if (!changes.access_token) changes.access_token = token.access_token;
  prove(request, token.key, changes);
}

void AuthorityFixture::authenticate_basic(HttpRequest& request, std::string_view client_id,
                                          std::string_view secret) {
  request.headers.set(
      names::kAuthorization,
      "Basic " + standard_base64(form_encoded(client_id) + ":" + form_encoded(secret)));
}

std::string AuthorityFixture::assertion(const TestClient& client, const AssertionChanges& changes) {
  json::Object claims{{"iss", changes.iss.value_or(client.client_id)},
                      {"sub", changes.sub.value_or(client.client_id)},
                      {"iat", to_unix(clock_.now())},
                      {"exp", to_unix(clock_.now() + changes.lifetime.value_or(Seconds(60)))}};
  claims.set("aud", changes.aud.value_or(json::Value(kTestIssuer)));
  const std::string own_jti = changes.jti.value_or(jti());
  if (!own_jti.empty()) claims.set("jti", own_jti);
  AJWT_CHECK(client.key.has_value());
  return must(jose::sign_jws(json::write(json::Value(claims)), *client.key,
                             jose::SignJwsOptions{.typ = changes.typ}));
}

void AuthorityFixture::authenticate(HttpRequest& request, const TestClient& client,
                                    const AssertionChanges& changes) {
  if (client.secret) {
    authenticate_basic(request, client.client_id, *client.secret);
    return;
  }
  const std::string jwt = assertion(client, changes);
  if (request.headers.find("Content-Type") == "application/json") {
    json::Object body = must(json::parse_object(request.body));
    body.set("client_assertion", jwt);
    body.set("client_assertion_type", names::kJwtBearerAssertion);
    request.body = json::write(json::Value(body));
    return;
  }
  request.body += (request.body.empty() ? "" : "&") + std::string("client_assertion=") + jwt +
                  "&client_assertion_type=" + form_encoded(names::kJwtBearerAssertion);
}

void AuthorityFixture::add_key_proof(HttpRequest& request, const crypto::PrivateKey& key,
                                     const crypto::PrivateKey& beside,
                                     const ProofChanges& changes) {
  json::Object body = must(json::parse_object(request.body));
  json::Array proofs;
  if (const json::Value* known = body.find(names::kKeyProofs)) proofs = known->as_array();
  json::Object rest = body;
  rest.remove(names::kKeyProofs);
  const std::string canonical = changes.body.value_or(must(json::write_jcs(json::Value(rest))));
  const std::string uri = changes.uri.value_or(std::string(kTestIssuer) + request.path);
  const std::string own_jti = changes.jti.value_or(jti());
  const std::string own_nonce = changes.nonce.value_or(nonce());
  const std::string jkt = jose::thumbprint(beside.public_key());
  ProofClaims claims{.method = request.method, .uri = uri, .jti = own_jti, .now = clock_.now()};
  if (!own_nonce.empty()) claims.nonce = own_nonce;
  claims.body = as_bytes(canonical);
  claims.beside_jkt = jkt;
  if (changes.agent_checksum) claims.agent_checksum = *changes.agent_checksum;
  if (changes.agent_id) claims.agent_id = *changes.agent_id;
  proofs.emplace_back(must(build_agent_proof(key, claims)));
  body.set(names::kKeyProofs, std::move(proofs));
  request.body = json::write(json::Value(body));
}

TestToken AuthorityFixture::token(const TestClient& client, std::string_view scope) {
  HttpRequest request =
      form("/oauth/token", {{"grant_type", "client_credentials"}, {"scope", std::string(scope)}});
  authenticate(request, client);
  const crypto::PrivateKey key = client.key ? *client.key : ed25519_key(99);
  prove(request, key);
  const auto response = handle(request);
  must_have(response, 200);
  return TestToken{text_of(response, "access_token"), key};
}

HttpResponse AuthorityFixture::call(const TestToken& token, std::string method, std::string path,
                                    const json::Object& body, std::string query) {
  HttpRequest request = json(std::move(method), std::move(path), body);
  request.query = std::move(query);
  present(request, token);
  return handle(request);
}

TestAgent AuthorityFixture::agent(std::string agent_id, std::string prompt, std::uint8_t key) {
  json::Array tools;
  tools.emplace_back(json::Object{{"name", "lookup"},
                                  {"description", "Looks up an advisory."},
                                  {"signature", "lookup(package)"}});
  json::Object components{{"agent_id", agent_id},
                          {"prompt_template", std::move(prompt)},
                          {"tools", std::move(tools)},
                          {"configuration", json::Object{{"model", "scripted"}}}};
  const auto definition = must(parse_agent_components(components));
  std::string checksum = must(compute_agent_checksum(definition, ChecksumProfile::kSha256));
  return TestAgent{std::move(agent_id), std::move(components), std::move(checksum),
                   ed25519_key(key)};
}

json::Object AuthorityFixture::registration(std::string_view app_id, const TestAgent& agent) {
  return json::Object{{"app_id", app_id},
                      {"agent_components", agent.components},
                      {"jwk", jose::to_json(agent.key.public_key())}};
}

HttpResponse AuthorityFixture::register_agent(const TestClient& client, std::string_view app_id,
                                              const TestAgent& agent) {
  HttpRequest request = json("POST", "/intent/register/agent", registration(app_id, agent));
  authenticate(request, client);
  prove(request, agent.key);
  return handle(request);
}

std::string AuthorityFixture::open_execution() {
  HttpRequest request =
      json("POST", "/intent/executions", json::Object{{"workflow_id", kTestWorkflow}});
  authenticate(request, fleet());
  prove(request, planner().key);
  const auto response = handle(request);
  must_have(response, 201);
  return text_of(response, "execution_id");
}

MintSpec AuthorityFixture::mint_spec(const TestAgent& agent, std::string execution_id) {
  const bool plans = agent.agent_id == "planner";
  return MintSpec{.grant_type = std::string(names::kAgentChecksumGrant),
                  .agent_id = agent.agent_id,
                  .computed_checksum = agent.checksum,
                  .scopes = std::vector<std::string>{plans ? "manifest:read" : "manifest:write"},
                  .audiences = {std::string(kTestApi)},
                  .workflow_id = std::string(kTestWorkflow),
                  .workflow_step = std::string(plans ? "plan" : "apply"),
                  .execution_id = std::move(execution_id),
                  .workflow_enabled = std::nullopt,
                  .tool = std::nullopt,
                  .delegation_context = std::nullopt};
}

HttpRequest AuthorityFixture::mint_request(const MintSpec& spec, MintDoor door) {
  const std::array<std::pair<std::string_view, const std::optional<std::string>*>, 7> texts{
      {{names::kGrantType, &spec.grant_type},
       {names::kAgentId, &spec.agent_id},
       {names::kComputedChecksum, &spec.computed_checksum},
       {names::kWorkflowId, &spec.workflow_id},
       {names::kWorkflowStep, &spec.workflow_step},
       {names::kExecutionId, &spec.execution_id},
       {names::kTool, &spec.tool}}};
  if (door == MintDoor::kJson) {
    json::Object body;
    for (const auto& [name, text] : texts) {
      if (*text) body.set(name, **text);
    }
    if (spec.scopes) body.set("requested_scopes", json::string_array(*spec.scopes));
    if (spec.audiences.size() == 1) body.set("audience", spec.audiences.front());
    if (spec.audiences.size() > 1) body.set("audience", json::string_array(spec.audiences));
    if (spec.workflow_enabled) body.set("workflow_enabled", *spec.workflow_enabled);
    if (spec.delegation_context) body.set("delegation_context", *spec.delegation_context);
    return json("POST", "/intent/token", body);
  }
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const auto& [name, text] : texts) {
    if (*text) parameters.emplace_back(name, **text);
  }
  if (spec.scopes) parameters.emplace_back("scope", join_scopes(*spec.scopes));
  for (const auto& audience : spec.audiences) parameters.emplace_back("audience", audience);
  if (spec.workflow_enabled) {
    parameters.emplace_back("workflow_enabled", *spec.workflow_enabled ? "true" : "false");
  }
  if (spec.delegation_context) {
    parameters.emplace_back("delegation_context",
                            json::write(json::Value(*spec.delegation_context)));
  }
  return form("/oauth/token", parameters);
}

HttpResponse AuthorityFixture::mint(const MintSpec& spec, MintDoor door, const TestAgent& agent,
                                    const ProofChanges& changes) {
  HttpRequest request = mint_request(spec, door);
  authenticate(request, fleet());
  ProofChanges proof = changes;
  if (!proof.agent_checksum) proof.agent_checksum = spec.computed_checksum.value_or(agent.checksum);
  prove(request, agent.key, proof);
  return handle(request);
}

HttpResponse AuthorityFixture::complete(const std::string& execution_id, const std::string& step_id,
                                        const TestAgent& agent) {
  HttpRequest request =
      json("POST", "/intent/executions/" + execution_id + "/steps/" + step_id + "/complete",
           json::Object{{"agent_id", agent.agent_id}, {"outcome", "done"}});
  authenticate(request, fleet());
  prove(request, agent.key);
  return handle(request);
}

}  // namespace ajwt::testing
