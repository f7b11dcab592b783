// SPDX-License-Identifier: Apache-2.0
#include "authority/draft/routes.h"

#include <array>
#include <utility>

#include "authority/routes.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

constexpr std::size_t kTokenBody = 64 * 1024;
constexpr std::size_t kBatchBody = 256 * 1024;

// clang-format off
constexpr auto kDraftRoutes = std::to_array<DraftRoute>({
    {"POST", "/intent/token",                   "draft_mint",              names::kScopeMint,             DraftBudget::kMint,         kTokenBody, handle_draft_token},
    {"POST", "/intent/register/agent",          "draft_register_agent",    names::kScopeRegisterAgent,    DraftBudget::kRegistration, kBatchBody, handle_draft_register_agent},
    {"POST", "/intent/batch_register/agent",    "draft_register_agent",    names::kScopeRegisterAgent,    DraftBudget::kRegistration, kBatchBody, handle_draft_register_agents},
    {"POST", "/intent/register/workflow",       "draft_register_workflow", names::kScopeRegisterWorkflow, DraftBudget::kRegistration, kBatchBody, handle_draft_register_workflow},
    {"POST", "/intent/batch_register/workflow", "draft_register_workflow", names::kScopeRegisterWorkflow, DraftBudget::kRegistration, kBatchBody, handle_draft_register_workflows},
    {"GET",  "/intent/agents/{app_id}",         "draft_list_agents",       names::kScopeReadAgents,       DraftBudget::kCalls,        0,          handle_draft_list_agents},
});
// clang-format on

}  // namespace

std::span<const DraftRoute> draft_routes() { return kDraftRoutes; }

const DraftRoute* find_draft_route(Exchange& exchange) {
  if (!presents_bearer(exchange.request)) return nullptr;
  for (const auto& route : kDraftRoutes) {
    if (route.method != exchange.request.method) continue;
    auto parameters = match_path(route.path, exchange.request.path);
    if (!parameters) continue;
    exchange.parameters = *std::move(parameters);
    return &route;
  }
  return nullptr;
}

Result<HttpResponse> run_draft_route(const DraftRoute& route, Exchange& exchange) {
  exchange.operation = route.operation;
  exchange.route = route.path;
  if (exchange.request.body.size() > route.max_body) return refuse(Code::k_body_too_large);
  AJWT_ASSIGN(const DraftCaller caller, authenticate_draft_bearer(exchange));
  AJWT_TRY(caller.check_scope(route.scope));
  AJWT_TRY(take_draft_budget(exchange, caller, route.budget));
  return route.handler(exchange, caller);
}

}  // namespace ajwt::authority
