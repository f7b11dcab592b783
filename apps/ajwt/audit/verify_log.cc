// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/audit/verify_log.h"

#include <algorithm>
#include <span>
#include <utility>

#include "json/parse.h"

namespace ajwt::app {
namespace {

constexpr std::size_t kMaxFaults = 20;
constexpr std::size_t kSaltBytes = 16;

void add_fault(LogReport& report, std::string what, std::int64_t sequence, std::string differs) {
  if (report.faults.size() < kMaxFaults) {
    report.faults.push_back({std::move(what), sequence, std::move(differs)});
  }
}

// says_its_place tells whether the entry itself has this number: it cannot be moved.
bool says_its_place(const LogLeaf& leaf, std::int64_t sequence) {
  const auto entry = json::parse_object(leaf.leaf, json::Limits{1024 * 1024, 32});
  const std::int64_t* number = entry ? entry->find_integer("sequence") : nullptr;
  return number != nullptr && *number == sequence;
}

// Checker goes through the entries in the order of their numbers.
class Checker {
 public:
  explicit Checker(LogReport& report) : report_(report) {}

  // check takes the leaves that have this number.
  void check(std::span<const LogLeaf> leaves, std::int64_t sequence, const Digest& hash) {
    const std::string entry = "entry " + std::to_string(sequence);
    if (leaves.empty()) return add_fault(report_, "missing", sequence, entry + " is not there");
    if (leaves.size() > 1) {
      add_fault(report_, "inserted", sequence,
                entry + " is there " + std::to_string(leaves.size()) + " times");
    }
    const LogLeaf& leaf = leaves.front();
    if (leaf.hash() != hash || leaf.salt.size() != kSaltBytes) {
      return add_fault(report_, "altered", sequence, entry + " is not the one whose hash is kept");
    }
    if (!says_its_place(leaf, sequence)) {
      add_fault(report_, "altered", sequence, entry + " names another number");
    }
    if (leaf.place < place_) {
      add_fault(report_, "out_of_order", sequence,
                entry + " stands before the one that it follows");
    }
    place_ = leaf.place;
  }

 private:
  LogReport& report_;
  std::size_t place_ = 0;  // of the entry before
};

// check_since holds the log against a head of before, as soon as it is as long.
void check_since(LogReport& report, const MerkleHead& since, const MerkleHead& now) {
  if (now.size != since.size || now.root == since.root) return;
  add_fault(
      report, "rewritten", 0,
      "its first " + std::to_string(since.size) + " entries are not those that were signed then");
}

}  // namespace

Result<LogReport> verify_log(AuditSource& source, const LogCheck& check,
                             const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  AJWT_ASSIGN(const Checkpoint checkpoint, verify_checkpoint(check.checkpoint, check.key));
  LogReport report{checkpoint.head, {}};
  const std::uint64_t size = checkpoint.head.size;
  std::optional<MerkleHead> since;
  if (check.since) {
    AJWT_ASSIGN(const Checkpoint before, verify_checkpoint(*check.since, check.key));
    since = before.head;
    if (since->size > size) {
      add_fault(
          report, "rolled_back", 0,
          "it had " + std::to_string(since->size) + " entries and has " + std::to_string(size));
    }
  }
  MerkleFrontier tree;
  Checker checker(report);
  for (std::uint64_t begin = 0; begin < size; begin += kMerkleTileWidth) {
    const std::size_t count = std::min<std::uint64_t>(kMerkleTileWidth, size - begin);
    const auto first = static_cast<std::int64_t>(begin + 1);
    AJWT_ASSIGN(const auto hashes, source.list_hashes(first, count));
    if (hashes.size() != count) {
      add_fault(report, "hash_missing", first + static_cast<std::int64_t>(hashes.size()),
                "the hashes end before the log does");
      return report;
    }
    AJWT_ASSIGN(const auto leaves, source.list_leaves(first, count));
    auto next = leaves.begin();
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t sequence = first + static_cast<std::int64_t>(i);
      const auto own = next;
      while (next != leaves.end() && next->sequence == sequence) ++next;
      checker.check(std::span(own, next), sequence, hashes[i]);
      tree.append(hashes[i]);
      if (since && since->size == begin + i + 1) check_since(report, *since, tree.head());
    }
    for (; next != leaves.end(); ++next) {
      add_fault(report, "inserted", next->sequence,
                "entry " + std::to_string(next->sequence) + " is where it does not belong");
    }
    progress(begin + count, size);
  }
  for (const LogLeaf& leaf : source.list_unsigned(size)) {
    add_fault(report, "inserted", leaf.sequence,
              "entry " + std::to_string(leaf.sequence) + " is not among those that were signed");
  }
  if (tree.head() != checkpoint.head) {
    add_fault(report, "unsigned_root", 0, "its hashes do not give the root that was signed");
  }
  return report;
}

}  // namespace ajwt::app
