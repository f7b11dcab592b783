// SPDX-License-Identifier: Apache-2.0
//
// docs/how-to/draft-00.md as a user follows it: an administrator lets a client and an agent of the
// profile in, the client speaks as reference clients do, and a running guard takes the token on the
// route that names the profile and nowhere else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/client.h"
#include "json/parse.h"
#include "json/write.h"
#include "tests/functional/program.h"
#include "tests/functional/recorder.h"
#include "tests/support/matchers.h"

namespace ajwt::functional {
namespace {

constexpr std::string_view kGrant =
    R"({"grant":[{"audience":"https://api.example","scopes":["refunds:write"]}]})";
constexpr std::string_view kBot =
    R"({"app_id":"shop","agent_components":{"agent_id":"refund-bot","prompt_template":"Refund.",
        "tools":[],"configuration":{}},"public_key":null})";

class Draft00 : public ::testing::Test {
 protected:
  Draft00() {
    authority_ = std::make_unique<Background>(
        Call{.arguments = {"serve", "--data", data_, "--listen", "127.0.0.1:0"},
             .folder = folder_.path()});
    issuer_ = member_of(authority_->wait_for("\"message\":\"ready\""), "issuer");
    administer({"app", "create", "shop", "--audience", "https://api.example", "--workflow-rule",
                "optional"});
    registrar_ = secret_of("old-ci", "register:intent register:workflow");
    fleet_ = secret_of("old-fleet", "generate:intent-token read:agents");
    administer(
        {"draft-00", "set-agent", "shop", "refund-bot", "-f", folder_.write("grant.json", kGrant)});
    start_guard();
  }

  std::string administer(std::vector<std::string> words) {
    words.insert(words.end(), {"--profile", data_ + "/admin.json", "-o", "json"});
    const Outcome outcome = run({.arguments = std::move(words), .folder = folder_.path()});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out;
  }
  std::string secret_of(const std::string& client, const std::string& scope) {
    return member_of(administer({"draft-00", "create-client", "shop", client, "--scope", scope}),
                     "client_secret");
  }
  void start_guard() {
    const std::string route =
        "[[route]]\nmethod = \"POST\"\napp = \"shop\"\nscope = \"refunds:write\"\n";
    const std::string file = folder_.write(
        "guard.toml", "issuer = \"" + issuer_ + "\"\npublic_url = \"" + guard_url_ +
                          "\"\naudience = \"https://api.example\"\nlisten = \"127.0.0.1:" + port_ +
                          "\"\nupstream = \"" + service_.url() + "\"\n" + route +
                          "path = \"/refunds\"\nprofile = \"draft-00\"\n" + route +
                          "path = \"/strict\"\nworkflow = \"refunds\"\nstep = \"refund\"\n"
                          "tool = \"refund\"\n");
    guard_ = std::make_unique<Background>(
        Call{.arguments = {"guard", "--config", file}, .folder = folder_.path()});
    EXPECT_FALSE(guard_->wait_for("keys are here").empty()) << guard_->err();
  }

  HttpResponse post(const std::string& url, const std::string& type, const std::string& body,
                    const std::string& authorization = {}) {
    HttpHeaders headers;
    headers.add("Content-Type", type);
    if (!authorization.empty()) headers.add("Authorization", authorization);
    auto response =
        client_.send({.method = "POST", .url = url, .headers = std::move(headers), .body = body});
    EXPECT_THAT(response, IsOk()) << url;
    return response.value_or(HttpResponse{.status = 0, .headers = {}, .body = {}});
  }
  std::string access_token(const std::string& client, const std::string& secret,
                           const std::string& scope) {
    return member_of(post(issuer_ + "/oauth/token", "application/x-www-form-urlencoded",
                          "grant_type=client_credentials&client_id=" + client +
                              "&client_secret=" + secret + "&scope=" + scope)
                         .body,
                     "access_token");
  }
  // intent_token registers the agent and mints for it.
  std::string intent_token() {
    const auto registered =
        post(issuer_ + "/intent/register/agent", "application/json", std::string(kBot),
             "Bearer " + access_token("old-ci", registrar_, "register:intent"));
    EXPECT_EQ(registered.status, 200) << registered.body;
    const json::Object body{{"grant_type", "agent_checksum"},
                            {"agent_id", "refund-bot"},
                            {"computed_checksum", member_of(registered.body, "checksum")},
                            {"requested_scopes", json::Array{"refunds:write"}},
                            {"audience", "https://api.example"}};
    const auto minted =
        post(issuer_ + "/intent/token", "application/json", json::write(body),
             "Bearer " + access_token("old-fleet", fleet_, "generate:intent-token"));
    EXPECT_EQ(minted.status, 200) << minted.body;
    EXPECT_EQ(member_of(minted.body, "token_type"), "Bearer");
    return member_of(minted.body, "access_token");
  }
  HttpResponse call(const std::string& path, const std::string& authorization) {
    return post(guard_url_ + path, "application/json", "{}", authorization);
  }

  ScratchFolder folder_;
  const std::string data_ = folder_.path("data");
  const std::string port_ = any_free_port();
  const std::string guard_url_ = "http://127.0.0.1:" + port_;
  http::CurlClient client_;
  Recorder service_;
  std::string issuer_;
  std::string registrar_;
  std::string fleet_;
  std::unique_ptr<Background> authority_;
  std::unique_ptr<Background> guard_;
};

TEST_F(Draft00, ARouteThatNamesTheProfileTakesItsTokensAndNoOtherDoes) {
  const std::string token = intent_token();
  const auto allowed = call("/refunds", "Bearer " + token);
  ASSERT_EQ(allowed.status, 200) << allowed.body;
  const HttpRequest seen = service_.last();
  EXPECT_EQ(seen.headers.find("X-Agent-Profile"), "draft-00");
  EXPECT_EQ(seen.headers.find("X-Agent-App"), "shop");
  EXPECT_EQ(seen.headers.find("X-Agent-Id"), "refund-bot");
  EXPECT_EQ(seen.headers.find("X-Agent-Scope"), "refunds:write");
  EXPECT_EQ(seen.headers.find("X-Agent-Subject"), std::nullopt);
  EXPECT_EQ(seen.headers.find("X-Agent-Key"), std::nullopt);
  EXPECT_EQ(seen.headers.find("Authorization"), std::nullopt);
  const std::string line = guard_->wait_for("\"decision\"");
  EXPECT_EQ(member_of(line, "subject"), "refund-bot");
  EXPECT_EQ(member_of(line, "profile"), "draft-00");

  std::string forged = token;
  char& digit = forged[forged.rfind('.') + 1];
  digit = digit == 'A' ? 'B' : 'A';
  const std::size_t before = service_.count();
  struct Refused {
    std::string path;
    std::string authorization;
    int status;
    std::string reason;
  };
  const std::vector<Refused> cases{
      {"/strict", "Bearer " + token, 401, "token_scheme_refused"},
      {"/strict", "DPoP " + token, 401, "jws_type_refused"},
      {"/refunds", "DPoP " + token, 401, "token_scheme_refused"},
      {"/refunds", "", 401, "token_missing"},
      {"/refunds", "Bearer " + forged, 401, "jws_signature_invalid"},
      // A client's own token has no agent.
      {"/refunds", "Bearer " + access_token("old-fleet", fleet_, "read:agents"), 401,
       "audience_mismatch"}};
  for (const Refused& one : cases) {
    const auto answer = call(one.path, one.authorization);
    EXPECT_EQ(answer.status, one.status) << answer.body;
    EXPECT_EQ(member_of(answer.body, "reason"), one.reason) << one.path << answer.body;
  }
  EXPECT_EQ(service_.count(), before) << "nothing refused reaches the service";
}

}  // namespace
}  // namespace ajwt::functional
