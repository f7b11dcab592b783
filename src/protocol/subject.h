// SPDX-License-Identifier: Apache-2.0
//
// Subjects: names that carry their home (protocol 2).
#pragma once

#include <string>
#include <string_view>

#include "base/id.h"

namespace ajwt {

// AgentName is an agent together with the application that owns it. Its text is
// "agent:<app_id>:<agent_id>"; an app_id has no ':', so the text has one reading.
struct AgentName {
  AppId app_id;
  AgentId agent_id;

  std::string str() const { return "agent:" + app_id.str() + ":" + agent_id.str(); }
  // parse refuses k_claim_malformed.
  static Result<AgentName> parse(std::string_view text);
  friend bool operator==(const AgentName&, const AgentName&) = default;
};

// parse_app_id is AppId::parse with the further rule that there is no ':' in it.
Result<AppId> parse_app_id(std::string_view text);

}  // namespace ajwt
