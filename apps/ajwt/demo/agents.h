// SPDX-License-Identifier: Apache-2.0
//
// The dependency-patching fleet of the paper: four agents and their workflow.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "protocol/agent_definition.h"

namespace ajwt::demo {

inline constexpr std::string_view kAppId = "patch-fleet";
inline constexpr std::string_view kRegistrarId = "patch-fleet-ci";
inline constexpr std::string_view kWorkflowId = "dependency-patching";
// The resource's name in tokens. It is no address, so that grants outlive a change of ports.
inline constexpr std::string_view kAudience = "https://patch-api.example";

// DemoStep is one step of the workflow: which agent calls which tool with which scope.
struct DemoStep {
  std::string_view step_id;
  std::string_view agent_id;
  std::string_view tool;
  std::string_view scope;
  std::string_view dependency;  // empty: none
};

const std::vector<DemoStep>& demo_steps();

// demo_agents returns the agents as they are registered.
const std::vector<AgentDefinition>& demo_agents();
const AgentDefinition& demo_agent(std::string_view agent_id);

// demo_workflow returns the registration's body (draft 6.3.3).
json::Object demo_workflow();

// demo_policy returns the guard's routes for the sample API.
json::Object demo_policy();

}  // namespace ajwt::demo
