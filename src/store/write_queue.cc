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
  AJWT_TRY(
      db_.run("INSERT INTO audit (sequence, app_id, decision_id, leaf, salt) "
              "VALUES (?1, ?2, ?3, ?4, ?5)",
              head_ + 1, leaf.app_id, leaf.decision_id, leaf.at(head_ + 1), leaf.salt));
  ++head_;
  return ok();
}

Result<std::unique_ptr<WriteQueue>> WriteQueue::create(std::shared_ptr<ConnectionPool> connections,
                                                       std::string_view path) {
  std::int64_t head = 0;
  {
    const ConnectionPool::Lease db = connections->acquire();
    AJWT_ASSIGN(Query query, (*db).query("SELECT count(*), coalesce(min(sequence), 1), "
                                         "coalesce(max(sequence), 0) FROM audit"));
    AJWT_ASSIGN(const bool row, query.next());
    head = row ? query.integer(2) : -1;
    if (!row || query.integer(1) != 1 || query.integer(0) != head) {
      return refuse(Code::k_store_damaged,
                    std::string(path) +
                        " has lost entries of the audit log; restore it from a "
                        "backup");
    }
  }
  return std::unique_ptr<WriteQueue>(new WriteQueue(std::move(connections), head));
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
  const std::int64_t head_before = head_;
  const Status done = run_in_transaction(db, batch);
  if (!done) {
    head_ = head_before;
    // SQLite has rolled back by itself after some errors. If this fails, the next BEGIN does, too.
    if (db.in_transaction()) static_cast<void>(db.run("ROLLBACK"));
    // Also what was refused is not known any more: it was judged against writes that are gone.
    for (Item& item : batch) item.answer = done;
  }
  const std::lock_guard lock(mutex_);
  failed_ = !done;
}

Status WriteQueue::run_in_transaction(Connection& db, std::vector<Item>& batch) {
  AJWT_TRY(db.run("BEGIN IMMEDIATE"));
  for (Item& item : batch) AJWT_TRY(run_in_savepoint(db, item));
  return db.run("COMMIT");
}

// run_in_savepoint keeps the write's own answer; what it returns ends the whole transaction.
Status WriteQueue::run_in_savepoint(Connection& db, Item& item) {
  const std::int64_t head_before = head_;
  AJWT_TRY(db.run("SAVEPOINT one"));
  Writer writer(db, head_);
  Status answer = (*item.write)(writer);
  if (!answer && breaks_transaction(answer.error())) return answer.error();
  if (!db.in_transaction()) {
    return refuse(Code::k_store_unavailable).with_detail("the transaction was rolled back");
  }
  if (!answer) {
    head_ = head_before;
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
