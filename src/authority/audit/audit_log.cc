// SPDX-License-Identifier: Apache-2.0
#include "authority/audit/audit_log.h"

#include <optional>
#include <utility>

namespace ajwt::authority {
namespace {

constexpr std::chrono::milliseconds kKeepEvery{10'000};

// origin_of names a log: as its last checkpoint does, else after the issuer, without the scheme
// (C2SP tlog-checkpoint). An authority that moves keeps its log, under the name by which others
// know it.
std::string origin_of(const std::optional<std::string>& kept, std::string_view issuer) {
  if (kept) return kept->substr(0, kept->find('\n'));
  const std::size_t scheme = issuer.find("://");
  if (scheme != std::string_view::npos) issuer.remove_prefix(scheme + 3);
  return std::string(issuer) + "/intent/audit";
}

Error altered(std::string message) {
  return refuse(Code::k_audit_log_altered,
                std::move(message) +
                    "; restore the data directory from a backup, or move "
                    "audit.checkpoint away to go on with what is there");
}

}  // namespace

Result<std::unique_ptr<AuditLog>> AuditLog::open(Store& store, std::string_view issuer,
                                                 const Clock& clock) {
  AJWT_ASSIGN(crypto::PrivateKey key, store.load_or_create_audit_key());
  AJWT_ASSIGN(const auto kept, store.find_checkpoint());
  AJWT_ASSIGN(VerifierKey name, VerifierKey::create(origin_of(kept, issuer), key.public_key()));
  std::unique_ptr<AuditLog> log(new AuditLog(store, clock, std::move(key), std::move(name)));
  if (kept) AJWT_TRY(log->check_kept(*kept));
  AJWT_TRY(log->keep());
  return log;
}

AuditLog::~AuditLog() {
  const std::lock_guard lock(mutex_);
  static_cast<void>(keep());
}

Status AuditLog::check_kept(const std::string& note) {
  const auto checked = verify_checkpoint(note, name_);
  if (!checked) {
    return refuse(
               checked.error().code(),
               "audit.checkpoint is not what audit.key.pem signed; restore both from a backup, or "
               "move the checkpoint away to go on without it")
        .with_detail(checked.error().describe());
  }
  const Checkpoint& kept = *checked;
  const MerkleHead now = store_.audit_head();
  if (kept.head.size > now.size) {
    return altered("The audit log has " + std::to_string(now.size) + " entries and had " +
                   std::to_string(kept.head.size) + " when it was signed last");
  }
  AJWT_ASSIGN(const Digest root, store_.audit_root(kept.head.size));
  if (root == kept.head.root) {
    kept_ = kept.head.size;
    return ok();
  }
  return altered("The first " + std::to_string(kept.head.size) +
                 " entries of the audit log are not those that were signed");
}

Result<std::string> AuditLog::sign_checkpoint() {
  const std::lock_guard lock(mutex_);
  AJWT_TRY(sign());
  return note_;
}

Status AuditLog::sign() {
  const MerkleHead head = store_.audit_head();
  if (!note_.empty() && head.size == signed_) return ok();
  AJWT_ASSIGN(note_, ajwt::sign_checkpoint({name_.name(), head}, key_));
  signed_ = head.size;
  return ok();
}

void AuditLog::keep_checkpoint() {
  const std::int64_t now = clock_.elapsed().count();
  std::int64_t due = due_at_.load(std::memory_order_relaxed);
  if (now < due) return;
  // One request does it, the others go on.
  if (!due_at_.compare_exchange_strong(due, now + kKeepEvery.count())) return;
  const std::lock_guard lock(mutex_);
  static_cast<void>(keep());
}

Status AuditLog::keep() {
  AJWT_TRY(sign());
  if (signed_ == kept_ && kept_ > 0) return ok();
  AJWT_TRY(store_.keep_checkpoint(note_));
  kept_ = signed_;
  return ok();
}

}  // namespace ajwt::authority
