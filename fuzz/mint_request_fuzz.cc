// SPDX-License-Identifier: Apache-2.0
//
// The body of a request for an intent token: what is taken is complete, and says the same when it
// is written out again.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "authority/mint/mint.h"
#include "base/check.h"
#include "fuzz/support/choices.h"
#include "json/parse.h"
#include "protocol/agent_checksum.h"
#include "protocol/names.h"

namespace ajwt {
namespace {

using authority::MintRequest;

json::Object write(const MintRequest& request) {
  json::Object body;
  body.set(names::kAgentId, request.agent_id.str());
  body.set(names::kComputedChecksum, request.computed_checksum);
  body.set(names::kRequestedScopes, json::string_array(request.requested_scopes));
  body.set(names::kAudience, request.audience);
  if (request.tool) body.set(names::kTool, *request.tool);
  if (request.within) {
    body.set(names::kWorkflowId, request.within->workflow_id.str());
    body.set(names::kWorkflowStep, request.within->workflow_step.str());
    body.set(names::kExecutionId, request.within->execution_id.str());
  }
  json::Object context;
  if (request.claimed_chain) {
    context.set(names::kChain, json::string_array(*request.claimed_chain));
  }
  if (request.claimed_completed_steps) {
    context.set(names::kCompletedSteps, json::string_array(*request.claimed_completed_steps));
  }
  if (!context.empty()) body.set(names::kDelegationContext, std::move(context));
  return body;
}

void check(const MintRequest& request) {
  AJWT_CHECK(profile_of(request.computed_checksum).has_value());
  AJWT_CHECK(!request.requested_scopes.empty());
  AJWT_CHECK(check_scopes(request.requested_scopes).has_value());
  AJWT_CHECK(check_audience(request.audience).has_value());
  AJWT_CHECK(is_identifier(request.agent_id.str()));

  const json::Object written = write(request);
  const auto again = authority::parse_mint_request(written);
  AJWT_CHECK(again.has_value());
  AJWT_CHECK(write(*again) == written);
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = ajwt::json::parse_object(ajwt::fuzz::text_of(data, size));
  if (!body) return 0;
  const auto request = ajwt::authority::parse_mint_request(*body);
  if (request) ajwt::check(*request);
  return 0;
}
