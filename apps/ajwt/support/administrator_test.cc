// SPDX-License-Identifier: Apache-2.0
#include "apps/ajwt/support/administrator.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "files/key_file.h"
#include "files/private_file.h"
#include "files/scratch_directory.h"
#include "json/parse.h"
#include "store/sqlite_store.h"
#include "tests/support/matchers.h"

namespace ajwt::app {
namespace {

constexpr Instant kNow = from_unix(1'700'000'000);

class AdministratorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto scratch = files::ScratchDirectory::create();
    ASSERT_THAT(scratch, IsOk());
    scratch_ = *std::move(scratch);
    auto store = store::SqliteStore::open_in_memory();
    ASSERT_THAT(store, IsOk());
    store_ = *std::move(store);
  }

  Result<AdministratorFiles> set_up(const std::string& issuer = "http://127.0.0.1:1") {
    return set_up_administrator(*store_, scratch_->path(), issuer, kNow);
  }
  std::string issuer_in_profile() {
    const auto text = files::read_private_file(scratch_->path() + "/admin.json");
    const auto object = json::parse_object(text ? text->reveal() : "{}");
    const json::Value* issuer = object ? object->find("issuer") : nullptr;
    return issuer == nullptr ? "" : issuer->as_string();
  }

  std::unique_ptr<files::ScratchDirectory> scratch_;
  std::unique_ptr<store::SqliteStore> store_;
};

TEST_F(AdministratorTest, GetsAKeyFileOfItsOwnAtTheFirstStart) {
  const auto paths = set_up();
  ASSERT_THAT(paths, IsOk());
  EXPECT_TRUE(paths->created);
  const auto key = files::load_key_file(paths->key_file);
  ASSERT_THAT(key, IsOk());
  const auto client = store_->find_client(ClientId::trusted("ajwt-admin"));
  ASSERT_THAT(client, IsOk());
  ASSERT_TRUE(client->has_value());
  EXPECT_EQ((*client)->public_key, key->public_key());
}

TEST_F(AdministratorTest, IsKeptByLaterStartsThatFollowTheIssuer) {
  ASSERT_THAT(set_up(), IsOk());
  const auto again = set_up("http://127.0.0.1:2");
  ASSERT_THAT(again, IsOk());
  EXPECT_FALSE(again->created);
  EXPECT_EQ(issuer_in_profile(), "http://127.0.0.1:2");
}

TEST_F(AdministratorTest, GetsNoNewKeyWhereItsOwnerMovedTheOldOneAway) {
  const auto paths = set_up();
  ASSERT_THAT(paths, IsOk());
  std::filesystem::remove(paths->key_file);
  std::filesystem::remove(paths->profile);
  const auto again = set_up();
  ASSERT_THAT(again, IsOk());
  EXPECT_FALSE(again->created);
  EXPECT_FALSE(std::filesystem::exists(paths->key_file));
  EXPECT_FALSE(std::filesystem::exists(paths->profile));
}

TEST_F(AdministratorTest, IsMadeWithTheKeyOfAStartThatWasCutShort) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyKind::kEd25519);
  ASSERT_THAT(key, IsOk());
  ASSERT_THAT(files::create_key_file(scratch_->path() + "/admin.key.pem", *key), IsOk());
  ASSERT_THAT(set_up(), IsOk());
  const auto client = store_->find_client(ClientId::trusted("ajwt-admin"));
  ASSERT_THAT(client, IsOk());
  ASSERT_TRUE(client->has_value());
  EXPECT_EQ((*client)->public_key, key->public_key());
}

}  // namespace
}  // namespace ajwt::app
