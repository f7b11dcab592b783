// SPDX-License-Identifier: Apache-2.0
#include "store/write_queue.h"

#include <string>
#include <utility>

namespace ajwt::store {

namespace {

// A bound on how long the first write of a batch waits for the others.
constexpr std::size_t kMaxBatch = 256;

// breaks_transaction tells whether an Error says that the database failed, rather than that it
// was asked for what it refuses.
bool breaks_transaction(const Error& error) {
  return error.code() == Code::k_store_unavailable || error.code() == Code::k_store_damaged;
}

}  // namespace

Status Writer::append_audit(const PreparedLeaf& leaf) {
  const auto sequence = static_cast<std::int64_t>(size_ + leaf_hashes_.size() + 1);
  const std::string text = leaf.at(sequence);
  AJWT_TRY(
      db_.run("INSERT INTO audit (sequence, app_id, decision_id, leaf, salt) "
              "VALUES (?1, ?2, ?3, ?4, ?5)",
              sequence, leaf.app_id, leaf.decision_id, text, leaf.salt));
  leaf_hashes_.push_back(audit_leaf_hash(leaf.salt, text));
  return ok();
}

Result<std::unique_ptr<WriteQueue>> WriteQueue::create(std::shared_ptr<ConnectionPool> connections,
                                                       std::string_view path) {
  AuditTree tree;
  {
    const ConnectionPool::Lease lease = connections->acquire();
    Connection& db = *lease;
    AJWT_TRY(db.run("BEGIN IMMEDIATE"));
    auto loaded = load_audit_tree(db);
    if (!loaded && loaded.error().code() == Code::k_audit_log_altered) {
      return refuse(
                 Code::k_audit_log_altered,
                 std::string(path) + " has lost entries of the audit log; restore it from a backup")
          .with_detail(loaded.error().detail());
    }
    if (!loaded) return loaded.error();
    AJWT_TRY(db.run("COMMIT"));
    tree = *std::move(loaded);
  }
  return std::unique_ptr<WriteQueue>(new WriteQueue(std::move(connections), std::move(tree)));
}

Status WriteQueue::run(const Write& write) {
  return std::move(run_all(std::span(&write, 1)).front());
}

std::vector<Status> WriteQueue::run_all(std::span<const Write> writes) {
  const auto submission = std::make_shared<Submission>();
  submission->answers.resize(writes.size());
  submission->unanswered = writes.size();
  std::unique_lock lock(mutex_);
  for (std::size_t i = 0; i < writes.size(); ++i) {
    items_.push_back(Item{&writes[i], submission, i, std::nullopt});
  }
  while (submission->unanswered > 0) {
    if (led_) {
      submission->called.wait(lock);
    } else {
      lead(lock);
    }
  }
  lock.unlock();
  std::vector<Status> answers;
  answers.reserve(writes.size());
  for (std::optional<Status>& each : submission->answers) answers.push_back(*std::move(each));
  return answers;
}

AuditTree WriteQueue::audit_tree() const {
  const std::lock_guard lock(mutex_);
  return tree_;
}

bool WriteQueue::has_failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

// lead runs one batch, with the lock held before and after. An exception would leave the others
// waiting for ever, and nobody knows what it left behind: better to end here.
void WriteQueue::lead(std::unique_lock<std::mutex>& lock) noexcept {
  led_ = true;
  std::vector<Item> batch = take_batch();
  lock.unlock();
  run_batch(batch);
  lock.lock();
  Submissions called = answer(batch);
  led_ = false;
  if (!items_.empty()) called.push_back(items_.front().submission);
  // Without the lock, which those who wake up need.
  lock.unlock();
  for (const auto& each : called) each->called.notify_one();
  lock.lock();
}

std::vector<WriteQueue::Item> WriteQueue::take_batch() {
  std::vector<Item> batch;
  while (!items_.empty() && batch.size() < kMaxBatch) {
    batch.push_back(std::move(items_.front()));
    items_.pop_front();
  }
  return batch;
}

void WriteQueue::run_batch(std::vector<Item>& batch) {
  const ConnectionPool::Lease lease = connections_->acquire();
  Connection& db = *lease;
  auto done = run_in_transaction(db, batch);
  if (!done) {
    // SQLite has rolled back by itself after some errors. If this fails, the next BEGIN does, too.
    if (db.in_transaction()) static_cast<void>(db.run("ROLLBACK"));
    // Also what was refused is not known any more: it was judged against writes that are gone.
    for (Item& item : batch) item.answer = done.error();
  }
  const std::lock_guard lock(mutex_);
  failed_ = !done;
  if (done) tree_ = *std::move(done);
}

// run_in_transaction returns the log's tree as the transaction leaves it.
Result<AuditTree> WriteQueue::run_in_transaction(Connection& db, std::vector<Item>& batch) {
  AJWT_TRY(db.run("BEGIN IMMEDIATE"));
  std::vector<Digest> leaf_hashes;
  for (Item& item : batch) AJWT_TRY(run_in_savepoint(db, item, leaf_hashes));
  AuditTree tree = tree_;
  for (const Tile& tile : tree.append(leaf_hashes)) AJWT_TRY(insert_tile(db, tile));
  AJWT_TRY(db.run("COMMIT"));
  return tree;
}

// run_in_savepoint keeps the write's own answer; what it returns ends the whole transaction.
Status WriteQueue::run_in_savepoint(Connection& db, Item& item, std::vector<Digest>& leaf_hashes) {
  const std::size_t before = leaf_hashes.size();
  AJWT_TRY(db.run("SAVEPOINT one"));
  Writer writer(db, tree_.size(), leaf_hashes);
  Status answer = (*item.write)(writer);
  if (!answer && breaks_transaction(answer.error())) return answer.error();
  if (!db.in_transaction()) {
    return refuse(Code::k_store_unavailable).with_detail("the transaction was rolled back");
  }
  if (!answer) {
    leaf_hashes.resize(before);
    AJWT_TRY(db.run("ROLLBACK TO one"));
  }
  AJWT_TRY(db.run("RELEASE one"));
  item.answer = std::move(answer);
  return ok();
}

// answer returns those who have all their answers.
WriteQueue::Submissions WriteQueue::answer(std::vector<Item>& batch) {
  Submissions complete;
  for (Item& item : batch) {
    Submission& submission = *item.submission;
    submission.answers[item.index] = std::move(item.answer);
    if (--submission.unanswered == 0) complete.push_back(std::move(item.submission));
  }
  return complete;
}

}  // namespace ajwt::store
