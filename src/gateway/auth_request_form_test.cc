// SPDX-License-Identifier: Apache-2.0
#include "gateway/auth_request_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "json/parse.h"
#include "tests/support/guarded_request.h"
#include "tests/support/judge_scene.h"
#include "tests/support/matchers.h"

namespace ajwt::gateway {
namespace {

using ::testing::HasSubstr;
using testing::intent_claims;
using testing::kNow;
using testing::sign_token;
using ::testing::StartsWith;

guard::Policy asked_policy() {
  return *guard::Policy::parse(
      *json::parse_object(R"({"route":[{"method":"POST","path":"/manifests/{name}","proof":"head",)"
                          R"("app":"patchet","scope":"manifest:write",)"
                          R"("workflow":"patch","step":"apply","tool":"apply_patch"},)"
                          R"({"method":"PATCH","path":"/manifests/{name}","proof":"rfc9449",)"
                          R"("app":"patchet","scope":"manifest:write",)"
                          R"("workflow":"patch","step":"apply","tool":"apply_patch"},)"
                          R"({"method":"PUT","path":"/manifests/{name}","proof":"bound",)"
                          R"("app":"patchet","scope":"manifest:write",)"
                          R"("workflow":"patch","step":"apply","tool":"apply_patch"},)"
                          R"({"method":"DELETE","path":"/manifests/{name}","proof":"head",)"
                          R"("app":"patchet","scope":"manifest:delete",)"
                          R"("workflow":"patch","step":"apply","tool":"apply_patch"}]})"));
}

class AuthRequestFormTest : public JudgeTest {
 protected:
  AuthRequestFormTest() : JudgeTest(asked_policy()) {}

  // subrequest returns what nginx asks about the request.
  HttpRequest subrequest() const {
    HttpRequest asked{.method = "GET",
                      .path = std::string(kAuthRequestPath),
                      .query = {},
                      .headers = {},
                      .body = {},
                      .peer = "127.0.0.1"};
    asked.headers.add("Authorization", request.authorization);
    asked.headers.add("DPoP", request.dpop);
    asked.headers.add("X-Original-Method", request.method);
    asked.headers.add("X-Original-URI",
                      "/manifests/web" + (request.query.empty() ? "" : "?" + request.query));
    return asked;
  }
  void seal_as(std::string_view method) {
    request.method = method;
    request.seal();
  }

  AuthRequestForm form{judge};
};

TEST_F(AuthRequestFormTest, SaysWhatWasVerifiedAndThatNoBodyWas) {
  const HttpResponse response = form.handle(subrequest());

  EXPECT_EQ(response.status, 200) << *response.headers.find("X-Ajwt-Refusal");
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(response.headers.find("X-Agent-App"), "patchet");
  EXPECT_EQ(response.headers.find("X-Agent-Step"), "apply");
  EXPECT_EQ(response.headers.find("X-Agent-Body"), "unbound");
  EXPECT_EQ(response.headers.find("Cache-Control"), "no-store");
  EXPECT_FALSE(response.headers.find("DPoP-Nonce").has_value());  // the proof has the newest
  const auto records = observer.records();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(response.headers.find("X-Ajwt-Decision-Id"), records.front().decision_id);
  EXPECT_EQ(records.front().refused, std::nullopt);
  EXPECT_EQ(records.front().body, guard::BodyBinding::kUnbound);
  EXPECT_EQ(records.front().method, "POST");
  EXPECT_EQ(records.front().route, "/manifests/{name}");
}

TEST_F(AuthRequestFormTest, GivesTheNextNonce) {
  clock.advance(Seconds(50));
  const HttpResponse response = form.handle(subrequest());

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.find("DPoP-Nonce"), nonces.issue(clock.now()));
}

TEST_F(AuthRequestFormTest, LetsAProofInOnce) {
  EXPECT_EQ(form.handle(subrequest()).status, 200);
  const HttpResponse again = form.handle(subrequest());
  EXPECT_EQ(again.status, 401);
  EXPECT_EQ(again.headers.find("X-Ajwt-Reason"), "proof_replayed");
}

TEST_F(AuthRequestFormTest, RefusesWithWhatTheProxyWouldAnswer) {
  HttpRequest stranger = subrequest();
  stranger.headers.remove("Authorization");

  const HttpResponse response = form.handle(stranger);

  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.body, "");  // nginx reads none, and closes a connection that has one
  EXPECT_EQ(response.headers.find("X-Ajwt-Status"), "401");
  EXPECT_EQ(response.headers.find("X-Ajwt-Reason"), "token_missing");
  const auto decision = response.headers.find("X-Ajwt-Decision-Id");
  ASSERT_TRUE(decision.has_value());
  EXPECT_THAT(std::string(*decision), StartsWith("dec_"));
  const auto refusal = response.headers.find("X-Ajwt-Refusal");
  ASSERT_TRUE(refusal.has_value());
  const auto body = json::parse_object(*refusal);
  ASSERT_THAT(body, IsOk());
  EXPECT_EQ(body->find("reason")->as_string(), "token_missing");
  EXPECT_EQ(body->find("decision_id")->as_string(), *decision);
  EXPECT_THAT(std::string(*response.headers.find("WWW-Authenticate")),
              HasSubstr("resource_metadata=\"https://api.example/.well-known/"));
  EXPECT_EQ(response.headers.find("DPoP-Nonce"), nonces.issue(kNow));
  EXPECT_EQ(response.headers.find("Cache-Control"), "no-store");
  EXPECT_FALSE(response.headers.find("Content-Type").has_value());
}

TEST_F(AuthRequestFormTest, KeepsTheChallengeOfA403) {
  seal_as("DELETE");
  const HttpResponse response = form.handle(subrequest());

  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.headers.find("X-Ajwt-Reason"), "scope_insufficient");
  EXPECT_THAT(std::string(*response.headers.find("WWW-Authenticate")),
              HasSubstr("scope=\"manifest:delete\""));
}

TEST_F(AuthRequestFormTest, SaysA404AsA403) {
  HttpRequest elsewhere = subrequest();
  elsewhere.headers.set("X-Original-URI", "/elsewhere");
  const HttpResponse response = form.handle(elsewhere);

  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.headers.find("X-Ajwt-Status"), "404");
  EXPECT_EQ(response.headers.find("X-Ajwt-Reason"), "route_unknown");
}

// Whatever the options let through: the verifier takes no body that it did not see for bound.
TEST_F(AuthRequestFormTest, LetsNothingThroughAtABoundRoute) {
  seal_as("PUT");
  EXPECT_EQ(form.handle(subrequest()).headers.find("X-Ajwt-Reason"), "proof_body_mismatch");
  request.body.clear();
  seal_as("PUT");
  EXPECT_EQ(form.handle(subrequest()).headers.find("X-Ajwt-Reason"), "proof_body_mismatch");
}

TEST_F(AuthRequestFormTest, JudgesTheQueryThatNginxNames) {
  for (const char* method : {"POST", "PATCH"}) {
    seal_as(method);
    HttpRequest asked = subrequest();
    asked.headers.set("X-Original-URI", "/manifests/web?swapped=1");
    EXPECT_EQ(form.handle(asked).headers.find("X-Ajwt-Reason"), "proof_query_mismatch") << method;
  }
}

TEST_F(AuthRequestFormTest, JudgesMethodAndPathThatNginxNames) {
  HttpRequest asked = subrequest();
  asked.headers.set("X-Original-Method", "DELETE");
  EXPECT_EQ(form.handle(asked).headers.find("X-Ajwt-Reason"), "proof_method_mismatch");
  asked = subrequest();
  asked.headers.set("X-Original-URI", "/manifests/other");
  EXPECT_EQ(form.handle(asked).headers.find("X-Ajwt-Reason"), "proof_uri_mismatch");
}

TEST_F(AuthRequestFormTest, RefusesTwoProofsOrTokens) {
  HttpRequest asked = subrequest();
  asked.headers.add("DPoP", request.dpop);
  EXPECT_EQ(form.handle(asked).headers.find("X-Ajwt-Reason"), "proof_duplicated");
  asked = subrequest();
  asked.headers.add("Authorization", request.authorization);
  const HttpResponse response = form.handle(asked);
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.headers.find("X-Ajwt-Status"), "400");
  EXPECT_EQ(response.headers.find("X-Ajwt-Reason"), "token_duplicated");
}

TEST_F(AuthRequestFormTest, TellsOperatorsAndNobodyElseWhatIsWrongWithTheQuestion) {
  HttpRequest asked = subrequest();
  asked.headers.remove("X-Original-URI");
  const HttpResponse response = form.handle(asked);

  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.headers.find("X-Ajwt-Reason"), "subrequest_malformed");
  for (const auto& [name, value] : response.headers.fields()) {
    EXPECT_THAT(value, ::testing::Not(HasSubstr("is missing"))) << name;
  }
  ASSERT_EQ(observer.records().size(), 1U);
  EXPECT_THAT(observer.records().front().detail, HasSubstr("X-Original-URI is missing"));
}

TEST_F(AuthRequestFormTest, MakesADecisionOfTheServersRefusals) {
  const HttpResponse response = form.on_refused(refuse(Code::k_header_too_large));

  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.headers.find("X-Ajwt-Status"), "431");
  ASSERT_EQ(observer.records().size(), 1U);
  EXPECT_EQ(observer.records().front().refused, Code::k_header_too_large);
}

TEST_F(AuthRequestFormTest, LetsNobodyInBeforeItIsOpen) {
  GuardJudge closed({.verifier = verifier,
                     .policy = routes,
                     .keys = source,
                     .clock = clock,
                     .observer = observer});
  const HttpResponse response = AuthRequestForm(closed).handle(subrequest());
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.find("X-Ajwt-Reason"), "keys_unavailable");
  EXPECT_EQ(response.headers.find("Retry-After"), "1");
}

// nginx lets in what is a 2xx, and hands on two statuses. Nothing else may look like one of them.
TEST(AuthRequestStatus, IsNeverLeaveAndTellsFailuresFromRefusals) {
  for (const Reason& reason : all_reasons()) {
    const int status = auth_request_status(reason);
    if (reason.klass == ReasonClass::kFailure) {
      EXPECT_GE(status, 500) << reason.name;
      EXPECT_LT(status, 600) << reason.name;
    } else {
      EXPECT_EQ(status, reason.http_status == 401 ? 401 : 403) << reason.name;
    }
  }
}

}  // namespace
}  // namespace ajwt::gateway
