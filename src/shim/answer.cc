// SPDX-License-Identifier: Apache-2.0
#include "shim/answer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/reason.h"
#include "json/members.h"
#include "json/parse.h"
#include "protocol/access_token.h"
#include "protocol/names.h"

namespace ajwt::shim {
namespace {

constexpr std::size_t kMaxShownBytes = 1000;
constexpr std::size_t kLongestShownRun = 128;  // as long as an identifier may be
constexpr std::size_t kMaxItems = 512;
constexpr json::Limits kAnswerLimits{.max_bytes = 4 * 1024 * 1024, .max_depth = 32};

// The Code for an authority that names no `reason` of ours (another implementation of the draft).
struct WireError {
  std::string_view error;
  Code code;
};
constexpr auto kWireErrors = std::to_array<WireError>({
    {"invalid_request", Code::k_parameter_malformed},
    {"invalid_client", Code::k_client_unauthenticated},
    {"invalid_grant", Code::k_execution_unknown},
    {"unauthorized_client", Code::k_client_unauthorized},
    {"unsupported_grant_type", Code::k_grant_type_unsupported},
    {"invalid_scope", Code::k_scope_exceeds_ceiling},
    {"invalid_target", Code::k_audience_exceeds_ceiling},
    {"invalid_token", Code::k_token_required},
    {"insufficient_scope", Code::k_token_insufficient_scope},
    {"invalid_dpop_proof", Code::k_proof_malformed},
    {"use_dpop_nonce", Code::k_proof_nonce_refused},
    {"unknown_agent", Code::k_agent_unknown},
    {"agent_checksum_mismatch", Code::k_agent_checksum_mismatch},
    {"invalid_delegation", Code::k_delegation_chain_differs},
    {"workflow_step_unauthorized", Code::k_step_not_active},
    {"duplicate_agent", Code::k_duplicate_agent},
    {"invalid_client_metadata", Code::k_client_metadata_malformed},
    {"not_found", Code::k_not_found},
    {"method_not_allowed", Code::k_method_refused},
    {"slow_down", Code::k_rate_limited},
    {"temporarily_unavailable", Code::k_overloaded},
    {"server_error", Code::k_internal_error},
});

std::optional<Code> find_wire_error(std::string_view error) {
  for (const WireError& row : kWireErrors) {
    if (row.error == error) return row.code;
  }
  return std::nullopt;
}

Error malformed(const HttpResponse& response) {
  return refuse(Code::k_response_malformed, "HTTP status " + std::to_string(response.status) + ".");
}

std::vector<std::string> find_missing_steps(const json::Object& answer, Hidden hidden) {
  std::vector<std::string> steps;
  const json::Array* listed = answer.find_array(names::kMissingSteps);
  if (listed == nullptr) return steps;
  for (const json::Value& step : *listed) {
    const std::string* text = step.find_string();
    if (text == nullptr || !is_identifier(*text) || steps.size() == kMaxItems) continue;
    if (auto shown = safe_text(*text, hidden); shown == *text) steps.push_back(std::move(shown));
  }
  return steps;
}

// is_run_char tells whether a character can be part of a token, proof or secret.
bool is_run_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_.~+/=").find(c) != std::string_view::npos;
}

bool is_header_safe(std::string_view token) {
  return std::all_of(token.begin(), token.end(), [](char c) { return c >= 0x21 && c <= 0x7e; });
}

Error bad_token(std::string what) {
  return refuse(Code::k_response_malformed, "The token answer: " + std::move(what));
}

Status check_granted_scopes(const std::string* granted, const Scopes& asked) {
  if (granted == nullptr) return ok();  // as asked for (RFC 6749 5.1)
  const auto parsed = parse_scope(*granted);
  if (!parsed) return bad_token("its scope is malformed.");
  if (!std::is_permutation(parsed->begin(), parsed->end(), asked.begin(), asked.end())) {
    return bad_token("its scope is not the one that was asked for.");
  }
  return ok();
}

}  // namespace

std::string safe_text(std::string_view text, Hidden hidden) {
  for (const Secret& secret : hidden) {
    if (text.find(secret.reveal()) != text.npos) return {};
  }
  std::string shown;
  for (std::size_t i = 0; i < text.size() && shown.size() < kMaxShownBytes;) {
    const auto end =
        std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(i), text.end(), is_run_char);
    const auto run = static_cast<std::size_t>(end - text.begin()) - i;
    if (run > kLongestShownRun) {
      shown += "[...]";
    } else if (run > 0) {
      shown += text.substr(i, run);
    } else {
      const char c = text[i];
      shown += c >= 0x20 && c <= 0x7e ? c : '?';
    }
    i += std::max<std::size_t>(run, 1);
  }
  return shown;
}

Error read_refusal(const HttpResponse& response, Hidden hidden) {
  const auto body = json::parse_object(response.body, kAnswerLimits);
  if (!body) return malformed(response);
  const auto reason = find_reason(body->text(names::kReason));
  const auto code =
      reason ? std::optional(reason->code) : find_wire_error(body->text(names::kError));
  if (!code) return malformed(response);

  std::string message = safe_text(body->text(names::kErrorDescription), hidden);
  // Error::describe says the reason's sentence itself.
  if (reason && message.starts_with(reason->sentence)) {
    message.erase(0, reason->sentence.size());
    message.erase(0, message.find_first_not_of(' '));
  }
  Error error = refuse(*code, std::move(message)).with_items(find_missing_steps(*body, hidden));
  const std::string decision = safe_text(body->text(names::kDecisionId), hidden);
  if (is_identifier(decision)) return std::move(error).with_detail("decision_id " + decision);
  return error;
}

Result<json::Value> read_answer(const HttpResponse& response, Hidden hidden) {
  if (response.status >= 400 && response.status <= 599) return read_refusal(response, hidden);
  if (response.status < 200 || response.status > 299) return malformed(response);
  if (response.body.empty()) return json::Value();
  auto answer = json::parse(response.body, kAnswerLimits);
  if (!answer) return malformed(response);
  return answer;
}

Result<HeldToken> read_token(const json::Value& answer, const Scopes& scopes, Instant sent_at) {
  const json::Object* object = answer.find_object();
  if (object == nullptr) return bad_token("it is no object.");
  const std::string* type = object->find_string(names::kTokenType);
  if (type == nullptr || !equal_ignoring_case(*type, names::kDpop)) {
    return bad_token("its token_type is not DPoP.");
  }
  const std::string* token = object->find_string(names::kAccessToken);
  if (token == nullptr || token->empty() || token->size() > kMaxTokenBytes ||
      !is_header_safe(*token)) {
    return bad_token("its access_token is missing or malformed.");
  }
  const std::int64_t* seconds = object->find_integer(names::kExpiresIn);
  if (seconds == nullptr || *seconds < 1 || *seconds > 86400) {
    return bad_token("its expires_in is missing or out of range.");
  }
  AJWT_TRY(check_granted_scopes(object->find_string(names::kScope), scopes));
  // Counted from before the request, so that ours is never the later end.
  return HeldToken{.token = Secret(*token),
                   .renew_at = sent_at + Seconds(*seconds * 4 / 5),
                   .expires_at = sent_at + Seconds(*seconds)};
}

}  // namespace ajwt::shim
