// SPDX-License-Identifier: Apache-2.0
//
// The first administrator's credential, as files in the data directory (protocol 7).
#pragma once

#include <string>

#include "apps/ajwt/support/authority_process.h"
#include "authority/ports.h"
#include "base/clock.h"
#include "base/result.h"

namespace ajwt::app {

// set_up_administrator makes, on a store without one, the administrator's client and its key file
// (0600); the file is written first, so that a start that was cut short is made up for by the next.
// While the key file is there, admin.json beside it says how to use it. An owner who has moved the
// key away stays without these files. Refuses what store and files refuse.
Result<AdministratorFiles> set_up_administrator(authority::Store& store, const std::string& data,
                                                const std::string& issuer, Instant now);

}  // namespace ajwt::app
