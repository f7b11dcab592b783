// SPDX-License-Identifier: Apache-2.0
#include "protocol/agent_checksum.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "crypto/hash.h"
#include "json/write.h"
#include "protocol/names.h"
#include "protocol/python_json.h"
#include "protocol/strict_checksum.h"

namespace ajwt {
namespace {

constexpr std::size_t kHexDigits = 64;
constexpr std::string_view kSha256Prefix = "sha256:";

// The members of the draft's listing, which has other names for the same things.
constexpr std::string_view kReferenceId = "id";
constexpr std::string_view kReferencePrompt = "prompt";
constexpr std::string_view kReferenceConfig = "config";

constexpr auto kProfiles = std::to_array<ChecksumProfile>(
    {ChecksumProfile::kSha256, ChecksumProfile::kReference, ChecksumProfile::kStrictSha256});

// check_all_hashed: what the draft's two profiles would leave out could be changed without a trace.
Status check_all_hashed(const AgentDefinition& definition) {
  const auto left_out = [](std::string_view member) {
    return refuse(Code::k_component_not_hashed,
                  std::string(member) + " is for profile strict-sha256.");
  };
  if (!definition.slots.empty()) return left_out(names::kSlots);
  if (definition.model) return left_out(names::kModel);
  if (!definition.servers.empty()) return left_out(names::kServers);
  const bool helpers = std::any_of(definition.tools.begin(), definition.tools.end(),
                                   [](const Tool& tool) { return !tool.helpers.empty(); });
  if (helpers) return left_out(names::kHelpers);
  return ok();
}

Result<std::string> compute_sha256(const AgentDefinition& definition) {
  AJWT_TRY(check_all_hashed(definition));
  AJWT_ASSIGN(const auto tools, sort_tools(definition.tools));
  json::Array array;
  array.reserve(tools.size());
  for (const Tool* tool : tools) array.emplace_back(to_json(*tool));
  json::Object components;
  components.append(names::kAgentId, definition.agent_id);
  components.append(names::kPromptTemplate, normalize_prompt(definition.prompt_template));
  components.append(names::kTools, std::move(array));
  components.append(names::kConfiguration, definition.configuration);
  AJWT_ASSIGN(const std::string canonical, json::write_jcs(json::Value(std::move(components))));
  return std::string(kSha256Prefix) + to_hex(crypto::sha256(canonical));
}

Result<json::Object> write_reference_tool(const Tool& tool) {
  // The listing hashes no schema: a tool that has one could be changed without a trace.
  if (!tool.signature || tool.parameters) {
    return refuse(Code::k_components_malformed,
                  "The reference checksum needs tools with signature and without parameters.");
  }
  json::Object object;
  object.append(names::kName, tool.name);
  object.append(names::kSignature, *tool.signature);
  object.append(names::kDescription, tool.description);
  if (tool.source_code) object.append(names::kSourceCode, *tool.source_code);
  return object;
}

Result<std::string> compute_reference(const AgentDefinition& definition) {
  AJWT_TRY(check_all_hashed(definition));
  AJWT_ASSIGN(const auto tools, sort_tools(definition.tools));
  json::Array array;
  array.reserve(tools.size());
  for (const Tool* tool : tools) {
    AJWT_ASSIGN(json::Object object, write_reference_tool(*tool));
    array.emplace_back(std::move(object));
  }
  json::Object components;
  components.append(kReferenceId, definition.agent_id);
  components.append(kReferencePrompt, normalize_prompt(definition.prompt_template));
  components.append(names::kTools, std::move(array));
  components.append(kReferenceConfig, definition.configuration);
  AJWT_ASSIGN(const std::string text, write_python_json(components));
  return to_hex(crypto::sha256(text));
}

Result<std::string> compute_strict(const AgentDefinition& definition) {
  AJWT_ASSIGN(const ComponentDigests digests, compute_component_digests(definition));
  return strict_checksum(definition.agent_id, digests);
}

bool is_hex_after(std::string_view prefix, std::string_view text) {
  return text.starts_with(prefix) && is_lowercase_hex(text.substr(prefix.size()), kHexDigits);
}

}  // namespace

std::optional<ChecksumProfile> profile_of(std::string_view checksum) {
  if (is_lowercase_hex(checksum, kHexDigits)) return ChecksumProfile::kReference;
  if (is_hex_after(kSha256Prefix, checksum)) return ChecksumProfile::kSha256;
  if (is_hex_after(kStrictPrefix, checksum)) return ChecksumProfile::kStrictSha256;
  return std::nullopt;
}

std::string_view checksum_digits(std::string_view checksum) {
  return checksum.substr(checksum.find(':') + 1);  // without a prefix: npos + 1 is 0
}

std::string_view name(ChecksumProfile profile) {
  switch (profile) {
    case ChecksumProfile::kSha256:
      return "sha256";
    case ChecksumProfile::kReference:
      return "reference";
    case ChecksumProfile::kStrictSha256:
      return "strict-sha256";
  }
  return "";
}

std::optional<ChecksumProfile> find_checksum_profile(std::string_view name) {
  const auto found = std::find_if(kProfiles.begin(), kProfiles.end(),
                                  [&](const auto profile) { return name == ajwt::name(profile); });
  return found == kProfiles.end() ? std::nullopt : std::optional(*found);
}

Result<std::string> compute_agent_checksum(const AgentDefinition& definition,
                                           ChecksumProfile profile) {
  switch (profile) {
    case ChecksumProfile::kSha256:
      return compute_sha256(definition);
    case ChecksumProfile::kReference:
      return compute_reference(definition);
    case ChecksumProfile::kStrictSha256:
      return compute_strict(definition);
  }
  return refuse(Code::k_internal_error);
}

}  // namespace ajwt
