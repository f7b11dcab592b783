// SPDX-License-Identifier: Apache-2.0
//
// The parts of `ajwt agent`, and the file that they read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/ajwt/support/session.h"
#include "base/result.h"
#include "protocol/agent_checksum.h"
#include "protocol/scope.h"

namespace ajwt::app {

// AgentFile is an agent as people keep it: the components alone, or an object with
// agent_components and, if wanted, grant and autonomy.
struct AgentFile {
  AgentDefinition definition;
  std::optional<Grant> grant;
  std::optional<std::string> autonomy;
};

// read_agent_file reads it as JSON, from standard input for "-". Refuses what read_json_input,
// parse_agent_components and parse_grant refuse.
Result<AgentFile> read_agent_file(const std::string& name);

// kProfileNames are the checksum profiles; kDefaultProfile is what the shim registers.
inline const std::vector<std::string> kProfileNames{"strict-sha256", "sha256", "reference"};
inline constexpr const char* kDefaultProfile = "strict-sha256";

void add_agent_diff(CLI::App& agent, Session& session);
void add_agent_checksum(CLI::App& agent, Session& session);
void add_agent_register(CLI::App& agent, Session& session);

}  // namespace ajwt::app
