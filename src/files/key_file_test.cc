// SPDX-License-Identifier: Apache-2.0
#include "files/key_file.h"

#include <sys/stat.h>

#include "base/check.h"
#include "files/private_file.h"
#include "files/scratch_directory.h"
#include "tests/support/matchers.h"

namespace ajwt::files {
namespace {

using ::testing::HasSubstr;

// KeyFile has an empty folder and a key.
class KeyFile : public ::testing::Test {
 protected:
  KeyFile() : key_(*crypto::PrivateKey::generate(crypto::KeyKind::kEd25519)) {
    auto directory = ScratchDirectory::create();
    AJWT_CHECK(directory.has_value());
    directory_ = *std::move(directory);
  }
  std::string path(std::string_view name) const {
    return directory_->path() + "/" + std::string(name);
  }

  std::unique_ptr<ScratchDirectory> directory_;
  crypto::PrivateKey key_;
};

TEST_F(KeyFile, IsReadAsItWasWritten) {
  ASSERT_THAT(create_key_file(path("key"), key_), IsOk());
  const auto loaded = load_key_file(path("key"));
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->public_key(), key_.public_key());
  ASSERT_EQ(::chmod(path("key").c_str(), 0400), 0);
  EXPECT_THAT(load_key_file(path("key")), IsOk());
}

TEST_F(KeyFile, IsWrittenOverNothing) {
  ASSERT_THAT(create_key_file(path("key"), key_), IsOk());
  EXPECT_THAT(create_key_file(path("key"), key_), RefusedWith(Code::k_already_exists));
}

TEST_F(KeyFile, IsNoFileThatOthersMayTouch) {
  ASSERT_THAT(create_key_file(path("key"), key_), IsOk());
  ASSERT_EQ(::chmod(path("key").c_str(), 0640), 0);
  EXPECT_THAT(load_key_file(path("key")), RefusedWith(Code::k_key_file_unsafe));
}

TEST_F(KeyFile, ThatHoldsNoKeyIsRefusedAndNothingOfItShown) {
  EXPECT_THAT(load_key_file(path("missing")), RefusedWith(Code::k_io_failed));
  for (const char* content :
       {"", "correct horse battery",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\nhorse"}) {
    ASSERT_THAT(write_private_file(path("odd"), Secret(content)), IsOk());
    const auto loaded = load_key_file(path("odd"));
    ASSERT_THAT(loaded, RefusedWith(Code::k_jwk_malformed)) << content;
    EXPECT_THAT(loaded.error().message(), HasSubstr(path("odd")));
    EXPECT_EQ(loaded.error().message().find("horse"), std::string::npos);
    EXPECT_EQ(loaded.error().detail().find("horse"), std::string::npos);
  }
}

}  // namespace
}  // namespace ajwt::files
