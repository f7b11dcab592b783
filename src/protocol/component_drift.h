// SPDX-License-Identifier: Apache-2.0
//
// Which parts of an agent differ from the registered ones (protocol 3.4).
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "protocol/strict_checksum.h"

namespace ajwt {

// Drift says how a live part stands to the registered one. kMissing: registered and not live.
enum class Drift { kSame, kChanged, kMissing, kAdded };
std::string_view name(Drift drift);

struct ComponentDrift {
  Component component;
  Drift drift;
  friend bool operator==(const ComponentDrift&, const ComponentDrift&) = default;
};

// compare_components names every part of either side once, in the order of Component. Values are
// compared in constant time; they may be digests, or MACs of digests under one key.
std::vector<ComponentDrift> compare_components(const ComponentDigests& registered,
                                               const ComponentDigests& live);

// to_json writes {"part", "server"?, "name"?, "result"}; parse_component_drift is its inverse and
// refuses k_response_malformed.
json::Object to_json(const ComponentDrift& drift);
Result<ComponentDrift> parse_component_drift(const json::Object& object);

}  // namespace ajwt
