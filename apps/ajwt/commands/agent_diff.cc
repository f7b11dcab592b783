// SPDX-License-Identifier: Apache-2.0
//
// `ajwt agent diff`: in which parts a definition differs from the registered one, word by word.
#include <algorithm>
#include <ostream>
#include <utility>

#include "apps/ajwt/commands/agent.h"
#include "apps/ajwt/support/answer.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/profile.h"
#include "apps/ajwt/support/word_diff.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/component_drift.h"
#include "protocol/names.h"

namespace ajwt::app {
namespace {

const Scopes kOwnerScopes{std::string(names::kScopeRegisterAgent),
                          std::string(names::kScopeAdminAgents)};

struct DiffOptions {
  std::string file;
  std::string app;
  std::string agent;
};

void declare(CLI::App& command, DiffOptions& options) {
  command
      .add_option("-f,--file,FILE", options.file,
                  "The agent as it is now: agent_components, or an object that has it; - is "
                  "standard input")
      ->required();
  command.add_option("--app", options.app, "The agent's application")->type_name("ID");
  command
      .add_option("--agent", options.agent, "The registered agent; default: the file's agent_id")
      ->type_name("ID");
}

// Comparison is the outcome. Parts and texts stand there as far as this client may see them.
struct Comparison {
  json::Object registration;  // the authority's answer
  std::string profile;
  std::string registered_checksum;
  std::optional<std::string> live_checksum;  // absent: the profile does not hash this definition
  std::vector<ComponentDrift> parts;
  std::optional<AgentDefinition> registered;
  std::string without_parts;  // why there are none

  bool has_drift() const { return live_checksum != registered_checksum; }
};

// --- what a part says, as text

json::Value canonical(const json::Value& value) {
  const auto text = json::write_jcs(value);
  auto sorted = text ? json::parse(*text, {.max_bytes = 16 * 1024 * 1024, .max_depth = 64})
                     : Result<json::Value>(value);
  return sorted ? *std::move(sorted) : value;
}

void append_member(std::string& out, const std::string& name, const json::Value& value) {
  out += name + ":";
  if (const auto* text = value.find_string()) {
    out += (text->find('\n') == std::string::npos ? " " : "\n") + *text + "\n";
  } else {
    out += " " + json::write_indented(canonical(value)) + "\n";
  }
}

std::string text_of_members(const json::Object& object) {
  std::string out;
  for (const auto& member : object.members()) {
    if (member.name == names::kHelpers && member.value.find_object() != nullptr) {
      for (const auto& helper : member.value.as_object().members()) {
        append_member(out, "helpers." + helper.name, helper.value);
      }
    } else if (member.name != names::kName) {
      append_member(out, member.name, member.value);
    }
  }
  return out;
}

std::string text_of_slots(std::vector<std::string> slots) {
  std::sort(slots.begin(), slots.end());
  std::string out;
  for (const auto& slot : slots) out += slot + "\n";
  return out;
}

std::string text_of_tool(const std::vector<Tool>& tools, const std::string& name) {
  const auto found =
      std::find_if(tools.begin(), tools.end(), [&](const Tool& tool) { return tool.name == name; });
  return found == tools.end() ? "" : text_of_members(to_json(*found));
}

std::string text_of_server_tool(const AgentDefinition& agent, const Component& component) {
  for (const ToolServer& server : agent.servers) {
    if (server.id != component.server) continue;
    for (const ServerTool& tool : server.tools) {
      if (tool.name == component.name) return text_of_members(to_json(tool));
    }
  }
  return "";
}

// text_of_part returns the part as text for a word diff; nothing if the agent does not have it.
std::string text_of_part(const AgentDefinition& agent, const Component& component) {
  switch (component.part) {
    case Part::kPrompt:
      return agent.prompt_template;
    case Part::kSlots:
      return text_of_slots(agent.slots);
    case Part::kTool:
      return text_of_tool(agent.tools, component.name);
    case Part::kConfiguration: {
      const json::Value* value = agent.configuration.find(component.name);
      return value == nullptr ? "" : json::write_indented(canonical(*value)) + "\n";
    }
    case Part::kModel:
      return agent.model ? text_of_members(to_json(*agent.model)) : "";
    case Part::kServerTool:
      return text_of_server_tool(agent, component);
  }
  return "";
}

// --- the comparison

// ask_for_parts lets the authority compare digests: what is registered without text, nobody can
// show.
Status ask_for_parts(Connection& connection, const std::string& path, const ComponentDigests& live,
                     Comparison& comparison) {
  const auto answer = connection.send("POST", path + "/diff",
                                      {{names::kComponentHashes, to_json(live)}}, kOwnerScopes);
  if (!answer) {
    const Code code = answer.error().code();
    if (code != Code::k_components_unknown && code != Code::k_client_unauthorized) {
      return answer.error();
    }
    comparison.without_parts = answer.error().describe();
    return ok();
  }
  AJWT_ASSIGN(const json::Array rows, get_rows(*answer, "components"));
  for (const json::Value& row : rows) {
    AJWT_ASSIGN(ComponentDrift drift, parse_component_drift(row.as_object()));
    comparison.parts.push_back(std::move(drift));
  }
  return ok();
}

Status compare_texts(const json::Value& components, const ComponentDigests& live,
                     Comparison& comparison) {
  if (components.find_object() == nullptr) return refuse(Code::k_response_malformed);
  AJWT_ASSIGN(AgentDefinition registered, parse_agent_components(components.as_object()));
  AJWT_ASSIGN(const ComponentDigests digests, compute_component_digests(registered));
  comparison.parts = compare_components(digests, live);
  comparison.registered = std::move(registered);
  return ok();
}

Status compute_live_checksum(const AgentDefinition& live, Comparison& comparison) {
  const auto profile = find_checksum_profile(comparison.profile);
  if (!profile) return refuse(Code::k_response_malformed, "profile");
  auto checksum = compute_agent_checksum(live, *profile);
  if (checksum) {
    comparison.live_checksum = *std::move(checksum);
    return ok();
  }
  const Code code = checksum.error().code();
  // What the profile does not hash cannot be what is registered.
  if (code == Code::k_component_not_hashed || code == Code::k_components_malformed) return ok();
  return checksum.error();
}

Result<Comparison> compare(Connection& connection, const DiffOptions& options,
                           const AgentDefinition& live) {
  AJWT_ASSIGN(const ComponentDigests digests, compute_component_digests(live));
  AJWT_ASSIGN(const std::string app_id, connection.get_app_id(options.app));
  const std::string& agent_id = options.agent.empty() ? live.agent_id : options.agent;
  const std::string path = "/intent/agents/" + path_segment(app_id) + "/" + path_segment(agent_id);
  Comparison comparison;
  AJWT_ASSIGN(comparison.registration, connection.get(path, kOwnerScopes));
  comparison.profile = comparison.registration.text(names::kProfile);
  comparison.registered_checksum = comparison.registration.text(names::kChecksum);
  AJWT_TRY(compute_live_checksum(live, comparison));
  const json::Value* components = comparison.registration.find(names::kAgentComponents);
  if (components == nullptr) {
    AJWT_TRY(ask_for_parts(connection, path, digests, comparison));
  } else {
    AJWT_TRY(compare_texts(*components, digests, comparison));
  }
  return comparison;
}

// --- the answer

std::vector<Change> changes_of(const Comparison& comparison, const AgentDefinition& live,
                               const Component& component) {
  if (!comparison.registered) return {};
  return word_diff(text_of_part(*comparison.registered, component), text_of_part(live, component));
}

json::Object header_of(const Comparison& comparison) {
  json::Object out;
  for (const auto name : {names::kAppId, names::kAgentId, names::kRegistrationId, names::kVersion,
                          names::kStatus, names::kProfile}) {
    const json::Value* value = comparison.registration.find(name);
    if (value != nullptr) out.set(std::string(name), *value);
  }
  out.set("registered_checksum", comparison.registered_checksum);
  if (comparison.live_checksum) out.set(names::kChecksum, *comparison.live_checksum);
  return out;
}

void print_as_json(Session& session, const Comparison& comparison, const AgentDefinition& live) {
  json::Object out = header_of(comparison);
  out.set("drift", comparison.has_drift());
  json::Array parts;
  for (const ComponentDrift& each : comparison.parts) {
    json::Object row = to_json(each);
    if (each.drift != Drift::kSame && comparison.registered) {
      row.set("changes", to_json(changes_of(comparison, live, each.component)));
    }
    parts.emplace_back(std::move(row));
  }
  out.set("components", std::move(parts));
  session.print_json(std::move(out));
}

void print_for_people(Session& session, const Comparison& comparison, const AgentDefinition& live) {
  json::Object header = header_of(comparison);
  header.set("drift", comparison.has_drift() ? "yes" : "none");
  session.print_fields(header);
  const Colours colours = session.colours() ? Colours::kOn : Colours::kOff;
  for (const ComponentDrift& each : comparison.parts) {
    if (each.drift == Drift::kSame) continue;
    session.out() << '\n'
                  << printable(describe(each.component)) << "  " << name(each.drift) << '\n'
                  << write_changes(changes_of(comparison, live, each.component), "  ", colours);
  }
  if (comparison.registration.text(names::kAgentId) != live.agent_id) {
    session.note("The file's agent_id is " + printable(live.agent_id) + ", which is drift itself.");
  }
  if (!comparison.without_parts.empty()) {
    session.note("Which parts differ is not known: " + comparison.without_parts);
  } else if (!comparison.registered && comparison.has_drift()) {
    session.note("Registered without text: the authority knows which parts differ, not how.");
  }
}

Status run(Session& session, const DiffOptions& options) {
  AJWT_ASSIGN(const AgentFile file, read_agent_file(options.file));
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kRegistrar));
  AJWT_ASSIGN(const Comparison comparison, compare(*connection, options, file.definition));
  if (session.is_json()) {
    print_as_json(session, comparison, file.definition);
  } else {
    print_for_people(session, comparison, file.definition);
  }
  if (comparison.has_drift()) session.finish(ExitCode::kDrift);
  return ok();
}

}  // namespace

void add_agent_diff(CLI::App& agent, Session& session) {
  add_verb<DiffOptions>(
      agent, session,
      {.name = "diff",
       .summary = "Show in which parts an agent's definition differs from the registered one, word "
                  "by word. Exit code 4: it differs.",
       .examples = {"ajwt agent diff agent.json --app shop",
                    "ajwt agent diff - --app shop --agent clerk -o json < agent.json"},
       .reaches = Reaches::kAuthority},
      declare, run);
}

}  // namespace ajwt::app
