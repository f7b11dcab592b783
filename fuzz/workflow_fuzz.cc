// SPDX-License-Identifier: Apache-2.0
//
// Workflows: what is taken is written and read again as the same workflow, and has an order in
// which every step's predecessors come before it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/check.h"
#include "fuzz/support/choices.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/workflow.h"

namespace ajwt {
namespace {

// check_order does what is possible, round by round, until nothing is left.
void check_order(const Workflow& workflow) {
  std::set<std::string> done;
  while (done.size() < workflow.steps.size()) {
    const std::size_t before = done.size();
    for (const WorkflowStep& step : workflow.steps) {
      const auto predecessors = workflow.predecessors(step);
      const bool ready = std::all_of(predecessors.begin(), predecessors.end(),
                                     [&](const auto& id) { return done.contains(id.str()); });
      if (ready) done.insert(step.step_id.str());
    }
    AJWT_CHECK(done.size() > before);
  }
}

void check(const Workflow& workflow) {
  AJWT_CHECK(!workflow.steps.empty() && workflow.steps.size() <= 512);
  std::set<std::string> ids;
  for (const WorkflowStep& step : workflow.steps) {
    AJWT_CHECK(ids.insert(step.step_id.str()).second);
    AJWT_CHECK(step.agent_id.has_value() != step.approval_gate);
    AJWT_CHECK(step.scopes.empty() || step.audience.has_value());
    AJWT_CHECK(workflow.find(step.step_id) == &step);
    if (step.requires_approval) AJWT_CHECK(workflow.gate_before(step) != nullptr);
  }
  check_order(workflow);

  const auto reread = json::parse_object(json::write(to_json(workflow)));
  AJWT_CHECK(reread.has_value());
  const auto again = parse_workflow(*reread);
  AJWT_CHECK(again && *again == workflow);
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto object = ajwt::json::parse_object(ajwt::fuzz::text_of(data, size));
  if (!object) return 0;
  const auto workflow = ajwt::parse_workflow(*object);
  if (workflow) ajwt::check(*workflow);
  return 0;
}
