// SPDX-License-Identifier: Apache-2.0
//
// `ajwt agent register`.
#include <ostream>

#include "apps/ajwt/commands/agent.h"
#include "apps/ajwt/support/command_line.h"
#include "apps/ajwt/support/input.h"
#include "apps/ajwt/support/key_input.h"
#include "apps/ajwt/support/profile.h"
#include "files/key_file.h"
#include "jose/jwk.h"
#include "protocol/names.h"
#include "protocol/strict_checksum.h"

namespace ajwt::app {
namespace {

struct RegisterOptions {
  std::string file;
  std::string app;
  std::string agent_key;
  bool new_key = false;
  bool hashes_only = false;
  std::string profile = kDefaultProfile;
};

void declare(CLI::App& command, RegisterOptions& options) {
  command
      .add_option("-f,--file,FILE", options.file,
                  "The agent: agent_components, or an object that has it beside grant and "
                  "autonomy; - is standard input")
      ->required();
  command.add_option("--app", options.app, "The agent's application")->type_name("ID");
  command.add_option("--agent-key", options.agent_key, "The agent's private key file, mode 0600")
      ->required()
      ->type_name("FILE");
  command.add_flag("--new-key", options.new_key,
                   "Make --agent-key if there is no such file (Ed25519)");
  command.add_flag("--hashes-only", options.hashes_only,
                   "Send digests of the parts instead: no prompt or tool leaves this machine");
  command.add_option("--checksum-profile", options.profile, "How to hash")
      ->check(CLI::IsMember(kProfileNames))
      ->capture_default_str();
}

Result<KeyFile> agent_key(const RegisterOptions& options) {
  if (options.new_key) return load_or_create_key(options.agent_key);
  AJWT_ASSIGN(crypto::PrivateKey key, files::load_key_file(options.agent_key));
  return KeyFile{std::move(key), false};
}

Result<json::Object> build_body(const RegisterOptions& options, const AgentFile& file,
                                const std::string& app_id, const crypto::PublicKey& key) {
  AJWT_ASSIGN(const std::string checksum,
              compute_agent_checksum(file.definition, *find_checksum_profile(options.profile)));
  json::Object body;
  body.set(names::kAppId, app_id);
  if (options.hashes_only) {
    AJWT_ASSIGN(const ComponentDigests digests, compute_component_digests(file.definition));
    body.set(names::kAgentId, file.definition.agent_id);
    body.set(names::kComponentHashes, to_json(digests));
  } else {
    body.set(names::kAgentComponents, to_json(file.definition));
  }
  body.set(names::kChecksum, checksum);
  body.set(names::kProfile, options.profile);
  body.set(names::kJwk, jose::to_json(key));
  if (file.grant) body.set(names::kGrant, to_json(*file.grant));
  if (file.autonomy) body.set(names::kAutonomy, *file.autonomy);
  return body;
}

Status run(Session& session, const RegisterOptions& options) {
  AJWT_ASSIGN(const AgentFile file, read_agent_file(options.file));
  AJWT_ASSIGN(AgentId agent_id, AgentId::parse(file.definition.agent_id));
  AJWT_ASSIGN(const auto connection, Connection::open(session, Role::kAdministrator));
  AJWT_ASSIGN(const std::string app_id, connection->get_app_id(options.app));
  AJWT_ASSIGN(const KeyFile key, agent_key(options));
  if (key.created) session.note("Made the agent's key: " + options.agent_key);
  AJWT_ASSIGN(json::Object body, build_body(options, file, app_id, key.key.public_key()));
  const shim::AgentIdentity agent{.agent_id = std::move(agent_id), .key = key.key};
  AJWT_ASSIGN(
      const json::Object answer,
      connection->send_with_agent(
          "/intent/register/agent", std::move(body),
          {std::string(names::kScopeRegisterAgent), std::string(names::kScopeAdminAgents)}, agent));
  session.print_fields(answer);
  return ok();
}

}  // namespace

void add_agent_register(CLI::App& agent, Session& session) {
  add_verb<RegisterOptions>(
      agent, session,
      {.name = "register",
       .summary = "Register an agent, or its next version.",
       .examples = {"ajwt agent register -f agent.json --app shop --agent-key agent.key.pem "
                    "--new-key",
                    "ajwt agent register -f - --app shop --agent-key agent.key.pem --hashes-only < "
                    "agent.json"},
       .reaches = Reaches::kAuthority},
      declare, run);
}

}  // namespace ajwt::app
