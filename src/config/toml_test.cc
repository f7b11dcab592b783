// SPDX-License-Identifier: Apache-2.0
#include "config/toml.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "json/write.h"
#include "tests/support/matchers.h"

namespace ajwt::config {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ParseToml, TurnsTextsIntegersBooleansArraysAndTablesIntoJson) {
  const auto document = parse_toml(R"(
zulu = "text"
alpha = -42
[table]
yes = true
list = ["b", 1, { x = [] }]
[[route]]
path = "/a"
[[route]]
path = "/b"
)",
                                   "x.toml");

  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(json::write(document->root),
            R"({"zulu":"text","alpha":-42,"table":{"yes":true,"list":["b",1,{"x":[]}]},)"
            R"("route":[{"path":"/a"},{"path":"/b"}]})");
}

TEST(ParseToml, KeepsTheOrderOfTheText) {
  const auto document = parse_toml("c = 1\na = 2\nb.y = 3\nb.x = 4\n", "x.toml");

  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(json::write(document->root), R"({"c":1,"a":2,"b":{"y":3,"x":4}})");
}

TEST(ParseToml, KnowsWhereThingsStand) {
  const auto document = parse_toml(R"(a = 1
  b = [1,
     2]
[[route]]
path = "/x"
'sla/sh~' = 1
)",
                                   "x.toml");
  ASSERT_THAT(document, IsOk());

  EXPECT_EQ(document->find_position("/a"), (Position{1, 1}));
  EXPECT_EQ(document->find_position("/b"), (Position{2, 3}));
  EXPECT_EQ(document->find_position("/b/1"), (Position{3, 6}));
  EXPECT_EQ(document->find_position("/route/0/path"), (Position{5, 1}));
  EXPECT_EQ(document->find_position("/route/0/sla~1sh~0"), (Position{6, 1}));
  EXPECT_EQ(document->find_position("/route/0/absent"), document->find_position("/route/0"));
  EXPECT_EQ(document->find_position("/route/0")->line, 4U);
  EXPECT_EQ(document->find_position("/absent"), std::nullopt);
}

TEST(ParseToml, NamesPlaceAndCauseLikeACompiler) {
  const auto document = parse_toml("a = 1\nb = [1\n", "dir/x.toml");

  ASSERT_THAT(document, RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(document.error().message(), StartsWith("dir/x.toml:"));

  const auto known = parse_toml("a = 1\n b = 2\n", "x.toml");
  ASSERT_THAT(known, IsOk());
  EXPECT_EQ(known->refuse_at("/b", "must be a text").message(), "x.toml:2:2: must be a text");
  EXPECT_EQ(known->refuse_at("/c", "is required").message(), "x.toml: is required");
}

TEST(ParseToml, RefusesWhatIsNoToml) {
  constexpr auto kTexts = std::to_array<std::string_view>({
      "a",
      "a =",
      "a = 1\na = 2",
      "[a]\n[a]",
      "a = 'x",
      "a = \"\xff\"",
      "a = 1 b = 2",
      "a = {b = 1",
      "a = 9223372036854775808",
      "\x01",
  });
  for (const std::string_view text : kTexts) {
    const auto document = parse_toml(text, "x.toml");
    ASSERT_THAT(document, RefusedWith(Code::k_configuration_refused)) << text;
    for (const char c : document.error().message()) EXPECT_GE(static_cast<unsigned char>(c), ' ');
  }
}

TEST(ParseToml, RefusesTypesThatNoSettingHas) {
  for (const std::string_view value :
       {"1.5", "nan", "1e3", "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "[1.0]"}) {
    const auto document = parse_toml("\nkey = " + std::string(value), "x.toml");
    ASSERT_THAT(document, RefusedWith(Code::k_configuration_refused)) << value;
    EXPECT_THAT(document.error().message(), StartsWith("x.toml:2:")) << value;
  }
}

TEST(ParseToml, RefusesDeepNestingAndLargeTexts) {
  EXPECT_THAT(parse_toml("a = " + std::string(100'000, '['), "x.toml"),
              RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(parse_toml(std::string(kMaxDocumentBytes + 1, '\n'), "x.toml"),
              RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(parse_toml(std::string(kMaxDocumentBytes, '\n'), "x.toml"), IsOk());
}

TEST(LoadToml, ReadsAFileAndNamesItInErrors) {
  const std::filesystem::path path =
      std::filesystem::path(::testing::TempDir()) / "ajwt_load_toml_test.toml";
  std::ofstream(path) << "a = 1\n";
  const auto document = load_toml(path.string());
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->source_name, path.string());
  EXPECT_EQ(json::write(document->root), R"({"a":1})");

  std::ofstream(path) << "a = ";
  const auto broken = load_toml(path.string());
  ASSERT_THAT(broken, RefusedWith(Code::k_configuration_refused));
  EXPECT_THAT(broken.error().message(), StartsWith(path.string() + ":1:"));
  std::filesystem::remove(path);
}

TEST(LoadToml, FailsForWhatCannotBeRead) {
  const auto absent = load_toml("/nonexistent/guard.toml");
  ASSERT_THAT(absent, RefusedWith(Code::k_io_failed));
  EXPECT_THAT(absent.error().message(), HasSubstr("/nonexistent/guard.toml: No such file"));

  EXPECT_THAT(load_toml("/"), RefusedWith(Code::k_io_failed));
}

constexpr auto kKnown =
    std::to_array<std::string_view>({"listen", "upstream", "public_url", "tls"});

TEST(FindNearest, FindsTheWordThatWasMeant) {
  EXPECT_EQ(find_nearest("listne", kKnown), "listen");
  EXPECT_EQ(find_nearest("upsteam", kKnown), "upstream");
  EXPECT_EQ(find_nearest("public-url", kKnown), "public_url");
  EXPECT_EQ(find_nearest("publicurl", kKnown), "public_url");
  EXPECT_EQ(find_nearest("tsl", kKnown), "tls");
}

TEST(FindNearest, FindsNothingFarAway) {
  EXPECT_EQ(find_nearest("database", kKnown), std::nullopt);
  EXPECT_EQ(find_nearest("", kKnown), std::nullopt);
  EXPECT_EQ(find_nearest("tax", kKnown), std::nullopt);
  EXPECT_EQ(find_nearest(std::string(10'000, 'a'), kKnown), std::nullopt);
}

TEST(CheckKeys, RefusesAnUnknownKeyWithItsPlaceAndASuggestion) {
  const auto document = parse_toml("listen = 1\n[sub]\nupsteam = 2\n", "x.toml");
  ASSERT_THAT(document, IsOk());
  constexpr auto kTop = std::to_array<std::string_view>({"listen", "sub"});
  EXPECT_THAT(check_keys(*document, document->root, "", kTop), IsOk());

  const Status status =
      check_keys(*document, *document->root.find("sub")->find_object(), "/sub", kKnown);

  ASSERT_THAT(status, RefusedWith(Code::k_configuration_refused));
  EXPECT_EQ(status.error().message(),
            "x.toml:3:1: unknown key 'upsteam'; did you mean 'upstream'?");
}

}  // namespace
}  // namespace ajwt::config
