// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>

#include "tests/support/matchers.h"

namespace ajwt {
namespace {

// There is no value that means "not decided yet".
static_assert(!std::is_default_constructible_v<Result<int>>);
static_assert(!std::is_default_constructible_v<Status>);
static_assert(!std::is_default_constructible_v<Error>);

Result<int> half_of(int number) {
  if (number % 2 != 0) return refuse(Code::k_value_malformed, "It is odd.");
  return number / 2;
}

Status check_even(int number) {
  AJWT_TRY(half_of(number));
  return ok();
}

Result<std::unique_ptr<int>> quarter_of(int number) {
  AJWT_ASSIGN(const int half, half_of(number));
  AJWT_ASSIGN(const int quarter, half_of(half));
  return std::make_unique<int>(quarter);
}

TEST(Result, HoldsAValueOrAnError) {
  EXPECT_THAT(half_of(8), IsOkAndHolds(4));
  EXPECT_THAT(half_of(7), RefusedWith(Code::k_value_malformed));
}

TEST(Result, TryAndAssignPassTheErrorOn) {
  EXPECT_THAT(check_even(2), IsOk());
  EXPECT_THAT(check_even(3), RefusedWith(Code::k_value_malformed));
  EXPECT_THAT(quarter_of(8), IsOkAndHolds(::testing::Pointee(2)));
  EXPECT_THAT(quarter_of(6), RefusedWith(Code::k_value_malformed));
  EXPECT_EQ(quarter_of(6).error().message(), "It is odd.");
}

TEST(Error, DescribesItselfBySentenceAndMessage) {
  EXPECT_EQ(refuse(Code::k_json_malformed).describe(), "The JSON text is malformed.");
  EXPECT_EQ(refuse(Code::k_json_malformed, "At byte 3.").describe(),
            "The JSON text is malformed. At byte 3.");
}

TEST(Error, KeepsItsDetailOutOfWhatACallerSees) {
  const Error error = refuse(Code::k_store_damaged, "Try later.").with_detail("table agents");
  EXPECT_EQ(error.detail(), "table agents");
  EXPECT_EQ(error.describe().find("agents"), std::string::npos);
}

TEST(Error, CarriesItems) {
  const Error error = refuse(Code::k_step_predecessors_missing).with_items({"plan", "review"});
  EXPECT_EQ(error.items(), (std::vector<std::string>{"plan", "review"}));
  EXPECT_EQ(error.reason().name, "step_predecessors_missing");
  EXPECT_NE(error, refuse(Code::k_step_predecessors_missing));
}

}  // namespace
}  // namespace ajwt
