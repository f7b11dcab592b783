// SPDX-License-Identifier: Apache-2.0

#include "tests/support/matchers.h"

#include <string>

namespace ajwt {
namespace {

using ::testing::AllOf;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Lt;
using ::testing::Not;
using ::testing::StringMatchResultListener;

Result<int> seven() { return 7; }
Result<int> malformed() { return refuse(Code::k_json_malformed, "at byte 3"); }

TEST(Matchers, IsOkTellsAnswersFromRefusals) {
  EXPECT_THAT(ok(), IsOk());
  EXPECT_THAT(seven(), IsOk());
  EXPECT_THAT(malformed(), Not(IsOk()));
  EXPECT_THAT(Status(refuse(Code::k_json_malformed)), Not(IsOk()));
}

TEST(Matchers, RefusedWithWantsTheVeryReason) {
  EXPECT_THAT(malformed(), RefusedWith(Code::k_json_malformed));
  EXPECT_THAT(malformed(), Not(RefusedWith(Code::k_json_too_deep)));
  EXPECT_THAT(seven(), Not(RefusedWith(Code::k_json_malformed)));
}

TEST(Matchers, IsOkAndHoldsLooksAtTheValue) {
  EXPECT_THAT(seven(), IsOkAndHolds(7));
  EXPECT_THAT(seven(), IsOkAndHolds(AllOf(Gt(6), Lt(8))));
  EXPECT_THAT(seven(), Not(IsOkAndHolds(8)));
  EXPECT_THAT(malformed(), Not(IsOkAndHolds(7)));
}

TEST(Matchers, AFailureNamesTheReasonAndTheMessage) {
  StringMatchResultListener listener;

  ::testing::ExplainMatchResult(IsOk(), malformed(), &listener);

  EXPECT_THAT(listener.str(), AllOf(HasSubstr("json_malformed"), HasSubstr("at byte 3")));
}

}  // namespace
}  // namespace ajwt
