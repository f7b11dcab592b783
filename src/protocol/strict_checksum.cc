// SPDX-License-Identifier: Apache-2.0
#include "protocol/strict_checksum.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "crypto/hash.h"
#include "json/members.h"
#include "json/utf8.h"
#include "json/write.h"
#include "protocol/names.h"

namespace ajwt {
namespace {

using namespace std::string_view_literals;

// What is hashed begins with a label, which ends with a zero byte: no part can be another, nor the
// whole.
constexpr auto kChecksumLabel = "ajwt-strict-v1\0"sv;
constexpr auto kPromptLabel = "ajwt-strict-v1/prompt\0"sv;
constexpr auto kSlotsLabel = "ajwt-strict-v1/slots\0"sv;
constexpr auto kToolLabel = "ajwt-strict-v1/tool\0"sv;
constexpr auto kConfigurationLabel = "ajwt-strict-v1/configuration\0"sv;
constexpr auto kModelLabel = "ajwt-strict-v1/model\0"sv;
constexpr auto kServerToolLabel = "ajwt-strict-v1/server-tool\0"sv;

constexpr std::size_t kDigestLength = 64;
constexpr std::size_t kMaxToolHashes = 512;
constexpr std::size_t kMaxServersNamed = 64;
constexpr std::size_t kMaxNameBytes = 256;

std::string digest_text(std::string_view label, std::string_view text) {
  std::string input(label);
  input += text;
  return to_hex(crypto::sha256(input));
}

Result<std::string> digest_json(std::string_view label, const json::Value& value) {
  AJWT_ASSIGN(const std::string text, json::write_jcs(value));
  return digest_text(label, text);
}

// The prompt is hashed as it is; what is no UTF-8 could not be registered as it is.
Result<std::string> digest_prompt(const std::string& prompt) {
  if (!json::is_utf8(prompt)) return refuse(Code::k_json_bad_utf8, "The prompt.");
  return digest_text(kPromptLabel, prompt);
}

Result<std::string> digest_slots(std::vector<std::string> slots) {
  std::sort(slots.begin(), slots.end());
  if (std::adjacent_find(slots.begin(), slots.end()) != slots.end()) {
    return refuse(Code::k_components_malformed, "Two slots have the same name.");
  }
  return digest_json(kSlotsLabel, json::string_array(slots));
}

Status add_tools(const std::vector<Tool>& tools, ComponentDigests& digests) {
  for (const Tool& tool : tools) {
    AJWT_ASSIGN(std::string digest, digest_json(kToolLabel, to_json(tool)));
    const auto [at, added] =
        digests.try_emplace({.part = Part::kTool, .name = tool.name}, std::move(digest));
    if (!added) return refuse(Code::k_tool_duplicated);
  }
  return ok();
}

Status add_server(const ToolServer& server, ComponentDigests& digests) {
  if (server.tools.empty()) {
    return refuse(Code::k_components_malformed, "A server without tools.");
  }
  for (const ServerTool& tool : server.tools) {
    AJWT_ASSIGN(std::string digest, digest_json(kServerToolLabel, to_json(tool)));
    const auto [at, added] = digests.try_emplace(
        {.part = Part::kServerTool, .server = server.id, .name = tool.name}, std::move(digest));
    if (!added) return refuse(Code::k_tool_duplicated);
  }
  return ok();
}

Status check_servers_differ(const std::vector<ToolServer>& servers) {
  std::vector<std::string_view> ids;
  ids.reserve(servers.size());
  for (const ToolServer& server : servers) ids.emplace_back(server.id);
  std::sort(ids.begin(), ids.end());
  if (std::adjacent_find(ids.begin(), ids.end()) == ids.end()) return ok();
  return refuse(Code::k_components_malformed, "Two servers have the same id.");
}

// --- the JSON form

Result<std::string> get_digest(json::Members& members, std::string_view name) {
  AJWT_ASSIGN(std::string digest, members.get_string(name));
  if (is_lowercase_hex(digest, kDigestLength)) return digest;
  return refuse(Code::k_components_malformed,
                "A component hash is 64 lowercase hexadecimal digits.");
}

// read_named reads {name: digest} for parts of one kind.
Status read_named(const json::Object& object, Part part, const std::string& server,
                  ComponentDigests& digests) {
  const bool tools = part != Part::kConfiguration;
  if (tools && object.size() > kMaxToolHashes) {
    return refuse(Code::k_limit_exceeded, "Hashes of tools.");
  }
  json::Members members(object);
  for (const json::Member& member : object.members()) {
    if (tools && (member.name.empty() || member.name.size() > kMaxNameBytes)) {
      return refuse(Code::k_components_malformed, "Name of a tool.");
    }
    AJWT_ASSIGN(std::string digest, get_digest(members, member.name));
    digests.emplace(Component{.part = part, .server = server, .name = member.name},
                    std::move(digest));
  }
  return ok();
}

Status read_servers(const json::Object& servers, ComponentDigests& digests) {
  if (servers.size() > kMaxServersNamed) return refuse(Code::k_limit_exceeded, "Tool servers.");
  json::Members members(servers);
  for (const json::Member& member : servers.members()) {
    AJWT_ASSIGN(const json::Object* tools, members.get_object(member.name));
    if (member.name.empty() || member.name.size() > kMaxNameBytes) {
      return refuse(Code::k_components_malformed, "Id of a server.");
    }
    if (tools->empty()) return refuse(Code::k_components_malformed, "A server without tools.");
    AJWT_TRY(read_named(*tools, Part::kServerTool, member.name, digests));
  }
  return ok();
}

Result<ComponentDigests> read_hashes(json::Members& members) {
  ComponentDigests digests;
  AJWT_ASSIGN(digests[{.part = Part::kPrompt}], get_digest(members, names::kPrompt));
  if (members.find_any(names::kSlots) != nullptr) {
    AJWT_ASSIGN(digests[{.part = Part::kSlots}], get_digest(members, names::kSlots));
  } else {
    AJWT_ASSIGN(digests[{.part = Part::kSlots}], digest_slots({}));
  }
  if (members.find_any(names::kModel) != nullptr) {
    AJWT_ASSIGN(digests[{.part = Part::kModel}], get_digest(members, names::kModel));
  }
  for (const auto& [name, part] : {std::pair(names::kTools, Part::kTool),
                                   std::pair(names::kConfiguration, Part::kConfiguration)}) {
    AJWT_ASSIGN(const json::Object* object, members.find_object(name));
    if (object != nullptr) AJWT_TRY(read_named(*object, part, {}, digests));
  }
  AJWT_ASSIGN(const json::Object* servers, members.find_object(names::kServers));
  if (servers != nullptr) AJWT_TRY(read_servers(*servers, digests));
  AJWT_TRY(members.check_no_others());
  return digests;
}

// write_servers relies on the map's order: the tools of one server stand together.
json::Object write_servers(const ComponentDigests& digests) {
  json::Object servers;
  std::string id;
  json::Object tools;
  for (const auto& [component, digest] : digests) {
    if (component.part != Part::kServerTool) continue;
    if (component.server != id && !tools.empty()) {
      servers.append(std::move(id), std::exchange(tools, {}));
    }
    id = component.server;
    tools.append(component.name, digest);
  }
  if (!tools.empty()) servers.append(std::move(id), std::move(tools));
  return servers;
}

}  // namespace

std::string_view part_name(Part part) {
  switch (part) {
    case Part::kPrompt:
      return names::kPromptTemplate;
    case Part::kSlots:
      return names::kSlots;
    case Part::kTool:
      return names::kTools;
    case Part::kConfiguration:
      return names::kConfiguration;
    case Part::kModel:
      return names::kModel;
    case Part::kServerTool:
      return names::kServers;
  }
  return "";
}

std::string describe(const Component& component) {
  std::string text(part_name(component.part));
  if (component.part == Part::kServerTool) text += "." + component.server;
  const bool named = component.part == Part::kTool || component.part == Part::kConfiguration ||
                     component.part == Part::kServerTool;
  if (named) text += "." + component.name;
  return text;
}

Result<ComponentDigests> compute_component_digests(const AgentDefinition& definition) {
  ComponentDigests digests;
  AJWT_ASSIGN(digests[{.part = Part::kPrompt}], digest_prompt(definition.prompt_template));
  AJWT_ASSIGN(digests[{.part = Part::kSlots}], digest_slots(definition.slots));
  AJWT_TRY(add_tools(definition.tools, digests));
  for (const json::Member& member : definition.configuration.members()) {
    AJWT_ASSIGN(std::string digest,
                digest_json(kConfigurationLabel, json::Array{member.name, member.value}));
    digests.emplace(Component{.part = Part::kConfiguration, .name = member.name},
                    std::move(digest));
  }
  if (definition.model) {
    AJWT_ASSIGN(digests[{.part = Part::kModel}],
                digest_json(kModelLabel, to_json(*definition.model)));
  }
  AJWT_TRY(check_servers_differ(definition.servers));
  for (const ToolServer& server : definition.servers) AJWT_TRY(add_server(server, digests));
  return digests;
}

Result<ComponentDigests> parse_component_hashes(const json::Object& hashes) {
  json::Members members(hashes);
  auto digests = read_hashes(members);
  if (!digests) return json::as_malformed(std::move(digests).error(), Code::k_components_malformed);
  return digests;
}

json::Object to_json(const ComponentDigests& digests) {
  json::Object tools;
  json::Object configuration;
  json::Object out;
  for (const auto& [component, digest] : digests) {
    if (component.part == Part::kPrompt) out.append(names::kPrompt, digest);
    if (component.part == Part::kSlots) out.append(names::kSlots, digest);
    if (component.part == Part::kModel) out.append(names::kModel, digest);
    if (component.part == Part::kTool) tools.append(component.name, digest);
    if (component.part == Part::kConfiguration) configuration.append(component.name, digest);
  }
  out.append(names::kTools, std::move(tools));
  out.append(names::kConfiguration, std::move(configuration));
  out.append(names::kServers, write_servers(digests));
  return out;
}

Result<std::string> strict_checksum(std::string_view agent_id, const ComponentDigests& digests) {
  json::Object whole = to_json(digests);
  whole.append(names::kAgentId, agent_id);
  if (!digests.contains({.part = Part::kModel})) {
    whole.append(names::kModel, nullptr);
  }
  AJWT_ASSIGN(const std::string digest, digest_json(kChecksumLabel, std::move(whole)));
  return std::string(kStrictPrefix) + digest;
}

}  // namespace ajwt
