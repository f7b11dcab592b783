// SPDX-License-Identifier: Apache-2.0
//
// The fake's other half: a file of the test program, so that nothing of it is in the library.
#include <algorithm>
#include <utility>

#include "crypto/random.h"
#include "jose/base64url.h"
#include "jose/jwk.h"
#include "jose/jws.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/names.h"
#include "protocol/scope.h"
#include "shim/testing/fake_services.h"

namespace ajwt::shim::testing {
namespace {

HttpResponse json_response(int status, const json::Object& body) {
  HttpResponse response{.status = status, .headers = {}, .body = json::write(body)};
  response.headers.add("Content-Type", "application/json");
  return response;
}

HttpResponse error_response(const Error& error) {
  json::Object body{{"error", error.reason().oauth_error},
                    {"error_description", error.describe()},
                    {"reason", error.reason().name},
                    {"decision_id", "dec_1"}};
  if (!error.items().empty()) body.set("missing_steps", json::string_array(error.items()));
  const bool nonce = error.reason().oauth_error == "use_dpop_nonce";
  HttpResponse response = json_response(nonce ? 400 : error.reason().http_status, body);
  return response;
}

std::string decode_form(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const auto byte = parse_hex(text.substr(i + 1, 2));
      decoded += static_cast<char>(byte->at(0));
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

std::map<std::string, std::string> parse_form(std::string_view body) {
  std::map<std::string, std::string> form;
  while (!body.empty()) {
    const std::string_view pair = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(body.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    form[decode_form(pair.substr(0, equals))] = decode_form(pair.substr(equals + 1));
  }
  return form;
}

bool is_right_basic(std::string_view authorization) {
  std::string encoded(authorization.substr(6));
  while (encoded.ends_with('=')) encoded.pop_back();
  for (char& c : encoded) c = c == '+' ? '-' : c == '/' ? '_' : c;
  const auto decoded = jose::decode_base64url(encoded);
  return decoded && as_text(*decoded) == std::string(kClientId) + ":" + std::string(kClientSecret);
}

std::string text(const json::Object& object, std::string_view name) {
  const json::Value* value = object.find(name);
  return value != nullptr && value->find_string() != nullptr ? value->as_string() : "";
}

std::string query_of(const std::string& url) {
  const std::size_t mark = url.find('?');
  return mark == std::string::npos ? "" : url.substr(mark + 1);
}

}  // namespace

std::string path_of(const std::string& url) {
  const std::size_t start = url.find('/', url.find("://") + 3);
  return start == std::string::npos ? "/" : url.substr(start, url.find('?') - start);
}

FakeServices::FakeServices(const Clock& clock) : clock_(clock) { lose_nonces(); }

void FakeServices::lose_nonces() {
  const std::lock_guard lock(mutex_);
  authority_nonces_ = std::make_unique<NonceIssuer>(crypto::random_digest(), Seconds(300));
  api_nonces_ = std::make_unique<NonceIssuer>(crypto::random_digest(), Seconds(300));
}

void FakeServices::lose_tokens() {
  const std::lock_guard lock(mutex_);
  tokens_.clear();
}

void FakeServices::register_agent(const std::string& agent_id, const std::string& jkt,
                                  const std::string& checksum) {
  const std::lock_guard lock(mutex_);
  agents_[agent_id] = {.jkt = jkt, .checksum = checksum};
}

void FakeServices::set_intercept(Intercept intercept) {
  const std::lock_guard lock(mutex_);
  intercept_ = std::move(intercept);
}

std::vector<Minted> FakeServices::minted() const {
  const std::lock_guard lock(mutex_);
  return minted_;
}
std::vector<std::string> FakeServices::reports() const {
  const std::lock_guard lock(mutex_);
  return reports_;
}
std::vector<HttpCall> FakeServices::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}
std::vector<std::string> FakeServices::secrets() const {
  const std::lock_guard lock(mutex_);
  return secrets_;
}

std::size_t FakeServices::count(std::string_view method_and_path) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(calls_.begin(), calls_.end(), [&](const HttpCall& call) {
        return call.method + " " + path_of(call.url) == method_and_path;
      }));
}

Result<HttpResponse> FakeServices::send(const HttpCall& call) {
  Intercept intercept;
  {
    const std::lock_guard lock(mutex_);
    calls_.push_back(call);
    intercept = intercept_;
  }
  if (intercept) {
    if (auto answer = intercept(call)) return *std::move(answer);
  }
  const bool is_api = call.url.starts_with(kApi);
  Result<HttpResponse> answer = is_api ? answer_api(call) : answer_authority(call);
  if (!answer) {
    HttpResponse refusal = error_response(answer.error());
    if (is_api) {
      refusal.status = answer.error().reason().http_status;
      refusal.headers.add("WWW-Authenticate", "DPoP error=\"" +
                                                  std::string(answer.error().reason().oauth_error) +
                                                  "\", algs=\"EdDSA ES256\"");
    }
    answer = std::move(refusal);
  }
  const std::lock_guard lock(mutex_);
  answer->headers.set("DPoP-Nonce",
                      (is_api ? api_nonces_ : authority_nonces_)->issue(clock_.now()));
  return answer;
}

Result<VerifiedProof> FakeServices::verify_proof(const HttpCall& call, const NonceIssuer& nonces,
                                                 std::optional<std::string_view> token,
                                                 std::optional<std::string_view> jkt) {
  const auto proofs = call.headers.all("DPoP");
  if (proofs.size() != 1) return refuse(Code::k_proof_missing);
  const std::string query = query_of(call.url);
  const ProofFacts facts{.method = call.method,
                         .uri = call.url,
                         .now = clock_.now(),
                         .nonces = &nonces,
                         .exact_nonce = std::nullopt,
                         .access_token = token,
                         .jkt = jkt,
                         .binding = ProofFacts::Binding::kBound,
                         .body = as_bytes(call.body),
                         .query = query};
  AJWT_ASSIGN(VerifiedProof proof,
              verify_dpop_proof(proofs.front(), facts, jose::AlgorithmSet::all()));
  const std::lock_guard lock(mutex_);
  if (!used_.insert(proof.jkt() + " " + proof.jti()).second) return refuse(Code::k_proof_replayed);
  return proof;
}

Result<Minted> FakeServices::find_token(const HttpCall& call, std::string& token) const {
  const auto fields = call.headers.all("Authorization");
  if (fields.size() != 1) return refuse(Code::k_token_missing);
  if (!fields.front().starts_with("DPoP ")) return refuse(Code::k_token_scheme_refused);
  token = std::string(fields.front().substr(5));
  const std::lock_guard lock(mutex_);
  const auto found = tokens_.find(token);
  if (found == tokens_.end()) return refuse(Code::k_key_unknown);
  if (clock_.now() >= found->second.expires_at) return refuse(Code::k_token_expired);
  return found->second;
}

Result<HttpResponse> FakeServices::answer_api(const HttpCall& call) {
  std::string token;
  AJWT_ASSIGN(const Minted minted, find_token(call, token));
  if (minted.audience != kApi) return refuse(Code::k_audience_mismatch);
  const NonceIssuer nonces = [&] {
    const std::lock_guard lock(mutex_);
    return *api_nonces_;
  }();
  AJWT_TRY(verify_proof(call, nonces, token, minted.jkt));
  return HttpResponse{.status = 200, .headers = {}, .body = minted.subject};
}

Status FakeServices::check_assertion(const std::string& assertion) {
  AJWT_ASSIGN(auto unverified, jose::UnverifiedJws::parse(assertion, 4096));
  if (!client_key_) return refuse(Code::k_client_unauthenticated);
  AJWT_ASSIGN(const auto jws,
              jose::VerifiedJws::verify(std::move(unverified), {.key = *client_key_},
                                        jose::AlgorithmSet::all()));
  AJWT_ASSIGN(const json::Object claims, json::parse_object(as_text(jws.payload())));
  json::Members members(claims);
  AJWT_ASSIGN(const auto exp, members.get_integer("exp"));
  const std::lock_guard lock(mutex_);
  if (text(claims, "iss") != kClientId || text(claims, "sub") != kClientId ||
      text(claims, "aud") != kIssuer || exp <= to_unix(clock_.now()) ||
      exp > to_unix(clock_.now()) + 300) {
    return refuse(Code::k_client_unauthenticated);
  }
  if (!used_.insert("assertion " + text(claims, "jti")).second) {
    return refuse(Code::k_client_assertion_replayed);
  }
  return ok();
}

Result<FakeServices::Caller> FakeServices::authenticate(const HttpCall& call) {
  Caller caller;
  if (!call.body.empty()) {
    AJWT_ASSIGN(caller.body, json::parse_object(call.body));
  }
  const NonceIssuer nonces = *authority_nonces_;
  const std::string authorization(call.headers.find("Authorization").value_or(""));
  if (!authorization.starts_with("DPoP ")) {
    if (authorization.starts_with("Basic ")) {
      if (!is_right_basic(authorization)) return refuse(Code::k_client_unauthenticated);
    } else {
      AJWT_TRY(check_assertion(text(caller.body, "client_assertion")));
      caller.body.remove("client_assertion");
      caller.body.remove("client_assertion_type");
    }
    AJWT_ASSIGN(const auto proof, verify_proof(call, nonces, std::nullopt, std::nullopt));
    caller.agent_jkt = proof.jkt();
    return caller;
  }
  std::string token;
  AJWT_ASSIGN(const Minted minted, find_token(call, token));
  if (!minted.subject.empty()) return refuse(Code::k_intent_refused);
  AJWT_ASSIGN(const auto proof, verify_proof(call, nonces, token, minted.jkt));
  const json::Value* proofs = caller.body.find(names::kKeyProofs);
  if (proofs == nullptr) return caller;
  const std::string key_proof = proofs->as_array().at(0).as_string();
  caller.body.remove(names::kKeyProofs);
  AJWT_ASSIGN(const std::string canonical, json::write_jcs(caller.body));
  const AgentProofFacts facts{.method = call.method,
                              .uri = call.url,
                              .now = clock_.now(),
                              .nonces = &nonces,
                              .body_without_proofs = as_bytes(canonical),
                              .beside_jkt = proof.jkt()};
  AJWT_ASSIGN(const auto agent_proof,
              verify_agent_proof(key_proof, facts, jose::AlgorithmSet::all()));
  caller.agent_jkt = agent_proof.jkt();
  return caller;
}

std::string FakeServices::give_token(Minted minted) {
  std::string token = "tok." + crypto::random_token(120);
  secrets_.push_back(token);
  tokens_.emplace(token, std::move(minted));
  return token;
}

Result<HttpResponse> FakeServices::client_credentials(const HttpCall& call) {
  auto form = parse_form(call.body);
  if (form["grant_type"] != names::kClientCredentials) {
    return refuse(Code::k_grant_type_unsupported);
  }
  const std::string authorization(call.headers.find("Authorization").value_or(""));
  if (authorization.starts_with("Basic ")) {
    if (!is_right_basic(authorization)) return refuse(Code::k_client_unauthenticated);
  } else {
    AJWT_TRY(check_assertion(form["client_assertion"]));
  }
  AJWT_ASSIGN(const auto proof, verify_proof(call, *authority_nonces_, std::nullopt, std::nullopt));
  const std::string token = give_token({.subject = "",
                                        .jkt = proof.jkt(),
                                        .audience = std::string(kIssuer),
                                        .tool = "",
                                        .step = "",
                                        .checksum = "",
                                        .expires_at = clock_.now() + Seconds(lifetime_)});
  return json_response(200, {{"access_token", token},
                             {"token_type", "DPoP"},
                             {"expires_in", static_cast<std::int64_t>(lifetime_)},
                             {"scope", form["scope"]}});
}

Result<HttpResponse> FakeServices::mint(const Caller& caller) {
  const json::Object& body = caller.body;
  const auto agent = agents_.find(text(body, "agent_id"));
  if (agent == agents_.end()) return refuse(Code::k_agent_unknown);
  if (caller.agent_jkt != agent->second.jkt) return refuse(Code::k_agent_key_unknown);
  const std::string checksum = text(body, "computed_checksum");
  if (checksum != agent->second.checksum) return refuse(Code::k_agent_checksum_mismatch);
  const std::string step = text(body, "workflow_step");
  if (!step.empty()) {
    std::string& holder = steps_[text(body, "execution_id") + " " + step];
    if (!holder.empty() && holder != caller.agent_jkt) return refuse(Code::k_step_uses_exhausted);
    holder = caller.agent_jkt;
  }
  json::Members members(body);
  AJWT_ASSIGN(const Scopes scopes, members.get_strings("requested_scopes"));
  const Minted minted{.subject = text(body, "agent_id"),
                      .jkt = caller.agent_jkt,
                      .audience = text(body, "audience"),
                      .tool = text(body, "tool"),
                      .step = step,
                      .checksum = checksum,
                      .expires_at = clock_.now() + Seconds(lifetime_)};
  minted_.push_back(minted);
  return json_response(200, {{"access_token", give_token(minted)},
                             {"token_type", "DPoP"},
                             {"expires_in", static_cast<std::int64_t>(lifetime_)},
                             {"scope", join_scopes(scopes)}});
}

Result<HttpResponse> FakeServices::route(const HttpCall& call, const std::string& path) {
  AJWT_ASSIGN(const Caller caller, authenticate(call));
  if (path == "/intent/token") return mint(caller);
  if (path == "/intent/executions") {
    return json_response(200, {{"execution_id", "exec_" + std::to_string(++executions_)}});
  }
  if (path.ends_with("/complete")) {
    const std::size_t from = path.find("/steps/") + 7;
    const std::string step = path.substr(from, path.rfind('/') - from);
    const std::string execution = path.substr(19, path.find("/steps/") - 19);
    std::string& holder = steps_[execution + " " + step];
    if (holder != caller.agent_jkt) return refuse(Code::k_step_not_active);
    holder = "ended";
    reports_.push_back(step + " " + text(caller.body, "outcome") + " " +
                       text(caller.body, "agent_id"));
    return json_response(200, {});
  }
  if (path.starts_with("/intent/executions/") || path.starts_with("/admin/")) {
    return json_response(200, {{"path", path}, {"query", query_of(call.url)}});
  }
  return refuse(Code::k_not_found);
}

Result<HttpResponse> FakeServices::answer_authority(const HttpCall& call) {
  const std::lock_guard lock(mutex_);
  const std::string path = path_of(call.url);
  if (path == "/oauth/token") return client_credentials(call);
  return route(call, path);
}

}  // namespace ajwt::shim::testing
