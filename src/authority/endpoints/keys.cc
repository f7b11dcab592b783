// SPDX-License-Identifier: Apache-2.0
//
// Signing keys, for administrators.
#include "authority/endpoints/endpoints.h"
#include "authority/endpoints/request_body.h"
#include "authority/endpoints/signing_key_json.h"
#include "authority/keys/key_ring.h"
#include "authority/system.h"
#include "json/members.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

json::Object write_key(const SigningKey& key) {
  json::Object body;
  body.set("kid", key.kid);
  body.set("alg", jose::name(jose::default_algorithm(key.public_key.kind())));
  body.set(names::kStatus, key.state == SigningKeyState::kActive ? "active" : "retiring");
  body.set("created_at", to_unix(key.created_at));
  if (key.retire_at) body.set("retire_at", to_unix(*key.retire_at));
  return body;
}

HttpResponse write_keys(const KeyRing& ring, int status) {
  json::Object body;
  body.set("keys", write_signing_keys(ring));
  return write_json_response(status, body);
}

}  // namespace

json::Array write_signing_keys(const KeyRing& ring) {
  json::Array list;
  for (const auto& key : ring.list()) list.emplace_back(write_key(key));
  return list;
}

Result<HttpResponse> handle_list_keys(Exchange& exchange, Authenticated&) {
  return write_keys(exchange.context().keys, 200);
}

Result<HttpResponse> handle_rotate_keys(Exchange& exchange, Authenticated& caller) {
  AJWT_TRY(json::Members(caller.body).check_no_others());
  auto& ring = exchange.context().keys;
  AJWT_ASSIGN(auto next, KeyRing::new_key());
  json::Object facts;
  facts.set("kid", next.kid);
  AJWT_TRY(ring.rotate(std::move(next), exchange.now,
                       build_audit(system_app_id(), exchange.decision_id, exchange.operation,
                                   allowed_to(caller.caller), exchange.now, facts)));
  return write_keys(ring, 201);
}

}  // namespace ajwt::authority
