// SPDX-License-Identifier: Apache-2.0
//
// The one writer. Every write waits in a queue. Of those who wait one leads: it takes what has
// gathered there, runs each write in a savepoint of its own, and commits them together, so that
// many writes share one wait for the disk; then the next one leads. No thread of its own stands
// between: whoever writes alone is woken by nobody.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/audit_leaf.h"
#include "store/audit_tree.h"
#include "store/database.h"

namespace ajwt::store {

// Writer is what a write may use while it runs.
class Writer {
 public:
  Writer(Connection& db, std::uint64_t size, std::vector<Digest>& leaf_hashes)
      : db_(db), size_(size), leaf_hashes_(leaf_hashes) {}
  Connection& db() { return db_; }
  // append_audit gives the leaf the next sequence number.
  Status append_audit(const PreparedLeaf& leaf);

 private:
  Connection& db_;
  std::uint64_t size_;                // of the log before this transaction
  std::vector<Digest>& leaf_hashes_;  // what this transaction appends to it
};

// Write is one write. What it did is undone if it returns an Error.
using Write = std::function<Status(Writer&)>;

// WriteQueue is safe for concurrent use; it must outlive every call. A write is run by any thread
// that writes at the time, one at a time.
class WriteQueue {
 public:
  // create reads where the audit log stands. Refuses k_audit_log_altered if the log's sequence has
  // a gap or differs from its tree; `path` is for the message.
  static Result<std::unique_ptr<WriteQueue>> create(std::shared_ptr<ConnectionPool> connections,
                                                    std::string_view path);
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;

  // run returns when the write is durable or refused. If the transaction around it fails, it
  // refuses k_store_unavailable or k_store_damaged, and so does every write that shared it.
  Status run(const Write& write);
  // run_all is run for many writes, in their order; each has its own answer.
  std::vector<Status> run_all(std::span<const Write> writes);
  // audit_tree returns the tree over what is durable.
  AuditTree audit_tree() const;
  // has_failed tells whether the last transaction could not be committed.
  bool has_failed() const;

 private:
  // Submission is one call of run_all that waits for its answers.
  struct Submission {
    std::vector<std::optional<Status>> answers;
    std::size_t unanswered;
    std::condition_variable called;  // when all are answered, and when it may lead
  };
  using Submissions = std::vector<std::shared_ptr<Submission>>;
  struct Item {
    const Write* write;
    std::shared_ptr<Submission> submission;
    std::size_t index;
    std::optional<Status> answer;
  };

  WriteQueue(std::shared_ptr<ConnectionPool> connections, AuditTree tree)
      : connections_(std::move(connections)), tree_(std::move(tree)) {}
  void lead(std::unique_lock<std::mutex>& lock) noexcept;
  std::vector<Item> take_batch();
  void run_batch(std::vector<Item>& batch);
  Result<AuditTree> run_in_transaction(Connection& db, std::vector<Item>& batch);
  Status run_in_savepoint(Connection& db, Item& item, std::vector<Digest>& leaf_hashes);
  Submissions answer(std::vector<Item>& batch);

  std::shared_ptr<ConnectionPool> connections_;

  mutable std::mutex mutex_;
  AuditTree tree_;  // changed by the leader alone, with the lock; which reads it without
  std::deque<Item> items_;
  bool led_ = false;  // somebody leads
  bool failed_ = false;
};

}  // namespace ajwt::store
