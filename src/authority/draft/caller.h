// SPDX-License-Identifier: Apache-2.0
//
// DraftCaller: who calls in profile draft-00, by a secret in a form or by a bearer token (draft
// 4.2.3; protocol 5.3). It is no Caller: no operation outside the profile takes one.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "authority/draft/records.h"
#include "authority/exchange.h"
#include "authority/oauth/form.h"
#include "base/http_message.h"
#include "base/result.h"

namespace ajwt::authority {

// DraftCaller is proof that a client of the profile authenticated itself.
class DraftCaller {
 public:
  const DraftClient& client() const { return client_; }
  const Application& application() const { return application_; }
  // check_scope refuses k_token_insufficient_scope.
  Status check_scope(std::string_view scope) const;
  // allowed is the outcome of a request of this caller that rests on its client, on its application
  // and on `agents`.
  Outcome allowed(std::vector<DraftAgentAsLoaded> agents = {}) const;

 private:
  friend Result<DraftCaller> authenticate_draft_secret(Exchange& exchange, const Form& form);
  friend Result<DraftCaller> authenticate_draft_bearer(Exchange& exchange);
  static Result<DraftCaller> build(Exchange& exchange, DraftClient client, Scopes scopes);
  DraftCaller(DraftClient client, Application application, Scopes scopes)
      : client_(std::move(client)),
        application_(std::move(application)),
        scopes_(std::move(scopes)) {}
  DraftClient client_;
  Application application_;
  Scopes scopes_;  // of the token, or all that the client may ask for
};

// presents_bearer tells whether a request carries an Authorization field of scheme Bearer: the one
// sign of the profile that a request can give, and it is worth nothing without a client that an
// administrator made for it.
bool presents_bearer(const HttpRequest& request);

// authenticate_draft_secret authenticates by client_id and client_secret of a form. Refuses
// k_client_credentials_doubled beside any other way, k_parameter_missing, and
// k_client_unauthenticated at the same cost and in the same words for an unknown client, a disabled
// one, a wrong secret and a secret beside a proof.
Result<DraftCaller> authenticate_draft_secret(Exchange& exchange, const Form& form);

// authenticate_draft_bearer authenticates by a token of the profile that was issued to a client.
// Refuses k_token_scheme_refused for any other token, k_client_credentials_doubled beside any other
// way or any proof, k_intent_refused for an agent's token, k_token_client_refused, and what
// verify_draft_token refuses.
Result<DraftCaller> authenticate_draft_bearer(Exchange& exchange);

// take_draft_budget counts the request in one of the client's budgets. Refuses k_rate_limited.
enum class DraftBudget { kMint, kRegistration, kCalls };
Status take_draft_budget(Exchange& exchange, const DraftCaller& caller, DraftBudget budget);

// draft_bucket names the rate limiter's buckets of an agent of the profile, given its name. They
// are not those of the strict agent of that name: a client of the profile must not lock that one
// out.
std::string draft_bucket(const std::string& agent_name);

}  // namespace ajwt::authority
