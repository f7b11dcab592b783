// SPDX-License-Identifier: Apache-2.0
#include "guard/policy.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "json/parse.h"
#include "json/write.h"
#include "tests/support/matchers.h"

namespace ajwt::guard {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<Policy> parse(std::string_view text) {
  auto object = json::parse_object(text);
  EXPECT_THAT(object, IsOk()) << text;
  return object ? Policy::parse(*object) : Result<Policy>(object.error());
}

constexpr std::string_view kIntentRoute =
    R"({"method":"GET","path":"/manifests/{name}","app":["acme"],"scope":["manifest:read"],)"
    R"("workflow":"patch","step":["plan","apply"],"tool":"read_manifest"})";

std::string policy_of(std::string_view route) {
  return R"({"route":[)" + std::string(route) + "]}";
}

// route_with replaces one member of kIntentRoute, or adds it.
std::string route_with(std::string_view member, std::string_view value) {
  json::Object object = *json::parse_object(kIntentRoute);
  object.set(member, *json::parse(value));
  return policy_of(json::write(object));
}

std::string route_without(std::string_view member) {
  json::Object object = *json::parse_object(kIntentRoute);
  object.remove(member);
  return policy_of(json::write(object));
}

TEST(Policy, ReadsARouteForIntentTokens) {
  const auto policy = parse(policy_of(kIntentRoute));

  ASSERT_THAT(policy, IsOk());
  ASSERT_EQ(policy->routes().size(), 1U);
  const Route& route = policy->routes().front();
  EXPECT_EQ(route.method, "GET");
  EXPECT_EQ(route.path, "/manifests/{name}");
  EXPECT_THAT(route.apps, ElementsAre(AppId::trusted("acme")));
  EXPECT_THAT(route.scopes, ElementsAre("manifest:read"));
  EXPECT_EQ(route.token, TokenKind::kIntent);
  EXPECT_EQ(route.workflow, WorkflowId::trusted("patch"));
  EXPECT_THAT(route.steps, ElementsAre(StepId::trusted("plan"), StepId::trusted("apply")));
  EXPECT_EQ(route.tool, "read_manifest");
  EXPECT_EQ(route.proof, ProofBinding::kBound);
  EXPECT_EQ(route.max_body_bytes, kDefaultMaxBodyBytes);
}

TEST(Policy, ReadsOneStringInPlaceOfAListAndTheWeakerProofByName) {
  const auto policy = parse(policy_of(R"({"method":"PUT","path":"/a","app":"acme","scope":"x",)"
                                      R"("workflow":"w","step":"s","tool":"t",)"
                                      R"("proof":"rfc9449","max_body":10})"));

  ASSERT_THAT(policy, IsOk());
  const Route& route = policy->routes().front();
  EXPECT_THAT(route.apps, ElementsAre(AppId::trusted("acme")));
  EXPECT_THAT(route.scopes, ElementsAre("x"));
  EXPECT_THAT(route.steps, ElementsAre(StepId::trusted("s")));
  EXPECT_EQ(route.proof, ProofBinding::kRfc9449);
  EXPECT_EQ(route.max_body_bytes, 10U);
}

TEST(Policy, ReadsTheProofOfAHeadByName) {
  const auto policy = parse(policy_of(R"({"method":"PUT","path":"/a","app":"acme","scope":"x",)"
                                      R"("workflow":"w","step":"s","tool":"t","proof":"head"})"));
  ASSERT_THAT(policy, IsOk());
  EXPECT_EQ(policy->routes().front().proof, ProofBinding::kHead);
}

TEST(Policy, ReadsAPlainRouteOnlyWhereItIsNamed) {
  const auto policy = parse(
      policy_of(R"({"method":"GET","path":"/status","app":"acme","scope":"s","token":"plain"})"));

  ASSERT_THAT(policy, IsOk());
  EXPECT_EQ(policy->routes().front().token, TokenKind::kPlain);
  EXPECT_THAT(parse(policy_of(R"({"method":"GET","path":"/status","app":"acme","scope":"s"})")),
              RefusedWith(Code::k_configuration_refused));
}

TEST(Policy, RefusesARouteThatLacksARequirement) {
  for (const std::string_view member :
       {"method", "path", "app", "scope", "workflow", "step", "tool"}) {
    const auto policy = parse(route_without(member));

    ASSERT_THAT(policy, RefusedWith(Code::k_configuration_refused)) << member;
    EXPECT_THAT(policy.error().message(), HasSubstr("Route 1, " + std::string(member)));
    EXPECT_THAT(policy.error().items(), ElementsAre("/route/0"));
  }
}

TEST(Policy, RefusesMalformedMembersAndPointsToThem) {
  struct Malformed {
    std::string_view member;
    std::string_view value;
  };
  constexpr auto kCases = std::to_array<Malformed>({
      {"method", R"("get")"},
      {"method", R"("CONNECT")"},
      {"method", R"("*")"},
      {"method", "1"},
      {"path", R"("")"},
      {"path", R"("manifests")"},
      {"path", R"("/a//b")"},
      {"path", R"("/a/../b")"},
      {"path", R"("/a/./b")"},
      {"path", R"("/a b")"},
      {"path", R"("/a?b")"},
      {"path", R"("/a#b")"},
      {"path", R"("/a/{}")"},
      {"path", R"("/a/{b c}")"},
      {"path", R"("/a/x{b}")"},
      {"path", R"("/a/{b}x")"},
      {"path", R"("/{b}/{b}")"},
      {"app", "[]"},
      {"app", R"("")"},
      {"app", R"("a:b")"},
      {"app", R"(["acme","a b"])"},
      {"app", "[1]"},
      {"scope", "[]"},
      {"scope", R"("")"},
      {"scope", R"(["a","a"])"},
      {"scope", R"("a b")"},
      {"scope", R"(["a\"b"])"},
      {"scope", "[1]"},
      {"workflow", R"("a|b")"},
      {"workflow", "1"},
      {"step", "[]"},
      {"step", R"(["a b"])"},
      {"tool", R"("")"},
      {"tool", "{}"},
      {"token", R"("any")"},
      {"proof", R"("none")"},
      {"max_body", "-1"},
      {"max_body", R"("1k")"},
      {"max_body", "67108865"},
  });
  for (const Malformed& c : kCases) {
    const auto policy = parse(route_with(c.member, c.value));

    ASSERT_THAT(policy, RefusedWith(Code::k_configuration_refused)) << c.member << " " << c.value;
    EXPECT_THAT(policy.error().message(), HasSubstr("Route 1, " + std::string(c.member)));
    EXPECT_THAT(policy.error().items(), ElementsAre("/route/0/" + std::string(c.member)));
  }
}

TEST(Policy, RefusesMembersThatItDoesNotKnow) {
  const auto policy = parse(route_with("scopes", R"(["a"])"));

  ASSERT_THAT(policy, RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(policy.error().message(), HasSubstr("scopes"));
  EXPECT_THAT(parse(R"({"route":[],"routes":[]})"), RefusedWith(Code::k_configuration_refused));
}

TEST(Policy, RefusesAPolicyWithoutRoutes) {
  EXPECT_THAT(parse("{}"), RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(parse(R"({"route":[]})"), RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(parse(R"({"route":{}})"), RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(parse(R"({"route":[1]})"), RefusedWith(Code::k_configuration_refused));
}

TEST(Policy, RefusesRequirementsOfIntentTokensOnAPlainRoute) {
  for (const std::string_view member : {"workflow", "step", "tool"}) {
    const auto policy =
        parse(policy_of(R"({"method":"GET","path":"/","app":"acme","scope":"s","token":"plain",")" +
                        std::string(member) + R"(":"x"})"));

    ASSERT_THAT(policy, RefusedWith(Code::k_configuration_refused)) << member;
    EXPECT_THAT(policy.error().message(), HasSubstr(std::string(member)));
  }
}

std::string plain_routes(std::string_view first_method, std::string_view first,
                         std::string_view second_method, std::string_view second) {
  const auto row = [](std::string_view method, std::string_view path) {
    return R"({"method":")" + std::string(method) + R"(","path":")" + std::string(path) +
           R"(","app":"acme","scope":"s","token":"plain"})";
  };
  return R"({"route":[)" + row(first_method, first) + "," + row(second_method, second) + "]}";
}

TEST(Policy, RefusesTwoRoutesForOneRequest) {
  for (const auto& [first, second] : {std::pair("/a/{x}", "/a/{y}"), std::pair("/a/{x}", "/a/b"),
                                      std::pair("/a", "/a"), std::pair("/{x}/b", "/a/{y}")}) {
    const auto policy = parse(plain_routes("GET", first, "GET", second));

    ASSERT_THAT(policy, RefusedWith(Code::k_configuration_refused)) << first << " " << second;
    EXPECT_THAT(policy.error().message(), HasSubstr("Route 2, path"));
  }
}

TEST(Policy, TakesRoutesThatDifferInMethodOrPath) {
  EXPECT_THAT(parse(plain_routes("GET", "/a/{x}", "PUT", "/a/{x}")), IsOk());
  EXPECT_THAT(parse(plain_routes("GET", "/a/{x}", "GET", "/b/{x}")), IsOk());
  EXPECT_THAT(parse(plain_routes("GET", "/a", "GET", "/a/{x}")), IsOk());
  EXPECT_THAT(parse(plain_routes("GET", "/a/", "GET", "/a/{x}")), IsOk());
}

TEST(Policy, FindsARouteByMethodAndPath) {
  const auto policy = parse(plain_routes("GET", "/a/{x}/c", "PUT", "/"));
  ASSERT_THAT(policy, IsOk());

  const auto found = policy->find("GET", "/a/b%20d/c");
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ((*found)->path, "/a/{x}/c");
  EXPECT_THAT(policy->find("PUT", "/"), IsOk());
}

TEST(Policy, RefusesWhatNoRouteNames) {
  const auto policy = parse(plain_routes("GET", "/a/{x}/c", "PUT", "/p/q"));
  ASSERT_THAT(policy, IsOk());

  for (const auto& [method, path] :
       {std::pair("GET", "/a/b"), std::pair("GET", "/a/b/c/"), std::pair("GET", "/a//c"),
        std::pair("GET", "/a/b/c/d"), std::pair("GET", "/A/b/c"), std::pair("GET", "/%61/b/c"),
        std::pair("GET", "/a/../c"), std::pair("GET", "/a/./c"), std::pair("GET", "a/b/c"),
        std::pair("GET", ""), std::pair("GET", "/"), std::pair("get", "/a/b/c"),
        std::pair("HEAD", "/a/b/c"), std::pair("PUT", "/p"), std::pair("PUT", "/p/q/"),
        std::pair("PUT", "/p/qq"), std::pair("PUT", "/p/{x}")}) {
    EXPECT_THAT(policy->find(method, path), RefusedWith(Code::k_route_unknown))
        << method << " " << path;
  }
}

}  // namespace
}  // namespace ajwt::guard
