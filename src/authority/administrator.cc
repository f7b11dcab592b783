// SPDX-License-Identifier: Apache-2.0
//
// The first administrator (protocol 7).
#include "authority/authority.h"
#include "authority/system.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

Status create_application(Store& store, Instant now) {
  const Application application{.app_id = system_app_id(),
                                .name = "Administrators",
                                .workflow_rule = WorkflowRule::kRequired,
                                .checksum_in_tokens = false,
                                .accepts_reference_checksum = false,
                                .activation = ActivationRule::kAtRegistration,
                                .workflow_confirmation = ConfirmationRule::kNone,
                                .audiences = {},
                                .created_at = now};
  return store.create_application(
      application, build_audit(application.app_id, make_decision_id(now), "create_app",
                               Outcome{std::nullopt, administrator_client_id(), {}}, now, {}));
}

Client build_client(const crypto::PublicKey& key, Instant now) {
  return Client{.client_id = administrator_client_id(),
                .app_id = system_app_id(),
                .auth = ClientAuth::kPrivateKeyJwt,
                .secret_sha256 = std::nullopt,
                .public_key = key,
                .scopes = Scopes(names::kAdminScopes.begin(), names::kAdminScopes.end()),
                .audiences = {},
                .disabled = false,
                .row_version = 1,
                .created_at = now};
}

}  // namespace

ClientId administrator_client_id() { return system_client_id(); }

Result<AdministratorOutcome> create_administrator(Store& store, const crypto::PublicKey& key,
                                                  Instant now) {
  AJWT_ASSIGN(const auto known, store.find_client(administrator_client_id()));
  if (known) return AdministratorOutcome::kExisted;
  AJWT_ASSIGN(const auto application, store.find_application(system_app_id()));
  if (!application) AJWT_TRY(create_application(store, now));
  const Client client = build_client(key, now);
  json::Object facts;
  facts.set(names::kScope, join_scopes(client.scopes));
  facts.set(names::kJkt, jose::thumbprint(key));
  AJWT_TRY(store.create_client(
      client, build_audit(client.app_id, make_decision_id(now), "create_client",
                          Outcome{std::nullopt, client.client_id, {}}, now, facts)));
  return AdministratorOutcome::kCreated;
}

}  // namespace ajwt::authority
