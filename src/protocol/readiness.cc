// SPDX-License-Identifier: Apache-2.0
#include "protocol/readiness.h"

#include <string>
#include <utility>

#include "protocol/names.h"

namespace ajwt {
namespace {

json::Object write_component(const ComponentState& component) {
  json::Object written{{names::kStatus, component.down ? "down" : "up"}};
  if (component.down) written.append(names::kReason, reason_of(*component.down).name);
  if (component.cause) written.append("cause", reason_of(*component.cause).name);
  return written;
}

}  // namespace

std::optional<Code> find_down(const std::vector<ComponentState>& components) {
  for (const ComponentState& component : components) {
    if (component.down) return component.down;
  }
  return std::nullopt;
}

json::Object write_readiness(const std::vector<ComponentState>& components) {
  const auto down = find_down(components);
  json::Object body{{names::kStatus, down ? "not_ready" : "ready"}};
  if (down) body.append(names::kReason, reason_of(*down).name);
  json::Object parts;
  for (const ComponentState& component : components) {
    parts.append(component.name, write_component(component));
  }
  body.append("components", std::move(parts));
  return body;
}

}  // namespace ajwt
