// SPDX-License-Identifier: Apache-2.0
#include "files/private_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/check.h"
#include "files/scratch_directory.h"
#include "tests/support/matchers.h"

namespace ajwt::files {

namespace {

using ::testing::HasSubstr;

class PrivateFile : public ::testing::Test {
 protected:
  PrivateFile() {
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

TEST_F(PrivateFile, ReadsBackWhatWasWrittenForThisUserAlone) {
  ASSERT_THAT(write_private_file(path("a"), Secret("text\n")), IsOk());

  const auto read = read_private_file(path("a"));

  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->reveal(), "text\n");
  EXPECT_EQ(mode_of(path("a")), 0600U);
}

TEST_F(PrivateFile, ReplacesAFileAndTakesItsRightsAway) {
  open_file("a", "old", 0644);

  ASSERT_THAT(write_private_file(path("a"), Secret("new")), IsOk());

  EXPECT_EQ(read_private_file(path("a"))->reveal(), "new");
  EXPECT_EQ(mode_of(path("a")), 0600U);
}

TEST_F(PrivateFile, ReplacesALinkAndNotWhatItLeadsTo) {
  open_file("target", "kept", 0600);
  std::filesystem::create_symlink(path("target"), path("a"));

  ASSERT_THAT(write_private_file(path("a"), Secret("new")), IsOk());

  EXPECT_EQ(read_private_file(path("target"))->reveal(), "kept");
  EXPECT_EQ(read_private_file(path("a"))->reveal(), "new");
}

TEST_F(PrivateFile, LeavesNothingBehind) {
  ASSERT_THAT(write_private_file(path("a"), Secret("x")), IsOk());
  ASSERT_THAT(write_private_file(path("missing/a"), Secret("x")), RefusedWith(Code::k_io_failed));
  std::filesystem::create_directory(path("taken"));
  ASSERT_THAT(write_private_file(path("taken"), Secret("x")), RefusedWith(Code::k_io_failed));
  ASSERT_THAT(create_private_file(path("b"), Secret("x")), IsOk());
  ASSERT_THAT(create_private_file(path("b"), Secret("x")), RefusedWith(Code::k_already_exists));
  ASSERT_THAT(create_private_file(path("missing/b"), Secret("x")), RefusedWith(Code::k_io_failed));

  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_->path())) {
    EXPECT_EQ(entry.path().string().find(".tmp"), std::string::npos) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 3U);
}

TEST_F(PrivateFile, OfAKilledWriterIsRemovedAndNothingElse) {
  open_file("seal.key.abcDEF012-_9.tmp", "half", 0600);
  for (const char* name : {"seal.key", "notes.tmp", "a.tmp", "seal.key.abc.tmp"}) {
    open_file(name, "kept", 0600);
  }
  remove_leftovers(directory_->path());
  EXPECT_FALSE(std::filesystem::exists(path("seal.key.abcDEF012-_9.tmp")));
  for (const char* name : {"seal.key", "notes.tmp", "a.tmp", "seal.key.abc.tmp"}) {
    EXPECT_TRUE(std::filesystem::exists(path(name))) << name;
  }
}

TEST_F(PrivateFile, RefusesAFileThatOthersHaveAnyRightTo) {
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0610U, 0601U, 0666U}) {
    const auto read = read_private_file(open_file("a", "x", mode));
    EXPECT_THAT(read, RefusedWith(Code::k_key_file_unsafe)) << mode;
    EXPECT_THAT(read.error().message(), HasSubstr(path("a")));
  }
}

TEST_F(PrivateFile, RefusesWhatIsNoRegularFile) {
  open_file("target", "x", 0600);
  std::filesystem::create_symlink(path("target"), path("link"));
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  ASSERT_EQ(::mkdir(path("directory").c_str(), 0700), 0);

  EXPECT_THAT(read_private_file(path("link")), RefusedWith(Code::k_key_file_unsafe));
  EXPECT_THAT(read_private_file(path("pipe")), RefusedWith(Code::k_key_file_unsafe));
  EXPECT_THAT(read_private_file(path("directory")), RefusedWith(Code::k_key_file_unsafe));
}

TEST_F(PrivateFile, RefusesAFileOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  open_file("a", "x", 0600);
  ASSERT_EQ(::chown(path("a").c_str(), 12345, 12345), 0);

  EXPECT_THAT(read_private_file(path("a")), RefusedWith(Code::k_key_file_unsafe));
}

TEST_F(PrivateFile, NamesAFileThatIsNotThere) {
  const auto read = read_private_file(path("none"));

  EXPECT_THAT(read, RefusedWith(Code::k_io_failed));
  EXPECT_THAT(read.error().message(), HasSubstr(path("none")));
}

TEST_F(PrivateFile, RefusesAFileThatIsTooLarge) {
  EXPECT_THAT(read_private_file(open_file("a", std::string(65537, 'x'), 0600)),
              RefusedWith(Code::k_io_failed));
  EXPECT_THAT(read_private_file(open_file("b", std::string(65536, 'x'), 0600)), IsOk());
}

TEST_F(PrivateFile, IsCreatedWhereNothingHasTheName) {
  ASSERT_THAT(create_private_file(path("a"), Secret("first")), IsOk());
  EXPECT_EQ(mode_of(path("a")), 0600U);
  EXPECT_THAT(create_private_file(path("a"), Secret("second")),
              RefusedWith(Code::k_already_exists));
  EXPECT_EQ(read_private_file(path("a"))->reveal(), "first");
  std::filesystem::create_symlink(path("elsewhere"), path("link"));
  EXPECT_THAT(create_private_file(path("link"), Secret("x")), RefusedWith(Code::k_already_exists));
  EXPECT_FALSE(std::filesystem::exists(path("elsewhere")));
  EXPECT_THAT(create_private_file(path("no/such/folder"), Secret("x")),
              RefusedWith(Code::k_io_failed));
}

}  // namespace

}  // namespace ajwt::files
