// SPDX-License-Identifier: Apache-2.0
#include "authority/oauth/refusal.h"

#include <string>
#include <vector>

#include "authority/oauth/rate_limiter.h"
#include "authority/oauth/remedies.h"
#include "jose/algorithm.h"
#include "json/write.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

constexpr std::string_view kInvalidProof = "invalid_dpop_proof";
constexpr std::string_view kUseNonce = "use_dpop_nonce";
constexpr std::string_view kInvalidClient = "invalid_client";

bool is_proof_error(std::string_view error) { return error == kInvalidProof || error == kUseNonce; }

int status_of(const Reason& reason, Door door) {
  if (door == Door::kTokenEndpoint && is_proof_error(reason.oauth_error)) return 400;
  return reason.http_status;
}

constexpr std::size_t kMaxDescription = 512;

// printable keeps to what error_description may hold (RFC 6749 5.2), and to a length: descriptions
// name what the caller sent.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kMaxDescription)) {
    out += (c < ' ' || c > '~' || c == '"' || c == '\\') ? '\'' : c;
  }
  if (text.size() > kMaxDescription) out += "...";
  return out;
}

// quoted makes a quoted-string that nothing the caller sent can break out of.
std::string quoted(std::string_view text) { return '"' + printable(text) + '"'; }

std::string join(const std::vector<std::string>& items, std::string_view separator) {
  std::string out;
  for (const auto& item : items) {
    if (!out.empty()) out += separator;
    out += item;
  }
  return out;
}

std::string dpop_challenge(const Error& error) {
  std::string challenge(names::kDpop);
  challenge += " algs=" + quoted([] {
                 std::vector<std::string> algorithms;
                 for (const auto name : jose::AlgorithmSet::all().names()) {
                   algorithms.emplace_back(name);
                 }
                 return join(algorithms, " ");
               }());
  // RFC 6750 3.1: who presented nothing is told no error code.
  if (error.code() == Code::k_token_required) return challenge;
  challenge += ", error=" + quoted(error.reason().oauth_error);
  challenge += ", error_description=" + quoted(error.describe());
  if (error.code() == Code::k_token_insufficient_scope) {
    challenge += ", scope=" + quoted(join(error.items(), " "));
  }
  return challenge;
}

void add_challenge(HttpResponse& response, const Error& error) {
  const auto& reason = error.reason();
  if (reason.oauth_error == kInvalidClient) {
    // RFC 6749 5.2: the scheme that the client used; for an assertion, which has none, the one that
    // would do as well (RFC 9110 15.5.2: a 401 has a challenge).
    response.headers.add(names::kWwwAuthenticate, "Basic realm=\"ajwt\"");
    return;
  }
  if (response.status == 401 || error.code() == Code::k_token_insufficient_scope) {
    response.headers.add(names::kWwwAuthenticate, dpop_challenge(error));
  }
}

bool lists_steps(Code code) {
  return code == Code::k_step_predecessors_missing || code == Code::k_step_needs_approval ||
         code == Code::k_completed_steps_differ;
}

json::Object write_body(const Error& error, const RefusalFacts& facts) {
  const auto& reason = error.reason();
  const bool failure = reason.klass == ReasonClass::kFailure;
  json::Object body;
  if (!reason.oauth_error.empty()) body.set(names::kError, reason.oauth_error);
  body.set(names::kErrorDescription,
           failure ? std::string(reason.sentence) : printable(error.describe()));
  body.set(names::kErrorUri, std::string(facts.issuer) + "/e/" + std::string(reason.name));
  body.set(names::kReason, reason.name);
  body.set(names::kDecisionId, facts.decision_id);
  if (lists_steps(error.code())) {
    body.set(names::kMissingSteps, json::string_array(error.items()));
  }
  const auto remedy = remedy_for(error.code());
  if (facts.hints == HintVisibility::kShown && !remedy.empty()) {
    body.set(names::kHint, remedy);
  }
  return body;
}

}  // namespace

HttpResponse refuse_response(const Error& error, const RefusalFacts& facts) {
  HttpResponse response =
      write_json_response(status_of(error.reason(), facts.door), write_body(error, facts));
  add_challenge(response, error);
  if (error.code() == Code::k_method_refused) {
    response.headers.add("Allow", join(error.items(), ", "));
  }
  if (error.code() == Code::k_rate_limited) {
    response.headers.add(names::kRetryAfter, std::string(seconds_to_wait(error)));
  } else if (response.status == 503) {
    response.headers.add(names::kRetryAfter, "1");
  }
  return response;
}

HttpResponse write_json_response(int status, const json::Object& body) {
  HttpResponse response{.status = status, .headers = {}, .body = json::write(json::Value(body))};
  response.headers.add("Content-Type", "application/json");
  return response;
}

}  // namespace ajwt::authority
