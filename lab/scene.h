// SPDX-License-Identifier: Apache-2.0
//
// Scene: the running system as an attacker and its honest twin see it: raw requests over HTTP, with
// every part of them in the hand of the caller. It uses no shim, since an attacker would not; what
// attacks an agent that runs under its shim has lab/live_fleet.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/result.h"
#include "crypto/key.h"
#include "json/value.h"
#include "lab/attack.h"
#include "protocol/agent_checksum.h"
#include "protocol/proof.h"
#include "protocol/scope.h"

namespace ajwt::lab {

// StepSpec is one step of the target's workflow and the call that it is for. "{name}" in path and
// body stands for the member of that name in the newest answer to an honest call that had one.
struct StepSpec {
  std::string step_id;
  std::string agent_id;
  std::string tool;
  std::string scope;
  std::string method;
  std::string path;
  std::string body;  // empty: none
};

// Client is an OAuth client's name and key (private_key_jwt).
struct ClientIdentity {
  std::string client_id;
  crypto::PrivateKey key;
};

// Target is the system under attack and what its honest owner holds.
struct Target {
  std::string issuer;
  std::string guard_url;
  std::string audience;
  std::string app_id;
  std::string workflow_id;
  ClientIdentity fleet;      // may mint
  ClientIdentity registrar;  // may register
  std::map<std::string, crypto::PrivateKey, std::less<>> agent_keys;
  std::map<std::string, AgentDefinition, std::less<>> agents;
  std::vector<StepSpec> steps;
  std::string log_file;  // what the system logs; "": not to be inspected
};

// Answer is a response with what its JSON says.
struct Answer {
  int status;
  HttpHeaders headers;
  std::string text;
  json::Object body;  // empty if it is no object
  // reason returns the refusal's reason, or "" for an answer that allows.
  std::string reason() const;
  std::string member(std::string_view name) const;
};

// MintParts is a token request, every part of which can be wrong.
struct MintParts {
  std::string agent_id;
  std::string checksum;
  crypto::PrivateKey proof_key;
  std::string workflow_id;
  std::string step_id;
  std::string execution_id;
  std::string tool;
  Scopes scopes;
  std::string audience;
  json::Object extra;  // further members, or replacements
};

// CallParts is a request to the guard, every part of which can be wrong.
struct CallParts {
  std::string method;
  std::string path;  // with its query
  std::string body;
  std::string token;
  std::string scheme = "DPoP";
  std::optional<std::string> proof;  // absent: no DPoP field
};

class Scene {
 public:
  Scene(Target target, HttpClient& http, const Clock& clock);

  const Target& target() const { return target_; }
  const StepSpec& step(std::string_view step_id) const;
  const crypto::PrivateKey& agent_key(std::string_view agent_id) const;
  std::string checksum_of(std::string_view agent_id) const;
  Instant now() const { return clock_.now(); }
  HttpClient& http() { return http_; }
  const Clock& clock() const { return clock_; }

  // --- at the authority
  // open_execution opens a run of the target's workflow, honestly.
  Result<std::string> open_execution();
  // mint_parts returns the honest request of a step's agent; change what the attack changes.
  MintParts mint_parts(std::string_view step_id, const std::string& execution_id) const;
  Result<Answer> mint(const MintParts& parts);
  // complete reports a step done by its agent.
  Result<Answer> complete(std::string_view step_id, const std::string& execution_id);
  // take carries out the steps before `step_id`, calls included, and mints for it: the legitimate
  // twin. Refuses with the reason if that does not work.
  Result<std::string> take(std::string_view step_id, const std::string& execution_id);
  // register_agent sends a registration by the registrar with a proof of `key`.
  Result<Answer> register_agent(const json::Object& body, const crypto::PrivateKey& key,
                                const ClientIdentity& by);
  Result<Answer> register_workflow(const json::Object& body, const ClientIdentity& by);
  // post sends a body with client assertion and a proof by `proof_key`.
  Result<Answer> post(const std::string& path, const json::Object& body, const ClientIdentity& by,
                      const crypto::PrivateKey& proof_key,
                      const std::optional<std::string>& agent_checksum = std::nullopt);
  // get_with_token reads with an access token of `by` for `scope`.
  Result<Answer> get_with_token(const std::string& path, const ClientIdentity& by,
                                const std::string& scope);
  // client_credentials asks for a token of the client's own, by form.
  Result<Answer> client_credentials(const ClientIdentity& by, const std::string& scope,
                                    const std::string& audience);
  Result<Answer> get(const std::string& url);

  // --- at the guard
  // prove makes an honest proof for a call with this token; change the claims for an attack.
  Result<std::string> prove(const crypto::PrivateKey& key, const CallParts& call);
  Result<Answer> call(const CallParts& parts);
  // call_parts returns the honest call of a step with its token, without a proof.
  CallParts call_parts(std::string_view step_id, const std::string& token) const;
  // call_step makes the honest call of a step with its token. Refuses any answer but 200.
  Result<Answer> call_step(std::string_view step_id, const std::string& token);
  const std::string& guard_nonce() const { return guard_nonce_; }
  Status refresh_guard_nonce();

 private:
  Result<Answer> send(const HttpCall& call);
  Result<std::string> client_assertion(const ClientIdentity& by);
  std::string fill(std::string text) const;

  Target target_;
  HttpClient& http_;
  const Clock& clock_;
  std::string authority_nonce_;
  std::string guard_nonce_;
  std::map<std::string, std::string> told_;  // members of answers to honest calls
};

// registration_body returns what the owner sends to register this agent with this key.
json::Object registration_body(const Target& target, std::string_view agent_id,
                               const crypto::PublicKey& key);

// attempt compares an answer with what must have refused it.
Attempt attempt(std::string sent, std::string refused_by, Code expected, const Answer& answer);

// expect_allowed refuses, with the answer's reason, an answer to an honest request that is no 200
// or 201.
Status expect_allowed(const Answer& answer, const std::string& what);

}  // namespace ajwt::lab
