// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/word_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>

namespace ajwt::app {
namespace {

using ::testing::ElementsAre;
using Texts = std::vector<std::string_view>;

std::size_t changes_in(const std::vector<Edit>& edits) {
  std::size_t count = 0;
  for (const Edit& edit : edits) count += edit.kind == EditKind::kKeep ? 0 : 1;
  return count;
}

// joined returns the sequence that one side of a script has.
Texts joined(const std::vector<Edit>& edits, EditKind without) {
  Texts texts;
  for (const Edit& edit : edits) {
    if (edit.kind != without) texts.push_back(edit.text);
  }
  return texts;
}

// longest_common is the textbook's table: the script's length follows from it.
std::size_t longest_common(const Texts& a, const Texts& b) {
  std::vector<std::vector<std::size_t>> common(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1, 0));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      common[i][j] =
          a[i] == b[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  return common[0][0];
}

std::string shown(std::string_view before, std::string_view after) {
  return write_changes(word_diff(before, after), "", Colours::kOff);
}

TEST(EditScript, IsShortestAndLeadsFromOneToTheOther) {
  std::mt19937 random(20260101);
  constexpr std::string_view kWords[] = {"a", "b", "c", "d"};
  for (int round = 0; round < 500; ++round) {
    const auto make = [&] {
      Texts texts(random() % 12);
      for (auto& text : texts) text = kWords[random() % 4];
      return texts;
    };
    const Texts a = make();
    const Texts b = make();
    const auto edits = edit_script(a, b);
    EXPECT_EQ(joined(edits, EditKind::kAdd), a);
    EXPECT_EQ(joined(edits, EditKind::kRemove), b);
    EXPECT_EQ(changes_in(edits), a.size() + b.size() - 2 * longest_common(a, b));
  }
}

TEST(EditScript, PutsWhatGoesBeforeWhatIsNew) {
  EXPECT_THAT(edit_script({"a", "x", "y", "b"}, {"a", "1", "2", "b"}),
              ElementsAre(Edit{EditKind::kKeep, "a"}, Edit{EditKind::kRemove, "x"},
                          Edit{EditKind::kRemove, "y"}, Edit{EditKind::kAdd, "1"},
                          Edit{EditKind::kAdd, "2"}, Edit{EditKind::kKeep, "b"}));
}

TEST(EditScript, OfSequencesThatShareNothingIsBounded) {
  const Texts a(20'000, "a");
  const Texts b(20'000, "b");
  const auto edits = edit_script(a, b);
  EXPECT_EQ(joined(edits, EditKind::kAdd), a);
  EXPECT_EQ(joined(edits, EditKind::kRemove), b);
}

TEST(WordDiff, ShowsTheWordsThatDiffer) {
  EXPECT_EQ(shown("You never send money.\n", "You always send all money.\n"),
            "You [-never-]{+always+} send{+ all+} money.\n");
  EXPECT_EQ(shown("same\n", "same\n"), "");
  EXPECT_EQ(shown("", "new"), "{+new+}\n");
}

TEST(WordDiff, ShowsWhiteSpaceAndLineEnds) {
  EXPECT_EQ(shown("a\nb", "a\r\nb"), "a{+\\x0d+}\nb\n");
  EXPECT_EQ(shown("a\n", "a"), "a[-\\n-]\n");
  EXPECT_EQ(shown("a b", "a  b"), "a[- -]{+  +}b\n");
}

TEST(WordDiff, LeavesOutLinesFarFromAnyChange) {
  EXPECT_EQ(shown("1\n2\n3\n4\n5\n6\n7\n", "1\n2\n3\nfour\n5\n6\n7\n"),
            "...\n2\n3\n[-4-]{+four+}\n5\n6\n...\n");
}

TEST(WordDiff, LetsNoTextSteerTheTerminal) {
  EXPECT_EQ(shown("a", "\x1b[2J"), "[-a-]{+\\x1b[2J+}\n");
}

TEST(WordDiff, JoinsToTheTexts) {
  std::string before;
  std::string after;
  for (const Change& change : word_diff("One, two\nthree", "One; two\r\nfour")) {
    if (change.kind != EditKind::kAdd) before += change.text;
    if (change.kind != EditKind::kRemove) after += change.text;
  }
  EXPECT_EQ(before, "One, two\nthree");
  EXPECT_EQ(after, "One; two\r\nfour");
}

}  // namespace
}  // namespace ajwt::app
