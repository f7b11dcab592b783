// SPDX-License-Identifier: Apache-2.0
//
// The parts of an agent, a digest of each, and the checksum over these digests: profile
// `strict-sha256` (protocol 3.1). Who has the digests alone computes the same checksum.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "base/result.h"
#include "json/value.h"
#include "protocol/agent_definition.h"

namespace ajwt {

// Part is a kind of part; each has a label of its own, so that no part passes for another.
enum class Part { kPrompt, kSlots, kTool, kConfiguration, kModel, kServerTool };

// Component names one part: prompt, slots and model by their kind alone, a tool and a member of the
// configuration by name, a remote tool by server and name.
struct Component {
  Part part;
  std::string server = {};
  std::string name = {};
  friend bool operator==(const Component&, const Component&) = default;
  friend bool operator<(const Component& a, const Component& b) {
    return std::tie(a.part, a.server, a.name) < std::tie(b.part, b.server, b.name);
  }
};

// describe returns the name for people and for lists: "prompt_template", "tools.NAME",
// "servers.ID.NAME".
std::string describe(const Component& component);
// part_name returns the member of agent_components in which the part stands.
std::string_view part_name(Part part);

// ComponentDigests are the digests of an agent's parts as 64 lowercase hex digits. Prompt and slots
// are always there, the model if there is one.
using ComponentDigests = std::map<Component, std::string>;

// compute_component_digests refuses k_json_number_range for a number without exact canonical form,
// k_json_bad_utf8, k_tool_duplicated (of one server, too), and k_components_malformed for two slots
// with one name, two servers with one id, and a server without tools.
Result<ComponentDigests> compute_component_digests(const AgentDefinition& definition);

// parse_component_hashes reads {"prompt", "slots"?, "tools"?, "configuration"?, "model"?,
// "servers"?}; absent is what a definition without the part has. Refuses k_components_malformed,
// k_limit_exceeded, k_json_unknown_member.
Result<ComponentDigests> parse_component_hashes(const json::Object& hashes);
// to_json is the inverse of parse_component_hashes.
json::Object to_json(const ComponentDigests& digests);

// strict_checksum returns "strict-sha256:" and 64 lowercase hex digits.
Result<std::string> strict_checksum(std::string_view agent_id, const ComponentDigests& digests);

inline constexpr std::string_view kStrictPrefix = "strict-sha256:";

}  // namespace ajwt
