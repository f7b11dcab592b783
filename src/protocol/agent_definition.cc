// SPDX-License-Identifier: Apache-2.0
#include "protocol/agent_definition.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/id.h"
#include "json/members.h"
#include "protocol/names.h"

namespace ajwt {
namespace {

constexpr std::size_t kMaxTools = 512;
constexpr std::size_t kMaxSlots = 256;
constexpr std::size_t kMaxServers = 64;
constexpr std::size_t kMaxHelpers = 256;
constexpr std::size_t kMaxNameLength = 256;

Result<std::optional<json::Object>> find_copy(json::Members& members, std::string_view name) {
  AJWT_ASSIGN(const json::Object* object, members.find_object(name));
  return object == nullptr ? std::nullopt : std::optional(*object);
}

Status check_length(const std::string& text, const char* what) {
  if (!text.empty() && text.size() <= kMaxNameLength) return ok();
  return refuse(Code::k_components_malformed, what);
}

Status check_count(std::size_t count, std::size_t most, const char* what) {
  if (count <= most) return ok();
  return refuse(Code::k_limit_exceeded, what);
}

// get_part returns the object that an element of an array has to be.
Result<const json::Object*> get_part(const json::Value& value, const char* message) {
  const json::Object* object = value.find_object();
  if (object == nullptr) return refuse(Code::k_components_malformed, message);
  return object;
}

// Helpers without source would be the parts of a tool whose whole is not hashed.
Status parse_helpers(json::Members& members, Tool& tool) {
  AJWT_ASSIGN(const json::Object* helpers, members.find_object(names::kHelpers));
  if (helpers == nullptr || helpers->empty()) return ok();
  if (!tool.source_code) {
    return refuse(Code::k_components_malformed, "Helpers are for a tool with source_code.");
  }
  AJWT_TRY(check_count(helpers->size(), kMaxHelpers, "Helpers of a tool."));
  json::Members sources(*helpers);
  for (const json::Member& helper : helpers->members()) {
    AJWT_TRY(check_length(helper.name, "Name of a helper."));
    AJWT_ASSIGN(tool.helpers[helper.name], sources.get_string(helper.name));
  }
  return ok();
}

Result<Tool> parse_tool(const json::Value& value) {
  AJWT_ASSIGN(const json::Object* object, get_part(value, "A tool must be an object."));
  json::Members members(*object);
  Tool tool;
  AJWT_ASSIGN(tool.name, members.get_string(names::kName));
  AJWT_ASSIGN(tool.description, members.get_string(names::kDescription));
  AJWT_ASSIGN(tool.parameters, find_copy(members, names::kParameters));
  AJWT_ASSIGN(tool.signature, members.find_string(names::kSignature));
  AJWT_ASSIGN(tool.source_code, members.find_string(names::kSourceCode));
  AJWT_TRY(parse_helpers(members, tool));
  AJWT_TRY(members.check_no_others());
  AJWT_TRY(check_length(tool.name, "Member name of a tool."));
  return tool;
}

Status parse_slots(json::Members& members, AgentDefinition& definition) {
  AJWT_ASSIGN(auto slots, members.find_strings(names::kSlots));
  if (!slots) return ok();
  AJWT_TRY(check_count(slots->size(), kMaxSlots, "Slots of a prompt."));
  for (const std::string& slot : *slots) {
    if (!is_identifier(slot)) return refuse(Code::k_components_malformed, "Name of a slot.");
  }
  definition.slots = *std::move(slots);
  return ok();
}

Status parse_model(json::Members& members, AgentDefinition& definition) {
  AJWT_ASSIGN(const json::Object* object, members.find_object(names::kModel));
  if (object == nullptr) return ok();
  json::Members model_members(*object);
  Model model;
  AJWT_ASSIGN(model.id, model_members.get_string(names::kId));
  AJWT_ASSIGN(model.digest, model_members.find_string(names::kDigest));
  AJWT_TRY(model_members.check_no_others());
  AJWT_TRY(check_length(model.id, "Member id of the model."));
  if (model.digest) AJWT_TRY(check_length(*model.digest, "Member digest of the model."));
  definition.model = std::move(model);
  return ok();
}

Result<ServerTool> parse_server_tool(const json::Value& value) {
  AJWT_ASSIGN(const json::Object* object, get_part(value, "A server's tool must be an object."));
  json::Members members(*object);
  ServerTool tool;
  AJWT_ASSIGN(tool.name, members.get_string(names::kName));
  AJWT_ASSIGN(tool.description, members.find_string(names::kDescription));
  AJWT_ASSIGN(const json::Object* input, members.get_object(names::kInputSchema));
  tool.input_schema = *input;
  AJWT_ASSIGN(tool.output_schema, find_copy(members, names::kOutputSchema));
  AJWT_TRY(members.check_no_others());
  AJWT_TRY(check_length(tool.name, "Member name of a server's tool."));
  return tool;
}

Result<ToolServer> parse_server(const json::Value& value) {
  AJWT_ASSIGN(const json::Object* object, get_part(value, "A server must be an object."));
  json::Members members(*object);
  ToolServer server;
  AJWT_ASSIGN(server.id, members.get_string(names::kId));
  AJWT_ASSIGN(const json::Array* tools, members.get_array(names::kTools));
  AJWT_TRY(members.check_no_others());
  AJWT_TRY(check_length(server.id, "Member id of a server."));
  if (tools->empty()) return refuse(Code::k_components_malformed, "A server without tools.");
  AJWT_TRY(check_count(tools->size(), kMaxTools, "Tools of a server."));
  server.tools.reserve(tools->size());
  for (const json::Value& each : *tools) {
    AJWT_ASSIGN(ServerTool tool, parse_server_tool(each));
    server.tools.push_back(std::move(tool));
  }
  return server;
}

Status parse_servers(json::Members& members, AgentDefinition& definition) {
  AJWT_ASSIGN(const json::Array* servers, members.find_array(names::kServers));
  if (servers == nullptr) return ok();
  AJWT_TRY(check_count(servers->size(), kMaxServers, "Tool servers of an agent."));
  for (const json::Value& each : *servers) {
    AJWT_ASSIGN(ToolServer server, parse_server(each));
    definition.servers.push_back(std::move(server));
  }
  return ok();
}

Status parse_tools(json::Members& members, AgentDefinition& definition) {
  AJWT_ASSIGN(const json::Array* tools, members.get_array(names::kTools));
  AJWT_TRY(check_count(tools->size(), kMaxTools, "Tools of an agent."));
  definition.tools.reserve(tools->size());
  for (const json::Value& value : *tools) {
    AJWT_ASSIGN(Tool tool, parse_tool(value));
    definition.tools.push_back(std::move(tool));
  }
  AJWT_TRY(sort_tools(definition.tools));
  return ok();
}

Result<AgentDefinition> parse_members(json::Members& members) {
  AgentDefinition definition;
  AJWT_ASSIGN(definition.agent_id, members.get_string(names::kAgentId));
  AJWT_ASSIGN(definition.prompt_template, members.get_string(names::kPromptTemplate));
  AJWT_TRY(parse_tools(members, definition));
  AJWT_ASSIGN(auto configuration, find_copy(members, names::kConfiguration));
  if (configuration) definition.configuration = *std::move(configuration);
  AJWT_TRY(parse_slots(members, definition));
  AJWT_TRY(parse_model(members, definition));
  AJWT_TRY(parse_servers(members, definition));
  AJWT_TRY(members.check_no_others());
  AJWT_TRY(AgentId::parse(definition.agent_id));
  return definition;
}

json::Object write_server(const ToolServer& server) {
  json::Array tools;
  tools.reserve(server.tools.size());
  for (const ServerTool& tool : server.tools) tools.emplace_back(to_json(tool));
  json::Object object;
  object.append(names::kId, server.id);
  object.append(names::kTools, std::move(tools));
  return object;
}

}  // namespace

Result<AgentDefinition> parse_agent_components(const json::Object& components) {
  json::Members members(components);
  auto definition = parse_members(members);
  if (!definition)
    return json::as_malformed(std::move(definition).error(), Code::k_components_malformed);
  return definition;
}

json::Object to_json(const Tool& tool) {
  json::Object object;
  object.append(names::kName, tool.name);
  object.append(names::kDescription, tool.description);
  if (tool.parameters) object.append(names::kParameters, *tool.parameters);
  if (tool.signature) object.append(names::kSignature, *tool.signature);
  if (tool.source_code) object.append(names::kSourceCode, *tool.source_code);
  if (!tool.helpers.empty()) {
    json::Object helpers;
    for (const auto& [name, source] : tool.helpers) helpers.append(name, source);
    object.append(names::kHelpers, std::move(helpers));
  }
  return object;
}

json::Object to_json(const Model& model) {
  json::Object object;
  object.append(names::kId, model.id);
  if (model.digest) object.append(names::kDigest, *model.digest);
  return object;
}

json::Object to_json(const ServerTool& tool) {
  json::Object object;
  object.append(names::kName, tool.name);
  if (tool.description) object.append(names::kDescription, *tool.description);
  object.append(names::kInputSchema, tool.input_schema);
  if (tool.output_schema) object.append(names::kOutputSchema, *tool.output_schema);
  return object;
}

json::Object to_json(const AgentDefinition& definition) {
  json::Array tools;
  tools.reserve(definition.tools.size());
  for (const Tool& tool : definition.tools) tools.emplace_back(to_json(tool));
  json::Object object;
  object.append(names::kAgentId, definition.agent_id);
  object.append(names::kPromptTemplate, definition.prompt_template);
  object.append(names::kTools, std::move(tools));
  object.append(names::kConfiguration, definition.configuration);
  if (!definition.slots.empty()) {
    object.append(names::kSlots, json::string_array(definition.slots));
  }
  if (definition.model) object.append(names::kModel, to_json(*definition.model));
  if (!definition.servers.empty()) {
    json::Array servers;
    for (const ToolServer& server : definition.servers) servers.emplace_back(write_server(server));
    object.append(names::kServers, std::move(servers));
  }
  return object;
}

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

}  // namespace ajwt
