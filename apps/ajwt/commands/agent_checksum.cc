// SPDX-License-Identifier: Apache-2.0
//
// `ajwt agent checksum`: what an agent's definition hashes to, without a network.
#include <ostream>

#include "apps/ajwt/commands/agent.h"
#include "apps/ajwt/support/command_line.h"

namespace ajwt::app {
namespace {

struct ChecksumOptions {
  std::string file;
  std::string profile = kDefaultProfile;
  bool normalized = false;
};

void declare(CLI::App& command, ChecksumOptions& options) {
  command.add_option("FILE", options.file, "agent_components as JSON; - is standard input")
      ->required();
  command.add_option("--profile", options.profile, "How to hash")
      ->check(CLI::IsMember(kProfileNames))
      ->capture_default_str();
  command.add_flag("--normalized", options.normalized,
                   "Show the prompt as profiles sha256 and reference hash it, instead of the "
                   "checksum");
}

Status run(Session& session, const ChecksumOptions& options) {
  AJWT_ASSIGN(const AgentFile file, read_agent_file(options.file));
  const std::string prompt = normalize_prompt(file.definition.prompt_template);
  AJWT_ASSIGN(const std::string checksum,
              compute_agent_checksum(file.definition, *find_checksum_profile(options.profile)));
  if (session.is_json()) {
    session.print_json(json::Object{{"agent_id", file.definition.agent_id},
                                    {"profile", options.profile},
                                    {"checksum", checksum},
                                    {"normalized_prompt", prompt}});
    return ok();
  }
  session.out() << (options.normalized ? prompt : checksum) << '\n';
  return ok();
}

}  // namespace

void add_agent_checksum(CLI::App& agent, Session& session) {
  add_verb<ChecksumOptions>(agent, session,
                            {.name = "checksum",
                             .summary = "Compute an agent's checksum, offline.",
                             .examples = {"ajwt agent checksum agent.json",
                                          "ajwt agent checksum --profile sha256 agent.json",
                                          "ajwt agent checksum --normalized - < agent.json"}},
                            declare, run);
}

}  // namespace ajwt::app
