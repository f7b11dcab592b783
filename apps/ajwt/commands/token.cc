// SPDX-License-Identifier: Apache-2.0
//
// `ajwt token`.
#include "apps/ajwt/commands/token.h"

#include "apps/ajwt/support/command.h"
#include "apps/ajwt/support/command_line.h"

namespace ajwt::app {

void add_token_command(CLI::App& root, Session& session) {
  CLI::App& token = add_noun(root, {.name = "token",
                                    .summary = "Look at, explain, verify and get tokens.",
                                    .examples = {"ajwt token inspect - < token.txt",
                                                 "ajwt token get --scope admin:apps"}});
  add_token_inspect(token, session);
  add_token_verify(token, session);
  add_token_explain(token, session);
  add_token_get(token, session);
}

}  // namespace ajwt::app
