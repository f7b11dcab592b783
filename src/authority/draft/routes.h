// SPDX-License-Identifier: Apache-2.0
//
// The routes of profile draft-00: what a request with a bearer token may reach, and nothing else
// (protocol 5.3). The table of routes.h never sees such a request at these paths, and this one
// never another.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "authority/draft/caller.h"
#include "authority/exchange.h"
#include "base/http_message.h"
#include "base/result.h"

namespace ajwt::authority {

// DraftHandler answers a request whose sender was authenticated and holds the route's scope.
using DraftHandler = Result<HttpResponse> (*)(Exchange&, const DraftCaller&);

// DraftRoute is one row.
struct DraftRoute {
  std::string_view method;
  std::string_view path;  // template
  std::string_view operation;
  std::string_view scope;
  DraftBudget budget;
  std::size_t max_body;
  DraftHandler handler;
};
std::span<const DraftRoute> draft_routes();

// find_draft_route returns the row, with the path's parameters in `exchange`; null for a request
// without a bearer token, or that no row names.
const DraftRoute* find_draft_route(Exchange& exchange);

// run_draft_route authenticates and answers.
Result<HttpResponse> run_draft_route(const DraftRoute& route, Exchange& exchange);

// endpoints/draft.cc
Result<HttpResponse> handle_draft_token(Exchange& exchange, const DraftCaller& caller);
Result<HttpResponse> handle_draft_register_agent(Exchange& exchange, const DraftCaller& caller);
Result<HttpResponse> handle_draft_register_agents(Exchange& exchange, const DraftCaller& caller);
Result<HttpResponse> handle_draft_register_workflow(Exchange& exchange, const DraftCaller& caller);
Result<HttpResponse> handle_draft_register_workflows(Exchange& exchange, const DraftCaller& caller);
Result<HttpResponse> handle_draft_list_agents(Exchange& exchange, const DraftCaller& caller);
// handle_draft_secret answers POST /oauth/token with a secret in the form.
Result<HttpResponse> handle_draft_secret(Exchange& exchange, const Form& form);

}  // namespace ajwt::authority
