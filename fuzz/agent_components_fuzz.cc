// SPDX-License-Identifier: Apache-2.0
//
// Agent components and their checksums: a definition is written and read again as the same one, and
// its checksum does not depend on spelling, on the order of tools or, but in the strict profile, on
// white space of the prompt. The strict checksum is that of the component hashes alone.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "fuzz/support/choices.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/agent_checksum.h"
#include "protocol/strict_checksum.h"

namespace ajwt {
namespace {

void check_checksum(const AgentDefinition& definition, ChecksumProfile profile) {
  const auto checksum = compute_agent_checksum(definition, profile);
  AgentDefinition variant = definition;
  std::reverse(variant.tools.begin(), variant.tools.end());
  std::reverse(variant.slots.begin(), variant.slots.end());
  std::reverse(variant.servers.begin(), variant.servers.end());
  if (profile != ChecksumProfile::kStrictSha256)
    variant.prompt_template = "\r\n " + normalize_prompt(variant.prompt_template) + "\t\n\n";
  const auto other = compute_agent_checksum(variant, profile);
  AJWT_CHECK(checksum.has_value() == other.has_value());
  if (!checksum) return;
  AJWT_CHECK(*checksum == *other);
  AJWT_CHECK(profile_of(*checksum) == profile);

  // A visible change of any part gives another checksum.
  variant = definition;
  variant.prompt_template += "x";
  const auto changed = compute_agent_checksum(variant, profile);
  AJWT_CHECK(changed && *changed != *checksum);
}

void check_strict(const AgentDefinition& definition) {
  const auto digests = compute_component_digests(definition);
  const auto checksum = compute_agent_checksum(definition, ChecksumProfile::kStrictSha256);
  AJWT_CHECK(digests.has_value() == checksum.has_value());
  if (!digests) return;
  const auto reread = json::parse_object(json::write(to_json(*digests)));
  AJWT_CHECK(reread.has_value());
  const auto again = parse_component_hashes(*reread);
  AJWT_CHECK(again && *again == *digests);
  const auto alone = strict_checksum(definition.agent_id, *again);
  AJWT_CHECK(alone && *alone == *checksum);

  // Not even white space is lost.
  AgentDefinition variant = definition;
  variant.prompt_template += ' ';
  const auto spaced = compute_agent_checksum(variant, ChecksumProfile::kStrictSha256);
  AJWT_CHECK(spaced && *spaced != *checksum);
}

void check_hashes(const json::Object& object) {
  const auto digests = parse_component_hashes(object);
  if (!digests) return;
  const auto again = parse_component_hashes(to_json(*digests));
  AJWT_CHECK(again && *again == *digests);
  AJWT_CHECK(strict_checksum("a", *digests).has_value());
}

void check(const AgentDefinition& definition) {
  const std::string written = json::write(to_json(definition));
  const auto reread = json::parse_object(written);
  AJWT_CHECK(reread.has_value());
  const auto again = parse_agent_components(*reread);
  AJWT_CHECK(again && *again == definition);

  const std::string prompt = normalize_prompt(definition.prompt_template);
  AJWT_CHECK(normalize_prompt(prompt) == prompt);
  AJWT_CHECK(prompt.find("\n\n") == std::string::npos && prompt.find("\r\n") == std::string::npos);

  check_checksum(definition, ChecksumProfile::kSha256);
  check_checksum(definition, ChecksumProfile::kReference);
  check_checksum(definition, ChecksumProfile::kStrictSha256);
  check_strict(definition);
}

}  // namespace
}  // namespace ajwt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto object = ajwt::json::parse_object(ajwt::fuzz::text_of(data, size));
  if (!object) return 0;
  ajwt::check_hashes(*object);
  const auto definition = ajwt::parse_agent_components(*object);
  if (definition) ajwt::check(*definition);
  return 0;
}
