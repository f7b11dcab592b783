// SPDX-License-Identifier: Apache-2.0
//
// A disk that fails: a VFS between SQLite and the real one that refuses, tears or loses what is
// written, from the n-th operation on.
#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "files/scratch_directory.h"
#include "store/audit_tree.h"
#include "store/sqlite_store.h"
#include "tests/support/matchers.h"

namespace ajwt::store {

namespace {

enum class Fault { kNone, kDiskFull, kWriteError, kTornWrite, kSyncError };

std::atomic<Fault> current_fault = Fault::kNone;
std::atomic<int> operations_left = 0;

// strikes tells whether a write or a sync fails now.
bool strikes() { return current_fault != Fault::kNone && operations_left.fetch_sub(1) <= 0; }

void break_after(Fault fault, int operations) {
  operations_left = operations;
  current_fault = fault;
}
// mend tells whether the fault has struck.
bool mend() {
  current_fault = Fault::kNone;
  return operations_left < 0;
}

// FaultyFile stands before the real file, which lies right behind it.
struct FaultyFile {
  sqlite3_file base;
};

sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<FaultyFile*>(file) + 1);
}

int close_file(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }
int read_file(sqlite3_file* file, void* data, int size, sqlite3_int64 at) {
  return real(file)->pMethods->xRead(real(file), data, size, at);
}
int write_file(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
  if (!strikes()) return real(file)->pMethods->xWrite(real(file), data, size, at);
  switch (current_fault.load()) {
    case Fault::kDiskFull:
      return SQLITE_FULL;
    case Fault::kWriteError:
      return SQLITE_IOERR_WRITE;
    case Fault::kTornWrite:
      real(file)->pMethods->xWrite(real(file), data, size / 2, at);
      return SQLITE_IOERR_WRITE;
    case Fault::kNone:
    case Fault::kSyncError:
      break;
  }
  return real(file)->pMethods->xWrite(real(file), data, size, at);
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  return real(file)->pMethods->xTruncate(real(file), size);
}
// No test here stops the machine, so waiting for the real disk would tell nothing.
int sync_file(sqlite3_file*, int) {
  return current_fault == Fault::kSyncError && strikes() ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}
int lock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xLock(real(file), level);
}
int unlock_file(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}
int check_lock(sqlite3_file* file, int* held) {
  return real(file)->pMethods->xCheckReservedLock(real(file), held);
}
int control_file(sqlite3_file* file, int operation, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}
int sector_size(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
int characteristics(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
  return real(file)->pMethods->xShmMap(real(file), page, size, extend, memory);
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
void barrier_shared(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
int unmap_shared(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

const sqlite3_io_methods* faulty_methods() {
  static const sqlite3_io_methods kMethods = [] {
    sqlite3_io_methods methods{};
    methods.iVersion = 2;
    methods.xClose = close_file;
    methods.xRead = read_file;
    methods.xWrite = write_file;
    methods.xTruncate = truncate_file;
    methods.xSync = sync_file;
    methods.xFileSize = file_size;
    methods.xLock = lock_file;
    methods.xUnlock = unlock_file;
    methods.xCheckReservedLock = check_lock;
    methods.xFileControl = control_file;
    methods.xSectorSize = sector_size;
    methods.xDeviceCharacteristics = characteristics;
    methods.xShmMap = map_shared;
    methods.xShmLock = lock_shared;
    methods.xShmBarrier = barrier_shared;
    methods.xShmUnmap = unmap_shared;
    return methods;
  }();
  return &kMethods;
}

sqlite3_vfs* real_vfs = nullptr;

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  const int code = real_vfs->xOpen(real_vfs, name, real(file), flags, out_flags);
  if (real(file)->pMethods != nullptr) file->pMethods = faulty_methods();
  return code;
}

// FaultyVfs makes the faulty VFS SQLite's default one for as long as it lives.
class FaultyVfs {
 public:
  FaultyVfs() {
    real_vfs = sqlite3_vfs_find(nullptr);
    vfs_ = *real_vfs;
    vfs_.zName = "ajwt-faulty";
    vfs_.szOsFile += static_cast<int>(sizeof(FaultyFile));
    vfs_.xOpen = open_file;
    AJWT_CHECK(sqlite3_vfs_register(&vfs_, 1) == SQLITE_OK);
  }
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;
  ~FaultyVfs() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_vfs, 1);
  }

 private:
  sqlite3_vfs vfs_{};
};

authority::AuditEntry audit_entry(const std::string& decision) {
  return {.app_id = AppId::trusted("shop"),
          .decision_id = decision,
          .entry = {{"decision_id", decision}},
          .basis = {},
          .salt = Bytes(16, 1)};
}

class FaultyDisk : public ::testing::TestWithParam<Fault> {
 protected:
  void SetUp() override {
    auto scratch = files::ScratchDirectory::create();
    ASSERT_THAT(scratch, IsOk());
    scratch_ = *std::move(scratch);
    open();
  }
  void TearDown() override { static_cast<void>(mend()); }

  void open() {
    auto store = SqliteStore::open({.directory = scratch_->path() + "/data"});
    ASSERT_THAT(store, IsOk());
    store_ = *std::move(store);
  }
  void reopen() {
    store_.reset();
    open();
  }
  // create writes an application, which is large enough for several pages.
  Status create(const std::string& id) {
    return store_->create_application({.app_id = AppId::trusted(id),
                                       .name = std::string(9000, 'n'),
                                       .workflow_rule = authority::WorkflowRule::kRequired,
                                       .checksum_in_tokens = false,
                                       .accepts_reference_checksum = false,
                                       .audiences = {},
                                       .created_at = from_unix(1)},
                                      audit_entry(id));
  }
  // expect_exactly wants these applications, one leaf for each, and no other.
  void expect_exactly(const std::vector<std::string>& ids) {
    const auto applications = store_->list_applications();
    ASSERT_THAT(applications, IsOk());
    std::vector<std::string> found;
    for (const auto& each : *applications) found.push_back(each.app_id.str());
    EXPECT_THAT(found, ::testing::UnorderedElementsAreArray(ids));
    const auto leaves = store_->list_audit(0, 1'000'000, std::nullopt);
    ASSERT_THAT(leaves, IsOk());
    ASSERT_EQ(leaves->size(), ids.size());
    EXPECT_EQ(leaves->empty() ? 0U : static_cast<std::size_t>(leaves->back().sequence), ids.size());
    // The tree is over what is there, whatever failed on the way.
    MerkleFrontier tree;
    for (const auto& leaf : *leaves) tree.append(audit_leaf_hash(leaf.salt, leaf.bytes));
    EXPECT_EQ(store_->audit_head(), tree.head());
  }

  FaultyVfs vfs_;
  std::unique_ptr<files::ScratchDirectory> scratch_;
  std::unique_ptr<SqliteStore> store_;
};
INSTANTIATE_TEST_SUITE_P(Faults, FaultyDisk,
                         ::testing::Values(Fault::kDiskFull, Fault::kWriteError, Fault::kTornWrite,
                                           Fault::kSyncError));

TEST_P(FaultyDisk, LeavesWholeWritesAloneWhereverItFails) {
  std::vector<std::string> accepted;
  int refused = 0;
  bool struck = true;
  for (int operation = 0; struck; ++operation) {
    break_after(GetParam(), operation);
    const std::string id = "app" + std::to_string(operation);
    const Status created = create(id);
    struck = mend();
    if (created) {
      accepted.push_back(id);
    } else {
      EXPECT_THAT(created, RefusedWith(Code::k_store_unavailable));
      ++refused;
    }
    // Each failure is over with the fault.
    ASSERT_THAT(create(id + ".after"), IsOk());
    accepted.push_back(id + ".after");
  }

  EXPECT_GT(refused, 0);
  expect_exactly(accepted);
  reopen();
  expect_exactly(accepted);
}

TEST_P(FaultyDisk, AnswersEveryCallerOfABatchThatFailed) {
  ASSERT_THAT(create("before"), IsOk());
  break_after(GetParam(), 0);
  std::atomic<int> unavailable = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const Status created = create("app" + std::to_string(i));
      if (!created && created.error().code() == Code::k_store_unavailable) ++unavailable;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(mend());

  EXPECT_EQ(unavailable, 8);
  expect_exactly({"before"});
}

TEST_P(FaultyDisk, IsNotReadyUntilItIsMended) {
  EXPECT_THAT(store_->check_ready(), IsOk());
  break_after(GetParam(), 0);
  ASSERT_THAT(create("app"), RefusedWith(Code::k_store_unavailable));

  EXPECT_THAT(store_->check_ready(), RefusedWith(Code::k_store_unavailable));
  EXPECT_THAT(store_->list_applications(), IsOk()) << "reading goes on";
  EXPECT_TRUE(mend());
  EXPECT_THAT(store_->check_ready(), IsOk());
  EXPECT_THAT(store_->check_ready(), IsOk());
}

TEST_P(FaultyDisk, CannotMakeAStoreOfHalf) {
  store_.reset();
  bool struck = true;
  for (int operation = 0; struck; ++operation) {
    const std::string directory = scratch_->path() + "/new" + std::to_string(operation);
    break_after(GetParam(), operation);
    auto store = SqliteStore::open({.directory = directory});
    struck = mend();
    if (!store) {
      EXPECT_THAT(store, RefusedWith(Code::k_store_unavailable));
      EXPECT_THAT(store.error().message(), ::testing::HasSubstr(directory));
    }
    store = refuse(Code::k_store_unavailable);
    EXPECT_THAT(SqliteStore::open({.directory = directory}), IsOk());
  }
}

}  // namespace

}  // namespace ajwt::store
