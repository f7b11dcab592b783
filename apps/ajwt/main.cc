// SPDX-License-Identifier: Apache-2.0
//
// The program `ajwt`.
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>

#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"

namespace {

int run(int argc, char** argv) {
  using namespace ajwt::app;
  Session session(std::cout, std::cerr);
  const auto root = make_root(session);
  add_dev_command(*root, session);
  add_demo_command(*root, session);
  add_serve_command(*root, session);
  add_guard_command(*root, session);
  add_health_command(*root, session);
  add_doctor_command(*root, session);
  add_app_command(*root, session);
  add_agent_command(*root, session);
  add_workflow_command(*root, session);
  add_execution_command(*root, session);
  add_draft_command(*root, session);
  add_token_command(*root, session);
  add_key_command(*root, session);
  add_audit_command(*root, session);
  add_config_command(*root, session);
  add_reasons_command(*root, session);
  add_version_command(*root, session);
  const ExitCode code = run_command_line(*root, session, argc, argv);
  std::cout.flush();
  return static_cast<int>(code);
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that went away must not end a server, or a command before it has cleaned up.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run(argc, argv);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "ajwt: internal_error: %s\n", exception.what());
  } catch (...) {
    std::fputs("ajwt: internal_error\n", stderr);
  }
  return static_cast<int>(ajwt::app::ExitCode::kError);
}
