// SPDX-License-Identifier: Apache-2.0
//
// AuditLog: what the authority says of its own log, signed (protocol 5.2).
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "authority/ports.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/key.h"
#include "protocol/checkpoint.h"

namespace ajwt::authority {

// AuditLog is safe for concurrent use.
class AuditLog {
 public:
  // open reads the key, or makes it, and holds the log against the checkpoint that was kept last.
  // Refuses k_audit_log_altered if the log does not begin with all that was kept: its hashes are
  // others, or the database is an older one; k_checkpoint_* if what was kept is not by
  // this key; and what the store refuses. A new log is named after the issuer. `store` and `clock`
  // outlive the log.
  static Result<std::unique_ptr<AuditLog>> open(Store& store, std::string_view issuer,
                                                const Clock& clock);
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;
  // ~AuditLog keeps a last checkpoint.
  ~AuditLog();

  const VerifierKey& key() const { return name_; }
  // sign_checkpoint returns a note over what is durable now.
  Result<std::string> sign_checkpoint();
  // keep_checkpoint writes one beside the database if the last is older than 10 s and the log grew
  // since. If that fails, the next start compares with the older one.
  void keep_checkpoint();

 private:
  AuditLog(Store& store, const Clock& clock, crypto::PrivateKey key, VerifierKey name)
      : store_(store), clock_(clock), key_(std::move(key)), name_(std::move(name)) {}
  Status check_kept(const std::string& note);
  // Who calls these holds mutex_, or has the log alone.
  Status sign();  // makes note_ one over what is durable now
  Status keep();

  Store& store_;
  const Clock& clock_;
  const crypto::PrivateKey key_;
  const VerifierKey name_;
  std::atomic<std::int64_t> due_at_{0};  // milliseconds of Clock::elapsed
  std::mutex mutex_;
  // Guarded by mutex_: the newest note, and the log's size in it and in what was kept.
  std::string note_;
  std::uint64_t signed_ = 0;
  std::uint64_t kept_ = 0;
};

}  // namespace ajwt::authority
