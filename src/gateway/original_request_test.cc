// SPDX-License-Identifier: Apache-2.0
#include "gateway/original_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "gateway/auth_request_form.h"
#include "tests/support/matchers.h"

namespace ajwt::gateway {
namespace {

using ::testing::HasSubstr;

HttpRequest subrequest(std::string_view method = "GET", std::string_view uri = "/manifests/web") {
  HttpRequest request{.method = "GET",
                      .path = std::string(kAuthRequestPath),
                      .query = {},
                      .headers = {},
                      .body = {},
                      .peer = "127.0.0.1"};
  request.headers.add("Authorization", "DPoP a.b.c");
  request.headers.add("DPoP", "d.e.f");
  request.headers.add("X-Original-Method", std::string(method));
  request.headers.add("X-Original-URI", std::string(uri));
  return request;
}

TEST(OriginalRequest, IsWhatNginxSaysOfIt) {
  const auto original = parse_original_request(subrequest("POST", "/manifests/web?a=%61&&b"));

  ASSERT_THAT(original, IsOk());
  EXPECT_EQ(original->method, "POST");
  EXPECT_EQ(original->path, "/manifests/web");
  EXPECT_EQ(original->query, "a=%61&&b");
  EXPECT_EQ(original->headers.find("Authorization"), "DPoP a.b.c");
  EXPECT_EQ(original->headers.find("DPoP"), "d.e.f");
  EXPECT_EQ(original->body, "");
}

TEST(OriginalRequest, IsAskedAboutByAPlainGet) {
  HttpRequest asked = subrequest();
  asked.method = "POST";
  EXPECT_THAT(parse_original_request(asked), RefusedWith(Code::k_subrequest_malformed));
  asked = subrequest();
  asked.query = "a=b";
  EXPECT_THAT(parse_original_request(asked), RefusedWith(Code::k_subrequest_malformed));
}

TEST(OriginalRequest, HasNoBodyHere) {
  HttpRequest asked = subrequest();
  asked.body = "{}";
  EXPECT_THAT(parse_original_request(asked), RefusedWith(Code::k_subrequest_malformed));
  asked = subrequest();
  asked.headers.add("Content-Length", "2");
  EXPECT_THAT(parse_original_request(asked), RefusedWith(Code::k_subrequest_malformed));
  asked = subrequest();
  asked.headers.add("Transfer-Encoding", "chunked");
  EXPECT_THAT(parse_original_request(asked), RefusedWith(Code::k_subrequest_malformed));
  asked = subrequest();
  asked.headers.add("Content-Length", "0");
  EXPECT_THAT(parse_original_request(asked), IsOk());
}

// Of two, nginx set one and a client the other, and nobody knows which.
TEST(OriginalRequest, NeedsEachFieldOnceAndInOneSpelling) {
  for (const std::string_view name : {kOriginalMethodField, kOriginalUriField}) {
    HttpRequest asked = subrequest();
    asked.headers.remove(name);
    const auto missing = parse_original_request(asked);
    ASSERT_THAT(missing, RefusedWith(Code::k_subrequest_malformed));
    EXPECT_THAT(missing.error().detail(), HasSubstr(std::string(name) + " is missing"));

    asked = subrequest();
    asked.headers.add(std::string(name), "GET");
    EXPECT_THAT(parse_original_request(asked), RefusedWith(Code::k_subrequest_malformed)) << name;

    std::string folded(name);
    folded[1] = '_';
    asked = subrequest();
    asked.headers.add(folded, "/proposals");
    EXPECT_THAT(parse_original_request(asked), RefusedWith(Code::k_subrequest_malformed)) << name;
    // Alone, it is a client's in a configuration that sets nothing.
    asked = subrequest();
    asked.headers.remove(name);
    asked.headers.add(folded, "/proposals");
    EXPECT_THAT(parse_original_request(asked), RefusedWith(Code::k_subrequest_malformed)) << name;
  }
}

TEST(OriginalRequest, MayNotSayWhoItIsNorReplaceWhatWasJudged) {
  for (const std::string_view name :
       {"X-Agent-Id", "x-agent-admin", "X_Agent_Id", "X.Agent.Id", "X-Ajwt-Decision-Id",
        "X_Ajwt_Status", "X-Original-Host", "X_Original_Url", "X-Rewrite-URL",
        "X-HTTP-Method-Override", "X-HTTP-Method", "x_method_override"}) {
    HttpRequest asked = subrequest();
    asked.headers.add(std::string(name), "GET");
    const auto refused = parse_original_request(asked);
    ASSERT_THAT(refused, RefusedWith(Code::k_header_field_refused)) << name;
    EXPECT_THAT(refused.error().message(), HasSubstr(std::string(name)));
  }
  HttpRequest usual = subrequest();
  for (const char* name : {"Accept", "Cookie", "X-Forwarded-For", "Forwarded", "X-Agents"}) {
    usual.headers.add(name, "x");
  }
  EXPECT_THAT(parse_original_request(usual), IsOk());
}

TEST(OriginalRequest, HasATargetThatEveryoneReadsAlike) {
  for (const std::string_view uri :
       {"", "manifests/web", "http://api.example/manifests/web", "*", "/manifests/web#x", "//x",
        "/a/../b", "/./a", "/%61", "/a%2fb", "/a%00", "/a b", "/a\\b", "/a%", "/a%zz", "/\xc3\xa9",
        "/a?b=\"", "/a?b#c"}) {
    EXPECT_THAT(parse_original_request(subrequest("GET", uri)),
                RefusedWith(Code::k_request_malformed))
        << uri;
  }
  for (const std::string_view method : {"", "GE T", "GET,POST", "G\xc3\xa9T"}) {
    EXPECT_THAT(parse_original_request(subrequest(method)), RefusedWith(Code::k_request_malformed))
        << method;
  }
}

}  // namespace
}  // namespace ajwt::gateway
