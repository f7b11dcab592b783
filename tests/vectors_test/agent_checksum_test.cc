// SPDX-License-Identifier: Apache-2.0
//
// The 120 agent specifications: normalised prompt and both checksums.
#include <cstddef>
#include <string>

#include "json/parse.h"
#include "protocol/agent_checksum.h"
#include "tests/vectors_test/vector_file.h"

namespace ajwt::testing {
namespace {

constexpr std::size_t kVectors = 120;
constexpr std::size_t kReferenceVectors = 66;

const std::string& text_of(const json::Object& vector, std::string_view name) {
  return member(vector, name).as_string();
}

TEST(AgentChecksumVectors, AllHaveTheirNormalizedPromptAndChecksums) {
  const auto file =
      json::parse(load_vector_text("agent-checksum.json"), json::Limits{16 * 1024 * 1024, 64});
  ASSERT_THAT(file, IsOk());
  std::size_t references = 0;
  for (const json::Value& value : file->as_array()) {
    const json::Object& vector = value.as_object();
    const auto definition = parse_agent_components(member(vector, "agent_components").as_object());
    ASSERT_THAT(definition, IsOk());
    EXPECT_EQ(normalize_prompt(definition->prompt_template), text_of(vector, "normalized_prompt"));
    EXPECT_THAT(compute_agent_checksum(*definition, ChecksumProfile::kSha256),
                IsOkAndHolds(text_of(vector, "sha256")))
        << definition->agent_id;
    const auto reference = compute_agent_checksum(*definition, ChecksumProfile::kReference);
    if (vector.contains("reference")) {
      ++references;
      EXPECT_THAT(reference, IsOkAndHolds(text_of(vector, "reference"))) << definition->agent_id;
    } else if (!definition->tools.empty()) {
      EXPECT_THAT(reference, RefusedWith(Code::k_components_malformed)) << definition->agent_id;
    }
  }
  EXPECT_EQ(file->as_array().size(), kVectors);
  EXPECT_EQ(references, kReferenceVectors);
}

}  // namespace
}  // namespace ajwt::testing
