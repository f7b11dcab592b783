// SPDX-License-Identifier: Apache-2.0
#include "json/members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/matchers.h"

namespace ajwt::json {
namespace {

using Strings = std::vector<std::string>;

const Object& sample() {
  static const Object object{
      {"text", "x"},
      {"number", 7},
      {"double", 7.0},
      {"flag", false},
      {"object", Object{{"a", 1}}},
      {"array", Array{1, "b"}},
      {"strings", Array{"a", "b"}},
      {"empty", Array()},
      {"null", nullptr},
  };
  return object;
}

TEST(Members, GivesMembersOfTheExpectedType) {
  Members members(sample());
  EXPECT_THAT(members.get_string("text"), IsOkAndHolds("x"));
  EXPECT_THAT(members.find_string("text"), IsOkAndHolds(::testing::Optional(std::string("x"))));
  EXPECT_THAT(members.get_integer("number"), IsOkAndHolds(7));
  EXPECT_THAT(members.find_integer("number"), IsOkAndHolds(::testing::Optional(7)));
  EXPECT_THAT(members.find_boolean("flag"), IsOkAndHolds(::testing::Optional(false)));
  EXPECT_THAT(members.get_object("object"), IsOkAndHolds(::testing::Pointee(Object{{"a", 1}})));
  EXPECT_THAT(members.find_object("object"), IsOkAndHolds(::testing::NotNull()));
  EXPECT_THAT(members.get_array("array"), IsOkAndHolds(::testing::Pointee(Array{1, "b"})));
  EXPECT_THAT(members.find_array("array"), IsOkAndHolds(::testing::NotNull()));
  EXPECT_THAT(members.get_strings("strings"), IsOkAndHolds(Strings{"a", "b"}));
  EXPECT_THAT(members.find_strings("empty"), IsOkAndHolds(::testing::Optional(Strings())));
  ASSERT_NE(members.find_any("null"), nullptr);
  EXPECT_TRUE(members.find_any("null")->is_null());
}

TEST(Members, GetRefusesAbsence) {
  Members members(sample());
  EXPECT_THAT(members.get_string("none"), RefusedWith(Code::k_json_missing_member));
  EXPECT_THAT(members.get_integer("none"), RefusedWith(Code::k_json_missing_member));
  EXPECT_THAT(members.get_object("none"), RefusedWith(Code::k_json_missing_member));
  EXPECT_THAT(members.get_array("none"), RefusedWith(Code::k_json_missing_member));
  EXPECT_THAT(members.get_strings("none"), RefusedWith(Code::k_json_missing_member));
}

TEST(Members, FindTakesAbsence) {
  Members members(sample());
  EXPECT_THAT(members.find_string("none"), IsOkAndHolds(::testing::Eq(std::nullopt)));
  EXPECT_THAT(members.find_integer("none"), IsOkAndHolds(::testing::Eq(std::nullopt)));
  EXPECT_THAT(members.find_boolean("none"), IsOkAndHolds(::testing::Eq(std::nullopt)));
  EXPECT_THAT(members.find_object("none"), IsOkAndHolds(::testing::IsNull()));
  EXPECT_THAT(members.find_array("none"), IsOkAndHolds(::testing::IsNull()));
  EXPECT_THAT(members.find_strings("none"), IsOkAndHolds(::testing::Eq(std::nullopt)));
  EXPECT_EQ(members.find_any("none"), nullptr);
}

TEST(Members, RefusesAnotherType) {
  Members members(sample());
  EXPECT_THAT(members.get_string("number"), RefusedWith(Code::k_json_wrong_type));
  EXPECT_THAT(members.find_string("flag"), RefusedWith(Code::k_json_wrong_type));
  EXPECT_THAT(members.get_integer("double"), RefusedWith(Code::k_json_wrong_type));
  EXPECT_THAT(members.find_integer("text"), RefusedWith(Code::k_json_wrong_type));
  EXPECT_THAT(members.find_boolean("number"), RefusedWith(Code::k_json_wrong_type));
  EXPECT_THAT(members.get_object("array"), RefusedWith(Code::k_json_wrong_type));
  EXPECT_THAT(members.get_array("object"), RefusedWith(Code::k_json_wrong_type));
  EXPECT_THAT(members.get_strings("array"), RefusedWith(Code::k_json_wrong_type));
  EXPECT_THAT(members.find_strings("text"), RefusedWith(Code::k_json_wrong_type));
}

TEST(Members, TakesNullForAnotherTypeNotForAbsence) {
  Members members(sample());
  EXPECT_THAT(members.find_string("null"), RefusedWith(Code::k_json_wrong_type));
  EXPECT_THAT(members.find_integer("null"), RefusedWith(Code::k_json_wrong_type));
  EXPECT_THAT(members.find_boolean("null"), RefusedWith(Code::k_json_wrong_type));
  EXPECT_THAT(members.find_object("null"), RefusedWith(Code::k_json_wrong_type));
  EXPECT_THAT(members.find_strings("null"), RefusedWith(Code::k_json_wrong_type));
}

TEST(Members, NamesTheMember) {
  Members members(sample());
  EXPECT_EQ(members.get_string("none").error().message(), "Member none.");
  EXPECT_EQ(members.get_string("number").error().message(), "Member number must be a string.");
}

TEST(Members, CheckNoOthersRefusesWhatWasNotAskedFor) {
  const Object object{{"a", 1}, {"b", 2}};
  Members members(object);
  EXPECT_THAT(members.get_integer("a"), IsOk());

  const auto refused = members.check_no_others();
  ASSERT_THAT(refused, RefusedWith(Code::k_json_unknown_member));
  EXPECT_EQ(refused.error().message(), "Member b.");

  EXPECT_NE(members.find_any("b"), nullptr);
  EXPECT_THAT(members.check_no_others(), IsOk());
}

TEST(Members, DoesNotRepeatNamesThatCouldForgeALogLine) {
  for (const std::string& name :
       {std::string("a\nb"), std::string("\""), std::string("\x1b[31m"), std::string(65, 'a')}) {
    const Object object{{name, 1}};
    EXPECT_EQ(Members(object).check_no_others().error().message(), "Member (not printable).");
  }
}

}  // namespace
}  // namespace ajwt::json
