// SPDX-License-Identifier: Apache-2.0
#include "store/sealing_key.h"

#include <sys/stat.h>

#include <fstream>

#include "base/check.h"
#include "files/private_file.h"
#include "files/scratch_directory.h"
#include "tests/support/matchers.h"

namespace ajwt::store {
namespace {

class SealingKeyFile : public ::testing::Test {
 protected:
  SealingKeyFile() {
    auto directory = files::ScratchDirectory::create();
    AJWT_CHECK(directory.has_value());
    directory_ = *std::move(directory);
  }
  std::string path() const { return directory_->path() + "/seal.key"; }
  void write(std::string_view text, mode_t mode) const {
    std::ofstream(path()) << text;
    AJWT_CHECK(::chmod(path().c_str(), mode) == 0);
  }

  std::unique_ptr<files::ScratchDirectory> directory_;
};

TEST_F(SealingKeyFile, DrawsASealingKeyOnceAndKeepsIt) {
  const auto first = load_or_create_sealing_key(directory_->path());
  ASSERT_THAT(first, IsOk());
  const auto box = first->seal(as_bytes("prompt"), "row");
  ASSERT_THAT(box, IsOk());

  const auto second = load_or_create_sealing_key(directory_->path());

  ASSERT_THAT(second, IsOk());
  EXPECT_THAT(second->open(*box, "row"), IsOk());
  EXPECT_THAT(files::read_private_file(path()), IsOk());
}

TEST_F(SealingKeyFile, NeverReplacesASealingKeyThatItCannotRead) {
  write("damaged", 0600);
  EXPECT_THAT(load_or_create_sealing_key(directory_->path()), RefusedWith(Code::k_store_damaged));
  EXPECT_EQ(files::read_private_file(path())->reveal(), "damaged");

  write(std::string(64, 'a'), 0644);
  EXPECT_THAT(load_or_create_sealing_key(directory_->path()), RefusedWith(Code::k_key_file_unsafe));
  write(std::string(62, 'a'), 0600);
  EXPECT_THAT(load_or_create_sealing_key(directory_->path()), RefusedWith(Code::k_store_damaged));
  write(std::string(64, 'a'), 0600);
  EXPECT_THAT(load_or_create_sealing_key(directory_->path()), IsOk());
}

}  // namespace
}  // namespace ajwt::store
