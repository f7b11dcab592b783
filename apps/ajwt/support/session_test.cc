// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/session.h"

#include <gtest/gtest.h>

#include <sstream>

#include "apps/ajwt/support/time_text.h"
#include "base/clock.h"

namespace ajwt::app {
namespace {

class SessionTest : public ::testing::Test {
 protected:
  std::ostringstream out_;
  std::ostringstream err_;
  Session session_{out_, err_};
};

TEST_F(SessionTest, AlignsColumnsByCharactersAndMarksWhatIsAbsent) {
  session_.print_rows({"id", "scope"}, {json::Object{{"id", "\xc3\xa9t\xc3\xa9"}},
                                        json::Object{{"id", "x"}, {"scope", "a"}}});
  EXPECT_EQ(out_.str(), "id   scope\n\xc3\xa9t\xc3\xa9  -\nx    a\n");
}

TEST_F(SessionTest, ShowsTimesAsPeopleReadThem) {
  session_.print_fields({{"created_at", 0}});
  EXPECT_EQ(out_.str(), "created_at  1970-01-01 00:00:00 UTC\n");
}

TEST_F(SessionTest, WritesTheWholeRowsAsJson) {
  session_.format = OutputFormat::kJson;
  session_.print_rows({"id"}, {json::Object{{"id", "x"}, {"created_at", 0}}});
  EXPECT_EQ(out_.str(), "[\n  {\n    \"id\": \"x\",\n    \"created_at\": 0\n  }\n]\n");
}

TEST_F(SessionTest, EscapesWhatCouldSteerATerminal) {
  EXPECT_EQ(text_of(json::Value("a\x1b[31mb\x7f")), "a\\x1b[31mb\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b31m");
  EXPECT_EQ(printable("\xc2\xa0"), "\xc2\xa0");
}

TEST_F(SessionTest, SaysWhatFailedAndWhatToTry) {
  session_.fail(refuse(Code::k_step_predecessors_missing, "Step b.")
                    .with_items({"a"})
                    .with_detail("decision_id dec_1"),
                "ajwt execution show ID");
  EXPECT_EQ(session_.exit_code(), ExitCode::kDenied);
  EXPECT_TRUE(err_.str().starts_with("ajwt: step_predecessors_missing: ")) << err_.str();
  EXPECT_NE(err_.str().find(" [a] (decision_id dec_1) Try: ajwt execution show ID\n"),
            std::string::npos)
      << err_.str();
}

TEST_F(SessionTest, KeepsNotesOutOfJson) {
  session_.format = OutputFormat::kJson;
  session_.note("by the way");
  EXPECT_EQ(out_.str() + err_.str(), "");
}

TEST(TimeText, NamesTheTwoLargestUnits) {
  const Instant now = from_unix(1'000'000);
  EXPECT_EQ(relative_text(now, now), "now");
  EXPECT_EQ(relative_text(now + Seconds(252), now), "in 4 min 12 s");
  EXPECT_EQ(relative_text(now - Seconds(86400 + 7200 + 59), now), "1 d 2 h ago");
  EXPECT_EQ(relative_text(now - Seconds(3600 + 5), now), "1 h ago");
}

}  // namespace
}  // namespace ajwt::app
