// SPDX-License-Identifier: Apache-2.0
#include "protocol/component_drift.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "json/members.h"
#include "protocol/names.h"

namespace ajwt {
namespace {

constexpr auto kParts =
    std::to_array<Part>({Part::kPrompt, Part::kSlots, Part::kTool, Part::kConfiguration,
                         Part::kModel, Part::kServerTool});
constexpr auto kDrifts =
    std::to_array<Drift>({Drift::kSame, Drift::kChanged, Drift::kMissing, Drift::kAdded});

Result<ComponentDrift> read_drift(const json::Object& object) {
  json::Members members(object);
  AJWT_ASSIGN(const std::string part, members.get_string("part"));
  AJWT_ASSIGN(const auto server, members.find_string("server"));
  AJWT_ASSIGN(const auto named, members.find_string(names::kName));
  AJWT_ASSIGN(const std::string result, members.get_string("result"));
  const auto known_part = std::find_if(kParts.begin(), kParts.end(),
                                       [&](Part each) { return part_name(each) == part; });
  const auto known_drift = std::find_if(kDrifts.begin(), kDrifts.end(),
                                        [&](Drift each) { return name(each) == result; });
  if (known_part == kParts.end() || known_drift == kDrifts.end()) {
    return refuse(Code::k_response_malformed, "A component.");
  }
  return ComponentDrift{{*known_part, server.value_or(""), named.value_or("")}, *known_drift};
}

}  // namespace

std::string_view name(Drift drift) {
  switch (drift) {
    case Drift::kSame:
      return "same";
    case Drift::kChanged:
      return "changed";
    case Drift::kMissing:
      return "missing";
    case Drift::kAdded:
      return "added";
  }
  return "";
}

std::vector<ComponentDrift> compare_components(const ComponentDigests& registered,
                                               const ComponentDigests& live) {
  std::vector<ComponentDrift> drifts;
  auto a = registered.begin();
  auto b = live.begin();
  while (a != registered.end() || b != live.end()) {
    if (b == live.end() || (a != registered.end() && a->first < b->first)) {
      drifts.push_back({a->first, Drift::kMissing});
      ++a;
    } else if (a == registered.end() || b->first < a->first) {
      drifts.push_back({b->first, Drift::kAdded});
      ++b;
    } else {
      const bool same = equal_constant_time(a->second, b->second);
      drifts.push_back({a->first, same ? Drift::kSame : Drift::kChanged});
      ++a;
      ++b;
    }
  }
  return drifts;
}

json::Object to_json(const ComponentDrift& drift) {
  json::Object out;
  out.set("part", part_name(drift.component.part));
  if (!drift.component.server.empty()) out.set("server", drift.component.server);
  if (!drift.component.name.empty()) out.set(names::kName, drift.component.name);
  out.set("result", name(drift.drift));
  return out;
}

Result<ComponentDrift> parse_component_drift(const json::Object& object) {
  auto drift = read_drift(object);
  if (!drift) return json::as_malformed(std::move(drift).error(), Code::k_response_malformed);
  return drift;
}

}  // namespace ajwt
