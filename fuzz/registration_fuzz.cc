// SPDX-License-Identifier: Apache-2.0
//
// Bodies that register agents and workflows, open executions and report steps.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "authority/execution/executions.h"
#include "authority/registry/agents.h"
#include "authority/registry/workflows.h"
#include "base/check.h"
#include "fuzz/support/choices.h"
#include "json/parse.h"

namespace ajwt {
namespace {

void check_agent(const json::Object& body) {
  const auto request = authority::parse_register_agent(body);
  if (!request) return;
  // The authority has something to compare a mint's checksum with (P10).
  AJWT_CHECK(request->components || request->component_hashes || request->checksum);
  if (request->components) {
    AJWT_CHECK(request->components->agent_id == request->agent_id.str());
    AJWT_CHECK(!request->component_hashes);
  }
  if (request->checksum) AJWT_CHECK(profile_of(*request->checksum) == request->profile);
  const auto checksum = authority::compute_checksum(*request);
  if (checksum) AJWT_CHECK(profile_of(*checksum) == request->profile);
  AJWT_CHECK(request->app_id.str().find(':') == std::string::npos);
  if (request->grant) {
    const auto grant = parse_grant(to_json(*request->grant));
    AJWT_CHECK(grant && *grant == *request->grant);
  }
}

void check_workflow(const json::Object& body) {
  const AppId own = AppId::trusted("acme");
  const auto request = authority::parse_register_workflow(body, own);
  if (!request) return;
  if (!body.contains("app_id")) AJWT_CHECK(request->app_id == own);
  const auto workflow = parse_workflow(to_json(request->workflow));
  AJWT_CHECK(workflow && *workflow == request->workflow);
}

void check_execution(const json::Object& body) {
  const auto open = authority::parse_open_execution(body);
  if (open && open->lifetime) AJWT_CHECK(*open->lifetime > Seconds(0));
  const auto report = authority::parse_step_report(body);
  if (report) AJWT_CHECK(is_identifier(report->agent_id.str()));
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = ajwt::json::parse_object(ajwt::fuzz::text_of(data, size));
  if (!body) return 0;
  ajwt::check_agent(*body);
  ajwt::check_workflow(*body);
  ajwt::check_execution(*body);
  return 0;
}
