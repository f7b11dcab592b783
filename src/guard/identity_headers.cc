// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/field_name.h"
#include "guard/verifier.h"
#include "protocol/names.h"
#include "protocol/subject.h"

namespace ajwt::guard {
namespace {

// escaped makes a claim fit for a header field: a line break in a tool's name would end the field
// and begin one of the claim's own choice. `also` is escaped beside what always is.
std::string escaped(std::string_view text, std::string_view also = {}) {
  constexpr std::string_view kAlways = "%\"\\";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool plain = c > ' ' && c <= '~' && kAlways.find(c) == std::string_view::npos &&
                       also.find(c) == std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      out += '%' + to_hex({&byte, 1});
    }
  }
  return out;
}

template <class Strings>
std::string joined(const Strings& texts, char separator) {
  std::string out;
  for (const std::string& text : texts) {
    if (!out.empty()) out += separator;
    out += escaped(text, ",");
  }
  return out;
}

// add leaves out a field that would be empty: absent and empty must not be two spellings of one
// fact.
void add(HttpHeaders& headers, std::string_view name, std::string value) {
  if (!value.empty()) headers.add(name, std::move(value));
}

void add_intent(HttpHeaders& headers, const IntentClaims& intent) {
  if (intent.step) {
    add(headers, "X-Agent-Workflow", escaped(intent.step->workflow_id.str()));
    add(headers, "X-Agent-Workflow-Version", std::to_string(intent.step->workflow_version));
    add(headers, "X-Agent-Step", escaped(intent.step->workflow_step.str()));
    add(headers, "X-Agent-Execution", escaped(intent.step->execution_id.str()));
  }
  add(headers, "X-Agent-Delegators", joined(intent.delegators, ','));
  add(headers, "X-Agent-Initiated-By", escaped(intent.initiated_by));
}

HttpHeaders draft_headers(const DraftToken& token) {
  HttpHeaders headers;
  add(headers, "X-Agent-Profile", std::string(names::kDraft00));
  add(headers, "X-Agent-App", escaped(token.client_id.str()));
  add(headers, "X-Agent-Id", escaped(token.sub));
  add(headers, "X-Agent-Registration", escaped(token.agent->registration_id.str()));
  add(headers, "X-Agent-Scope", joined(token.scope, ' '));
  if (token.agent->step) {
    add(headers, "X-Agent-Workflow", escaped(token.agent->step->workflow_id.str()));
    add(headers, "X-Agent-Step", escaped(token.agent->step->workflow_step.str()));
  }
  add(headers, "X-Agent-Token-Id", escaped(token.jti));
  add(headers, "X-Agent-Body", "unbound");
  return headers;
}

constexpr std::string_view kOwnPrefix = "X-Ajwt-";

// names_dpop tells whether the word DPoP stands anywhere in a list of challenges. Quotes are not
// looked at: readers disagree about broken ones.
bool names_dpop(std::string_view challenges) {
  constexpr std::string_view kBreaks = " \t,";
  while (!challenges.empty()) {
    const std::size_t end = std::min(challenges.find_first_of(kBreaks), challenges.size());
    if (equal_ignoring_case(challenges.substr(0, end), names::kDpop)) return true;
    challenges.remove_prefix(std::min(end + 1, challenges.size()));
  }
  return false;
}

}  // namespace

HttpHeaders identity_headers(const VerifiedRequest& request) {
  if (request.draft_token() != nullptr) return draft_headers(*request.draft_token());
  const AccessToken& token = *request.token();
  HttpHeaders headers;
  add(headers, "X-Agent-Subject", escaped(token.sub));
  add(headers, "X-Agent-App", escaped(token.client_id.str()));
  if (token.intent) {
    if (const auto name = AgentName::parse(token.sub)) {
      add(headers, "X-Agent-Id", escaped(name->agent_id.str()));
    }
  }
  if (token.agent_proof) {
    add(headers, "X-Agent-Registration", escaped(token.agent_proof->registration_id.str()));
  }
  add(headers, "X-Agent-Scope", joined(token.scope, ' '));
  if (token.intent) add_intent(headers, *token.intent);
  if (token.tool) add(headers, "X-Agent-Tool", escaped(*token.tool));
  add(headers, "X-Agent-Key", escaped(token.cnf_jkt));
  add(headers, "X-Agent-Token-Id", escaped(token.jti));
  add(headers, "X-Agent-Body", request.body() == BodyBinding::kBound ? "bound" : "unbound");
  return headers;
}

bool is_identity_header(std::string_view name) {
  constexpr std::array<std::string_view, 2> kPrefixes = {"X-Agent-", kOwnPrefix};
  constexpr std::array<std::string_view, 2> kNames = {names::kAuthorization, names::kDpopHeader};
  const auto is_prefix = [&](std::string_view prefix) { return begins_folded(name, prefix); };
  const auto is_name = [&](std::string_view known) { return equal_folded(name, known); };
  return std::any_of(kPrefixes.begin(), kPrefixes.end(), is_prefix) ||
         std::any_of(kNames.begin(), kNames.end(), is_name);
}

bool is_guards_answer_field(std::string_view name, std::string_view value) {
  if (begins_folded(name, kOwnPrefix) || equal_folded(name, names::kDpopNonce)) return true;
  return equal_folded(name, names::kWwwAuthenticate) && names_dpop(value);
}

}  // namespace ajwt::guard
