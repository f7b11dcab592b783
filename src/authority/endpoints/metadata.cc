// SPDX-License-Identifier: Apache-2.0
//
// What clients and guards discover: RFC 8414 metadata and the published keys (RFC 7517).
#include "authority/endpoints/endpoints.h"
#include "authority/endpoints/request_body.h"
#include "authority/keys/key_ring.h"
#include "jose/algorithm.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

constexpr Seconds kMetadataMaxAge{300};

json::Array strings(std::initializer_list<std::string_view> texts) {
  json::Array array;
  for (const auto text : texts) array.emplace_back(text);
  return array;
}

json::Array algorithm_names() {
  json::Array array;
  for (const auto name : jose::AlgorithmSet::all().names()) array.emplace_back(name);
  return array;
}

json::Object build_metadata(const std::string& issuer) {
  json::Object body;
  body.set("issuer", issuer);
  body.set("token_endpoint", issuer + "/oauth/token");
  body.set("jwks_uri", issuer + "/.well-known/jwks.json");
  body.set("response_types_supported", json::Array());
  body.set("grant_types_supported", strings({names::kClientCredentials, names::kAgentChecksumGrant,
                                             names::kAgentChecksumGrantUrn}));
  body.set("token_endpoint_auth_methods_supported",
           strings({"private_key_jwt", "client_secret_basic"}));
  body.set("token_endpoint_auth_signing_alg_values_supported", algorithm_names());
  body.set("dpop_signing_alg_values_supported", algorithm_names());
  json::Array scopes =
      strings({names::kScopeMint, names::kScopeRegisterAgent, names::kScopeRegisterWorkflow});
  for (const auto scope : names::kAdminScopes) scopes.emplace_back(scope);
  body.set("scopes_supported", std::move(scopes));
  body.set("intent_token_endpoint", issuer + "/intent/token");
  body.set("agent_registration_endpoint", issuer + "/intent/register/agent");
  body.set("workflow_registration_endpoint", issuer + "/intent/register/workflow");
  body.set("agents_endpoint", issuer + "/intent/agents");
  body.set("executions_endpoint", issuer + "/intent/executions");
  body.set("agent_checksum_profiles_supported",
           strings({name(ChecksumProfile::kSha256), name(ChecksumProfile::kReference),
                    name(ChecksumProfile::kStrictSha256)}));
  return body;
}

HttpResponse cacheable(const json::Object& body, Seconds max_age) {
  HttpResponse response = write_json_response(200, body);
  response.headers.set("Cache-Control", "public, max-age=" + std::to_string(max_age.count()));
  return response;
}

}  // namespace

Result<HttpResponse> handle_metadata(Exchange& exchange) {
  return cacheable(build_metadata(exchange.context().options.issuer), kMetadataMaxAge);
}

Result<HttpResponse> handle_jwks(Exchange& exchange) {
  const Context& context = exchange.context();
  return cacheable(jose::write_jwks(*context.keys.published()), jwks_max_age(context.options));
}

}  // namespace ajwt::authority
