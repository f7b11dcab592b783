// SPDX-License-Identifier: Apache-2.0
//
// JSONTestSuite: y_ files are accepted, n_ files refused, i_ files are free as long as nothing
// crashes. The two files with a duplicate name count as refused: that is an attack here.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "json/parse.h"
#include "json/write.h"
#include "tests/support/matchers.h"
#include "tests/vectors_test/vector_file.h"

namespace ajwt::json {
namespace {

// A file's outcome; what was accepted must also survive being written and read again.
Result<Value> parse_file(const std::string& name) {
  const std::string text = ajwt::testing::load_vector_text("json-test-suite/" + name);
  auto value = parse(text, Limits{.max_bytes = 1024 * 1024, .max_depth = 1024});
  if (value) {
    EXPECT_THAT(parse(write(*value), Limits{.max_depth = 1024}), IsOkAndHolds(*value));
  }
  return value;
}

TEST(JsonTestSuite, IsGradedAsItsFileNamesSay) {
  int accepted = 0;
  int refused = 0;
  int either = 0;
  const std::filesystem::path folder(AJWT_VECTORS_DIR "/third_party/json-test-suite");
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".json") continue;
    const auto value = parse_file(name);
    if (name.starts_with("y_object_duplicated_key")) {
      EXPECT_THAT(value, RefusedWith(Code::k_json_duplicate_name)) << name;
      ++refused;
    } else if (name.starts_with("y_")) {
      EXPECT_THAT(value, IsOk()) << name;
      ++accepted;
    } else if (name.starts_with("n_")) {
      EXPECT_FALSE(value.has_value()) << name;
      ++refused;
    } else {
      ++either;
    }
  }
  EXPECT_EQ(accepted, 93);
  EXPECT_EQ(refused, 190);
  EXPECT_EQ(either, 35);
}

TEST(JsonTestSuite, FreeCasesAreRefusedForTheirOwnReasons) {
  const struct {
    const char* name;
    Code code;
  } kCases[] = {
      {"i_number_huge_exp.json", Code::k_json_number_range},
      {"i_number_neg_int_huge_exp.json", Code::k_json_number_range},
      {"i_number_real_underflow.json", Code::k_json_number_range},
      {"i_number_too_big_pos_int.json", Code::k_json_number_range},
      {"i_number_very_big_negative_int.json", Code::k_json_number_range},
      {"i_object_key_lone_2nd_surrogate.json", Code::k_json_lone_surrogate},
      {"i_string_1st_surrogate_but_2nd_missing.json", Code::k_json_lone_surrogate},
      {"i_string_1st_valid_surrogate_2nd_invalid.json", Code::k_json_lone_surrogate},
      {"i_string_incomplete_surrogate_and_escape_valid.json", Code::k_json_lone_surrogate},
      {"i_string_incomplete_surrogate_pair.json", Code::k_json_lone_surrogate},
      {"i_string_incomplete_surrogates_escape_valid.json", Code::k_json_lone_surrogate},
      {"i_string_inverted_surrogates_U+1D11E.json", Code::k_json_lone_surrogate},
      {"i_string_lone_second_surrogate.json", Code::k_json_lone_surrogate},
      {"i_string_UTF-16LE_with_BOM.json", Code::k_json_bad_utf8},
      {"i_string_UTF8_surrogate_U+D800.json", Code::k_json_bad_utf8},
      {"i_string_overlong_sequence_2_bytes.json", Code::k_json_bad_utf8},
      {"i_string_iso_latin_1.json", Code::k_json_bad_utf8},
      {"i_string_truncated-utf-8.json", Code::k_json_bad_utf8},
      {"i_structure_UTF-8_BOM_empty_object.json", Code::k_json_malformed},
  };
  for (const auto& [name, code] : kCases) {
    EXPECT_THAT(parse_file(name), RefusedWith(code)) << name;
  }
}

}  // namespace
}  // namespace ajwt::json
