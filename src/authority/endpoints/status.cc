// SPDX-License-Identifier: Apache-2.0
//
// How the authority is set up and on what it stands, for administrators (`ajwt doctor`).
#include <array>

#include "authority/endpoints/endpoints.h"
#include "authority/endpoints/request_body.h"
#include "authority/endpoints/signing_key_json.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

json::Object write_store(const StoreStatus& store) {
  json::Object body{{"kind", store.kind},
                    {"synchronous", store.synchronous},
                    {"journal", store.journal},
                    {"schema", store.schema},
                    {"last_migration", store.last_migration},
                    {"migrated_at", to_unix(store.migrated_at)},
                    {"audit_sequence", store.audit_sequence}};
  if (store.free_disk_bytes) body.set("free_disk_bytes", *store.free_disk_bytes);
  body.set("exposed_files", json::string_array(store.exposed_files));
  return body;
}

json::Object write_lifetimes(const AuthorityOptions& options) {
  const auto seconds = [](Seconds value) { return static_cast<std::int64_t>(value.count()); };
  return {{"intent_token", seconds(options.intent_token_lifetime)},
          {"access_token", seconds(options.access_token_lifetime)},
          {"nonce", seconds(options.nonce_lifetime)},
          {"skew", seconds(options.skew)},
          {"execution", seconds(options.execution_lifetime)},
          {"execution_max", seconds(options.execution_lifetime_max)},
          {"key_announce", seconds(options.key_announce)},
          {"key_overlap", seconds(options.key_overlap)},
          {"signing_key_lifetime", seconds(options.signing_key_lifetime)}};
}

json::Object write_rate_limits(const RateLimits& limits) {
  const auto rows = std::to_array<std::pair<std::string_view, Budget>>(
      {{"address", limits.address},
       {"address_failures", limits.address_failures},
       {"client_mint", limits.client_mint},
       {"client_registration", limits.client_registration},
       {"client_calls", limits.client_calls},
       {"client_failures", limits.client_failures},
       {"agent_mint", limits.agent_mint},
       {"agent_registration", limits.agent_registration},
       {"agent_failures", limits.agent_failures}});
  json::Object body;
  for (const auto& [limit, budget] : rows) {
    body.set(limit, json::Object{{"per_second", budget.per_second}, {"burst", budget.burst}});
  }
  return body;
}

json::Object relaxed(const std::string& setting, std::string_view value, std::string_view promise,
                     std::string_view effect) {
  return {{"setting", setting}, {"value", value}, {"promise", promise}, {"effect", effect}};
}

// find_relaxed lists what is set weaker than it is by default, and what that costs.
json::Array find_relaxed(const AuthorityOptions& options, const std::vector<Application>& apps) {
  json::Array list;
  if (options.hints == HintRule::kEveryone) {
    list.emplace_back(relaxed("hints", "everyone", "P8",
                              "refusals tell anybody what to try next, not the owners alone"));
  }
  if (options.address_limits == AddressLimits::kOff) {
    list.emplace_back(relaxed("address_limits", "off", "P8",
                              "whoever is not authenticated is limited by the proxy alone"));
  }
  for (const Application& app : apps) {
    const std::string prefix = "app " + app.app_id.str() + " ";
    if (app.workflow_rule == WorkflowRule::kOptional) {
      list.emplace_back(relaxed(prefix + "workflow_rule", "optional", "P3",
                                "its agents may act outside any workflow, where no step is kept"));
    }
    if (app.accepts_reference_checksum) {
      list.emplace_back(relaxed(prefix + "accepts_reference_checksum", "true", "P1",
                                "agents may be registered under the draft's weaker checksum"));
    }
  }
  return list;
}

}  // namespace

Result<HttpResponse> handle_status(Exchange& exchange, Authenticated&) {
  AJWT_TRY(parse_query(exchange.request, {}));
  Context& context = exchange.context();
  AJWT_ASSIGN(const StoreStatus store, context.store.get_status());
  AJWT_ASSIGN(const auto applications, context.store.list_applications());
  AJWT_ASSIGN(const DraftCounts draft_00, context.store.count_draft_00());
  const AuthorityOptions& options = context.options;
  const json::Object body{
      {"issuer", options.issuer},
      {"time", to_unix(exchange.now)},
      {"store", write_store(store)},
      {"keys", write_signing_keys(context.keys)},
      {"lifetimes", write_lifetimes(options)},
      {"rate_limits", write_rate_limits(options.rate_limits)},
      {"hints", options.hints == HintRule::kEveryone ? "everyone" : "owner"},
      {"address_limits", options.address_limits == AddressLimits::kOn ? "on" : "off"},
      {"draft_00", json::Object{{"clients", draft_00.clients}, {"agents", draft_00.agents}}},
      {"relaxed", find_relaxed(options, applications)}};
  return write_json_response(200, body);
}

}  // namespace ajwt::authority
