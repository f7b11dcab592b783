// SPDX-License-Identifier: Apache-2.0
//
// An agent's checksum (draft 5.3; protocol 3.1), by one of three profiles. Pure: shim, authority,
// command line and tests all call the same functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/agent_definition.h"

namespace ajwt {

// normalize_prompt is draft 5.3.2's normalize_prompt with Python's semantics: Unicode strip,
// "\r\n" to "\n", blank lines dropped, each line stripped. `prompt` must be valid UTF-8.
std::string normalize_prompt(std::string_view prompt);

// ChecksumProfile names how a checksum was made; a registration has exactly one.
enum class ChecksumProfile {
  kSha256,        // "sha256:" + hex over JCS (draft 5.3.1)
  kReference,     // bare hex over the draft's Python listing (draft 5.3.2), by application setting
  kStrictSha256,  // "strict-sha256:" + hex over commitments of the parts: what the shim registers
};

// profile_of tells the profile from a checksum's form, or nothing if the form is none of a prefix
// ("sha256:", "strict-sha256:" or none) and 64 lowercase hex digits.
std::optional<ChecksumProfile> profile_of(std::string_view checksum);

// checksum_digits returns the hex digits of a checksum that has a profile, without its prefix.
std::string_view checksum_digits(std::string_view checksum);

std::string_view name(ChecksumProfile profile);
std::optional<ChecksumProfile> find_checksum_profile(std::string_view name);

// compute_agent_checksum returns the checksum's text form. Key order and number spelling do not
// matter, tool order does not matter; white space of the prompt is normalised away but for profile
// kStrictSha256, which takes its exact bytes.
// Refuses k_tool_duplicated; k_json_number_range if a number has no exact canonical form;
// k_json_bad_utf8; k_component_not_hashed for slots, model, servers and helpers in a profile that
// does not hash them; k_components_malformed in profile kReference for a tool without `signature`
// or with `parameters`, which the draft's listing does not hash; in profile kStrictSha256 what
// compute_component_digests refuses.
Result<std::string> compute_agent_checksum(const AgentDefinition& definition,
                                           ChecksumProfile profile);

}  // namespace ajwt
