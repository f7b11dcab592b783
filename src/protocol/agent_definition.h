// SPDX-License-Identifier: Apache-2.0
//
// An agent's definition, as registered and as it runs (draft 5.2), and its checksum (draft 5.3).
// Pure: shim, authority, command line and tests all call the same functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"

namespace ajwt {

// Tool is one tool of an agent. `parameters` (JSON Schema) or `signature` (text), and for a deep
// tool `source_code`, which is hashed as given.
struct Tool {
  std::string name;
  std::string description;
  std::optional<json::Object> parameters = {};
  std::optional<std::string> signature = {};
  std::optional<std::string> source_code = {};
  friend bool operator==(const Tool&, const Tool&) = default;
};

// AgentDefinition is what an agent is: the `agent_components` of a registration.
struct AgentDefinition {
  std::string agent_id;
  std::string prompt_template;
  std::vector<Tool> tools = {};
  json::Object configuration = {};
  friend bool operator==(const AgentDefinition&, const AgentDefinition&) = default;
};

// parse_agent_components reads {"agent_id","prompt_template","tools":[..],"configuration"?}.
// Refuses k_components_malformed, k_identifier_malformed, k_tool_duplicated, k_limit_exceeded
// (more than 512 tools), k_json_unknown_member: what would not be hashed is not accepted.
Result<AgentDefinition> parse_agent_components(const json::Object& components);
// to_json is the inverse of parse_agent_components.
json::Object to_json(const AgentDefinition& definition);

// normalize_prompt is draft 5.3.2's normalize_prompt with Python's semantics: Unicode strip,
// "\r\n" to "\n", blank lines dropped, each line stripped. `prompt` must be valid UTF-8.
std::string normalize_prompt(std::string_view prompt);

// ChecksumProfile names how a checksum was made; a registration has exactly one.
enum class ChecksumProfile {
  kSha256,     // "sha256:" + hex over JCS (draft 5.3.1): the default
  kReference,  // bare hex over the draft's Python listing (draft 5.3.2), by application setting
};

// profile_of tells the profile from a checksum's form, or nothing if the form is neither
// "sha256:" + 64 lowercase hex digits nor 64 lowercase hex digits.
std::optional<ChecksumProfile> profile_of(std::string_view checksum);
std::string_view name(ChecksumProfile profile);
std::optional<ChecksumProfile> find_checksum_profile(std::string_view name);

// compute_agent_checksum returns the checksum's text form. Key order and number spelling do not
// matter, tool order does not matter, prompt white space is normalised away.
// Refuses k_tool_duplicated; k_json_number_range if a number has no exact canonical form;
// k_components_malformed in profile kReference for a tool without `signature` or with `parameters`,
// which the draft's listing does not hash.
Result<std::string> compute_agent_checksum(const AgentDefinition& definition,
                                           ChecksumProfile profile);

}  // namespace ajwt
