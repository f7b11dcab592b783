// SPDX-License-Identifier: Apache-2.0
//
// An agent's definition, as registered and as it runs (draft 5.2; protocol 3.1). Its checksum is in
// agent_checksum.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/value.h"

namespace ajwt {

// Tool is one tool of an agent. `parameters` (JSON Schema) or `signature` (text), and for a deep
// tool `source_code`, which is hashed as given, and the sources of the `helpers` that it calls, by
// their names.
struct Tool {
  std::string name;
  std::string description;
  std::optional<json::Object> parameters = {};
  std::optional<std::string> signature = {};
  std::optional<std::string> source_code = {};
  std::map<std::string, std::string> helpers = {};
  friend bool operator==(const Tool&, const Tool&) = default;
};

// Model is the model that an agent runs on: its id and, if the owner gives one, a digest of it.
struct Model {
  std::string id;
  std::optional<std::string> digest = {};
  friend bool operator==(const Model&, const Model&) = default;
};

// ServerTool is one tool of a remote tool server, as the server describes it.
struct ServerTool {
  std::string name;
  std::optional<std::string> description = {};
  json::Object input_schema = {};
  std::optional<json::Object> output_schema = {};
  friend bool operator==(const ServerTool&, const ServerTool&) = default;
};

// ToolServer is a remote tool server and those of its tools, at least one, that the agent may use.
struct ToolServer {
  std::string id;
  std::vector<ServerTool> tools;
  friend bool operator==(const ToolServer&, const ToolServer&) = default;
};

// AgentDefinition is what an agent is: the `agent_components` of a registration. `slots` names what
// is filled into the prompt template at run time and is left out of its text on purpose.
struct AgentDefinition {
  std::string agent_id;
  std::string prompt_template;
  std::vector<Tool> tools = {};
  json::Object configuration = {};
  std::vector<std::string> slots = {};
  std::optional<Model> model = {};
  std::vector<ToolServer> servers = {};
  friend bool operator==(const AgentDefinition&, const AgentDefinition&) = default;
};

// parse_agent_components reads {"agent_id", "prompt_template", "tools", "configuration"?, "slots"?,
// "model"?, "servers"?} (protocol 3.1). Refuses k_components_malformed, k_identifier_malformed,
// k_tool_duplicated, k_limit_exceeded, k_json_unknown_member: what no profile would hash is not
// accepted. What the profile at hand would not hash, compute_agent_checksum refuses.
Result<AgentDefinition> parse_agent_components(const json::Object& components);
// to_json is the inverse of parse_agent_components.
json::Object to_json(const AgentDefinition& definition);
// These write one part as it stands there; an absent member, and empty helpers, are left out.
json::Object to_json(const Tool& tool);
json::Object to_json(const Model& model);
json::Object to_json(const ServerTool& tool);

// sort_tools returns the tools in code-point order of their names, which is the order of their
// UTF-8 bytes; valid as long as `tools` is. Of two tools with one name a reader could take either,
// so it refuses k_tool_duplicated.
Result<std::vector<const Tool*>> sort_tools(const std::vector<Tool>& tools);

}  // namespace ajwt
