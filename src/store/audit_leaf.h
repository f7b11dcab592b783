// SPDX-License-Identifier: Apache-2.0
//
// Audit leaves: the canonical bytes of an entry, made but for the number that only the writer
// knows.
#pragma once

#include <cstdint>
#include <string>

#include "authority/records.h"
#include "base/result.h"

namespace ajwt::store {

// PreparedLeaf is a leaf before it has its sequence.
struct PreparedLeaf {
  AppId app_id;
  std::string decision_id;
  std::string before;  // the JCS text up to the sequence number
  std::string after;   // and from there on
  Bytes salt;

  // at returns the leaf's bytes: JCS of the entry with this sequence (protocol 5.2).
  std::string at(std::int64_t sequence) const;
};

// prepare_leaf refuses what json::write_jcs refuses, and k_internal_error for an entry that has a
// member `sequence` already.
Result<PreparedLeaf> prepare_leaf(const authority::AuditEntry& entry);

}  // namespace ajwt::store
