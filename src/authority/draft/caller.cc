// SPDX-License-Identifier: Apache-2.0
#include "authority/draft/caller.h"

#include <algorithm>

#include "authority/keys/key_ring.h"
#include "authority/oauth/rate_limiter.h"
#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/hash.h"
#include "protocol/draft_token.h"
#include "protocol/names.h"

namespace ajwt::authority {
namespace {

Error unauthenticated_draft(std::string detail) {
  return refuse(Code::k_client_unauthenticated,
                "A secret in the body is refused but for clients of profile draft-00: use "
                "client_secret_basic.")
      .with_detail(std::move(detail));
}

bool presents_proof(const HttpRequest& request) {
  return request.headers.find(names::kDpopHeader).has_value();
}

Limit limit_of(DraftBudget budget) {
  switch (budget) {
    case DraftBudget::kMint:
      return Limit::kClientMint;
    case DraftBudget::kRegistration:
      return Limit::kClientRegistration;
    case DraftBudget::kCalls:
      return Limit::kClientCalls;
  }
  return Limit::kClientCalls;
}

std::string_view bearer_token(const HttpRequest& request) {
  const std::string_view field = *request.headers.find(names::kAuthorization);
  const std::size_t space = field.find(' ');
  return space == std::string_view::npos ? std::string_view() : field.substr(space + 1);
}

Result<DraftToken> verify_bearer(const Exchange& exchange, std::string_view token) {
  const Context& context = exchange.context();
  const TokenRules rules{.issuer = context.options.issuer,
                         .audience = context.options.issuer,
                         .algorithms = jose::AlgorithmSet::all(),
                         .skew = context.options.skew};
  auto verified = verify_draft_token(token, rules, *context.keys.published(), exchange.now);
  if (verified) return verified;
  // What is no token of the profile is told nothing more than that a bearer token does not do.
  const Code code = verified.error().code();
  if (code == Code::k_token_expired || code == Code::k_audience_mismatch) return verified.error();
  return refuse(Code::k_token_scheme_refused).with_detail(verified.error().describe());
}

}  // namespace

Status DraftCaller::check_scope(std::string_view scope) const {
  if (has_scope(scopes_, scope)) return ok();
  return refuse(Code::k_token_insufficient_scope, "Needed: " + std::string(scope) + ".")
      .with_items({std::string(scope)});
}

Outcome DraftCaller::allowed(std::vector<DraftAgentAsLoaded> agents) const {
  Basis basis;
  basis.draft_client = ClientAsLoaded{client_.app_id, client_.client_id, client_.row_version};
  basis.application = as_loaded(application_);
  basis.draft_agents = std::move(agents);
  return Outcome{std::nullopt, client_.client_id, std::move(basis)};
}

Result<DraftCaller> DraftCaller::build(Exchange& exchange, DraftClient client, Scopes scopes) {
  AJWT_ASSIGN(auto application, exchange.context().store.find_application(client.app_id));
  if (!application) {
    return refuse(Code::k_store_damaged).with_detail("client without application");
  }
  exchange.identity =
      ClientIdentity{.client_id = client.client_id, .app_id = client.app_id, .scopes = scopes};
  return DraftCaller(std::move(client), *std::move(application), std::move(scopes));
}

bool presents_bearer(const HttpRequest& request) {
  const auto fields = request.headers.all(names::kAuthorization);
  return std::any_of(fields.begin(), fields.end(), [](std::string_view field) {
    return equal_ignoring_case(field.substr(0, field.find(' ')), names::kBearer);
  });
}

Result<DraftCaller> authenticate_draft_secret(Exchange& exchange, const Form& form) {
  if (exchange.request.headers.find(names::kAuthorization) || form.has(names::kClientAssertion) ||
      form.has(names::kClientAssertionType)) {
    return refuse(Code::k_client_credentials_doubled);
  }
  AJWT_ASSIGN(const auto id, form.get(names::kClientId));
  AJWT_ASSIGN(const auto secret, form.get(names::kClientSecret));
  std::optional<DraftClient> client;
  if (const auto client_id = ClientId::parse(id)) {
    AJWT_ASSIGN(client, exchange.context().store.find_draft_client(*client_id));
  }
  const Digest given = crypto::sha256(secret);
  const Digest expected = client ? client->secret_sha256 : Digest{};
  const bool equal = equal_constant_time(ByteView(given), ByteView(expected));
  if (!client) return unauthenticated_draft("unknown client");
  if (!equal) return unauthenticated_draft("wrong secret");
  if (client->disabled) return unauthenticated_draft("disabled client");
  // Who has a key to prove is no client of the profile, or does not know it.
  if (presents_proof(exchange.request)) return unauthenticated_draft("a proof beside the secret");
  Scopes scopes = client->scopes;
  return DraftCaller::build(exchange, *std::move(client), std::move(scopes));
}

Result<DraftCaller> authenticate_draft_bearer(Exchange& exchange) {
  if (exchange.request.headers.all(names::kAuthorization).size() != 1 ||
      presents_proof(exchange.request)) {
    return refuse(Code::k_client_credentials_doubled);
  }
  AJWT_ASSIGN(const DraftToken token, verify_bearer(exchange, bearer_token(exchange.request)));
  if (token.agent) return refuse(Code::k_intent_refused);
  const auto client_id = ClientId::parse(token.sub);
  if (!client_id) return refuse(Code::k_token_client_refused);
  AJWT_ASSIGN(auto client, exchange.context().store.find_draft_client(*client_id));
  // Looked at again: one that was disabled since has lost its tokens too.
  if (!client || client->disabled || client->app_id != token.client_id) {
    return refuse(Code::k_token_client_refused);
  }
  return DraftCaller::build(exchange, *std::move(client), token.scope);
}

Status take_draft_budget(Exchange& exchange, const DraftCaller& caller, DraftBudget budget) {
  AJWT_TRY(exchange.context().limits.take(limit_of(budget), caller.client().client_id.str(),
                                          exchange.now));
  exchange.counted = true;
  return ok();
}

std::string draft_bucket(const std::string& agent_name) { return "draft-00:" + agent_name; }

}  // namespace ajwt::authority
