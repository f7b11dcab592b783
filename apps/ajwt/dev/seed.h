// SPDX-License-Identifier: Apache-2.0
//
// Registers the demo's application, clients, agents and workflow, over HTTP, as an administrator
// and a registrar would. Doing it again changes nothing.
#pragma once

#include "apps/ajwt/demo/dev_info.h"
#include "base/clock.h"
#include "base/http_client.h"
#include "base/result.h"

namespace ajwt::app {

// make_demo_keys writes the key files of the demo's clients and agents into `folder` (0600), those
// that are not there yet, and names them in `info`. Refuses what creating a key file refuses.
Status make_demo_keys(const std::string& folder, demo::DevInfo& info);

// seed_demo registers everything at info.issuer. Refuses with the authority's first refusal.
Status seed_demo(const demo::DevInfo& info, HttpClient& http, const Clock& clock);

}  // namespace ajwt::app
