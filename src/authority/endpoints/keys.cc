// SPDX-License-Identifier: Apache-2.0
//
// Signing keys, for administrators.
#include <optional>

#include "authority/endpoints/endpoints.h"
#include "authority/endpoints/request_body.h"
#include "authority/endpoints/signing_key_json.h"
#include "authority/keys/key_ring.h"
#include "authority/record_names.h"
#include "authority/system.h"
#include "json/members.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

json::Object write_key(const SigningKey& key, std::optional<Instant> activation) {
  json::Object body;
  body.set("kid", key.kid);
  body.set("alg", jose::name(jose::default_algorithm(key.public_key.kind())));
  body.set(names::kStatus, name(key.state));
  body.set("created_at", to_unix(key.created_at));
  if (key.state == SigningKeyState::kAnnounced && activation) {
    body.set("activate_at", to_unix(*activation));
  }
  if (key.retire_at) body.set("retire_at", to_unix(*key.retire_at));
  return body;
}

HttpResponse write_keys(const KeyRing& ring, int status) {
  json::Object body;
  body.set("keys", write_signing_keys(ring));
  return write_json_response(status, body);
}

KeyRing::Audit audit_of(const Exchange& exchange, const Authenticated& caller) {
  return [&](const json::Object& facts) {
    return build_audit(system_app_id(), exchange.decision_id, exchange.operation,
                       allowed_to(caller.caller), exchange.now, facts);
  };
}

}  // namespace

json::Array write_signing_keys(const KeyRing& ring) {
  json::Array list;
  for (const auto& key : ring.list()) list.emplace_back(write_key(key, ring.activation()));
  return list;
}

Result<HttpResponse> handle_list_keys(Exchange& exchange, Authenticated&) {
  return write_keys(exchange.context().keys, 200);
}

Result<HttpResponse> handle_rotate_keys(Exchange& exchange, Authenticated& caller) {
  json::Members members(caller.body);
  AJWT_ASSIGN(const auto now, members.find_boolean("now"));
  AJWT_TRY(members.check_no_others());
  auto& ring = exchange.context().keys;
  const auto audit = audit_of(exchange, caller);
  AJWT_TRY(now.value_or(false) ? ring.activate(audit) : ring.announce(audit));
  return write_keys(ring, 201);
}

Result<HttpResponse> handle_revoke_key(Exchange& exchange, Authenticated& caller) {
  AJWT_TRY(json::Members(caller.body).check_no_others());
  auto& ring = exchange.context().keys;
  AJWT_TRY(ring.revoke(exchange.parameters[0], audit_of(exchange, caller)));
  return write_keys(ring, 200);
}

}  // namespace ajwt::authority
