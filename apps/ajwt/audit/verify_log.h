// SPDX-License-Identifier: Apache-2.0
//
// Checking a whole audit log against what its authority signed (protocol 5.2): nobody's word is
// taken but that of the verifier key.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apps/ajwt/audit/audit_source.h"
#include "base/result.h"
#include "protocol/checkpoint.h"

namespace ajwt::app {

// LogFault is one thing that is wrong with a log.
struct LogFault {
  // "missing", "inserted" (there more than once, or beyond what was signed), "out_of_order",
  // "altered", "hash_missing", "unsigned_root", and held against a checkpoint of before:
  // "rewritten", "rolled_back".
  std::string what;
  std::int64_t sequence;  // of the first entry that is concerned; 0: of the log as a whole
  std::string differs;
};

// LogReport is what a check found.
struct LogReport {
  MerkleHead head;  // as it was signed
  std::vector<LogFault> faults;
};

// LogCheck is what to hold the log against.
struct LogCheck {
  VerifierKey key;
  std::string checkpoint;            // the note that the source gives
  std::optional<std::string> since;  // a note of before, by the same key
};

// verify_log reads every entry once. `progress(done, of)` is called now and then. Refuses
// what reading and what verify_checkpoint refuses; what is wrong with the log is in the report, at
// most 20 faults.
Result<LogReport> verify_log(AuditSource& source, const LogCheck& check,
                             const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace ajwt::app
