// SPDX-License-Identifier: Apache-2.0
#include "authority/routes.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "tests/support/matchers.h"

namespace ajwt::authority {
namespace {

// documented_routes reads the headings "### `GET /path`" of the reference page.
std::set<std::string> documented_routes() {
  std::ifstream file(AJWT_SOURCE_DIR "/docs/reference/http-api.md");
  std::set<std::string> found;
  const std::string start = "### `";
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(start) && line.ends_with('`')) {
      found.insert(line.substr(start.size(), line.size() - start.size() - 1));
    }
  }
  return found;
}

TEST(Routes, StandInTheReferencePageAndNoOthersDo) {
  std::set<std::string> own;
  for (const auto& route : routes()) {
    own.insert(std::string(route.method) + " " + std::string(route.path));
  }
  EXPECT_EQ(own.size(), routes().size()) << "a route stands twice in the table";
  EXPECT_EQ(documented_routes(), own);
}

TEST(Routes, GiveTheirHandlerACallerExactlyWhereTheyAuthenticateOne) {
  for (const auto& route : routes()) {
    const bool by_router = route.auth == Auth::kTokenOrDirect || route.auth == Auth::kToken;
    EXPECT_EQ(std::holds_alternative<CallerHandler>(route.handler), by_router) << route.path;
  }
}

TEST(Routes, AskForAnAdminScopeUnderAdmin) {
  for (const auto& route : routes()) {
    if (!route.path.starts_with("/admin/") || route.path == "/admin/whoami") continue;
    EXPECT_EQ(route.auth, Auth::kToken) << route.path;
    EXPECT_FALSE(route.scopes.front().empty()) << route.path;
    for (const auto scope : route.scopes) {
      EXPECT_TRUE(scope.empty() || scope.starts_with("admin:")) << route.path;
    }
  }
}

TEST(Routes, ReadNoBodyOfAGet) {
  for (const auto& route : routes()) {
    EXPECT_EQ(route.method == "GET", route.max_body == 0) << route.path;
  }
}

TEST(FindRoute, DecodesTheParametersOfThePath) {
  const auto found = find_route("GET", "/intent/agents/acme/shop%3Aplanner");
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->route->operation, "get_agent");
  EXPECT_EQ(found->parameters, (std::vector<std::string>{"acme", "shop:planner"}));
}

TEST(FindRoute, RefusesAnotherPath) {
  for (const auto* path :
       {"/", "", "/intent", "/intent/token/", "/intent/agents", "/intent/agents/", "//intent/token",
        "/intent/agents/acme/planner/x", "/INTENT/TOKEN", "/intent/agents/%zz", "/e/"}) {
    EXPECT_THAT(find_route("GET", path), RefusedWith(Code::k_not_found)) << path;
  }
}

TEST(FindRoute, NamesTheMethodsThatAPathHas) {
  const auto found = find_route("DELETE", "/admin/apps/acme");
  ASSERT_THAT(found, RefusedWith(Code::k_method_refused));
  EXPECT_EQ(found.error().items(), (std::vector<std::string>{"GET", "PATCH"}));
}

}  // namespace
}  // namespace ajwt::authority
