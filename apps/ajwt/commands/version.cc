// SPDX-License-Identifier: Apache-2.0
//
// `ajwt version`.
#include "apps/ajwt/support/version.h"

#include <ostream>

#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"

namespace ajwt::app {

void add_version_command(CLI::App& root, Session& session) {
  add_command(root, session,
              {.name = "version",
               .summary = "Show the version.",
               .examples = {"ajwt version", "ajwt version -o json"}},
              [&session]() -> Status {
                if (session.is_json()) {
                  session.print_json(json::Object{{"version", version()}});
                } else {
                  session.out() << version_line() << '\n';
                }
                return ok();
              });
}

}  // namespace ajwt::app
