// SPDX-License-Identifier: Apache-2.0
//
// The commands of `ajwt`: each file of commands/ adds one noun to the root.
#pragma once

#include "apps/ajwt/support/session.h"

namespace ajwt::app {

void add_agent_command(CLI::App& root, Session& session);
void add_app_command(CLI::App& root, Session& session);
void add_audit_command(CLI::App& root, Session& session);
void add_config_command(CLI::App& root, Session& session);
void add_demo_command(CLI::App& root, Session& session);
void add_dev_command(CLI::App& root, Session& session);
void add_doctor_command(CLI::App& root, Session& session);
void add_draft_command(CLI::App& root, Session& session);
void add_execution_command(CLI::App& root, Session& session);
void add_guard_command(CLI::App& root, Session& session);
void add_health_command(CLI::App& root, Session& session);
void add_key_command(CLI::App& root, Session& session);
void add_reasons_command(CLI::App& root, Session& session);
void add_serve_command(CLI::App& root, Session& session);
void add_token_command(CLI::App& root, Session& session);
void add_version_command(CLI::App& root, Session& session);
void add_workflow_command(CLI::App& root, Session& session);

}  // namespace ajwt::app
