// SPDX-License-Identifier: Apache-2.0
#include "authority/context.h"

#include <utility>

#include "crypto/random.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

constexpr std::size_t kSaltBytes = 16;

}  // namespace

Status Caller::check_scope(std::string_view scope) const {
  if (has_scope(scopes_, scope)) return ok();
  const std::string needed = "Needed: " + std::string(scope) + ".";
  if (via_ == Via::kDirect) return refuse(Code::k_client_unauthorized, needed);
  return refuse(Code::k_token_insufficient_scope, needed).with_items({std::string(scope)});
}

Outcome allowed_to(const Caller& caller, Basis basis) {
  const Client& client = caller.client();
  basis.client = ClientAsLoaded{client.app_id, client.client_id, client.row_version};
  return Outcome{std::nullopt, client.client_id, std::move(basis)};
}

std::string make_decision_id(Instant now) { return crypto::make_id("dec", now); }

AuditEntry build_audit(const AppId& app_id, std::string_view decision_id,
                       std::string_view operation, Outcome outcome, Instant now,
                       const json::Object& facts) {
  json::Object entry;
  entry.set(names::kDecisionId, decision_id);
  entry.set("time", to_unix(now));
  entry.set("operation", operation);
  entry.set(names::kOutcome, outcome.refused ? reason_of(*outcome.refused).name : "allowed");
  entry.set(names::kAppId, app_id.str());
  entry.set(names::kClientId, outcome.client_id.str());
  for (const auto& [name, value] : facts.members()) entry.set(name, value);
  return AuditEntry{.app_id = app_id,
                    .decision_id = std::string(decision_id),
                    .entry = std::move(entry),
                    .basis = std::move(outcome.basis),
                    .salt = crypto::random_bytes(kSaltBytes)};
}

}  // namespace ajwt::authority
