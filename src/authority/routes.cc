// SPDX-License-Identifier: Apache-2.0
#include "authority/routes.h"

#include <algorithm>
#include <optional>

#include "authority/endpoints/endpoints.h"
#include "authority/oauth/form.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

constexpr std::size_t kSmall = 16 * 1024;
constexpr std::size_t kMedium = 64 * 1024;
constexpr std::size_t kLarge = 256 * 1024;  // protocol 10

constexpr AnyScope kNoScope{};
constexpr AnyScope kMintScope{names::kScopeMint};
constexpr AnyScope kAgentsScopes{names::kScopeRegisterAgent, names::kScopeAdminAgents};
constexpr AnyScope kReadAgentsScopes{names::kScopeRegisterAgent, names::kScopeMint,
                                     names::kScopeAdminAgents};
constexpr AnyScope kWorkflowsScopes{names::kScopeRegisterWorkflow, names::kScopeAdminWorkflows};
constexpr AnyScope kAdminApps{names::kScopeAdminApps};
constexpr AnyScope kAdminKeys{names::kScopeAdminKeys};
constexpr AnyScope kAdminAgents{names::kScopeAdminAgents};
constexpr AnyScope kAdminWorkflows{names::kScopeAdminWorkflows};
constexpr AnyScope kAdminAudit{names::kScopeAdminAudit};
constexpr AnyScope kStatusScopes{names::kScopeAdminAudit, names::kScopeAdminKeys};

using enum Auth;

// clang-format off
constexpr auto kRoutes = std::to_array<Route>({
    // method  path                                             operation             who may call    with any of        budget                   max body handler
    {"POST",  "/oauth/token",                                   "token",              kByGrant,       kNoScope,          Budgeted::kMint,         kMedium, handle_oauth_token},
    {"POST",  "/intent/token",                                  "mint",               kByGrant,       kNoScope,          Budgeted::kMint,         kMedium, handle_intent_token},
    {"POST",  "/intent/register/agent",                         "register_agent",     kTokenOrDirect, kAgentsScopes,     Budgeted::kRegistration, kLarge,  handle_register_agent},
    {"POST",  "/intent/register/workflow",                      "register_workflow",  kTokenOrDirect, kWorkflowsScopes,  Budgeted::kRegistration, kLarge,  handle_register_workflow},
    {"GET",   "/intent/agents/{app_id}",                        "list_agents",        kToken,         kReadAgentsScopes, Budgeted::kCalls,        0,       handle_list_agents},
    {"GET",   "/intent/agents/{app_id}/{agent_id}",             "get_agent",          kToken,         kReadAgentsScopes, Budgeted::kCalls,        0,       handle_get_agent},
    {"POST",  "/intent/agents/{app_id}/{agent_id}/diff",        "diff_agent",         kToken,         kAgentsScopes,     Budgeted::kCalls,        kLarge,  handle_diff_agent},
    {"POST",  "/intent/executions",                             "open_execution",     kTokenOrDirect, kMintScope,        Budgeted::kMint,         kSmall,  handle_open_execution},
    {"GET",   "/intent/executions",                             "list_executions",    kToken,         kMintScope,        Budgeted::kCalls,        0,       handle_list_executions},
    {"GET",   "/intent/executions/{execution_id}",              "get_execution",      kToken,         kMintScope,        Budgeted::kCalls,        0,       handle_get_execution},
    {"POST",  "/intent/executions/{execution_id}/steps/{step_id}/complete", "report_step", kTokenOrDirect, kMintScope,    Budgeted::kMint,         kSmall,  handle_complete_step},
    {"POST",  "/intent/executions/{execution_id}/close",        "close_execution",    kTokenOrDirect, kMintScope,        Budgeted::kMint,         kSmall,  handle_close_execution},
    {"GET",   "/intent/audit/key",                            "audit_key",           kAnyone,        kNoScope,          Budgeted::kAddress,      0,       handle_audit_key},
    {"GET",   "/intent/audit/checkpoint",                     "audit_checkpoint",    kAnyone,        kNoScope,          Budgeted::kAddress,      0,       handle_audit_checkpoint},
    {"GET",   "/intent/audit/inclusion",                      "audit_inclusion",     kAnyone,        kNoScope,          Budgeted::kAddress,      0,       handle_audit_inclusion},
    {"GET",   "/intent/audit/consistency",                    "audit_consistency",   kAnyone,        kNoScope,          Budgeted::kAddress,      0,       handle_audit_consistency},
    {"GET",   "/intent/audit/tile/{level}/{n}",               "audit_tile",          kAnyone,        kNoScope,          Budgeted::kAddress,      0,       handle_audit_tile},
    {"GET",   "/intent/audit/tile/{level}/{x}/{n}",           "audit_tile",          kAnyone,        kNoScope,          Budgeted::kAddress,      0,       handle_audit_tile},
    {"GET",   "/intent/audit/tile/{level}/{x}/{x}/{n}",       "audit_tile",          kAnyone,        kNoScope,          Budgeted::kAddress,      0,       handle_audit_tile},
    {"GET",   "/intent/audit/tile/{level}/{x}/{x}/{x}/{n}",   "audit_tile",          kAnyone,        kNoScope,          Budgeted::kAddress,      0,       handle_audit_tile},
    {"GET",   "/.well-known/oauth-authorization-server",        "metadata",           kAnyone,        kNoScope,          Budgeted::kAddress,      0,       handle_metadata},
    {"GET",   "/.well-known/jwks.json",                         "jwks",               kAnyone,        kNoScope,          Budgeted::kAddress,      0,       handle_jwks},
    // Where reference clients of draft-00 look for the keys.
    {"GET",   "/oauth/.well-known/jwks.json",                   "jwks",               kAnyone,        kNoScope,          Budgeted::kAddress,      0,       handle_jwks},
    {"GET",   "/health/live",                                   "live",               kOperators,     kNoScope,          Budgeted::kNone,         0,       handle_live},
    {"GET",   "/health/ready",                                  "ready",              kOperators,     kNoScope,          Budgeted::kNone,         0,       handle_ready},
    {"GET",   "/metrics",                                       "metrics",            kOperators,     kNoScope,          Budgeted::kNone,         0,       handle_metrics},
    {"GET",   "/e/{reason}",                                    "reason_page",        kAnyone,        kNoScope,          Budgeted::kAddress,      0,       handle_reason_page},
    {"GET",   "/admin/whoami",                                  "whoami",             kToken,         kNoScope,          Budgeted::kCalls,        0,       handle_whoami},
    {"GET",   "/admin/apps",                                    "list_apps",          kToken,         kAdminApps,        Budgeted::kCalls,        0,       handle_list_applications},
    {"POST",  "/admin/apps",                                    "create_app",         kToken,         kAdminApps,        Budgeted::kCalls,        kMedium, handle_create_application},
    {"GET",   "/admin/apps/{app_id}",                           "get_app",            kToken,         kAdminApps,        Budgeted::kCalls,        0,       handle_get_application},
    {"PATCH", "/admin/apps/{app_id}",                           "update_app",         kToken,         kAdminApps,        Budgeted::kCalls,        kMedium, handle_update_application},
    {"GET",   "/admin/apps/{app_id}/clients",                   "list_clients",       kToken,         kAdminApps,        Budgeted::kCalls,        0,       handle_list_clients},
    {"POST",  "/admin/apps/{app_id}/clients",                   "create_client",      kToken,         kAdminApps,        Budgeted::kCalls,        kMedium, handle_create_client},
    {"POST",  "/admin/clients/{client_id}/disable",             "disable_client",     kToken,         kAdminApps,        Budgeted::kCalls,        kSmall,  handle_disable_client},
    {"POST",  "/admin/clients/{client_id}/rotate-secret",       "rotate_secret",      kToken,         kAdminApps,        Budgeted::kCalls,        kSmall,  handle_rotate_secret},
    {"GET",   "/admin/keys",                                    "list_keys",          kToken,         kAdminKeys,        Budgeted::kCalls,        0,       handle_list_keys},
    {"POST",  "/admin/keys/rotate",                             "rotate_signing_key", kToken,         kAdminKeys,        Budgeted::kCalls,        kSmall,  handle_rotate_keys},
    {"POST",  "/admin/keys/{kid}/revoke",                       "revoke_signing_key", kToken,         kAdminKeys,        Budgeted::kCalls,        kSmall,  handle_revoke_key},
    {"GET",   "/admin/workflows",                               "list_workflows",     kToken,         kAdminWorkflows,   Budgeted::kCalls,        0,       handle_list_workflows},
    {"GET",   "/admin/workflows/{app_id}/{workflow_id}",        "get_workflow",       kToken,         kAdminWorkflows,   Budgeted::kCalls,        0,       handle_get_workflow},
    {"POST",  "/admin/workflows/{app_id}/{workflow_id}/confirm", "confirm_workflow",  kToken,         kAdminWorkflows,   Budgeted::kCalls,        kSmall,  handle_confirm_workflow},
    {"POST",  "/admin/agents/{app_id}/{agent_id}/activate",     "activate_agent",     kToken,         kAdminAgents,      Budgeted::kCalls,        kSmall,  handle_activate_agent},
    {"POST",  "/admin/agents/{app_id}/{agent_id}/revoke",       "revoke_agent",       kToken,         kAdminAgents,      Budgeted::kCalls,        kSmall,  handle_revoke_agent},
    {"PUT",   "/admin/agents/{app_id}/{agent_id}/grant",        "change_grant",       kToken,         kAdminAgents,      Budgeted::kCalls,        kLarge,  handle_change_grant},
    {"GET",   "/admin/draft-00/{app_id}",                       "list_draft",         kToken,         kAdminAgents,      Budgeted::kCalls,        0,       handle_list_draft},
    {"POST",  "/admin/draft-00/{app_id}/clients",               "create_draft_client", kToken,        kAdminApps,        Budgeted::kCalls,        kSmall,  handle_create_draft_client},
    {"POST",  "/admin/draft-00/clients/{client_id}/disable",    "disable_draft_client", kToken,       kAdminApps,        Budgeted::kCalls,        kSmall,  handle_disable_draft_client},
    {"PUT",   "/admin/draft-00/{app_id}/agents/{agent_id}",     "set_draft_agent",    kToken,         kAdminAgents,      Budgeted::kCalls,        kLarge,  handle_set_draft_agent},
    {"POST",  "/admin/draft-00/{app_id}/agents/{agent_id}/end", "end_draft_agent",    kToken,         kAdminAgents,      Budgeted::kCalls,        kSmall,  handle_end_draft_agent},
    {"GET",   "/admin/audit",                                   "list_audit",         kToken,         kAdminAudit,       Budgeted::kCalls,        0,       handle_list_audit},
    {"GET",   "/admin/status",                                  "status",             kToken,         kStatusScopes,     Budgeted::kCalls,        0,       handle_status},
});
// clang-format on

}  // namespace

std::span<const Route> routes() { return kRoutes; }

std::optional<std::vector<std::string>> match_path(std::string_view pattern,
                                                   std::string_view path) {
  std::vector<std::string> parameters;
  while (!pattern.empty() && !path.empty()) {
    const std::size_t pattern_end = std::min(pattern.find('/', 1), pattern.size());
    const std::size_t path_end = std::min(path.find('/', 1), path.size());
    const std::string_view wanted = pattern.substr(0, pattern_end);
    const std::string_view given = path.substr(0, path_end);
    if (wanted.starts_with("/{")) {
      auto decoded = decode_percent(given.substr(1), PlusSign::kPlus);
      if (!given.starts_with('/') || !decoded || decoded->empty()) return std::nullopt;
      parameters.push_back(*std::move(decoded));
    } else if (wanted != given) {
      return std::nullopt;
    }
    pattern.remove_prefix(pattern_end);
    path.remove_prefix(path_end);
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return parameters;
}

Result<RouteMatch> find_route(std::string_view method, std::string_view path) {
  std::vector<std::string> allowed;
  for (const auto& route : kRoutes) {
    auto parameters = match_path(route.path, path);
    if (!parameters) continue;
    if (route.method == method) return RouteMatch{&route, *std::move(parameters)};
    allowed.emplace_back(route.method);
  }
  if (allowed.empty()) return refuse(Code::k_not_found);
  return refuse(Code::k_method_refused).with_items(std::move(allowed));
}

}  // namespace ajwt::authority
