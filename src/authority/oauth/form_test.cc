// SPDX-License-Identifier: Apache-2.0
#include "authority/oauth/form.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/matchers.h"

namespace ajwt::authority {
namespace {

TEST(Form, DecodesPlusSignsAndEscapes) {
  const auto form = Form::parse("scope=a+b%2Bc&name=%C3%A9&empty=");
  ASSERT_THAT(form, IsOk());
  EXPECT_EQ(form->find("scope"), "a b+c");
  EXPECT_EQ(form->find("name"), "\xC3\xA9");
  EXPECT_EQ(form->find("missing"), std::nullopt);
}

TEST(Form, TakesNoTextAsNoParameters) {
  const auto form = Form::parse("");
  ASSERT_THAT(form, IsOk());
  EXPECT_TRUE(form->parameters().empty());
}

TEST(Form, TreatsAParameterWithoutValueAsLeftOut) {
  const auto form = Form::parse("scope=");
  ASSERT_THAT(form, IsOk());
  EXPECT_EQ(form->find("scope"), std::nullopt);
  EXPECT_TRUE(form->has("scope"));
  EXPECT_THAT(form->get("scope"), RefusedWith(Code::k_parameter_missing));
}

TEST(Form, RefusesWhatAnotherReaderCouldReadOtherwise) {
  for (const auto* text : {"a", "=b", "a=b&", "&a=b", "a=b&&c=d", "a=%", "a=%2", "a=%zz", "a=%00",
                           "a=%ff", "a=b c", "a=\n", "a=\xC3\xA9"}) {
    EXPECT_THAT(Form::parse(text), RefusedWith(Code::k_parameter_malformed)) << text;
  }
}

TEST(Form, RefusesTooManyParameters) {
  std::string text = "a=1";
  for (std::size_t i = 1; i < kMaxFormParameters; ++i) text += "&a=1";
  EXPECT_THAT(Form::parse(text), IsOk());
  EXPECT_THAT(Form::parse(text + "&a=1"), RefusedWith(Code::k_parameter_malformed));
}

TEST(Form, RefusesRepeatedNamesBySpellingThemOut) {
  const auto form = Form::parse("a=1&%61=2&audience=x&audience=y");
  ASSERT_THAT(form, IsOk());
  EXPECT_THAT(form->check_no_repeats({"audience"}), RefusedWith(Code::k_parameter_duplicated));
  const auto audiences = Form::parse("a=1&audience=x&audience=y");
  ASSERT_THAT(audiences, IsOk());
  EXPECT_THAT(audiences->check_no_repeats({"audience"}), IsOk());
  EXPECT_THAT(audiences->check_no_repeats({}), RefusedWith(Code::k_parameter_duplicated));
  EXPECT_EQ(audiences->all("audience").size(), 2U);
}

TEST(DecodePercent, KeepsAPlusSignOfAPath) {
  EXPECT_EQ(decode_percent("a+b%20c", PlusSign::kPlus), "a+b c");
  EXPECT_EQ(decode_percent("a+b", PlusSign::kSpace), "a b");
  EXPECT_EQ(decode_percent("%4", PlusSign::kPlus), std::nullopt);
}

}  // namespace
}  // namespace ajwt::authority
