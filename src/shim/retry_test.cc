// SPDX-License-Identifier: Apache-2.0
#include "shim/retry.h"

#include <vector>

#include "shim/testing/fake_services.h"
#include "tests/support/matchers.h"

namespace ajwt::shim {
namespace {

using std::chrono::milliseconds;
using testing::FakeSleeper;

HttpResponse status(int code, std::string retry_after = {}) {
  HttpResponse response{.status = code, .headers = {}, .body = {}};
  if (!retry_after.empty()) response.headers.add("Retry-After", std::move(retry_after));
  return response;
}

// attempts returns how often a request is made that is always answered so.
int attempts(const Result<HttpResponse>& answer, Repeat repeat, FakeSleeper& sleeper) {
  int made = 0;
  (void)send_with_retries({}, repeat, sleeper, [&] {
    ++made;
    return answer;
  });
  return made;
}

int attempts(const Result<HttpResponse>& answer, Repeat repeat) {
  FakeSleeper sleeper;
  return attempts(answer, repeat, sleeper);
}

TEST(SendWithRetries, RepeatsWhatMayBeRepeatedAFewTimes) {
  for (const int code : {429, 500, 502, 503, 504}) {
    EXPECT_EQ(attempts(status(code), Repeat::kSafe), 4) << code;
  }
  EXPECT_EQ(attempts(refuse(Code::k_network_failed), Repeat::kSafe), 4);
}

TEST(SendWithRetries, RepeatsAnUnsafeRequestOnlyWhenTheServerDidNothing) {
  EXPECT_EQ(attempts(status(429), Repeat::kUnsafe), 4);
  EXPECT_EQ(attempts(status(503), Repeat::kUnsafe), 4);
  for (const int code : {500, 502, 504}) {
    EXPECT_EQ(attempts(status(code), Repeat::kUnsafe), 1) << code;
  }
  EXPECT_EQ(attempts(refuse(Code::k_network_failed), Repeat::kUnsafe), 1);
}

TEST(SendWithRetries, TakesEveryOtherAnswerAsItIs) {
  for (const int code : {200, 201, 204, 301, 400, 401, 403, 404, 409, 501}) {
    EXPECT_EQ(attempts(status(code), Repeat::kSafe), 1) << code;
  }
  EXPECT_EQ(attempts(refuse(Code::k_value_malformed), Repeat::kSafe), 1);
}

TEST(SendWithRetries, WaitsLongerEachTimeWithinBounds) {
  FakeSleeper sleeper;
  ASSERT_EQ(attempts(status(503), Repeat::kSafe, sleeper), 4);
  const auto slept = sleeper.slept();
  ASSERT_EQ(slept.size(), 3U);
  for (std::size_t i = 0; i < slept.size(); ++i) {
    const milliseconds full = milliseconds(100) * (1 << i);
    EXPECT_GE(slept[i], full / 2);
    EXPECT_LE(slept[i], full);
  }
}

TEST(SendWithRetries, WaitsAsLongAsItIsAskedToAndGivesUpWhenThatIsTooLong) {
  FakeSleeper sleeper;
  EXPECT_EQ(attempts(status(429, "2"), Repeat::kSafe, sleeper), 4);
  EXPECT_THAT(sleeper.slept(), ::testing::Each(milliseconds(2000)));
  EXPECT_EQ(attempts(status(429, "6"), Repeat::kSafe), 1);
  EXPECT_EQ(attempts(status(429, "99999999999999999999"), Repeat::kSafe), 1);
  EXPECT_EQ(attempts(status(429, "-1"), Repeat::kSafe), 4);
  EXPECT_EQ(attempts(status(429, "soon"), Repeat::kSafe), 4);
}

TEST(SendWithRetries, StopsAtTheFirstGoodAnswer) {
  FakeSleeper sleeper;
  std::vector<int> answers{200, 503, 429};
  const auto answer = send_with_retries({}, Repeat::kSafe, sleeper, [&] {
    const int code = answers.back();
    answers.pop_back();
    return Result<HttpResponse>(status(code));
  });
  EXPECT_EQ(answer->status, 200);
  EXPECT_TRUE(answers.empty());
}

}  // namespace
}  // namespace ajwt::shim
