// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/demo/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/ajwt/demo/advisory.h"
#include "apps/ajwt/demo/diff.h"
#include "tests/support/matchers.h"

namespace ajwt::demo {
namespace {

TEST(Versions, OrderAsSemanticVersioningDoes) {
  constexpr std::string_view kAscending[] = {"1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
                                             "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
                                             "1.0.0",        "1.2.5",         "1.2.10",
                                             "10.0.0"};
  for (std::size_t i = 1; i < std::size(kAscending); ++i) {
    EXPECT_TRUE(compare_versions(Ecosystem::kNpm, kAscending[i - 1], kAscending[i]) < 0)
        << kAscending[i];
  }
  EXPECT_TRUE(compare_versions(Ecosystem::kNpm, "1.0.0+a", "1.0.0+b") == 0);
}

TEST(Versions, OrderAsDebianPolicyDoes) {
  constexpr std::string_view kAscending[] = {
      "1.0~rc1",        "1.0",  "1.0-0.1", "1.0-1", "1.0-1+deb12u2",
      "1.0-1+deb12u10", "1.0a", "1.0+b",   "1.10",  "1:0.1"};
  for (std::size_t i = 1; i < std::size(kAscending); ++i) {
    EXPECT_TRUE(compare_versions(Ecosystem::kDebian, kAscending[i - 1], kAscending[i]) < 0)
        << kAscending[i];
  }
  EXPECT_TRUE(compare_versions(Ecosystem::kDebian, "1.0", "1.0-0") == 0);
}

TEST(Manifest, ChangesOneVersionOfAPackageJsonAndNothingElse) {
  const auto manifest =
      parse_manifest("{\n  \"dependencies\": {\"lodash\" : \"^4.17.15\", \"x\": \"*\"}\n}\n");
  ASSERT_THAT(manifest, IsOk());
  ASSERT_EQ(manifest->packages.size(), 1U);

  const auto text = replace_version(*manifest, "lodash", "4.17.15", "4.17.21");

  ASSERT_THAT(text, IsOk());
  EXPECT_EQ(*text, "{\n  \"dependencies\": {\"lodash\" : \"^4.17.21\", \"x\": \"*\"}\n}\n");
}

TEST(Manifest, ChangesOneVersionOfADebianList) {
  const auto manifest = parse_manifest("# base\ncurl 7.88.1-10\nlibcurl4=7.88.1-10\n");
  ASSERT_THAT(manifest, IsOk());

  const auto text = replace_version(*manifest, "curl", "7.88.1-10", "7.88.1-10+deb12u4");

  ASSERT_THAT(text, IsOk());
  EXPECT_EQ(*text, "# base\ncurl 7.88.1-10+deb12u4\nlibcurl4=7.88.1-10\n");
}

TEST(Manifest, RefusesWhatItCannotRead) {
  EXPECT_THAT(parse_manifest("curl\n"), RefusedWith(Code::k_value_malformed));
  EXPECT_THAT(parse_manifest("{\"dependencies\": []}"), RefusedWith(Code::k_json_wrong_type));
  EXPECT_THAT(parse_manifest("{"), RefusedWith(Code::k_json_malformed));
  const auto manifest = parse_manifest("curl 1\n");
  EXPECT_THAT(replace_version(*manifest, "curl", "2", "3"), RefusedWith(Code::k_not_found));
}

TEST(Advisories, HitFromIntroducedUpToFixed) {
  const auto advisories = parse_advisories(
      R"([{"id":"A","affected":[{"package":{"ecosystem":"npm","name":"p"},"ranges":[{"type":"SEMVER",
          "events":[{"introduced":"1.0.0"},{"fixed":"1.2.6"}]}]}]}])");
  ASSERT_THAT(advisories, IsOk());
  const auto hits = [&](std::string_view version) {
    return find_advisories(*advisories, Ecosystem::kNpm, "p", version).size();
  };

  EXPECT_EQ(hits("0.9.9"), 0U);
  EXPECT_EQ(hits("1.0.0"), 1U);
  EXPECT_EQ(hits("1.2.5"), 1U);
  EXPECT_EQ(hits("1.2.6"), 0U);
}

TEST(Diff, ShowsChangedLinesWithContext) {
  EXPECT_EQ(unified_diff("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\nE\nf\n", "m"),
            "--- a/m\n+++ b/m\n@@ -2,5 +2,5 @@\n b\n c\n d\n-e\n+E\n f\n");
  EXPECT_EQ(unified_diff("a\n", "a\n", "m"), "");
}

}  // namespace
}  // namespace ajwt::demo
