// SPDX-License-Identifier: Apache-2.0
//
// What authority and guard answer when they are asked whether they can serve: one JSON object that
// names every part with its state. Reasons are told by name alone, for anybody may ask.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/reason.h"
#include "json/value.h"

namespace ajwt {

// ComponentState is one part that serving needs.
struct ComponentState {
  std::string_view name;                     // "store", "signing_keys", "keys"
  std::optional<Code> down = std::nullopt;   // why it cannot serve; nothing: it can
  std::optional<Code> cause = std::nullopt;  // what is behind that, where it is known
};

// find_down returns why the first part that is down is, or nothing if all are up.
std::optional<Code> find_down(const std::vector<ComponentState>& components);

// write_readiness returns {"status": "ready" | "not_ready", "reason": of the first part that is
// down, "components": {name: {"status": "up" | "down", "reason", "cause"}}}.
json::Object write_readiness(const std::vector<ComponentState>& components);

}  // namespace ajwt
