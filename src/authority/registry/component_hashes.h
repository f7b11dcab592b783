// SPDX-License-Identifier: Apache-2.0
//
// What is kept of an agent's parts beside the checksum, and what differs from it (protocol 3.4).
//
// Of each part the authority keeps a MAC of its digest under a key of the application. The key is
// sealed at rest; key and MACs are in no answer, log or audit entry.
#pragma once

#include <string>
#include <vector>

#include "authority/context.h"
#include "base/result.h"
#include "protocol/component_drift.h"
#include "protocol/strict_checksum.h"

namespace ajwt::authority {

// mac_components returns Registration::component_hmacs of these digests. Makes the application's
// key if it has none yet.
Result<std::string> mac_components(const Context& context, const AppId& app_id,
                                   const AgentId& agent_id, const ComponentDigests& digests);

// find_drift compares the live parts with those of the registration. Refuses k_components_unknown
// if the checksum alone was registered.
Result<std::vector<ComponentDrift>> find_drift(const Context& context,
                                               const Registration& registration,
                                               const ComponentDigests& live);

}  // namespace ajwt::authority
