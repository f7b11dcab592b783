// SPDX-License-Identifier: Apache-2.0
//
// The parts of `ajwt token`.
#pragma once

#include "apps/ajwt/support/session.h"

namespace ajwt::app {

void add_token_explain(CLI::App& token, Session& session);
void add_token_get(CLI::App& token, Session& session);
void add_token_inspect(CLI::App& token, Session& session);
void add_token_verify(CLI::App& token, Session& session);

}  // namespace ajwt::app
