// SPDX-License-Identifier: Apache-2.0
//
// Bodies and tokens of profile draft-00: what is taken of a body is complete and within its bounds,
// and no payload is a token of the profile and of the strict path at once.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "authority/draft/mint.h"
#include "authority/draft/registry.h"
#include "base/check.h"
#include "fuzz/support/authority_keys.h"
#include "fuzz/support/choices.h"
#include "jose/jws.h"
#include "json/parse.h"
#include "protocol/access_token.h"
#include "protocol/draft_token.h"
#include "protocol/draft_workflow.h"
#include "protocol/names.h"

namespace ajwt {
namespace {

using fuzz::authority_key;
using fuzz::kKid;
using fuzz::kNow;

bool is_bare_checksum(std::string_view text) { return is_lowercase_hex(text, 64); }

void check_mint(const json::Object& body) {
  const auto request = authority::parse_draft_mint(body);
  if (!request) return;
  AJWT_CHECK(is_identifier(request->agent_id.str()));
  AJWT_CHECK(is_bare_checksum(request->computed_checksum));
  AJWT_CHECK(!request->requested_scopes.empty() && check_scopes(request->requested_scopes));
  AJWT_CHECK(check_audience(request->audience).has_value());
  AJWT_CHECK(request->claimed_chain.size() <= 8 && request->claimed_completed_steps.size() <= 512);
  for (const auto& id : request->claimed_chain) AJWT_CHECK(is_identifier(id.str()));
  for (const auto& id : request->claimed_completed_steps) AJWT_CHECK(is_identifier(id.str()));
  // What names a step is held to it.
  const json::Object plain = without_nulls(body);
  const bool named = plain.contains(names::kWorkflowId) || plain.contains(names::kWorkflowStep);
  AJWT_CHECK(request->within.has_value() == named);
}

void check_registration(const json::Object& body) {
  const auto request = authority::parse_draft_registration(body, AppId::trusted("acme"));
  if (!request) return;
  AJWT_CHECK(is_identifier(request->agent_id.str()));
  AJWT_CHECK(is_bare_checksum(request->checksum));
  AJWT_CHECK(request->profile != ChecksumProfile::kStrictSha256);
}

void check_workflow(const json::Object& body) {
  const auto workflow = parse_draft_workflow(body);
  if (!workflow) return;
  AJWT_CHECK(!workflow->steps.empty());
  // Nothing in it needs the record of an execution, which the profile has not.
  for (const auto& step : workflow->steps) AJWT_CHECK(step.max_uses == 1 && !step.audience);
  // As it is kept, it is read again as the same.
  const auto again = parse_draft_workflow(without_nulls(body));
  AJWT_CHECK(again && *again == *workflow);
}

// check_token signs the payload as a token of each kind: a signature alone makes it neither.
void check_token(std::string_view payload) {
  const TokenRules rules = fuzz::token_rules();
  const jose::KeySet& keys = fuzz::authority_keys();
  const auto draft =
      jose::sign_jws(payload, authority_key(), {.typ = "JWT", .kid = std::string(kKid)});
  const auto strict = jose::sign_jws(payload, authority_key(),
                                     {.typ = names::kTypAccessToken, .kid = std::string(kKid)});
  if (!draft || !strict) return;
  const auto as_draft = verify_draft_token(*draft, rules, keys, kNow);
  const auto as_strict = verify_access_token(*strict, rules, keys, kNow);
  AJWT_CHECK(!(as_draft && as_strict));
  AJWT_CHECK(!verify_draft_token(*strict, rules, keys, kNow));
  AJWT_CHECK(!verify_access_token(*draft, rules, keys, kNow));
  if (!as_draft) return;
  AJWT_CHECK(as_draft->iss == rules.issuer && as_draft->aud == rules.audience);
  AJWT_CHECK(kNow < as_draft->exp && !as_draft->scope.empty());
  if (as_draft->agent) AJWT_CHECK(!as_draft->agent->registration_id.str().empty());
  // What was read says the same when it is written and signed again.
  const auto again = issue_draft_token(*as_draft, authority_key(), kKid);
  AJWT_CHECK(again.has_value());
  const auto read = verify_draft_token(*again, rules, keys, kNow);
  AJWT_CHECK(read && to_json(*read) == to_json(*as_draft));
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = ajwt::fuzz::text_of(data, size);
  ajwt::check_token(text);
  const auto body = ajwt::json::parse_object(text);
  if (!body) return 0;
  ajwt::check_mint(*body);
  ajwt::check_registration(*body);
  ajwt::check_workflow(*body);
  return 0;
}
