// SPDX-License-Identifier: Apache-2.0
//
// The parts of `ajwt app`.
#pragma once

#include "apps/ajwt/support/session.h"

namespace ajwt::app {

void add_app_client(CLI::App& app, Session& session);

}  // namespace ajwt::app
