// SPDX-License-Identifier: Apache-2.0
#include "lab/scene.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "crypto/random.h"
#include "jose/jws.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/names.h"

namespace ajwt::lab {
namespace {

std::string str(std::string_view text) { return std::string(text); }

std::string form_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_';
    const auto byte = static_cast<std::uint8_t>(c);
    out += plain ? std::string(1, c) : "%" + to_hex(ByteView(&byte, 1));
  }
  return out;
}

// Which requests are made twice: those that a server asks to repeat with its nonce.
bool asks_for_nonce(const Answer& answer) {
  return answer.reason() == reason_of(Code::k_proof_nonce_missing).name ||
         answer.reason() == reason_of(Code::k_proof_nonce_refused).name;
}

Error refused(const Answer& answer, const std::string& what) {
  const auto row = find_reason(answer.reason());
  return refuse(row ? row->code : Code::k_response_malformed,
                what + ": status " + std::to_string(answer.status) + ", " +
                    answer.member(names::kErrorDescription));
}

}  // namespace

std::string Answer::member(std::string_view name) const {
  const json::Value* value = body.find(name);
  return value != nullptr && value->find_string() != nullptr ? value->as_string() : "";
}

std::string Answer::reason() const {
  if (status / 100 == 2) return "";
  const std::string named = member(names::kReason);
  return named.empty() ? "status_" + std::to_string(status) : named;
}

Scene::Scene(Target target, HttpClient& http, const Clock& clock)
    : target_(std::move(target)), http_(http), clock_(clock) {}

const StepSpec& Scene::step(std::string_view step_id) const {
  const auto found = std::find_if(target_.steps.begin(), target_.steps.end(),
                                  [&](const auto& step) { return step.step_id == step_id; });
  AJWT_CHECK(found != target_.steps.end());
  return *found;
}

const crypto::PrivateKey& Scene::agent_key(std::string_view agent_id) const {
  const auto found = target_.agent_keys.find(agent_id);
  AJWT_CHECK(found != target_.agent_keys.end());
  return found->second;
}

std::string Scene::checksum_of(std::string_view agent_id) const {
  const auto found = target_.agents.find(agent_id);
  AJWT_CHECK(found != target_.agents.end());
  const auto checksum = compute_agent_checksum(found->second, ChecksumProfile::kStrictSha256);
  AJWT_CHECK(checksum.has_value());
  return *checksum;
}

Result<Answer> Scene::send(const HttpCall& call) {
  AJWT_ASSIGN(auto response, http_.send(call));
  Answer answer{response.status, std::move(response.headers), std::move(response.body), {}};
  if (auto body = json::parse_object(answer.text, {.max_bytes = 1024 * 1024, .max_depth = 32})) {
    answer.body = *std::move(body);
  }
  if (const auto nonce = answer.headers.find(names::kDpopNonce)) {
    (call.url.starts_with(target_.issuer) ? authority_nonce_ : guard_nonce_) = str(*nonce);
  }
  return answer;
}

Result<Answer> Scene::get(const std::string& url) {
  return send({.method = "GET", .url = url, .headers = {}, .body = ""});
}

Result<std::string> Scene::client_assertion(const ClientIdentity& by) {
  const json::Object claims{
      {str(names::kIss), by.client_id},   {str(names::kSub), by.client_id},
      {str(names::kAud), target_.issuer}, {str(names::kJti), crypto::random_token(16)},
      {str(names::kIat), to_unix(now())}, {str(names::kExp), to_unix(now() + Seconds(60))}};
  return jose::sign_jws(json::write(json::Value(claims)), by.key, {.typ = "JWT", .kid = {}});
}

Result<Answer> Scene::post(const std::string& path, const json::Object& body,
                           const ClientIdentity& by, const crypto::PrivateKey& proof_key,
                           const std::optional<std::string>& agent_checksum) {
  for (int tries = 1;; ++tries) {
    json::Object whole = body;
    AJWT_ASSIGN(auto assertion, client_assertion(by));
    whole.set(str(names::kClientAssertionType), names::kJwtBearerAssertion);
    whole.set(str(names::kClientAssertion), std::move(assertion));
    HttpCall call{.method = "POST",
                  .url = target_.issuer + path,
                  .headers = {},
                  .body = json::write(json::Value(whole))};
    call.headers.set("Content-Type", "application/json");
    const std::string jti = crypto::random_token(16);
    ProofClaims claims{.method = call.method,
                       .uri = call.url,
                       .jti = jti,
                       .now = now(),
                       .nonce = authority_nonce_,
                       .access_token = std::nullopt,
                       .body = as_bytes(call.body),
                       .query = std::nullopt,
                       .agent_checksum = std::nullopt,
                       .agent_id = std::nullopt,
                       .beside_jkt = std::nullopt};
    if (authority_nonce_.empty()) claims.nonce.reset();
    if (agent_checksum) claims.agent_checksum = *agent_checksum;
    AJWT_ASSIGN(const auto proof, build_dpop_proof(proof_key, claims));
    call.headers.set(str(names::kDpopHeader), proof);
    AJWT_ASSIGN(auto answer, send(call));
    if (tries == 2 || !asks_for_nonce(answer)) return answer;
  }
}

Result<std::string> Scene::open_execution() {
  const json::Object body{{str(names::kWorkflowId), target_.workflow_id}};
  AJWT_ASSIGN(const auto answer,
              post("/intent/executions", body, target_.fleet, target_.fleet.key));
  if (answer.status / 100 != 2) return refused(answer, "open execution");
  return answer.member(names::kExecutionId);
}

MintParts Scene::mint_parts(std::string_view step_id, const std::string& execution_id) const {
  const StepSpec& spec = step(step_id);
  return MintParts{.agent_id = spec.agent_id,
                   .checksum = checksum_of(spec.agent_id),
                   .proof_key = agent_key(spec.agent_id),
                   .workflow_id = target_.workflow_id,
                   .step_id = spec.step_id,
                   .execution_id = execution_id,
                   .tool = spec.tool,
                   .scopes = {spec.scope},
                   .audience = target_.audience,
                   .extra = {}};
}

Result<Answer> Scene::mint(const MintParts& parts) {
  json::Object body{{str(names::kGrantType), names::kAgentChecksumGrant},
                    {str(names::kAgentId), parts.agent_id},
                    {str(names::kComputedChecksum), parts.checksum},
                    {str(names::kRequestedScopes), json::string_array(parts.scopes)},
                    {str(names::kAudience), parts.audience}};
  const auto set_unless_empty = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) body.set(str(name), value);
  };
  set_unless_empty(names::kWorkflowId, parts.workflow_id);
  set_unless_empty(names::kWorkflowStep, parts.step_id);
  set_unless_empty(names::kExecutionId, parts.execution_id);
  set_unless_empty(names::kTool, parts.tool);
  for (const auto& member : parts.extra.members()) body.set(member.name, member.value);
  return post("/intent/token", body, target_.fleet, parts.proof_key, parts.checksum);
}

Result<Answer> Scene::complete(std::string_view step_id, const std::string& execution_id) {
  const StepSpec& spec = step(step_id);
  const json::Object body{{str(names::kAgentId), spec.agent_id}, {str(names::kOutcome), "done"}};
  return post("/intent/executions/" + execution_id + "/steps/" + spec.step_id + "/complete", body,
              target_.fleet, agent_key(spec.agent_id));
}

Result<std::string> Scene::take(std::string_view step_id, const std::string& execution_id) {
  for (const auto& spec : target_.steps) {
    AJWT_ASSIGN(const auto minted, mint(mint_parts(spec.step_id, execution_id)));
    if (minted.status != 200) return refused(minted, "legitimate mint of " + spec.step_id);
    std::string token = minted.member(names::kAccessToken);
    if (spec.step_id == step_id) return token;
    AJWT_TRY(call_step(spec.step_id, token));
    AJWT_ASSIGN(const auto reported, complete(spec.step_id, execution_id));
    if (reported.status != 200) return refused(reported, "legitimate report of " + spec.step_id);
  }
  return refuse(Code::k_step_unknown, str(step_id));
}

Result<Answer> Scene::register_agent(const json::Object& body, const crypto::PrivateKey& key,
                                     const ClientIdentity& by) {
  return post("/intent/register/agent", body, by, key);
}

Result<Answer> Scene::register_workflow(const json::Object& body, const ClientIdentity& by) {
  return post("/intent/register/workflow", body, by, by.key);
}

Result<Answer> Scene::client_credentials(const ClientIdentity& by, const std::string& scope,
                                         const std::string& audience) {
  for (int tries = 1;; ++tries) {
    AJWT_ASSIGN(const auto assertion, client_assertion(by));
    HttpCall call{.method = "POST",
                  .url = target_.issuer + "/oauth/token",
                  .headers = {},
                  .body = "grant_type=client_credentials&client_assertion_type=" +
                          form_encode(names::kJwtBearerAssertion) +
                          "&client_assertion=" + form_encode(assertion) +
                          "&scope=" + form_encode(scope) + "&resource=" + form_encode(audience)};
    call.headers.set("Content-Type", "application/x-www-form-urlencoded");
    const std::string jti = crypto::random_token(16);
    ProofClaims claims{.method = call.method,
                       .uri = call.url,
                       .jti = jti,
                       .now = now(),
                       .nonce = std::nullopt,
                       .access_token = std::nullopt,
                       .body = as_bytes(call.body),
                       .query = std::nullopt,
                       .agent_checksum = std::nullopt,
                       .agent_id = std::nullopt,
                       .beside_jkt = std::nullopt};
    if (!authority_nonce_.empty()) claims.nonce = authority_nonce_;
    AJWT_ASSIGN(const auto proof, build_dpop_proof(by.key, claims));
    call.headers.set(str(names::kDpopHeader), proof);
    AJWT_ASSIGN(auto answer, send(call));
    if (tries == 2 || !asks_for_nonce(answer)) return answer;
  }
}

Result<Answer> Scene::get_with_token(const std::string& path, const ClientIdentity& by,
                                     const std::string& scope) {
  AJWT_ASSIGN(const auto granted, client_credentials(by, scope, target_.issuer));
  if (granted.status != 200) return refused(granted, "client_credentials of " + by.client_id);
  const std::string token = granted.member(names::kAccessToken);
  HttpCall call{.method = "GET", .url = target_.issuer + path, .headers = {}, .body = ""};
  const std::string jti = crypto::random_token(16);
  AJWT_ASSIGN(const auto proof, build_dpop_proof(by.key, ProofClaims{.method = call.method,
                                                                     .uri = call.url,
                                                                     .jti = jti,
                                                                     .now = now(),
                                                                     .nonce = authority_nonce_,
                                                                     .access_token = token,
                                                                     .body = std::nullopt,
                                                                     .query = std::nullopt,
                                                                     .agent_checksum = std::nullopt,
                                                                     .agent_id = std::nullopt,
                                                                     .beside_jkt = std::nullopt}));
  call.headers.set(str(names::kAuthorization), "DPoP " + token);
  call.headers.set(str(names::kDpopHeader), proof);
  return send(call);
}

Status Scene::refresh_guard_nonce() {
  AJWT_ASSIGN(const auto answer, get(target_.guard_url + target_.steps.front().path));
  if (guard_nonce_.empty()) return refused(answer, "the guard gave no nonce");
  return ok();
}

Result<std::string> Scene::prove(const crypto::PrivateKey& key, const CallParts& call) {
  if (guard_nonce_.empty()) AJWT_TRY(refresh_guard_nonce());
  const auto question = call.path.find('?');
  const std::string query = question == std::string::npos ? "" : call.path.substr(question + 1);
  const std::string uri = target_.guard_url + call.path.substr(0, question);
  const std::string jti = crypto::random_token(16);
  ProofClaims claims{.method = call.method,
                     .uri = uri,
                     .jti = jti,
                     .now = now(),
                     .nonce = guard_nonce_,
                     .access_token = call.token,
                     .body = std::nullopt,
                     .query = std::nullopt,
                     .agent_checksum = std::nullopt,
                     .agent_id = std::nullopt,
                     .beside_jkt = std::nullopt};
  if (!call.body.empty()) claims.body = as_bytes(call.body);
  if (!query.empty()) claims.query = query;
  return build_dpop_proof(key, claims);
}

Result<Answer> Scene::call(const CallParts& parts) {
  HttpCall call{.method = parts.method,
                .url = target_.guard_url + parts.path,
                .headers = {},
                .body = parts.body};
  if (!parts.body.empty()) call.headers.set("Content-Type", "application/json");
  if (!parts.token.empty()) {
    call.headers.set(str(names::kAuthorization), parts.scheme + " " + parts.token);
  }
  if (parts.proof) call.headers.set(str(names::kDpopHeader), *parts.proof);
  return send(call);
}

std::string Scene::fill(std::string text) const {
  for (const auto& [name, value] : told_) {
    const std::string place = "{" + name + "}";
    for (auto at = text.find(place); at != std::string::npos; at = text.find(place)) {
      text.replace(at, place.size(), value);
    }
  }
  return text;
}

CallParts Scene::call_parts(std::string_view step_id, const std::string& token) const {
  const StepSpec& spec = step(step_id);
  return CallParts{.method = spec.method,
                   .path = fill(spec.path),
                   .body = fill(spec.body),
                   .token = token,
                   .scheme = "DPoP",
                   .proof = std::nullopt};
}

Result<Answer> Scene::call_step(std::string_view step_id, const std::string& token) {
  CallParts parts = call_parts(step_id, token);
  AJWT_ASSIGN(parts.proof, prove(agent_key(step(step_id).agent_id), parts));
  AJWT_ASSIGN(auto answer, call(parts));
  if (answer.status != 200) return refused(answer, "legitimate call of " + str(step_id));
  for (const auto& [name, value] : answer.body.members()) {
    if (value.find_string() != nullptr) told_[name] = value.as_string();
  }
  return answer;
}

json::Object registration_body(const Target& target, std::string_view agent_id,
                               const crypto::PublicKey& key) {
  const auto agent = target.agents.find(agent_id);
  AJWT_CHECK(agent != target.agents.end());
  return json::Object{{str(names::kAppId), target.app_id},
                      {str(names::kAgentComponents), to_json(agent->second)},
                      {str(names::kProfile), name(ChecksumProfile::kStrictSha256)},
                      {str(names::kJwk), jose::to_json(key)}};
}

Attempt attempt(std::string sent, std::string refused_by, Code expected, const Answer& answer) {
  return Attempt{.sent = std::move(sent),
                 .refused_by = std::move(refused_by),
                 .expected = str(reason_of(expected).name),
                 .got = answer.reason(),
                 .status = answer.status};
}

Status expect_allowed(const Answer& answer, const std::string& what) {
  if (answer.status == 200 || answer.status == 201) return ok();
  return refused(answer, what);
}

}  // namespace ajwt::lab
