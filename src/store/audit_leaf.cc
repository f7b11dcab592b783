// SPDX-License-Identifier: Apache-2.0
#include "store/audit_leaf.h"

#include <string_view>
#include <utility>

#include "json/write.h"

namespace ajwt::store {

namespace {

constexpr std::string_view kSequence = "sequence";

}  // namespace

std::string PreparedLeaf::at(std::int64_t sequence) const {
  return before + std::to_string(sequence) + after;
}

Result<PreparedLeaf> prepare_leaf(const authority::AuditEntry& entry) {
  // JCS sorts members by their names' UTF-16 code units; beside a name in ASCII that is the order
  // of bytes. So the leaf is the members before `sequence`, the sequence, the members after it.
  json::Object lower;
  json::Object higher;
  for (const json::Member& member : entry.entry.members()) {
    if (member.name == kSequence) {
      return refuse(Code::k_internal_error).with_detail("an audit entry brings its own sequence");
    }
    (member.name < kSequence ? lower : higher).append(member.name, member.value);
  }
  AJWT_ASSIGN(std::string before, json::write_jcs(lower));
  AJWT_ASSIGN(std::string after, json::write_jcs(higher));
  before.back() = ',';
  if (lower.empty()) before = "{";
  before += "\"sequence\":";
  if (higher.empty()) {
    after = "}";
  } else {
    after.front() = ',';
  }
  return PreparedLeaf{entry.app_id, entry.decision_id, std::move(before), std::move(after),
                      entry.salt};
}

}  // namespace ajwt::store
