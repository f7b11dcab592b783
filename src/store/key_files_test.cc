// SPDX-License-Identifier: Apache-2.0
#include "store/key_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/check.h"
#include "store/data_directory.h"
#include "tests/support/matchers.h"

namespace ajwt::store {

namespace {

using ::testing::HasSubstr;

class KeyFiles : public ::testing::Test {
 protected:
  KeyFiles() {
    auto directory = ScratchDirectory::create();
    AJWT_CHECK(directory.has_value());
    directory_ = *std::move(directory);
  }
  std::string path(std::string_view name) const {
    return directory_->path() + "/" + std::string(name);
  }
  static mode_t mode_of(const std::string& path) {
    struct stat facts {};
    return ::lstat(path.c_str(), &facts) == 0 ? facts.st_mode & 07777 : 0;
  }
  // open_file writes text with whatever mode.
  std::string open_file(std::string_view name, std::string_view text, mode_t mode) const {
    std::ofstream(path(name)) << text;
    AJWT_CHECK(::chmod(path(name).c_str(), mode) == 0);
    return path(name);
  }

  std::unique_ptr<ScratchDirectory> directory_;
};

TEST_F(KeyFiles, ReadsBackWhatWasWrittenForThisUserAlone) {
  ASSERT_THAT(write_private_file(path("a"), Secret("text\n")), IsOk());

  const auto read = read_private_file(path("a"));

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->reveal(), "text\n");
  EXPECT_EQ(mode_of(path("a")), 0600U);
}

TEST_F(KeyFiles, ReplacesAFileAndTakesItsRightsAway) {
  open_file("a", "old", 0644);

  ASSERT_THAT(write_private_file(path("a"), Secret("new")), IsOk());

  EXPECT_EQ(read_private_file(path("a"))->reveal(), "new");
  EXPECT_EQ(mode_of(path("a")), 0600U);
}

TEST_F(KeyFiles, ReplacesALinkAndNotWhatItLeadsTo) {
  open_file("target", "kept", 0600);
  std::filesystem::create_symlink(path("target"), path("a"));

  ASSERT_THAT(write_private_file(path("a"), Secret("new")), IsOk());

  EXPECT_EQ(read_private_file(path("target"))->reveal(), "kept");
  EXPECT_EQ(read_private_file(path("a"))->reveal(), "new");
}

TEST_F(KeyFiles, LeavesNothingBehind) {
  ASSERT_THAT(write_private_file(path("a"), Secret("x")), IsOk());
  ASSERT_THAT(write_private_file(path("missing/a"), Secret("x")), RefusedWith(Code::k_io_failed));
  std::filesystem::create_directory(path("taken"));
  ASSERT_THAT(write_private_file(path("taken"), Secret("x")), RefusedWith(Code::k_io_failed));

  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_->path())) {
    EXPECT_EQ(entry.path().string().find(".tmp"), std::string::npos) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 2U);
}

TEST_F(KeyFiles, RefusesAFileThatOthersHaveAnyRightTo) {
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0610U, 0601U, 0666U}) {
    const auto read = read_private_file(open_file("a", "x", mode));
    EXPECT_THAT(read, RefusedWith(Code::k_key_file_unsafe)) << mode;
    EXPECT_THAT(read.error().message(), HasSubstr(path("a")));
  }
}

TEST_F(KeyFiles, RefusesWhatIsNoRegularFile) {
  open_file("target", "x", 0600);
  std::filesystem::create_symlink(path("target"), path("link"));
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  ASSERT_EQ(::mkdir(path("directory").c_str(), 0700), 0);

  EXPECT_THAT(read_private_file(path("link")), RefusedWith(Code::k_key_file_unsafe));
  EXPECT_THAT(read_private_file(path("pipe")), RefusedWith(Code::k_key_file_unsafe));
  EXPECT_THAT(read_private_file(path("directory")), RefusedWith(Code::k_key_file_unsafe));
}

TEST_F(KeyFiles, RefusesAFileOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  open_file("a", "x", 0600);
  ASSERT_EQ(::chown(path("a").c_str(), 12345, 12345), 0);

  EXPECT_THAT(read_private_file(path("a")), RefusedWith(Code::k_key_file_unsafe));
}

TEST_F(KeyFiles, NamesAFileThatIsNotThere) {
  const auto read = read_private_file(path("none"));

  EXPECT_THAT(read, RefusedWith(Code::k_io_failed));
  EXPECT_THAT(read.error().message(), HasSubstr(path("none")));
}

TEST_F(KeyFiles, RefusesAFileThatIsTooLarge) {
  EXPECT_THAT(read_private_file(open_file("a", std::string(65537, 'x'), 0600)),
              RefusedWith(Code::k_io_failed));
  EXPECT_THAT(read_private_file(open_file("b", std::string(65536, 'x'), 0600)), IsOk());
}

TEST_F(KeyFiles, LoadsAPrivateKey) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
  ASSERT_THAT(key, IsOk());
  const auto pem = key->to_pem();
  ASSERT_THAT(pem, IsOk());
  ASSERT_THAT(write_private_file(path("key.pem"), *pem), IsOk());

  const auto loaded = load_private_key_file(path("key.pem"));

  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->public_key(), key->public_key());
}

TEST_F(KeyFiles, RefusesAFileThatHoldsNoKeyAndShowsNothingOfIt) {
  const auto loaded = load_private_key_file(open_file("key.pem", "correct horse battery", 0600));

  ASSERT_THAT(loaded, RefusedWith(Code::k_jwk_malformed));
  EXPECT_THAT(loaded.error().message(), HasSubstr(path("key.pem")));
  EXPECT_EQ(loaded.error().message().find("horse"), std::string::npos);
  EXPECT_EQ(loaded.error().detail().find("horse"), std::string::npos);
}

TEST_F(KeyFiles, DrawsASealingKeyOnceAndKeepsIt) {
  const auto first = load_or_create_sealing_key(directory_->path());
  ASSERT_THAT(first, IsOk());
  const auto box = first->seal(as_bytes("prompt"), "row");
  ASSERT_THAT(box, IsOk());

  const auto second = load_or_create_sealing_key(directory_->path());

  ASSERT_THAT(second, IsOk());
  EXPECT_THAT(second->open(*box, "row"), IsOk());
  EXPECT_EQ(mode_of(path("seal.key")), 0600U);
}

TEST_F(KeyFiles, NeverReplacesASealingKeyThatItCannotRead) {
  open_file("seal.key", "damaged", 0600);
  EXPECT_THAT(load_or_create_sealing_key(directory_->path()), RefusedWith(Code::k_store_damaged));
  EXPECT_EQ(read_private_file(path("seal.key"))->reveal(), "damaged");

  open_file("seal.key", std::string(64, 'a'), 0644);
  EXPECT_THAT(load_or_create_sealing_key(directory_->path()), RefusedWith(Code::k_key_file_unsafe));
  open_file("seal.key", std::string(62, 'a'), 0600);
  EXPECT_THAT(load_or_create_sealing_key(directory_->path()), RefusedWith(Code::k_store_damaged));
  open_file("seal.key", std::string(64, 'a'), 0600);
  EXPECT_THAT(load_or_create_sealing_key(directory_->path()), IsOk());
}

}  // namespace

}  // namespace ajwt::store
