// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/dev/seed.h"

#include <filesystem>
#include <utility>

#include "apps/ajwt/demo/agents.h"
#include "files/key_file.h"
#include "jose/jwk.h"
#include "protocol/agent_checksum.h"
#include "protocol/names.h"
#include "shim/authority_client.h"

namespace ajwt::app {
namespace {

std::string str(std::string_view text) { return std::string(text); }

Result<std::string> make_key(const std::string& folder, std::string_view name) {
  const std::string path = folder + "/" + str(name) + ".key.pem";
  std::error_code error;
  if (std::filesystem::exists(path, error)) return path;
  AJWT_ASSIGN(const auto key, crypto::PrivateKey::generate(crypto::KeyKind::kEd25519));
  AJWT_TRY(files::create_key_file(path, key));
  return path;
}

Result<std::unique_ptr<shim::AuthorityClient>> connect(const demo::DevInfo& info,
                                                       std::string_view client_id,
                                                       const std::string& key_file,
                                                       HttpClient& http, const Clock& clock) {
  AJWT_ASSIGN(auto key, files::load_key_file(key_file));
  AJWT_ASSIGN(auto id, ClientId::parse(client_id));
  return shim::AuthorityClient::create(
      {.issuer = info.issuer, .credential = {std::move(id), std::move(key)}}, http, clock);
}

// create posts what may be there already.
Status create(shim::AuthorityClient& client, std::string path, json::Object body,
              std::string_view scope) {
  auto answer = client.call({.method = "POST", .path = std::move(path), .body = std::move(body)},
                            {str(scope)});
  if (answer || answer.error().code() == Code::k_already_exists) return ok();
  return std::move(answer).error();
}

Status create_client(shim::AuthorityClient& admin, std::string_view client_id,
                     const std::string& key_file, std::string_view scope) {
  AJWT_ASSIGN(const auto key, files::load_key_file(key_file));
  return create(admin, "/admin/apps/" + str(demo::kAppId) + "/clients",
                json::Object{{str(names::kClientId), client_id},
                             {"token_endpoint_auth_method", "private_key_jwt"},
                             {str(names::kJwk), jose::to_json(key.public_key())},
                             {str(names::kScope), scope}},
                names::kScopeAdminApps);
}

Status seed_application(const demo::DevInfo& info, HttpClient& http, const Clock& clock) {
  AJWT_ASSIGN(const auto admin, connect(info, info.admin_client_id, info.admin_key, http, clock));
  AJWT_TRY(create(*admin, "/admin/apps",
                  json::Object{{str(names::kAppId), demo::kAppId},
                               {str(names::kName), "Dependency-patching fleet"},
                               {"audiences", json::Array{demo::kAudience}}},
                  names::kScopeAdminApps));
  AJWT_TRY(create_client(*admin, demo::kAppId, info.client_key, names::kScopeMint));
  return create_client(*admin, demo::kRegistrarId, info.registrar_key,
                       str(names::kScopeRegisterAgent) + " " + str(names::kScopeRegisterWorkflow));
}

Status seed_fleet(const demo::DevInfo& info, HttpClient& http, const Clock& clock) {
  AJWT_ASSIGN(const auto registrar,
              connect(info, demo::kRegistrarId, info.registrar_key, http, clock));
  for (const auto& agent : demo::demo_agents()) {
    AJWT_ASSIGN(const auto key, files::load_key_file(info.agent_keys.at(agent.agent_id)));
    AJWT_ASSIGN(auto agent_id, AgentId::parse(agent.agent_id));
    AJWT_TRY(registrar->call_with_agent(
        {.method = "POST",
         .path = "/intent/register/agent",
         .body = json::Object{{str(names::kAppId), demo::kAppId},
                              {str(names::kAgentComponents), to_json(agent)},
                              {str(names::kProfile), name(ChecksumProfile::kStrictSha256)},
                              {str(names::kJwk), jose::to_json(key.public_key())}}},
        {str(names::kScopeRegisterAgent)}, {.agent_id = std::move(agent_id), .key = key}));
  }
  return create(*registrar, "/intent/register/workflow", demo::demo_workflow(),
                names::kScopeRegisterWorkflow);
}

}  // namespace

Status make_demo_keys(const std::string& folder, demo::DevInfo& info) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return refuse(Code::k_io_failed, folder + ": " + error.message());
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  AJWT_ASSIGN(info.client_key, make_key(folder, demo::kAppId));
  AJWT_ASSIGN(info.registrar_key, make_key(folder, demo::kRegistrarId));
  for (const auto& agent : demo::demo_agents()) {
    AJWT_ASSIGN(info.agent_keys[agent.agent_id], make_key(folder, agent.agent_id));
  }
  return ok();
}

Status seed_demo(const demo::DevInfo& info, HttpClient& http, const Clock& clock) {
  AJWT_TRY(seed_application(info, http, clock));
  return seed_fleet(info, http, clock);
}

}  // namespace ajwt::app
