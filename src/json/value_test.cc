// SPDX-License-Identifier: Apache-2.0
#include "json/value.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

namespace ajwt::json {
namespace {

TEST(Object, KeepsMembersInTheOrderTheyCame) {
  Object object;
  object.append("z", 1);
  object.append("a", 2);
  object.set("m", 3);

  ASSERT_EQ(object.size(), 3U);
  EXPECT_EQ(object.members()[0].name, "z");
  EXPECT_EQ(object.members()[1].name, "a");
  EXPECT_EQ(object.members()[2].name, "m");
}

TEST(Object, SetReplacesInPlace) {
  Object object{{"a", 1}, {"b", 2}};

  object.set("a", "new");

  ASSERT_EQ(object.size(), 2U);
  EXPECT_EQ(object.members()[0].name, "a");
  EXPECT_EQ(object.members()[0].value, Value("new"));
}

TEST(Object, NeverHoldsANameTwiceFromAnInitializerList) {
  const Object object{{"a", 1}, {"a", 2}};
  EXPECT_EQ(object, (Object{{"a", 2}}));
}

TEST(Object, FindAndRemoveGoByTheExactName) {
  Object object{{"a", 1}, {"A", 2}};

  EXPECT_EQ(*object.find("A"), Value(2));
  EXPECT_EQ(object.find("b"), nullptr);
  object.remove("a");
  EXPECT_FALSE(object.contains("a"));
  EXPECT_TRUE(object.contains("A"));
  object.remove("A");
  EXPECT_TRUE(object.empty());
}

TEST(Object, TypedLookupsGiveNullForWhatIsAbsentOrOfAnotherType) {
  const Object object{
      {"text", "x"}, {"number", 7}, {"list", Array{1}}, {"inner", Object{{"a", 1}}}};

  EXPECT_EQ(*object.find_string("text"), "x");
  EXPECT_EQ(*object.find_integer("number"), 7);
  EXPECT_EQ(object.find_array("list")->size(), 1U);
  EXPECT_EQ(object.find_object("inner")->size(), 1U);
  EXPECT_EQ(object.text("text"), "x");
  EXPECT_EQ(object.text("number"), "");
  for (const char* name : {"none", "number"}) {
    EXPECT_EQ(object.find_string(name), nullptr) << name;
    EXPECT_EQ(object.find_object(name), nullptr) << name;
    EXPECT_EQ(object.find_array(name), nullptr) << name;
  }
  EXPECT_EQ(object.find_integer("text"), nullptr);
  EXPECT_EQ(object.find_integer("none"), nullptr);
}

TEST(Object, EqualityMindsOrder) {
  EXPECT_EQ((Object{{"a", 1}, {"b", 2}}), (Object{{"a", 1}, {"b", 2}}));
  EXPECT_NE((Object{{"a", 1}, {"b", 2}}), (Object{{"b", 2}, {"a", 1}}));
}

TEST(Value, TellsItsType) {
  EXPECT_EQ(Value().type(), Type::kNull);
  EXPECT_EQ(Value(nullptr).type(), Type::kNull);
  EXPECT_EQ(Value(true).type(), Type::kBoolean);
  EXPECT_EQ(Value(7).type(), Type::kInteger);
  EXPECT_EQ(Value(7LL).type(), Type::kInteger);
  EXPECT_EQ(Value(7.0).type(), Type::kDouble);
  EXPECT_EQ(Value("text").type(), Type::kString);
  EXPECT_EQ(Value(std::string("text")).type(), Type::kString);
  EXPECT_EQ(Value(Array()).type(), Type::kArray);
  EXPECT_EQ(Value(Object()).type(), Type::kObject);
}

TEST(Value, KeepsIntegersApartFromDoubles) {
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_EQ(Value(1).find_integer() == nullptr, false);
  EXPECT_EQ(Value(1.0).find_integer(), nullptr);
  EXPECT_EQ(Value(3).as_double(), 3.0);
}

TEST(Value, FindGivesNullForAnotherType) {
  const Value text("text");
  EXPECT_EQ(text.find_boolean(), nullptr);
  EXPECT_EQ(text.find_integer(), nullptr);
  EXPECT_EQ(text.find_array(), nullptr);
  EXPECT_EQ(text.find_object(), nullptr);
  EXPECT_EQ(*text.find_string(), "text");
}

TEST(Value, IsNotMadeFromAPointer) {
  static_assert(!std::is_constructible_v<Value, const Object*>);
  static_assert(!std::is_constructible_v<Value, const void*>);
  static_assert(std::is_constructible_v<Value, bool>);
}

TEST(ValueDeathTest, AsAbortsOnAnotherType) {
  EXPECT_DEATH(Value("text").as_integer(), "broken invariant");
  EXPECT_DEATH(Value(1.5).as_string(), "broken invariant");
}

TEST(Value, StringArrayKeepsOrder) {
  EXPECT_EQ(string_array({"b", "a"}), (Array{"b", "a"}));
  EXPECT_TRUE(string_array({}).empty());
}

}  // namespace
}  // namespace ajwt::json
