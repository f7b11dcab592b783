// SPDX-License-Identifier: Apache-2.0
#include "lab/live_fleet.h"

#include <utility>

#include "base/check.h"

namespace ajwt::lab {

LiveFleet::LiveFleet(Scene& scene, AgentDefinition registered, std::unique_ptr<shim::Fleet> fleet)
    : scene_(scene),
      registered_(std::move(registered)),
      definition_(std::make_shared<AgentDefinition>(registered_)),
      fleet_(std::move(fleet)) {}

Result<std::unique_ptr<LiveFleet>> LiveFleet::start(Scene& scene, std::string_view agent_id) {
  const Target& target = scene.target();
  const auto registered = target.agents.find(agent_id);
  AJWT_CHECK(registered != target.agents.end());
  AJWT_ASSIGN(auto client_id, ClientId::parse(target.fleet.client_id));
  AJWT_ASSIGN(
      auto fleet,
      shim::Fleet::create({.authority = {.issuer = target.issuer,
                                         .credential = {std::move(client_id), target.fleet.key}}},
                          scene.http(), scene.clock()));
  std::unique_ptr<LiveFleet> live(new LiveFleet(scene, registered->second, std::move(fleet)));
  AJWT_ASSIGN(auto agent, live->fleet_->declare(shim::live_agent([definition = live->definition_] {
                                                  return *definition;
                                                }),
                                                scene.agent_key(agent_id)));
  live->agent_.emplace(std::move(agent));
  AJWT_ASSIGN(auto running, live->agent_->enter());
  live->running_.emplace(std::move(running));
  return live;
}

Result<HttpResponse> LiveFleet::call_step(std::string_view step_id,
                                          const std::function<void()>& meanwhile) {
  const Target& target = scene_.target();
  const StepSpec& spec = scene_.step(step_id);
  AJWT_ASSIGN(const auto workflow, WorkflowId::parse(target.workflow_id));
  AJWT_ASSIGN(auto step, StepId::parse(step_id));
  AJWT_TRY(fleet_->open_execution(workflow));
  const shim::ToolCall tool_call{.tool = spec.tool,
                                 .step = std::move(step),
                                 .scopes = {spec.scope},
                                 .audience = target.audience,
                                 .reached_at = target.guard_url};
  const HttpCall request{
      .method = spec.method, .url = target.guard_url + spec.path, .headers = {}, .body = spec.body};
  return fleet_->call_tool(tool_call,
                           [&](const shim::ToolSession& session) -> Result<HttpResponse> {
                             if (meanwhile == nullptr) return session.send(request);
                             AJWT_TRY(session.send(request));
                             meanwhile();
                             return session.send(request);
                           });
}

Attempt attempt(std::string sent, std::string refused_by, Code expected,
                const Result<HttpResponse>& outcome) {
  Attempt tried{.sent = std::move(sent),
                .refused_by = std::move(refused_by),
                .expected = std::string(reason_of(expected).name),
                .got = "",
                .status = 0};
  if (outcome) {
    tried.status = outcome->status;
    if (outcome->status / 100 != 2) tried.got = "status_" + std::to_string(outcome->status);
  } else {
    tried.status = outcome.error().reason().http_status;
    tried.got = outcome.error().reason().name;
  }
  return tried;
}

}  // namespace ajwt::lab
