// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/explain/permits.h"

#include "apps/ajwt/support/time_text.h"
#include "apps/ajwt/support/token_kind.h"
#include "protocol/scope.h"

namespace ajwt::app {
namespace {

json::Object permits_to(const AccessToken& token, Instant now) {
  json::Object permits{
      {"kind", kind_of(token)}, {"who", token.sub}, {"application", token.client_id.str()}};
  if (token.agent_proof) permits.set("registration", token.agent_proof->registration_id.str());
  if (token.intent) {
    const std::string& initiator = token.intent->initiated_by;
    permits.set("for_whom", initiator + (initiator.starts_with("app:") ? " (unattended)" : ""));
    if (!token.intent->delegators.empty()) {
      permits.set("through", comma_list(token.intent->delegators));
    }
  }
  permits.set("where", token.aud);
  permits.set("scope", join_scopes(token.scope));
  permits.set("tool", token.tool.value_or(token.is_intent_token() ? "any of its scopes" : "-"));
  if (const auto* step = token.find_step()) {
    permits.set("step", step->workflow_step.str() + " of workflow " + step->workflow_id.str() +
                            " version " + std::to_string(step->workflow_version));
    permits.set("execution", step->execution_id.str());
  }
  permits.set("until", dated_text(token.exp, now));
  permits.set("key", token.cnf_jkt);
  return permits;
}

json::Object permits_to(const DraftToken& token, Instant now) {
  json::Object permits{
      {"kind", kind_of(token)}, {"who", token.sub}, {"application", token.client_id.str()}};
  if (token.agent) permits.set("registration", token.agent->registration_id.str());
  permits.set("where", token.aud);
  permits.set("scope", join_scopes(token.scope));
  if (const auto* step = token.find_step()) {
    permits.set("step", step->workflow_step.str() + " of workflow " + step->workflow_id.str());
  }
  permits.set("until", dated_text(token.exp, now));
  return permits;
}

std::vector<std::string> conditions_for(const AccessToken& token) {
  return {"every request needs a fresh proof by key " + token.cnf_jkt +
          ": without it the token opens nothing"};
}

std::vector<std::string> conditions_for(const DraftToken& token) {
  std::vector<std::string> conditions{
      "it is a bearer token of profile draft-00: whoever holds it may use it, without any proof"};
  if (!token.agent) {
    conditions.emplace_back("it is a client's own, for the authority: every guard refuses it");
    return conditions;
  }
  conditions.emplace_back(
      "a guard refuses it unless its route names the profile (profile = \"draft-00\")");
  conditions.emplace_back(
      "the steps that came before and the chain of delegation are the client's word: the authority "
      "has no record of them");
  if (token.agent->claimed_key) {
    conditions.emplace_back("the key in cnf is a claim of the client; it proves nothing");
  }
  return conditions;
}

}  // namespace

json::Object permits_of(const ExplainedToken& token, Instant now) {
  return std::visit([&](const auto& either) { return permits_to(either, now); }, token);
}

std::vector<std::string> conditions_of(const ExplainedToken& token) {
  return std::visit([](const auto& either) { return conditions_for(either); }, token);
}

std::string comma_list(const std::vector<std::string>& texts) {
  std::string text;
  for (const std::string& item : texts) text += (text.empty() ? "" : ", ") + item;
  return text;
}

}  // namespace ajwt::app
