// SPDX-License-Identifier: Apache-2.0
//
// The route table: every path that the authority answers, who may call it, what it costs, and how
// much it reads. A request that no row names is refused.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "authority/exchange.h"
#include "authority/oauth/authenticate.h"
#include "base/http_message.h"
#include "base/result.h"

namespace ajwt::authority {

// Auth: who may call a route.
enum class Auth {
  kAnyone,         // public
  kOperators,      // anyone who reaches the management address, if there is one (Surface)
  kByGrant,        // a token endpoint: the client authenticates as the grant says
  kTokenOrDirect,  // an access token, or a secret or assertion with a proof of a key
  kToken,          // an access token alone
};

// PublicHandler answers a request whose sender is not known; CallerHandler one whose sender was
// authenticated and holds one of the route's scopes.
using PublicHandler = Result<HttpResponse> (*)(Exchange&);
using CallerHandler = Result<HttpResponse> (*)(Exchange&, Authenticated&);
using Handler = std::variant<PublicHandler, CallerHandler>;

// AnyScope lists scopes of which the caller needs one; an empty list asks for none.
using AnyScope = std::array<std::string_view, 3>;

// Route is one row. Its one constructor takes every column, so that a row without a decision about
// who may call it does not compile.
struct Route {
  constexpr Route(std::string_view row_method, std::string_view row_path,
                  std::string_view row_operation, Auth row_auth, AnyScope row_scopes,
                  Budgeted row_budgeted, std::size_t row_max_body, Handler row_handler)
      : method(row_method),
        path(row_path),
        operation(row_operation),
        auth(row_auth),
        scopes(row_scopes),
        budgeted(row_budgeted),
        max_body(row_max_body),
        handler(row_handler) {}

  std::string_view method;
  std::string_view path;       // template: "/intent/agents/{app_id}", one segment per {}
  std::string_view operation;  // name in log, metrics and audit
  Auth auth;
  AnyScope scopes;
  Budgeted budgeted;
  std::size_t max_body;  // bytes
  Handler handler;
};

// routes returns the table.
std::span<const Route> routes();

// match_path returns the decoded parameters of `path` in a template, or nothing if it is another
// path. A parameter is one segment that is not empty.
std::optional<std::vector<std::string>> match_path(std::string_view pattern, std::string_view path);

// RouteMatch is a row and the decoded parameters of its path.
struct RouteMatch {
  const Route* route;
  std::vector<std::string> parameters;
};

// find_route refuses k_not_found, and k_method_refused with the allowed methods as items.
Result<RouteMatch> find_route(std::string_view method, std::string_view path);

}  // namespace ajwt::authority
