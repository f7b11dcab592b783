// SPDX-License-Identifier: Apache-2.0
//
// Whatever is done to a log, its check names it; and it finds nothing in one that is whole.
#include "apps/ajwt/audit/verify_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/matchers.h"
#include "tests/support/test_keys.h"

namespace ajwt::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kOrigin = "as.example/intent/audit";

// FakeLog is a log in memory that a test can change.
class FakeLog final : public AuditSource {
 public:
  explicit FakeLog(std::int64_t size) {
    for (std::int64_t i = 1; i <= size; ++i) {
      leaves.push_back(
          {i, leaf_text(i), Bytes(16, static_cast<std::uint8_t>(i)), static_cast<std::size_t>(i)});
      hashes.push_back(leaves.back().hash());
    }
  }
  static std::string leaf_text(std::int64_t sequence) {
    return "{\"outcome\":\"allowed\",\"sequence\":" + std::to_string(sequence) + "}";
  }
  MerkleHead head() const {
    MerkleFrontier tree;
    for (const Digest& hash : hashes) tree.append(hash);
    return tree.head();
  }
  std::string sign(std::uint8_t key = 1) const {
    return *sign_checkpoint({kOrigin, head()}, testing::ed25519_key(key));
  }

  Result<std::string> get_key() override { return std::string(); }
  Result<std::string> get_checkpoint() override { return sign(); }
  Result<std::vector<Digest>> list_hashes(std::int64_t first, std::size_t count) override {
    const auto begin = std::min(static_cast<std::size_t>(first - 1), hashes.size());
    const auto end = std::min(begin + count, hashes.size());
    return std::vector<Digest>(hashes.begin() + static_cast<std::ptrdiff_t>(begin),
                               hashes.begin() + static_cast<std::ptrdiff_t>(end));
  }
  Result<std::vector<LogLeaf>> list_leaves(std::int64_t first, std::size_t count) override {
    std::vector<LogLeaf> found;
    for (std::int64_t i = first; i < first + static_cast<std::int64_t>(count); ++i) {
      for (const LogLeaf& leaf : leaves) {
        if (leaf.sequence == i) found.push_back(leaf);
      }
    }
    return found;
  }
  std::vector<LogLeaf> list_unsigned(std::uint64_t size) const override {
    std::vector<LogLeaf> beyond;
    for (const LogLeaf& leaf : leaves) {
      if (static_cast<std::uint64_t>(leaf.sequence) > size) beyond.push_back(leaf);
    }
    return beyond;
  }

  std::vector<LogLeaf> leaves;
  std::vector<Digest> hashes;
};

VerifierKey key() { return *VerifierKey::create(kOrigin, testing::ed25519_key(1).public_key()); }

// faults_of returns "what sequence" of each fault.
std::vector<std::string> faults_of(FakeLog& log, std::string checkpoint,
                                   std::optional<std::string> since = {}) {
  const auto report = verify_log(log, {key(), std::move(checkpoint), std::move(since)},
                                 [](std::uint64_t, std::uint64_t) {});
  EXPECT_THAT(report, IsOk());
  std::vector<std::string> faults;
  if (!report) return faults;
  for (const LogFault& fault : report->faults) {
    faults.push_back(fault.what + " " + std::to_string(fault.sequence));
  }
  return faults;
}

TEST(VerifyLog, FindsNothingInAWholeLog) {
  for (const std::int64_t size : {0, 1, 2, 255, 256, 257, 700}) {
    FakeLog log(size);
    EXPECT_THAT(faults_of(log, log.sign(), FakeLog(size / 2).sign()), IsEmpty()) << size;
  }
}

TEST(VerifyLog, NamesAnEntryThatWasChanged) {
  for (const std::size_t at : {0U, 255U, 256U, 599U}) {
    FakeLog log(600);
    const std::string checkpoint = log.sign();
    log.leaves[at].leaf[3] ^= 1;
    EXPECT_THAT(faults_of(log, checkpoint), ElementsAre("altered " + std::to_string(at + 1)));
    log.leaves[at].leaf[3] ^= 1;
    log.leaves[at].salt[0] ^= 0x80;
    EXPECT_THAT(faults_of(log, checkpoint), ElementsAre("altered " + std::to_string(at + 1)));
  }
}

TEST(VerifyLog, NamesAnEntryThatIsGone) {
  FakeLog log(600);
  const std::string checkpoint = log.sign();
  log.leaves.erase(log.leaves.begin() + 299);
  EXPECT_THAT(faults_of(log, checkpoint), ElementsAre("missing 300"));
  log.leaves.pop_back();
  EXPECT_THAT(faults_of(log, checkpoint), ElementsAre("missing 300", "missing 600"));
}

TEST(VerifyLog, NamesAnEntryThatWasPutIn) {
  FakeLog log(10);
  const std::string checkpoint = log.sign();
  LogLeaf extra = log.leaves[4];
  extra.leaf += " ";
  log.leaves.push_back(extra);
  EXPECT_THAT(faults_of(log, checkpoint), ElementsAre("inserted 5"));
  log.leaves.back() = {11, FakeLog::leaf_text(11), Bytes(16, 1), 11};
  EXPECT_THAT(faults_of(log, checkpoint), ElementsAre("inserted 11"));
}

TEST(VerifyLog, NamesEntriesThatChangedPlaces) {
  FakeLog log(10);
  const std::string checkpoint = log.sign();
  std::swap(log.leaves[2].place, log.leaves[3].place);
  EXPECT_THAT(faults_of(log, checkpoint), ElementsAre("out_of_order 4"));
  // As if each were the other.
  FakeLog renamed(10);
  std::swap(renamed.leaves[2].leaf, renamed.leaves[3].leaf);
  EXPECT_THAT(faults_of(renamed, checkpoint), ElementsAre("altered 3", "altered 4"));
}

// Hashes that fit the entries do not help who cannot sign.
TEST(VerifyLog, TakesNoHashesThatWereNotSigned) {
  FakeLog log(300);
  const std::string checkpoint = log.sign();
  log.leaves[7].leaf = "{\"outcome\":\"refused\",\"sequence\":8}";
  log.hashes[7] = log.leaves[7].hash();
  EXPECT_THAT(faults_of(log, checkpoint), ElementsAre("unsigned_root 0"));
  FakeLog moved(300);
  moved.leaves[7].leaf = FakeLog::leaf_text(9);
  moved.hashes[7] = moved.leaves[7].hash();
  EXPECT_THAT(faults_of(moved, moved.sign()), ElementsAre("altered 8")) << "by whoever signs";
  log.hashes.pop_back();
  EXPECT_THAT(faults_of(log, checkpoint), ElementsAre("hash_missing 300"));
}

TEST(VerifyLog, FindsALogThatDoesNotGoOnFromBefore) {
  const std::string before = FakeLog(400).sign();
  FakeLog shorter(300);
  EXPECT_THAT(faults_of(shorter, shorter.sign(), before), ElementsAre("rolled_back 0"));
  // The same length and another past, signed anew.
  FakeLog rewritten(500);
  rewritten.leaves[9].leaf = "{\"outcome\":\"refused\",\"sequence\":10}";
  rewritten.hashes[9] = rewritten.leaves[9].hash();
  EXPECT_THAT(faults_of(rewritten, rewritten.sign(), before), ElementsAre("rewritten 0"));
}

TEST(VerifyLog, TakesNobodyElsesWord) {
  FakeLog log(3);
  const auto check = [&](std::string checkpoint, std::optional<std::string> since) {
    return verify_log(log, {key(), std::move(checkpoint), std::move(since)},
                      [](std::uint64_t, std::uint64_t) {});
  };
  EXPECT_THAT(check(log.sign(2), std::nullopt), RefusedWith(Code::k_checkpoint_signature_invalid));
  EXPECT_THAT(check(log.sign(), FakeLog(2).sign(2)),
              RefusedWith(Code::k_checkpoint_signature_invalid));
  EXPECT_THAT(check("", std::nullopt), RefusedWith(Code::k_checkpoint_malformed));
}

}  // namespace
}  // namespace ajwt::app
