// SPDX-License-Identifier: Apache-2.0
//
// The endpoints, one function each. docs/reference/http-api.md describes what they read and write.
#pragma once

#include "authority/exchange.h"
#include "authority/oauth/authenticate.h"
#include "base/http_message.h"
#include "base/result.h"

namespace ajwt::authority {

// token.cc
Result<HttpResponse> handle_oauth_token(Exchange& exchange);
Result<HttpResponse> handle_intent_token(Exchange& exchange);

// agents.cc
Result<HttpResponse> handle_register_agent(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_list_agents(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_get_agent(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_activate_agent(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_diff_agent(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_revoke_agent(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_change_grant(Exchange& exchange, Authenticated& caller);

// workflows.cc
Result<HttpResponse> handle_register_workflow(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_list_workflows(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_get_workflow(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_confirm_workflow(Exchange& exchange, Authenticated& caller);

// executions.cc
Result<HttpResponse> handle_open_execution(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_list_executions(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_get_execution(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_complete_step(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_close_execution(Exchange& exchange, Authenticated& caller);

// metadata.cc
Result<HttpResponse> handle_metadata(Exchange& exchange);
Result<HttpResponse> handle_jwks(Exchange& exchange);

// health.cc
Result<HttpResponse> handle_live(Exchange& exchange);
Result<HttpResponse> handle_ready(Exchange& exchange);
Result<HttpResponse> handle_metrics(Exchange& exchange);

// reason_page.cc
Result<HttpResponse> handle_reason_page(Exchange& exchange);

// applications.cc
Result<HttpResponse> handle_list_applications(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_create_application(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_get_application(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_update_application(Exchange& exchange, Authenticated& caller);

// clients.cc
Result<HttpResponse> handle_list_clients(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_create_client(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_disable_client(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_rotate_secret(Exchange& exchange, Authenticated& caller);

// keys.cc
Result<HttpResponse> handle_list_keys(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_rotate_keys(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_revoke_key(Exchange& exchange, Authenticated& caller);

// draft_administration.cc
Result<HttpResponse> handle_list_draft(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_create_draft_client(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_disable_draft_client(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_set_draft_agent(Exchange& exchange, Authenticated& caller);
Result<HttpResponse> handle_end_draft_agent(Exchange& exchange, Authenticated& caller);

// audit.cc
Result<HttpResponse> handle_list_audit(Exchange& exchange, Authenticated& caller);

// audit_log.cc
Result<HttpResponse> handle_audit_key(Exchange& exchange);
Result<HttpResponse> handle_audit_checkpoint(Exchange& exchange);
Result<HttpResponse> handle_audit_inclusion(Exchange& exchange);
Result<HttpResponse> handle_audit_consistency(Exchange& exchange);
Result<HttpResponse> handle_audit_tile(Exchange& exchange);
Result<HttpResponse> handle_whoami(Exchange& exchange, Authenticated& caller);

// status.cc
Result<HttpResponse> handle_status(Exchange& exchange, Authenticated& caller);

}  // namespace ajwt::authority
