// SPDX-License-Identifier: Apache-2.0

#include "http/error_response.h"

#include "tests/support/matchers.h"

namespace ajwt::http {
namespace {

TEST(ErrorResponse, TellsWhatTheCallerDidWrong) {
  const auto response = write_error_response(
      refuse(Code::k_request_malformed, "the Host is missing").with_detail("internal"));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.find("content-type"), "application/json");
  EXPECT_EQ(response.headers.find("cache-control"), "no-store");
  EXPECT_FALSE(response.headers.find("retry-after"));
  EXPECT_EQ(response.body, R"({"error":"invalid_request","error_description":)"
                           R"("The HTTP request is malformed or ambiguous. the Host is missing",)"
                           R"("reason":"request_malformed"})");
}

TEST(ErrorResponse, TellsOfOurOwnFailuresTheSentenceAlone) {
  const auto response =
      write_error_response(refuse(Code::k_overloaded, "host-7 queue").with_detail("secret"));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.find("retry-after"), "1");
  EXPECT_EQ(response.body, R"({"error":"temporarily_unavailable","error_description":)"
                           R"("Too many requests are being worked on; try again shortly.",)"
                           R"("reason":"overloaded"})");
}

}  // namespace
}  // namespace ajwt::http
