// SPDX-License-Identifier: Apache-2.0
#include "protocol/agent_definition.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/id.h"
#include "crypto/hash.h"
#include "json/members.h"
#include "json/write.h"
#include "protocol/names.h"
#include "protocol/python_json.h"

namespace ajwt {
namespace {

constexpr std::size_t kMaxTools = 512;
constexpr std::size_t kMaxToolNameLength = 256;
constexpr std::size_t kHexDigits = 64;
constexpr std::string_view kSha256Prefix = "sha256:";

// The members of the draft's listing, which has other names for the same things.
constexpr std::string_view kReferenceId = "id";
constexpr std::string_view kReferencePrompt = "prompt";
constexpr std::string_view kReferenceConfig = "config";

Result<std::optional<json::Object>> find_copy(json::Members& members, std::string_view name) {
  AJWT_ASSIGN(const json::Object* object, members.find_object(name));
  return object == nullptr ? std::nullopt : std::optional(*object);
}

Result<Tool> parse_tool(const json::Value& value) {
  const json::Object* object = value.find_object();
  if (object == nullptr) return refuse(Code::k_components_malformed, "A tool must be an object.");
  json::Members members(*object);
  Tool tool;
  AJWT_ASSIGN(tool.name, members.get_string(names::kName));
  AJWT_ASSIGN(tool.description, members.get_string(names::kDescription));
  AJWT_ASSIGN(tool.parameters, find_copy(members, names::kParameters));
  AJWT_ASSIGN(tool.signature, members.find_string(names::kSignature));
  AJWT_ASSIGN(tool.source_code, members.find_string(names::kSourceCode));
  AJWT_TRY(members.check_no_others());
  if (tool.name.empty() || tool.name.size() > kMaxToolNameLength) {
    return refuse(Code::k_components_malformed, "Member name of a tool.");
  }
  return tool;
}

// sort_tools returns the tools in code-point order of their names, which is the order of their
// UTF-8 bytes. Of two tools with one name a reader could take either, so neither is accepted.
Result<std::vector<const Tool*>> sort_tools(const std::vector<Tool>& tools) {
  std::vector<const Tool*> sorted;
  sorted.reserve(tools.size());
  for (const Tool& tool : tools) sorted.push_back(&tool);
  std::sort(sorted.begin(), sorted.end(),
            [](const Tool* a, const Tool* b) { return a->name < b->name; });
  const auto twice =
      std::adjacent_find(sorted.begin(), sorted.end(),
                         [](const Tool* a, const Tool* b) { return a->name == b->name; });
  if (twice != sorted.end()) return refuse(Code::k_tool_duplicated);
  return sorted;
}

json::Object write_tool(const Tool& tool) {
  json::Object object;
  object.append(names::kName, tool.name);
  object.append(names::kDescription, tool.description);
  if (tool.parameters) object.append(names::kParameters, *tool.parameters);
  if (tool.signature) object.append(names::kSignature, *tool.signature);
  if (tool.source_code) object.append(names::kSourceCode, *tool.source_code);
  return object;
}

json::Object write_components(const AgentDefinition& definition, std::string prompt,
                              json::Array tools) {
  json::Object object;
  object.append(names::kAgentId, definition.agent_id);
  object.append(names::kPromptTemplate, std::move(prompt));
  object.append(names::kTools, std::move(tools));
  object.append(names::kConfiguration, definition.configuration);
  return object;
}

Result<std::string> compute_sha256(const AgentDefinition& definition,
                                   const std::vector<const Tool*>& tools) {
  json::Array array;
  array.reserve(tools.size());
  for (const Tool* tool : tools) array.emplace_back(write_tool(*tool));
  AJWT_ASSIGN(const std::string canonical,
              json::write_jcs(write_components(
                  definition, normalize_prompt(definition.prompt_template), std::move(array))));
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

Result<std::string> compute_reference(const AgentDefinition& definition,
                                      const std::vector<const Tool*>& tools) {
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

bool is_lowercase_hex(std::string_view text) {
  return text.size() == kHexDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Result<AgentDefinition> parse_members(json::Members& members) {
  AgentDefinition definition;
  AJWT_ASSIGN(definition.agent_id, members.get_string(names::kAgentId));
  AJWT_ASSIGN(definition.prompt_template, members.get_string(names::kPromptTemplate));
  AJWT_ASSIGN(const json::Array* tools, members.get_array(names::kTools));
  AJWT_ASSIGN(auto configuration, find_copy(members, names::kConfiguration));
  AJWT_TRY(members.check_no_others());
  if (configuration) definition.configuration = *std::move(configuration);
  AJWT_TRY(AgentId::parse(definition.agent_id));
  if (tools->size() > kMaxTools) return refuse(Code::k_limit_exceeded, "Tools of an agent.");
  definition.tools.reserve(tools->size());
  for (const json::Value& value : *tools) {
    AJWT_ASSIGN(Tool tool, parse_tool(value));
    definition.tools.push_back(std::move(tool));
  }
  AJWT_TRY(sort_tools(definition.tools));
  return definition;
}

}  // namespace

Result<AgentDefinition> parse_agent_components(const json::Object& components) {
  json::Members members(components);
  auto definition = parse_members(members);
  if (!definition)
    return json::as_malformed(std::move(definition).error(), Code::k_components_malformed);
  return definition;
}

json::Object to_json(const AgentDefinition& definition) {
  json::Array tools;
  tools.reserve(definition.tools.size());
  for (const Tool& tool : definition.tools) tools.emplace_back(write_tool(tool));
  return write_components(definition, definition.prompt_template, std::move(tools));
}

std::optional<ChecksumProfile> profile_of(std::string_view checksum) {
  if (is_lowercase_hex(checksum)) return ChecksumProfile::kReference;
  if (!checksum.starts_with(kSha256Prefix)) return std::nullopt;
  checksum.remove_prefix(kSha256Prefix.size());
  return is_lowercase_hex(checksum) ? std::optional(ChecksumProfile::kSha256) : std::nullopt;
}

std::string_view name(ChecksumProfile profile) {
  switch (profile) {
    case ChecksumProfile::kSha256:
      return "sha256";
    case ChecksumProfile::kReference:
      return "reference";
  }
  return "";
}

std::optional<ChecksumProfile> find_checksum_profile(std::string_view name) {
  for (const auto profile : {ChecksumProfile::kSha256, ChecksumProfile::kReference}) {
    if (name == ajwt::name(profile)) return profile;
  }
  return std::nullopt;
}

Result<std::string> compute_agent_checksum(const AgentDefinition& definition,
                                           ChecksumProfile profile) {
  AJWT_ASSIGN(const auto tools, sort_tools(definition.tools));
  switch (profile) {
    case ChecksumProfile::kSha256:
      return compute_sha256(definition, tools);
    case ChecksumProfile::kReference:
      return compute_reference(definition, tools);
  }
  return refuse(Code::k_internal_error);
}

}  // namespace ajwt
