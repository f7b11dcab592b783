// SPDX-License-Identifier: Apache-2.0
#include "shim/key_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "jose/jwk.h"
#include "shim/testing/fleet_fixture.h"
#include "tests/support/matchers.h"

namespace ajwt::shim {
namespace {

// KeyFileTest has an empty folder and a key.
class KeyFileTest : public ::testing::Test {
 protected:
  KeyFileTest() : key_(*crypto::PrivateKey::generate(crypto::KeyKind::kEd25519)) {
    std::string name = (std::filesystem::temp_directory_path() / "ajwt-key-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~KeyFileTest() override { std::filesystem::remove_all(folder_); }

  std::string path(std::string_view name) const { return folder_ + "/" + std::string(name); }
  Code refusal(std::string_view name) const {
    const auto key = load_key_file(path(name));
    EXPECT_FALSE(key);
    return key ? Code::k_internal_error : key.error().code();
  }

  std::string folder_;
  crypto::PrivateKey key_;
};

TEST_F(KeyFileTest, ReadsWhatItWrote) {
  ASSERT_THAT(create_key_file(path("key"), key_), IsOk());
  struct stat status {};
  ASSERT_EQ(::stat(path("key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  const auto loaded = load_key_file(path("key"));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->public_key(), key_.public_key());
  ASSERT_EQ(::chmod(path("key").c_str(), 0400), 0);
  EXPECT_TRUE(load_key_file(path("key")));
}

TEST_F(KeyFileTest, WritesOverNothing) {
  ASSERT_THAT(create_key_file(path("key"), key_), IsOk());
  EXPECT_THAT(create_key_file(path("key"), key_), RefusedWith(Code::k_already_exists));
  std::filesystem::create_symlink(path("elsewhere"), path("link"));
  EXPECT_THAT(create_key_file(path("link"), key_), RefusedWith(Code::k_already_exists));
  EXPECT_FALSE(std::filesystem::exists(path("elsewhere")));
  EXPECT_THAT(create_key_file(path("no/such/folder"), key_), RefusedWith(Code::k_io_failed));
}

TEST_F(KeyFileTest, RefusesAFileThatOthersMayTouch) {
  ASSERT_THAT(create_key_file(path("key"), key_), IsOk());
  for (const mode_t mode : {0644U, 0640U, 0604U, 0620U, 0602U, 0610U, 0601U, 0777U}) {
    ASSERT_EQ(::chmod(path("key").c_str(), mode), 0);
    EXPECT_EQ(refusal("key"), Code::k_key_file_unsafe) << std::oct << mode;
  }
}

TEST_F(KeyFileTest, RefusesWhatIsNoRegularFile) {
  ASSERT_THAT(create_key_file(path("key"), key_), IsOk());
  std::filesystem::create_symlink(path("key"), path("link"));
  EXPECT_EQ(refusal("link"), Code::k_key_file_unsafe);
  std::filesystem::create_directory(path("folder"));
  std::filesystem::permissions(path("folder"), std::filesystem::perms::owner_all);
  EXPECT_EQ(refusal("folder"), Code::k_key_file_unsafe);
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(refusal("pipe"), Code::k_key_file_unsafe);  // and does not wait for a writer
}

TEST_F(KeyFileTest, RefusesAFileOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_THAT(create_key_file(path("key"), key_), IsOk());
  ASSERT_EQ(::chown(path("key").c_str(), 12345, 12345), 0);
  EXPECT_EQ(refusal("key"), Code::k_key_file_unsafe);
}

TEST_F(KeyFileTest, RefusesWhatIsNoKey) {
  EXPECT_EQ(refusal("missing"), Code::k_io_failed);
  const auto write = [&](std::string_view name, const std::string& text) {
    std::ofstream(path(name)) << text;
    ::chmod(path(name).c_str(), 0600);
  };
  write("empty", "");
  EXPECT_EQ(refusal("empty"), Code::k_jwk_malformed);
  write("odd", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
  EXPECT_EQ(refusal("odd"), Code::k_jwk_malformed);
  write("large", std::string(17 * 1024, 'a'));
  EXPECT_EQ(refusal("large"), Code::k_key_file_unsafe);
}

TEST_F(KeyFileTest, IsHowAFleetReadsItsKeys) {
  testing::World world;
  const auto live = std::make_shared<testing::TestAgent>("patcher");
  ASSERT_THAT(create_key_file(path("key"), key_), IsOk());
  {
    const auto agent = world.fleet->declare(live, path("key"));
    ASSERT_TRUE(agent);
    EXPECT_EQ(agent->jkt(), jose::thumbprint(key_.public_key()));
  }
  ASSERT_EQ(::chmod(path("key").c_str(), 0644), 0);
  const auto refused = world.fleet->declare(live, path("key"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::k_key_file_unsafe);
}

}  // namespace
}  // namespace ajwt::shim
