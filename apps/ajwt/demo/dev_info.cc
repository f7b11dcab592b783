// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/demo/dev_info.h"

#include "apps/ajwt/demo/agents.h"
#include "files/private_file.h"
#include "json/members.h"
#include "json/parse.h"

namespace ajwt::demo {

json::Object to_json(const DevInfo& info) {
  json::Object agents;
  for (const auto& [agent, file] : info.agent_keys) agents.set(agent, file);
  return json::Object{
      {"pid", info.pid},
      {"issuer", info.issuer},
      {"guard_url", info.guard_url},
      {"api_url", info.api_url},
      {"audience", kAudience},
      {"app_id", kAppId},
      {"workflow_id", kWorkflowId},
      {"client_id", kAppId},
      {"client_key", info.client_key},
      {"registrar_client_id", kRegistrarId},
      {"registrar_key", info.registrar_key},
      {"admin", json::Object{{"client_id", info.admin_client_id}, {"key_file", info.admin_key}}},
      {"agents", std::move(agents)},
      {"control", info.control},
      {"data", info.data},
      {"log_file", info.log_file}};
}

Result<DevInfo> parse_dev_info(const json::Object& object) {
  json::Members members(object);
  DevInfo info;
  AJWT_ASSIGN(info.pid, members.get_integer("pid"));
  AJWT_ASSIGN(info.issuer, members.get_string("issuer"));
  AJWT_ASSIGN(info.guard_url, members.get_string("guard_url"));
  AJWT_ASSIGN(info.api_url, members.get_string("api_url"));
  AJWT_ASSIGN(info.control, members.get_string("control"));
  AJWT_ASSIGN(info.client_key, members.get_string("client_key"));
  AJWT_ASSIGN(info.registrar_key, members.get_string("registrar_key"));
  AJWT_ASSIGN(info.data, members.get_string("data"));
  AJWT_ASSIGN(info.log_file, members.get_string("log_file"));
  AJWT_ASSIGN(const auto* admin, members.get_object("admin"));
  json::Members admin_members(*admin);
  AJWT_ASSIGN(info.admin_client_id, admin_members.get_string("client_id"));
  AJWT_ASSIGN(info.admin_key, admin_members.get_string("key_file"));
  AJWT_ASSIGN(const auto* agents, members.get_object("agents"));
  for (const auto& agent : agents->members()) {
    if (agent.value.find_string() == nullptr) {
      return refuse(Code::k_json_wrong_type, agent.name);
    }
    info.agent_keys.emplace(agent.name, agent.value.as_string());
  }
  return info;
}

std::filesystem::path default_dev_folder() { return ".ajwt-dev"; }

Result<DevInfo> load_dev_info(const std::filesystem::path& folder) {
  const auto path = folder / "dev.json";
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return refuse(Code::k_network_failed, path.string() + " is not there; start `ajwt dev` first.");
  }
  AJWT_ASSIGN(const Secret text, files::read_private_file(path.string()));
  AJWT_ASSIGN(const auto object, json::parse_object(text.reveal()));
  return parse_dev_info(object);
}

}  // namespace ajwt::demo
